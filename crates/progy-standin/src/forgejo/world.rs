//! Who and what is there.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::deliver::Delivery;
use crate::git::Repositories;

/// How old a version is stood in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Administrators make others' tokens, and tokens can be limited to repositories.
    New,
    /// Neither.
    Old,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Never changes.
    pub id: u64,
    /// May change.
    pub login: String,
    /// Nobody else has it.
    pub email: String,
    /// As it was given last.
    pub password: String,
    /// May do everything.
    pub admin: bool,
    /// Sees only what is its own.
    pub restricted: bool,
    /// `public`, `limited` or `private`.
    pub visibility: String,
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "the fields of the host's own document")]
pub struct Repository {
    /// Never changes.
    pub id: u64,
    /// The account's id.
    pub owner: u64,
    /// May change.
    pub name: String,
    /// Whether others may see it.
    pub private: bool,
    /// Whether it can be changed no more.
    pub archived: bool,
    /// What a clone checks out.
    pub default_branch: String,
    /// Whether `main` is protected.
    pub protected: bool,
    /// Whether workflows run.
    pub actions: bool,
    /// Who is told of pushes.
    pub hooks: Vec<Hook>,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its number.
    pub id: u64,
    /// Where it goes.
    pub url: String,
    /// What it is signed with.
    pub secret: String,
    /// Whether it is switched on.
    pub active: bool,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: u64,
    /// Whose.
    pub account: u64,
    /// No other of the same account has it.
    pub name: String,
    /// The token itself.
    pub secret: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The repositories that it is limited to.
    pub repositories: Option<BTreeSet<u64>>,
}

/// Everything.
#[derive(Debug)]
pub struct World {
    age: Age,
    root: String,
    made: u64,
    pub(super) files: Repositories,
    /// All accounts.
    pub accounts: Vec<Account>,
    /// All repositories.
    pub repositories: Vec<Repository>,
    /// All tokens.
    pub tokens: Vec<Token>,
    /// The names that accounts had.
    pub(super) former: Vec<(String, u64)>,
    /// After so many requests of the API that are carried out, one more is, and its answer is lost.
    pub lose_answer_after: Option<usize>,
}

/// What a request is answered.
pub(super) type Answer = (u16, Value);

impl World {
    pub(super) fn new(age: Age, root: &str) -> io::Result<Self> {
        let mut world = Self {
            age,
            root: root.to_owned(),
            made: 0,
            files: Repositories::new()?,
            accounts: Vec::new(),
            repositories: Vec::new(),
            tokens: Vec::new(),
            former: Vec::new(),
            lose_answer_after: None,
        };
        let id = world.number();
        world.accounts.push(Account {
            id,
            login: "root".to_owned(),
            email: "root@example.org".to_owned(),
            password: "root".to_owned(),
            admin: true,
            restricted: false,
            visibility: "public".to_owned(),
        });
        world.give_token(id, "admin", vec!["all".to_owned()], None);
        Ok(world)
    }

    /// The token of its administrator.
    pub fn admin_token(&self) -> String {
        self.tokens.first().map(|token| token.secret.clone()).unwrap_or_default()
    }

    /// How old it is.
    pub fn age(&self) -> Age {
        self.age
    }

    /// Where a repository is on the disk.
    pub fn path(&self, id: u64) -> PathBuf {
        self.files.path(id)
    }

    /// What `main` of a repository names.
    pub fn main(&self, id: u64) -> Option<String> {
        self.files.main(id)
    }

