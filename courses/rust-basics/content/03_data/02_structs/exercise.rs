struct Account {
    owner: String,
    balance: u64,
}

impl Account {
    fn new(owner: &str) -> Self {
        todo!("an empty account for {owner}")
    }

    fn deposit(&mut self, amount: u64) {
        todo!("add {amount}")
    }

    fn withdraw(&mut self, amount: u64) -> bool {
        todo!("take {amount}, if there is enough")
    }
}

fn main() {
    let mut account = Account::new("Bia");
    account.deposit(100);
    if account.withdraw(30) {
        println!("{} has {} left.", account.owner, account.balance);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_account_is_empty() {
        let account = Account::new("Bia");
        assert_eq!(account.owner, "Bia");
        assert_eq!(account.balance, 0);
    }

    #[test]
    fn deposits_add_up() {
        let mut account = Account::new("Bia");
        account.deposit(70);
        account.deposit(30);
        assert_eq!(account.balance, 100);
    }

    #[test]
    fn withdraws_what_is_there() {
        let mut account = Account::new("Bia");
        account.deposit(100);
        assert!(account.withdraw(30));
        assert_eq!(account.balance, 70);
        assert!(account.withdraw(70), "the last coin can be taken too");
        assert_eq!(account.balance, 0);
    }

    #[test]
    fn never_gives_more_than_there_is() {
        let mut account = Account::new("Bia");
        account.deposit(50);
        assert!(!account.withdraw(51));
        assert_eq!(account.balance, 50, "a refused withdrawal changes nothing");
    }
}
