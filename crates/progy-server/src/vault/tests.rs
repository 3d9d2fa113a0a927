use proptest::prelude::*;

use super::*;
use crate::ports::SystemEntropy;

const ANA: Binding<'_> =
    Binding { user: "ana-id", provider: "github", account: "583231", kind: TokenKind::Access };

fn key(byte: u8) -> Key {
    Key::new([byte; 32]).unwrap()
}

fn ring(bytes: &[u8]) -> Keyring {
    Keyring::new(bytes.iter().copied().map(key).collect()).unwrap()
}

fn sealed(ring: &Keyring) -> Sealed {
    ring.seal(&ANA, &Secret::new("gho_token"), [7; 12]).unwrap()
}

fn opened(ring: &Keyring, binding: &Binding<'_>, sealed: &Sealed) -> Result<String, VaultError> {
    ring.open(binding, sealed).map(|secret| secret.expose().to_owned())
}

#[test]
fn what_was_sealed_opens_where_it_belongs_and_nowhere_else() {
    let ring = ring(&[1]);
    let sealed = sealed(&ring);
    assert_eq!(opened(&ring, &ANA, &sealed).unwrap(), "gho_token");
    for other in [
        Binding { user: "bia-id", ..ANA },
        Binding { provider: "forgejo", ..ANA },
        Binding { account: "1", ..ANA },
        Binding { kind: TokenKind::Refresh, ..ANA },
        // The same letters, cut elsewhere.
        Binding { user: "ana-idgit", provider: "hub", ..ANA },
    ] {
        assert_eq!(opened(&ring, &other, &sealed), Err(VaultError::Damaged), "{other:?}");
    }
}

#[test]
fn nothing_of_a_token_or_a_key_is_shown() {
    let ring = ring(&[1, 2]);
    let sealed = sealed(&ring);
    let shown = format!("{ring:?} {sealed:?} {:?}", key(3).encode());
    assert!(!sealed.as_str().contains("gho_token"));
    for secret in [sealed.as_str(), key(1).encode().expose(), key(3).encode().expose()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn old_keys_read_and_the_first_one_writes() {
    let old = ring(&[1]);
    let both = ring(&[2, 1]);
    let before = sealed(&old);
    assert_eq!(opened(&both, &ANA, &before).unwrap(), "gho_token");
    let after = sealed(&both);
    assert_eq!(after.key().unwrap(), key(2).id());
    assert!(after.as_str().starts_with(&Sealed::prefix_of(key(2).id())));
    assert_eq!(opened(&old, &ANA, &after), Err(VaultError::UnknownKey(key(2).id())));
}

#[test]
fn a_key_named_as_another_does_not_open() {
    let ring = ring(&[1, 2]);
    let renamed =
        sealed(&ring).as_str().replace(&key(1).id().to_string(), &key(2).id().to_string());
    assert_eq!(opened(&ring, &ANA, &renamed.parse().unwrap()), Err(VaultError::Damaged));
}

#[test]
fn keys_have_one_text() {
    let text = key(9).encode();
    assert_eq!(Key::parse(text.expose()).unwrap().id(), key(9).id());
    assert!(Key::parse(&format!(" {}=\n", text.expose())).is_ok());
    for wrong in ["", "abc", "!", &"A".repeat(44), "c2VjcmV0"] {
        assert!(matches!(Key::parse(wrong), Err(VaultError::Keys(_))), "{wrong}");
    }
    assert!(matches!(Keyring::new(Vec::new()), Err(VaultError::Keys(_))));
    assert!(matches!(Keyring::new(vec![key(1), key(2), key(1)]), Err(VaultError::Keys(_))));
}

#[test]
fn a_running_server_follows_a_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Vault::in_file(KeyFile::in_folder(folder.path()), Arc::new(SystemEntropy));
    let (server, admin) = (open().unwrap(), open().unwrap());
    let old = server.seal(&ANA, &Secret::new("one")).unwrap();
    let new_key = admin.add_key().unwrap();
    // The server does not know yet, and both read what the other wrote.
    let late = server.seal(&ANA, &Secret::new("two")).unwrap();
    assert_eq!(late.key(), old.key());
    let new = admin.seal(&ANA, &Secret::new("three")).unwrap();
    assert_eq!(new.key().unwrap(), new_key);
    for (vault, sealed, text) in [(&admin, &late, "two"), (&server, &new, "three")] {
        assert_eq!(vault.open(&ANA, sealed).unwrap().expose(), text);
    }
    // By now the server has met the new key.
    assert_eq!(server.writing_key(), new_key);
    assert_eq!(admin.remove_keys(&admin.reading_keys()).unwrap(), []);
    assert!(matches!(admin.open(&ANA, &old), Err(VaultError::UnknownKey(_))));
    assert_eq!(admin.open(&ANA, &new).unwrap().expose(), "three");
}

#[test]
fn two_nonces_are_not_the_same() {
    let vault = Vault::configured(ring(&[1]), Arc::new(SystemEntropy));
    let secret = Secret::new("gho_token");
    assert_ne!(vault.seal(&ANA, &secret).unwrap(), vault.seal(&ANA, &secret).unwrap());
    // Configured keys stay as they are.
    assert_eq!(vault.add_key().unwrap(), key(1).id());
    assert_eq!(vault.remove_keys(&[key(2).id()]).unwrap(), [key(2).id()]);
}

proptest! {
    #[test]
    fn any_token_comes_back(token in ".{0,300}", user in ".{0,40}", nonce in any::<[u8; 12]>()) {
        let ring = ring(&[3]);
        let binding = Binding { user: &user, ..ANA };
        let sealed = ring.seal(&binding, &Secret::new(token.as_str()), nonce).unwrap();
        let read: Sealed = sealed.as_str().parse().unwrap();
        prop_assert_eq!(opened(&ring, &binding, &read).unwrap(), token);
    }

    #[test]
    fn bindings_never_agree(a in "[a-c]{0,3}", b in "[a-c]{0,3}", c in "[a-c]{0,3}", d in "[a-c]{0,3}") {
        let one = Binding { user: &a, provider: &b, ..ANA };
        let other = Binding { user: &c, provider: &d, ..ANA };
        prop_assert_eq!(one == other, one.bytes() == other.bytes());
    }

    #[test]
    fn a_changed_letter_never_opens(at in any::<prop::sample::Index>(), letter in "[ -~]") {
        let ring = ring(&[1]);
        let sealed = sealed(&ring);
        let mut text = sealed.as_str().to_owned();
        let at = at.index(text.len());
        text.replace_range(at..=at, &letter);
        prop_assume!(text != sealed.as_str());
        if let Ok(changed) = text.parse::<Sealed>() {
            prop_assert!(ring.open(&ANA, &changed).is_err());
        }
    }

    #[test]
    fn garbage_is_refused(text in "(sealed1)?\\PC{0,60}") {
        if let Ok(sealed) = text.parse::<Sealed>() {
            prop_assert!(ring(&[1]).open(&ANA, &sealed).is_err());
        }
    }
}