    pub(super) fn number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// An account by name.
    pub fn account(&self, login: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.login.eq_ignore_ascii_case(login))
    }

    /// An account by name, to be changed.
    pub fn account_mut(&mut self, login: &str) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.login.eq_ignore_ascii_case(login))
    }

    /// Gives an account another name, as its owner or an administrator can.
    pub fn rename(&mut self, from: &str, to: &str) {
        let Some(account) = self.account_mut(from) else { return };
        to.clone_into(&mut account.login);
        let id = account.id;
        self.former.push((from.to_owned(), id));
    }

    /// Removes an account with all that it has.
    pub fn remove_account(&mut self, login: &str) {
        let Some(id) = self.account(login).map(|account| account.id) else { return };
        self.accounts.retain(|account| account.id != id);
        self.tokens.retain(|token| token.account != id);
        let theirs: Vec<u64> =
            self.repositories.iter().filter(|r| r.owner == id).map(|r| r.id).collect();
        for id in theirs {
            self.remove_repository(id);
        }
    }

    /// Removes a repository.
    pub fn remove_repository(&mut self, id: u64) {
        self.repositories.retain(|repository| repository.id != id);
        self.files.remove(id);
    }

    /// A repository by the names of its owner and its own.
    pub fn repository(&self, owner: &str, name: &str) -> Option<&Repository> {
        let owner = self.account(owner)?.id;
        let is_it = |r: &&Repository| r.owner == owner && r.name.eq_ignore_ascii_case(name);
        self.repositories.iter().find(is_it)
    }

    pub(super) fn repository_mut(&mut self, owner: &str, name: &str) -> Option<&mut Repository> {
        let id = self.repository(owner, name)?.id;
        self.repositories.iter_mut().find(|repository| repository.id == id)
    }

    pub(super) fn create_repository(
        &mut self,
        owner: u64,
        name: &str,
        private: bool,
    ) -> Repository {
        let id = self.number();
        self.files.create(id);
        let repository = Repository {
            id,
            owner,
            name: name.to_owned(),
            private,
            archived: false,
            default_branch: "main".to_owned(),
            protected: false,
            // As the host's own defaults have it.
            actions: true,
            hooks: Vec::new(),
        };
        self.repositories.push(repository.clone());
        repository
    }

    pub(super) fn give_token(
        &mut self,
        account: u64,
        name: &str,
        scopes: Vec<String>,
        repositories: Option<BTreeSet<u64>>,
    ) -> Token {
        let id = self.number();
        let secret = format!("{:040x}", u128::from(id) * 0x1_0000_0001_0000_0001);
        let name = name.to_owned();
        let token = Token { id, account, name, secret, scopes, repositories };
        self.tokens.push(token.clone());
        token
    }

    /// The token and its account.
    pub(super) fn known(&self, secret: &str) -> Option<(&Token, &Account)> {
        let token = self.tokens.iter().find(|token| token.secret == secret)?;
        Some((token, self.accounts.iter().find(|account| account.id == token.account)?))
    }

    /// Whether a token lets somebody into a repository, and where that is. An error is a status.
    pub(super) fn enter(
        &self,
        secret: &str,
        owner: &str,
        name: &str,
        push: bool,
    ) -> Result<(u64, PathBuf), u16> {
        let (token, account) = self.known(secret).ok_or(401_u16)?;
        let repository = self.repository(owner, name).ok_or(404_u16)?;
        let limited = token.repositories.as_ref();
        let visible = (!repository.private || repository.owner == account.id || account.admin)
            && limited.is_none_or(|some| some.contains(&repository.id));
        if !visible {
            return Err(404);
        }
        let may = |scope: &str| token.scopes.iter().any(|has| has == scope || has == "all");
        let write = may("write:repository");
        let allowed = if push { write } else { write || may("read:repository") };
        if !allowed || push && repository.archived {
            return Err(403);
        }
        Ok((repository.id, self.files.path(repository.id)))
    }

    /// Who has to be told of a push.
    pub(super) fn pushed(&self, id: u64) -> Vec<Delivery> {
        let Some(repository) = self.repositories.iter().find(|r| r.id == id) else {
            return Vec::new();
        };
        let active = repository.hooks.iter().filter(|hook| hook.active);
        active
            .map(|hook| Delivery {
                url: hook.url.clone(),
                secret: hook.secret.clone(),
                body: json!({
                    "ref": "refs/heads/main",
                    "after": self.main(id),
                    "repository": self.repository_document(repository),
                }),
            })
            .collect()
    }

    pub(super) fn account_document(&self, account: &Account) -> Value {
        let Account { id, login, email, admin, restricted, visibility, .. } = account;
        json!({
            "id": id,
            "login": login,
            "login_name": login,
            "source_id": 0,
            "full_name": "",
            "email": email,
            "avatar_url": format!("{}/avatars/{id}", self.root),
            "html_url": format!("{}/{login}", self.root),
            "language": "",
            "is_admin": admin,
            "last_login": "1970-01-01T00:00:00Z",
            "created": "2026-01-01T00:00:00Z",
            "restricted": restricted,
            "active": true,
            "prohibit_login": false,
            "location": "",
            "website": "",
            "description": "",
            "visibility": visibility,
            "followers_count": 0,
            "following_count": 0,
            "starred_repos_count": 0,
        })
    }

    pub(super) fn repository_document(&self, repository: &Repository) -> Value {
        let Repository { id, name, private, archived, default_branch, .. } = repository;
        let owner = self.accounts.iter().find(|account| account.id == repository.owner);
        let login = owner.map_or("", |owner| owner.login.as_str());
        json!({
            "id": id,
            "owner": owner.map(|owner| self.account_document(owner)),
            "name": name,
            "full_name": format!("{login}/{name}"),
            "description": "",
            "empty": self.main(*id).is_none(),
            "private": private,
            "fork": false,
            "html_url": format!("{}/{login}/{name}", self.root),
            "clone_url": format!("{}/{login}/{name}.git", self.root),
            "default_branch": default_branch,
            "archived": archived,
            "has_actions": repository.actions,
            "created_at": "2026-01-01T00:00:00Z",
            "permissions": { "admin": true, "push": true, "pull": true },
        })
    }
}
