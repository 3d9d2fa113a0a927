//! Logins in the file and in a keyring.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard};

use super::*;
use crate::config::Variables;

fn url(text: &str) -> ServerUrl {
    ServerUrl::parse(text).unwrap()
}

#[test]
fn one_token_for_each_server() {
    let at = tempfile::tempdir().unwrap();
    let home = Home::with_variables(at.path().join("new"), Variables::default());
    let (one, other) = (url("http://one:1"), url("https://other"));
    assert_eq!(home.token(&one).unwrap(), None);
    assert!(!home.forget_token(&one).unwrap());
    home.save_token(&one, "first\n").unwrap();
    home.save_token(&other, "second").unwrap();
    assert_eq!(home.token(&url("HTTP://ONE:1/")).unwrap().as_deref(), Some("first"));
    assert!(home.forget_token(&one).unwrap());
    assert_eq!(home.token(&one).unwrap(), None);
    assert_eq!(home.token(&other).unwrap().as_deref(), Some("second"));

    let variables = Variables::from_iter([("PROGY_TOKEN", "third")]);
    let home = Home::with_variables(home.dir(), variables);
    assert_eq!(home.token(&other).unwrap().as_deref(), Some("third"));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let at = tempfile::tempdir().unwrap();
    let home = Home::with_variables(at.path().join("a/b"), Variables::default());
    home.save_token(&url("http://one"), "secret").unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(home.dir().to_owned()), 0o700);
    assert_eq!(mode(home.file(FILE)), 0o600);
    // A file that was opened to others is closed again when it is written.
    fs::set_permissions(home.file(FILE), fs::Permissions::from_mode(0o644)).unwrap();
    home.save_token(&url("http://one"), "secret").unwrap();
    assert_eq!(mode(home.file(FILE)), 0o600);
}

#[test]
fn a_damaged_file_is_not_quoted() {
    let at = tempfile::tempdir().unwrap();
    let home = Home::with_variables(at.path(), Variables::default());
    for text in ["[servers.\"http://one\"]\ntoken = secret", "servers = \"secret\"", "secret"] {
        fs::write(home.file(FILE), text).unwrap();
        let error = home.save_token(&url("http://one"), "x").unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(FILE) && !shown.contains("secret"), "{shown}");
        assert_eq!(fs::read_to_string(home.file(FILE)).unwrap(), text);
    }
}

#[test]
fn logins_at_the_same_time_are_all_kept() {
    let at = tempfile::tempdir().unwrap();
    let home = Home::with_variables(at.path(), Variables::default());
    std::thread::scope(|scope| {
        for n in 0..8 {
            let home = &home;
            scope.spawn(move || home.save_token(&url(&format!("http://s{n}")), "t").unwrap());
        }
    });
    assert_eq!(home.credentials().unwrap().servers.len(), 8);
}

/// A keyring that can be closed, and counts what it is asked.
#[derive(Debug, Default)]
struct Desk {
    entries: Mutex<BTreeMap<String, String>>,
    closed: AtomicBool,
    questions: AtomicUsize,
}

impl Desk {
    fn open(&self) -> Result<MutexGuard<'_, BTreeMap<String, String>>, KeyringError> {
        if self.closed.load(Relaxed) {
            return Err(KeyringError::Locked);
        }
        Ok(self.entries.lock().unwrap())
    }
}

impl Keyring for Desk {
    fn keep(&self, name: &str, secret: &str) -> Result<(), KeyringError> {
        self.open()?.insert(name.to_owned(), secret.to_owned());
        Ok(())
    }

    fn find(&self, name: &str) -> Result<Option<String>, KeyringError> {
        self.questions.fetch_add(1, Relaxed);
        Ok(self.open()?.get(name).cloned())
    }

    fn forget(&self, name: &str) -> Result<(), KeyringError> {
        self.open()?.remove(name);
        Ok(())
    }
}

/// Settings in `dir`, with a keyring.
fn home_with(desk: &Arc<Desk>, dir: &Path, variables: &[(&str, &str)]) -> Home {
    let home = Home::with_variables(dir, variables.iter().copied().collect());
    Home { keyring: Some(Arc::<Desk>::clone(desk)), ..home }
}

