fn sum_to(last: u32) -> u32 {
    let mut sum = 0;
    for number in 1..last {
        sum += number;
    }
    sum
}

fn count_multiples(divisor: u32, last: u32) -> u32 {
    todo!("count the numbers from 1 to {last} that {divisor} divides")
}

fn steps_to_one(start: u64) -> u32 {
    todo!("count the steps from {start} down to 1")
}

fn main() {
    println!("1 + 2 + … + 100 = {}", sum_to(100));
    println!("7 divides {} numbers up to 100.", count_multiples(7, 100));
    println!("From 27 it takes {} steps to reach 1.", steps_to_one(27));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_up_to_and_including_the_last() {
        assert_eq!(sum_to(1), 1);
        assert_eq!(sum_to(4), 10);
        assert_eq!(sum_to(100), 5050);
    }

    #[test]
    fn the_sum_of_nothing_is_zero() {
        assert_eq!(sum_to(0), 0);
    }

    #[test]
    fn counts_multiples() {
        assert_eq!(count_multiples(2, 10), 5);
        assert_eq!(count_multiples(7, 100), 14);
        assert_eq!(count_multiples(11, 10), 0);
    }

    #[test]
    fn plays_the_game() {
        assert_eq!(steps_to_one(6), 8);
        assert_eq!(steps_to_one(27), 111);
    }

    #[test]
    fn one_is_already_there() {
        assert_eq!(steps_to_one(1), 0);
    }
}
