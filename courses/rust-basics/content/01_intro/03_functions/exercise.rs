fn double(number: i32) -> i32 {
    number * 2;
}

fn rectangle_area(width: u32, height: u32) -> u32 {
    todo!("multiply the width by the height")
}

// Write the function `average_of_two` here.

fn main() {
    println!("Twice 21 is {}.", double(21));
    println!("A 3 by 4 garden has {} square metres.", rectangle_area(3, 4));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_a_number() {
        assert_eq!(double(21), 42);
        assert_eq!(double(-5), -10);
    }

    #[test]
    fn computes_the_area() {
        assert_eq!(rectangle_area(3, 4), 12);
        assert_eq!(rectangle_area(7, 0), 0);
    }

    #[test]
    fn finds_the_middle() {
        assert_eq!(average_of_two(1.0, 2.0), 1.5);
        assert_eq!(average_of_two(-4.0, 4.0), 0.0);
    }
}
