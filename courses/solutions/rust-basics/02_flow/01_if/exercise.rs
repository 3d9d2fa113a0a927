fn larger(a: i32, b: i32) -> i32 {
    if a > b { a } else { b }
}

/// Up to 5 years: 0. From 6 to 17: 10. From 18 to 64: 20. From 65: 12.
fn ticket_price(age: u32) -> u32 {
    if age < 6 {
        0
    } else if age < 18 {
        10
    } else if age < 65 {
        20
    } else {
        12
    }
}

fn is_leap_year(year: u32) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn main() {
    println!("The larger of 3 and 8 is {}.", larger(3, 8));
    println!("At 30 you pay {}.", ticket_price(30));
    println!("Is 1900 a leap year? {}", is_leap_year(1900));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_larger_number() {
        assert_eq!(larger(3, 8), 8);
        assert_eq!(larger(8, 3), 8);
        assert_eq!(larger(-1, -2), -1);
    }

    #[test]
    fn small_children_enter_free() {
        assert_eq!(ticket_price(0), 0);
        assert_eq!(ticket_price(5), 0);
    }

    #[test]
    fn the_young_and_the_old_pay_less() {
        assert_eq!(ticket_price(6), 10);
        assert_eq!(ticket_price(17), 10);
        assert_eq!(ticket_price(65), 12);
    }

    #[test]
    fn adults_pay_in_full() {
        assert_eq!(ticket_price(18), 20);
        assert_eq!(ticket_price(64), 20);
    }

    #[test]
    fn knows_leap_years() {
        assert!(is_leap_year(2024), "2024 was a leap year");
        assert!(!is_leap_year(2023), "2023 was not a leap year");
        assert!(!is_leap_year(1900), "1900 was not a leap year");
        assert!(is_leap_year(2000), "2000 was a leap year");
    }
}
