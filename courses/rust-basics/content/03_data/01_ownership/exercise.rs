fn count_letters(text: String) -> usize {
    text.chars().count()
}

fn introduce(name: &str) -> String {
    let greeting = format!("Hi, I am {name}");
    let letters = count_letters(greeting);
    format!("{greeting} ({letters} letters)")
}

fn add_exclamation(text: &mut String) {}

fn main() {
    let mut line = introduce("Ferris");
    add_exclamation(&mut line);
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borrows_to_count() {
        let text = String::from("crab");
        assert_eq!(count_letters(&text), 4);
        assert_eq!(text, "crab");
    }

    #[test]
    fn counts_letters_and_not_bytes() {
        assert_eq!(count_letters("maçã"), 4);
    }

    #[test]
    fn introduces_itself() {
        assert_eq!(introduce("Ana"), "Hi, I am Ana (12 letters)");
    }

    #[test]
    fn changes_the_text_of_its_caller() {
        let mut text = String::from("Hello");
        add_exclamation(&mut text);
        assert_eq!(text, "Hello!");
        add_exclamation(&mut text);
        assert_eq!(text, "Hello!!");
    }
}
