//! What has to be done about what was found, without I/O.

use super::api::{Account, Hook, Repository, RepositoryEdit};

/// How a token of ours is called; the seconds since 1970 follow, and some chance.
const TOKEN: &str = "progy-";
/// Mail to addresses below this goes nowhere (RFC 2606).
const NOWHERE: &str = "progy.invalid";

/// The address that an account of ours has, by which it is known again.
pub(super) fn email(login: &str) -> String {
    format!("{login}@{NOWHERE}")
}

/// What is to be done about an account that has the name of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AboutAccount {
    /// Nothing.
    Fine,
    /// It is ours, and somebody has changed it.
    Mend,
    /// Somebody else has the name.
    Foreign,
}

/// Ours has our address, which nobody else gets by registering with an address of their own, and is
/// no administrator. `known` is the id that is on record.
pub(super) fn about_account(account: &Account, known: Option<i64>) -> AboutAccount {
    let ours = known == Some(account.id)
        || account.email.eq_ignore_ascii_case(&email(&account.login)) && account.restricted;
    if !ours || account.is_admin {
        return AboutAccount::Foreign;
    }
    let fine = account.restricted && account.visibility == "private" && !account.prohibit_login;
    if fine { AboutAccount::Fine } else { AboutAccount::Mend }
}

/// What has to be changed of a repository, if anything.
pub(super) fn about_repository<'a>(
    repository: &Repository,
    name: &'a str,
) -> Option<RepositoryEdit<'a>> {
    let edit = RepositoryEdit {
        name: (repository.name != name).then_some(name),
        private: (!repository.private).then_some(true),
        archived: repository.archived.then_some(false),
        default_branch: (repository.default_branch != "main").then_some("main"),
        // Nobody asked for a workflow to run that a course or a learner brings along.
        has_actions: repository.has_actions.then_some(false),
    };
    (edit != RepositoryEdit::default()).then_some(edit)
}

/// Whether a push is told to `url`, and which webhooks are ours of old: below `below`, to another
/// address, or switched off.
pub(super) fn about_hooks(hooks: &[Hook], url: &str, below: &str) -> (bool, Vec<i64>) {
    let fine = |hook: &&Hook| hook.active && hook.config.url == url;
    let first = hooks.iter().find(fine).map(|hook| hook.id);
    let ours = hooks.iter().filter(|hook| hook.config.url.starts_with(below));
    let stale = ours.map(|hook| hook.id).filter(|id| Some(*id) != first).collect();
    (first.is_some(), stale)
}

/// What a token is called that is made at `seconds` since 1970.
pub(super) fn token_name(seconds: i64, chance: u64) -> String {
    format!("{TOKEN}{seconds}-{chance:016x}")
}

/// When a token of ours was made, in seconds since 1970; `None` if it is not one of ours.
pub(super) fn made_at(name: &str) -> Option<i64> {
    let (seconds, chance) = name.strip_prefix(TOKEN)?.split_once('-')?;
    let is_ours = chance.len() == 16 && chance.bytes().all(|b| b.is_ascii_hexdigit());
    seconds.parse().ok().filter(|_| is_ours)
}

#[cfg(test)]
mod tests {
    use super::super::api::{HookConfig, Owner};
    use super::*;

    fn ours() -> Account {
        Account {
            id: 7,
            login: "progy-1".into(),
            email: "progy-1@progy.invalid".into(),
            is_admin: false,
            restricted: true,
            prohibit_login: false,
            visibility: "private".into(),
        }
    }

    #[test]
    fn only_our_own_accounts_are_used() {
        assert_eq!(about_account(&ours(), None), AboutAccount::Fine);
        let free = Account { restricted: false, ..ours() };
        assert_eq!(about_account(&free, None), AboutAccount::Foreign, "somebody registered it");
        assert_eq!(about_account(&free, Some(8)), AboutAccount::Foreign);
        assert_eq!(about_account(&free, Some(7)), AboutAccount::Mend, "it is on record");
        let public = Account { visibility: "public".into(), ..ours() };
        assert_eq!(about_account(&public, None), AboutAccount::Mend);
        let other = Account { email: "ana@example.org".into(), ..ours() };
        assert_eq!(about_account(&other, None), AboutAccount::Foreign);
        let admin = Account { is_admin: true, ..ours() };
        assert_eq!(about_account(&admin, Some(7)), AboutAccount::Foreign);
    }

    #[test]
    fn a_repository_is_mended_where_it_differs() {
        let repository = Repository {
            id: 1,
            name: "progy-sql".into(),
            owner: Owner { login: "progy-1".into() },
            private: true,
            archived: false,
            default_branch: "main".into(),
            has_actions: false,
        };
        assert_eq!(about_repository(&repository, "progy-sql"), None);
        let odd = Repository {
            private: false,
            default_branch: "master".into(),
            archived: true,
            has_actions: true,
            ..repository
        };
        let edit = about_repository(&odd, "progy-x").unwrap();
        assert_eq!((edit.name, edit.private), (Some("progy-x"), Some(true)));
        assert_eq!((edit.default_branch, edit.archived), (Some("main"), Some(false)));
        assert_eq!(edit.has_actions, Some(false));
    }

    #[test]
    fn hooks_of_old_go() {
        let hook =
            |id, active, url: &str| Hook { id, active, config: HookConfig { url: url.to_owned() } };
        let all = [
            hook(1, true, "https://p.example/api/git/hooks/forgejo?key=1"),
            hook(2, true, "https://p.example/api/git/hooks/forgejo?key=2"),
            hook(3, true, "https://elsewhere.example/"),
            hook(4, true, "https://p.example/api/git/hooks/forgejo?key=2"),
        ];
        let below = "https://p.example/api/git/hooks/";
        let url = "https://p.example/api/git/hooks/forgejo?key=2";
        assert_eq!(about_hooks(&all, url, below), (true, vec![1, 4]));
        assert_eq!(about_hooks(&all[..1], url, below), (false, vec![1]));
    }

    #[test]
    fn names_of_tokens_say_how_old_they_are() {
        let name = token_name(1_700_000_000, 0xab);
        assert_eq!(name, "progy-1700000000-00000000000000ab");
        assert_eq!(made_at(&name), Some(1_700_000_000));
        for other in ["progy-x", "mine", "progy-1-2", "progy-1700000000-", "progy--5-00"] {
            assert_eq!(made_at(other), None, "{other}");
        }
    }
}
