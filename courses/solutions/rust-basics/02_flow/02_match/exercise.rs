enum Drink {
    Water,
    Coffee,
    Juice,
}

fn price(drink: Drink) -> u32 {
    match drink {
        Drink::Water => 2,
        Drink::Coffee => 5,
        Drink::Juice => 7,
    }
}

fn grade(points: u32) -> char {
    match points {
        90..=100 => 'A',
        70..=89 => 'B',
        50..=69 => 'C',
        0..=49 => 'D',
        _ => '?',
    }
}

fn main() {
    let bill = price(Drink::Water) + price(Drink::Coffee) + price(Drink::Juice);
    println!("One of each costs {bill}.");
    println!("85 points are a {}.", grade(85));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_drink_has_a_price() {
        assert_eq!(price(Drink::Water), 2);
        assert_eq!(price(Drink::Coffee), 5);
        assert_eq!(price(Drink::Juice), 7);
    }

    #[test]
    fn grades_in_the_middle() {
        assert_eq!(grade(95), 'A');
        assert_eq!(grade(80), 'B');
        assert_eq!(grade(60), 'C');
        assert_eq!(grade(20), 'D');
    }

    #[test]
    fn grades_at_the_edges() {
        assert_eq!(grade(100), 'A');
        assert_eq!(grade(90), 'A');
        assert_eq!(grade(89), 'B');
        assert_eq!(grade(50), 'C');
        assert_eq!(grade(49), 'D');
        assert_eq!(grade(0), 'D');
    }

    #[test]
    fn more_than_everything_is_a_mistake() {
        assert_eq!(grade(101), '?');
    }
}
