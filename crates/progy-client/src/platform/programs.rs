//! Finding a program by its name, as a shell does.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::config::Variables;

/// The program called `name`.
///
/// A name without a separator is looked up in `PATH`; one with a separator is taken from `folder`.
/// `None` if nothing that can be run is there.
pub fn find(name: &str, folder: &Path, variables: &Variables) -> Option<PathBuf> {
    if name.is_empty() {
        return None;
    }
    if name.contains(std::path::is_separator) {
        return runnable(&folder.join(name), variables);
    }
    let path = variables.os("PATH").unwrap_or_else(|| OsStr::new(""));
    // An empty or relative entry would mean the folder that the learner happens to be in.
    std::env::split_paths(path)
        .filter(|entry| entry.is_absolute())
        .find_map(|entry| runnable(&entry.join(name), variables))
}

#[cfg(not(windows))]
fn runnable(path: &Path, _variables: &Variables) -> Option<PathBuf> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let meta = path.metadata().ok()?;
        (meta.is_file() && meta.permissions().mode() & 0o111 != 0).then(|| path.to_owned())
    }
    #[cfg(not(unix))]
    path.is_file().then(|| path.to_owned())
}

/// Windows runs what has one of the endings in `PATHEXT`, whether or not it was named.
#[cfg(windows)]
fn runnable(path: &Path, variables: &Variables) -> Option<PathBuf> {
    if path.extension().is_some() && path.is_file() {
        return Some(path.to_owned());
    }
    let endings = variables.get("PATHEXT").unwrap_or(".COM;.EXE;.BAT;.CMD");
    endings.split(';').filter(|ending| !ending.is_empty()).find_map(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        let path = PathBuf::from(name);
        path.is_file().then_some(path)
    })
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_program_is_a_file_that_may_be_run() {
        let at = tempfile::tempdir().unwrap();
        let program = at.path().join("tool");
        fs::write(&program, "#!/bin/sh\n").unwrap();
        fs::create_dir(at.path().join("folder")).unwrap();
        let path = format!("relative:{}", at.path().display());
        let variables = Variables::from_iter([("PATH", path.as_str())]);
        let nowhere = Path::new("/nowhere");
        assert_eq!(find("tool", nowhere, &variables), None, "not executable");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find("tool", nowhere, &variables).as_ref(), Some(&program));
        assert_eq!(find("./tool", at.path(), &variables).unwrap(), at.path().join("./tool"));
        assert_eq!(find("./tool", nowhere, &variables), None);
        for none in ["folder", "other", ""] {
            assert_eq!(find(none, nowhere, &variables), None, "{none}");
        }
        assert_eq!(find("tool", at.path(), &Variables::default()), None);
    }
}
