// Two lines here keep the program from compiling. The compiler tells you which.

fn count_to_three() -> i32 {
    let count = 0;
    count += 1;
    count += 1;
    count += 1;
    count
}

fn seconds_in_an_hour() -> i32 {
    let minutes: i32 = "60";
    minutes * 60
}

fn main() {
    println!("I can count to {}.", count_to_three());
    println!("An hour has {} seconds.", seconds_in_an_hour());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_to_three() {
        assert_eq!(count_to_three(), 3);
    }

    #[test]
    fn knows_the_length_of_an_hour() {
        assert_eq!(seconds_in_an_hour(), 3600);
    }
}
