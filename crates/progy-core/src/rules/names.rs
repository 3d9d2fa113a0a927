//! Names that mean something in any workspace.

use crate::conflict;

/// Whether `top`, the first part of a path, is this device's own state: `.progy` or `progy.toml`,
/// in any spelling that Windows or macOS takes for them. It is never synced, and no tree may write
/// it.
pub fn is_private(top: &str) -> bool {
    is_private_folder(top) || opens_as(top, "progy.toml") || is_short_name(top)
}

/// Whether `name` is `.progy`, which is private at any depth: a workspace inside another keeps its
/// own state.
pub(super) fn is_private_folder(name: &str) -> bool {
    opens_as(name, ".progy")
}

/// Whether something of this name is never synced unless it is included by name.
pub(super) fn is_built_in(name: &str) -> bool {
    BUILT_IN.contains(&name) || opens_as(name, ".git")
}

const BUILT_IN: [&str; 8] =
    ["node_modules", "target", "dist", "build", ".next", ".venv", "__pycache__", ".DS_Store"];
const KEYS: [&str; 4] = ["rsa", "dsa", "ecdsa", "ed25519"];
const KEY_FILES: [&str; 4] = ["pem", "key", "p12", "pfx"];

/// What is never synced unless it is included by name, and what is taken for a secret, as lines of a
/// `.gitignore`. For programs that read such lines: in small letters, where we know more spellings.
pub fn never_synced() -> impl Iterator<Item = String> {
    let built_in = BUILT_IN.into_iter().map(str::to_owned);
    let keys = KEYS.into_iter().map(|kind| format!("id_{kind}"));
    let files = KEY_FILES.into_iter().map(|ending| format!("*.{ending}"));
    built_in.chain([".env".to_owned(), ".env.*".to_owned()]).chain(keys).chain(files)
}

/// Whether some file system takes `part` for Git's own folder.
pub(crate) fn is_dot_git(part: &str) -> bool {
    opens_as(part, ".git") || opens_as(part, "git~1")
}

/// Whether something of this name is taken for a secret.
pub(super) fn is_secret(name: &str) -> bool {
    is_environment(name) || is_private_key(name)
}

/// `.env`, `.env.*`
fn is_environment(name: &str) -> bool {
    strip_ascii_prefix(name, ".env").is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn is_private_key(name: &str) -> bool {
    let of_ssh = strip_ascii_prefix(name, "id_")
        .is_some_and(|kind| KEYS.iter().any(|known| kind.eq_ignore_ascii_case(known)));
    of_ssh
        || name.rsplit_once('.').is_some_and(|(_, extension)| {
            KEY_FILES.iter().any(|known| extension.eq_ignore_ascii_case(known))
        })
}

fn strip_ascii_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Whether some file system opens `own` when it is asked for `name`.
///
/// NTFS and APFS ignore case; Windows drops dots and blanks at the end, and what follows a colon
/// names a stream of the same file; HFS+ ignores some code points.
///
/// Source: Git's `is_ntfs_dotgit` and `is_hfs_dotgit`, which guard `.git` in the same way
/// (CVE-2014-9390).
fn opens_as(name: &str, own: &str) -> bool {
    let mut rest = name.chars().filter(|c| !is_ignored_by_hfs(*c));
    own.chars().all(|c| rest.next().is_some_and(|found| found.eq_ignore_ascii_case(&c)))
        && matches!(rest.find(|c| !matches!(c, '.' | ' ')), None | Some(':'))
}

/// Source: `next_hfs_char` in Git's `utf8.c`.
fn is_ignored_by_hfs(c: char) -> bool {
    matches!(
        c,
        '\u{200c}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{206a}'..='\u{206f}'
            | '\u{feff}'
    )
}

/// `PROGY~1` and `PROGY~1.TOM`: the names that Windows makes up for programs that know only 8.3.
fn is_short_name(name: &str) -> bool {
    strip_ascii_prefix(name, "progy~").is_some_and(|rest| {
        let digits = rest.split(['.', ' ', ':']).next().unwrap_or(rest);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// The path by which a file is judged: a conflict copy by its original, so that a copy goes
/// wherever the file goes.
pub(super) fn original(path: &str) -> &str {
    let mut path = path;
    // Nearly all names end this question at their last letter, before any search.
    let may_be_copy = |path: &str| path.bytes().rev().take(8).all(|b| b.is_ascii_hexdigit());
    while may_be_copy(path)
        && let Some(original) = conflict::original_name(last_part(path))
    {
        let cut = last_part(path).len().saturating_sub(original.len());
        path = path.get(..path.len().saturating_sub(cut)).unwrap_or(path);
    }
    path
}

/// The name at the end of a path.
pub(super) fn last_part(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_our_own_files_is_private() {
        for own in [
            ".progy",
            ".PROGY",
            ".Progy",
            ".progy.",
            ".progy ..",
            ".progy::$INDEX_ALLOCATION",
            ".pro\u{200c}gy",
            "progy.toml",
            "PROGY.TOML",
            "progy.toml ",
            "progy.toml:x",
            "PROGY~1",
            "progy~2.tom",
        ] {
            assert!(is_private(own), "{own:?}");
        }
        for other in
            [".progyignore", "progy", "progy.toml.bak", "a.progy", ".progy2", "", ".", "progy~x"]
        {
            assert!(!is_private(other), "{other:?}");
        }
    }

    #[test]
    fn built_in_names() {
        for name in [".git", ".GIT", ".git.", "node_modules", "target", ".DS_Store", "__pycache__"]
        {
            assert!(is_built_in(name), "{name}");
        }
        for name in [".gitignore", ".github", "targets", "Build", "dist.rs", "next"] {
            assert!(!is_built_in(name), "{name}");
        }
    }

    #[test]
    fn secrets() {
        for name in [
            ".env",
            ".env.local",
            ".ENV",
            ".env.",
            "id_rsa",
            "id_dsa",
            "id_ecdsa",
            "id_ed25519",
            "server.pem",
            "tls.KEY",
            ".pem",
            "a.p12",
            "a.b.pfx",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [".envrc", "env", "id_rsa.pub", "key", "pem", "keys.rs", "id_", "x.env", "é"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_copy_is_judged_by_its_original() {
        assert_eq!(original("a/b.rs.conflict-laptop-0123abcd"), "a/b.rs");
        assert_eq!(original("b.conflict-x-0123abcd.conflict-y-0123abcd"), "b");
        assert_eq!(original("a.conflict-x-0123abcd/b"), "a.conflict-x-0123abcd/b");
        assert_eq!(original("a/b"), "a/b");
    }
}
