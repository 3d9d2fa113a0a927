// Make `greeting` return the text "Hello, Progy!".

fn greeting() -> &'static str {
    "Hello, ..."
}

fn main() {
    println!("{}", greeting());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greets_progy() {
        assert_eq!(greeting(), "Hello, Progy!");
    }
}
