use std::sync::Arc;

use progy_api::account::Role;
use progy_core::Timestamp;

use super::*;
use crate::Secret;
use crate::ports::SystemEntropy;
use crate::ports::database::UserId;
use crate::ports::database::accounts::{Links, Sealing};
use crate::services::testing::{World, run};
use crate::vault::file::KeyFile;
use crate::vault::{Key, Keyring};

fn vault(folder: &tempfile::TempDir) -> Vault {
    Vault::in_file(KeyFile::in_folder(folder.path()), Arc::new(SystemEntropy)).unwrap()
}

fn linked(world: &World, vault: &Vault, name: &str) -> Link {
    let user = UserId(world.user(name, Role::Learner).id);
    let mut link = Link::new(LinkId(name.to_owned()), user, Link::GITHUB, name, Timestamp(1));
    let sealed = |kind, text: &str| Some(seal(vault, &link, kind, &Secret::new(text)).unwrap());
    let access = sealed(TokenKind::Access, &format!("gho_{name}"));
    let refresh = sealed(TokenKind::Refresh, &format!("ghr_{name}"));
    (link.access_token, link.refresh_token) = (access, refresh);
    assert!(run(world.db.link(&link)).unwrap());
    link
}

fn tokens(world: &World, vault: &Vault, name: &str) -> [String; 2] {
    let link = run(world.db.link_to(Link::GITHUB, name)).unwrap().unwrap();
    let open = |kind, column: &Option<Vec<u8>>| {
        open(vault, &link, kind, column.as_deref()).unwrap().unwrap().expose().to_owned()
    };
    [open(TokenKind::Access, &link.access_token), open(TokenKind::Refresh, &link.refresh_token)]
}

#[test]
fn all_tokens_are_under_the_new_key_and_the_old_one_is_gone() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let server = vault(&folder);
    let names: Vec<String> = (0..250).map(|n| format!("learner{n:03}")).collect();
    for name in &names {
        linked(&world, &server, name);
    }
    let admin = vault(&folder);
    let done = run(world.services.rotate_keys(&admin)).unwrap();
    assert_eq!((done.links, done.kept, done.to_remove), (250, vec![], vec![]));
    assert_eq!(admin.reading_keys(), []);
    assert_ne!(server.writing_key(), done.writing);
    for name in &names {
        // The server that knew only the old key follows.
        assert_eq!(tokens(&world, &server, name), [format!("gho_{name}"), format!("ghr_{name}")]);
    }
}

#[test]
fn a_rotation_that_was_killed_is_finished_by_the_next() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let server = vault(&folder);
    for name in ["ana", "bia"] {
        linked(&world, &server, name);
    }
    // Killed after the new key was written, and one link was encrypted anew.
    let admin = vault(&folder);
    admin.add_key().unwrap();
    let ana = run(world.db.link_to(Link::GITHUB, "ana")).unwrap().unwrap();
    let anew = reseal(&admin, &ana).unwrap();
    assert!(run(world.db.replace_tokens(&ana, &anew, Replacing::Resealed)).unwrap());
    assert_eq!(tokens(&world, &server, "ana")[0], "gho_ana");
    assert_eq!(tokens(&world, &server, "bia")[0], "gho_bia");
    // Killed after a key was retired, before it left the file.
    let admin = vault(&folder);
    admin.add_key().unwrap();
    run(world.services.reseal_all(&admin, admin.writing_key())).unwrap();
    for key in admin.reading_keys() {
        assert!(run(world.services.accounts.retire_key(key, Timestamp(1))).unwrap());
    }

    let admin = vault(&folder);
    let done = run(world.services.rotate_keys(&admin)).unwrap();
    assert_eq!((done.links, done.kept), (2, vec![]));
    assert_eq!((admin.writing_key(), admin.reading_keys()), (done.writing, vec![]));
    assert_eq!(tokens(&world, &server, "ana"), ["gho_ana", "ghr_ana"]);
    assert_eq!(tokens(&world, &server, "bia"), ["gho_bia", "ghr_bia"]);
}

#[test]
fn what_cannot_be_opened_keeps_its_key() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let admin = vault(&folder);
    let mut ana = linked(&world, &admin, "ana");
    let bia = linked(&world, &admin, "bia");
    // A row that somebody swapped.
    ana.access_token = bia.access_token;
    assert!(run(world.db.update_link(&ana)).unwrap());
    let old = admin.writing_key();
    let done = run(world.services.rotate_keys(&admin)).unwrap();
    assert_eq!((done.links, done.kept), (1, vec![old]));
    assert_eq!(tokens(&world, &admin, "bia")[0], "gho_bia");
    assert_eq!(admin.reading_keys(), [old]);
}

#[test]
fn configured_keys_stay_and_those_without_use_are_named() {
    let world = World::new();
    let key = |byte| Key::new([byte; 32]).unwrap();
    let of = |keys| Vault::configured(Keyring::new(keys).unwrap(), Arc::new(SystemEntropy));
    linked(&world, &of(vec![key(1)]), "ana");
    let both = of(vec![key(2), key(1)]);
    let done = run(world.services.rotate_keys(&both)).unwrap();
    assert_eq!((done.writing, done.links), (key(2).id(), 1));
    assert_eq!((done.to_remove, done.kept), (vec![key(1).id()], vec![]));
    assert_eq!(tokens(&world, &of(vec![key(2)]), "ana"), ["gho_ana", "ghr_ana"]);
}
