fn average(numbers: &[f64]) -> Option<f64> {
    if numbers.is_empty() {
        return None;
    }
    let mut sum = 0.0;
    for number in numbers {
        sum += number;
    }
    Some(sum / numbers.len() as f64)
}

// `'a` says that the word we return is one of the words we were given.
fn longest<'a>(words: &[&'a str]) -> Option<&'a str> {
    let mut longest: Option<&str> = None;
    for word in words {
        let letters = word.chars().count();
        if longest.is_none_or(|best| letters > best.chars().count()) {
            longest = Some(word);
        }
    }
    longest
}

fn without_negatives(numbers: &[i32]) -> Vec<i32> {
    let mut kept = Vec::new();
    for number in numbers {
        if *number >= 0 {
            kept.push(*number);
        }
    }
    kept
}

fn main() {
    println!("{:?}", average(&[1.0, 2.0, 6.0]));
    println!("{:?}", longest(&["pão", "queijo", "café"]));
    println!("{:?}", without_negatives(&[3, -1, 4, -1, 5]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_numbers() {
        assert_eq!(average(&[1.0, 2.0, 6.0]), Some(3.0));
        assert_eq!(average(&[5.0]), Some(5.0));
    }

    #[test]
    fn nothing_has_no_average() {
        assert_eq!(average(&[]), None);
    }

    #[test]
    fn finds_the_longest_word() {
        assert_eq!(longest(&["bread", "cheese", "tea"]), Some("cheese"));
        assert_eq!(longest(&[]), None);
    }

    #[test]
    fn the_first_of_equals_wins() {
        assert_eq!(longest(&["sun", "moon", "star"]), Some("moon"));
    }

    #[test]
    fn drops_negative_numbers() {
        assert_eq!(without_negatives(&[3, -1, 0, -5, 2]), vec![3, 0, 2]);
        assert_eq!(without_negatives(&[-1]), Vec::<i32>::new());
    }
}
