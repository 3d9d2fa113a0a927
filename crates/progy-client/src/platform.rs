//! What differs between Linux, macOS and Windows, and nothing else.
//!
//! - [`files`]: permissions, links, atomic exchange, flushing, names;
//! - [`keyring`]: where the system keeps passwords;
//! - [`process`]: ending a program together with all that it started;
//! - [`programs`]: finding a program by its name.
//!
//! Only Linux is tested; the other parts are kept small enough to be read.

pub mod files;
pub mod keyring;
pub mod process;
pub mod programs;

use std::path::PathBuf;

use crate::config::Variables;

/// The name that the system goes by in its network.
pub fn host_name(variables: &Variables) -> Option<String> {
    #[cfg(unix)]
    {
        let _ = variables;
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Some(name).filter(|name| !name.is_empty())
    }
    #[cfg(not(unix))]
    {
        variables.get("COMPUTERNAME").map(str::to_owned)
    }
}

/// The folder that holds a folder of settings for each program.
///
/// `$XDG_CONFIG_HOME` where it is an absolute path (the XDG Base Directory Specification ignores
/// others), else `.config` in the home folder; `%APPDATA%` on Windows.
pub fn settings_folder(variables: &Variables) -> Option<PathBuf> {
    let absolute =
        |name: &str| variables.os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(folder) = absolute("XDG_CONFIG_HOME") {
        return Some(folder);
    }
    if cfg!(windows) {
        return absolute("APPDATA");
    }
    absolute("HOME").map(|home| home.join(".config"))
}

/// The user and group to run a container as, so that what it writes belongs to the learner;
/// `None` where containers map users by themselves.
pub fn user_and_group() -> Option<(u32, u32)> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getgid, getuid};
        Some((getuid().as_raw(), getgid().as_raw()))
    }
    #[cfg(not(target_os = "linux"))]
    {
        None
    }
}
