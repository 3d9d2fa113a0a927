//! Who somebody from GitHub is here. Decided from what is known, without I/O.

use progy_api::account::User;

use crate::ports::database::accounts::Link;

/// What is known of who comes back from GitHub to sign in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    /// The link to this GitHub account.
    pub(crate) link: Option<&'a Link>,
    /// The person here who has the address that GitHub verified.
    pub(crate) same_email: Option<&'a User>,
    /// Whether that person has a GitHub account linked, which is another one.
    pub(crate) linked_otherwise: bool,
    /// Whether the person may register.
    pub(crate) may_register: bool,
}

/// What to do with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignIn {
    /// They were here before.
    Owner,
    /// The address was verified on both sides: it is the same person.
    Join,
    /// Somebody has the address, but it is not sure that it is theirs, or that it is the same
    /// person: whoever it is has to sign in here first, and then link.
    Refuse,
    /// A new person.
    Create,
    /// A new person, who may not register.
    Closed,
}

/// Signing in.
pub(crate) fn sign_in(known: &Known<'_>) -> SignIn {
    match (known.link, known.same_email) {
        (Some(_), _) => SignIn::Owner,
        (None, Some(user)) if user.email_verified && !known.linked_otherwise => SignIn::Join,
        (None, Some(_)) => SignIn::Refuse,
        (None, None) if known.may_register => SignIn::Create,
        (None, None) => SignIn::Closed,
    }
}

/// What to do when somebody who is signed in links an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Linking {
    /// It is a new link.
    Add,
    /// It is linked already; it gets new tokens.
    Renew,
    /// It is another person's.
    Taken,
    /// The person has linked another GitHub account, and unlinks that first.
    OneAlready,
}

/// Linking, by somebody who is signed in: that GitHub account is theirs, whatever its addresses.
pub(crate) fn linking(user: &User, link: Option<&Link>, linked_otherwise: bool) -> Linking {
    match link {
        Some(link) if link.user.0 == user.id => Linking::Renew,
        Some(_) => Linking::Taken,
        None if linked_otherwise => Linking::OneAlready,
        None => Linking::Add,
    }
}

#[cfg(test)]
mod tests {
    use progy_api::account::Role;
    use progy_core::Timestamp;

    use super::*;
    use crate::ports::database::UserId;
    use crate::ports::database::accounts::LinkId;

    fn user(email_verified: bool) -> User {
        User {
            id: "ana-id".into(),
            username: "ana".into(),
            name: "Ana".into(),
            email: Some("ana@example.org".into()),
            email_verified,
            image: None,
            role: Role::Learner,
            created_at: Timestamp(1),
            updated_at: Timestamp(1),
        }
    }

    fn link() -> Link {
        Link::new(LinkId("1".into()), UserId("ana-id".into()), Link::GITHUB, "77", Timestamp(1))
    }

    #[test]
    fn an_address_joins_only_if_both_sides_verified_it() {
        let (sure, unsure, link) = (user(true), user(false), link());
        let nothing =
            Known { link: None, same_email: None, linked_otherwise: false, may_register: true };
        for (known, expected) in [
            (Known { link: Some(&link), ..nothing }, SignIn::Owner),
            // The link decides, whoever has the address by now.
            (Known { link: Some(&link), same_email: Some(&sure), ..nothing }, SignIn::Owner),
            (Known { same_email: Some(&sure), ..nothing }, SignIn::Join),
            (Known { same_email: Some(&unsure), ..nothing }, SignIn::Refuse),
            (Known { same_email: Some(&sure), linked_otherwise: true, ..nothing }, SignIn::Refuse),
            (nothing, SignIn::Create),
            (Known { may_register: false, ..nothing }, SignIn::Closed),
            (Known { same_email: Some(&sure), may_register: false, ..nothing }, SignIn::Join),
        ] {
            assert_eq!(sign_in(&known), expected, "{known:?}");
        }
    }

    #[test]
    fn a_github_account_is_one_persons() {
        let (ana, link) = (user(false), link());
        let bia = User { id: "bia-id".into(), ..user(true) };
        assert_eq!(linking(&ana, None, false), Linking::Add);
        assert_eq!(linking(&ana, Some(&link), false), Linking::Renew);
        assert_eq!(linking(&bia, Some(&link), false), Linking::Taken);
        assert_eq!(linking(&bia, None, true), Linking::OneAlready);
    }
}