#[test]
fn a_keyring_is_preferred_and_asked_once_for_each_token() {
    let (at, desk) = (tempfile::tempdir().unwrap(), Arc::new(Desk::default()));
    let (home, one) = (home_with(&desk, at.path(), &[]), url("http://one"));
    home.save_token(&one, "first").unwrap();
    let file = fs::read_to_string(home.file(FILE)).unwrap();
    assert!(!file.contains("first") && file.contains("keyring"), "{file}");
    let login = home.login(&one).unwrap().unwrap();
    assert_eq!(desk.questions.load(Relaxed), 0, "who needs no token asks for none");
    assert!(!format!("{login:?}").contains("first"));
    assert_eq!(login.token().unwrap().as_deref(), Some("first"));
    assert_eq!(desk.questions.load(Relaxed), 1);

    // Another folder of settings is another device.
    let other = home_with(&desk, &at.path().join("other"), &[]);
    other.save_token(&one, "second").unwrap();
    assert_eq!(home.token(&one).unwrap().as_deref(), Some("first"));
    assert!(home.forget_token(&one).unwrap());
    assert_eq!(home.token(&one).unwrap(), None);
    assert_eq!(desk.entries.lock().unwrap().values().collect::<Vec<_>>(), ["second"]);
    // What somebody took out of the keyring is no login.
    desk.entries.lock().unwrap().clear();
    assert_eq!(other.token(&one).unwrap(), None);
}

#[test]
fn without_a_keyring_that_opens_the_file_keeps_it() {
    let (at, desk) = (tempfile::tempdir().unwrap(), Arc::new(Desk::default()));
    let (home, one) = (home_with(&desk, at.path(), &[]), url("http://one"));
    desk.closed.store(true, Relaxed);
    home.save_token(&one, "first").unwrap();
    assert!(fs::read_to_string(home.file(FILE)).unwrap().contains("first"));
    assert_eq!(home.token(&one).unwrap().as_deref(), Some("first"));
    desk.closed.store(false, Relaxed);
    home.save_token(&one, "second").unwrap();
    assert!(!fs::read_to_string(home.file(FILE)).unwrap().contains("first"));

    // One that has closed is an error of its own, not a missing login.
    desk.closed.store(true, Relaxed);
    assert!(home.login(&one).unwrap().is_some());
    assert!(matches!(home.token(&one), Err(ConfigError::Keyring(KeyringError::Locked))));
    let bare = Home::with_variables(at.path(), Variables::default());
    assert!(matches!(bare.token(&one), Err(ConfigError::Keyring(KeyringError::Absent(_)))));
    // A new login and a logout are possible all the same.
    home.save_token(&one, "third").unwrap();
    assert_eq!(home.token(&one).unwrap().as_deref(), Some("third"));
    desk.closed.store(false, Relaxed);
    home.save_token(&one, "fourth").unwrap();
    desk.closed.store(true, Relaxed);
    assert!(home.forget_token(&one).unwrap());
    assert!(home.login(&one).unwrap().is_none());
}

#[test]
fn who_wants_the_file_gets_it_and_leaves_nothing_in_the_keyring() {
    let (at, desk) = (tempfile::tempdir().unwrap(), Arc::new(Desk::default()));
    let (home, one) = (home_with(&desk, at.path(), &[]), url("http://one"));
    home.save_token(&one, "first").unwrap();
    let file = home_with(&desk, at.path(), &[("PROGY_CREDENTIALS", "file")]);
    file.save_token(&one, "second").unwrap();
    assert!(desk.entries.lock().unwrap().is_empty());
    assert_eq!(home.token(&one).unwrap().as_deref(), Some("second"));
    fs::write(home.file("config.toml"), "credentials = \"file\"\n").unwrap();
    home.save_token(&one, "third").unwrap();
    assert!(desk.entries.lock().unwrap().is_empty());
    let wanted = home_with(&desk, at.path(), &[("PROGY_CREDENTIALS", "keyring")]);
    wanted.save_token(&one, "fourth").unwrap();
    assert_eq!(desk.entries.lock().unwrap().len(), 1);
}
