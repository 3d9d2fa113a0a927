//! What a repository's own configuration says.

use std::fs;
use std::io::ErrorKind;

use git2::Config;
use progy_core::git::BRANCH;

use crate::own::CONFIG;
use crate::{Error, Repository, Result};

/// Begins the lines that Progy keeps in `.git/info/exclude`.
const EXCLUDE_BEGIN: &str = "# Kept by progy:";
const EXCLUDE_END: &str = "# Until here.";

/// What makes a repository usable with stock Git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where it is published, without a secret.
    pub url: String,
    /// The command that stock Git asks for a login, as in `credential.helper`.
    pub helper: String,
    /// Who commits.
    pub author: (String, String),
    /// Lines for `.git/info/exclude`: what is never saved.
    pub exclude: Vec<String>,
}

impl Repository {
    /// Writes what stock Git needs into the repository's own configuration. What the learner has
    /// set there already stays, but for the address and the helper.
    pub fn settle(&self, settings: &Settings) -> Result<()> {
        let there = self.git.config()?.snapshot()?;
        let host = host(&settings.url);
        self.configure(|config| {
            set(config, "remote.origin.url", &settings.url)?;
            set(config, &format!("credential.{host}.useHttpPath"), "true")?;
            let mut set_once = |name: &str, value: &str| -> Result<()> {
                if there.get_entry(name).is_err() {
                    config.set_str(name, value)?;
                }
                Ok(())
            };
            set_once("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")?;
            set_once("branch.main.remote", "origin")?;
            set_once("branch.main.merge", BRANCH)?;
            set_once("user.name", &settings.author.0)?;
            set_once("user.email", &settings.author.1)?;
            // Line endings are the learner's: what is saved is what was written.
            set_once("core.autocrlf", "false")?;
            // A pull by hand then does what progy does.
            set_once("pull.rebase", "true")?;
            set_helper(config, &format!("credential.{host}.helper"), &settings.helper)
        })?;
        self.exclude(&settings.exclude)
    }

    /// Changes the repository's own configuration, all at once.
    fn configure(&self, change: impl FnOnce(&mut Config) -> Result<()>) -> Result<()> {
        let mut lock = self.own.lock(CONFIG)?;
        let beside = lock.copy()?;
        change(&mut Config::open(&beside)?)?;
        if lock.is_same(&beside)? {
            return Ok(());
        }
        lock.put(&beside)?;
        Ok(self.git.set_config(&Config::open(&self.git.commondir().join(CONFIG))?)?)
    }

    /// Keeps Progy's lines in `.git/info/exclude`, and the learner's around them.
    fn exclude(&self, lines: &[String]) -> Result<()> {
        let path = self.git.commondir().join("info/exclude");
        let there = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let text = excluded(&there, lines);
        if text == there {
            return Ok(());
        }
        Ok(self.own.replace(&path, &text)?)
    }

    /// Who commits here: a name and an address; empty if nobody was ever set.
    pub fn author(&self) -> Result<(String, String)> {
        let config = self.git.config()?.snapshot()?;
        let get = |name: &str| config.get_string(name).unwrap_or_default();
        Ok((get("user.name"), get("user.email")))
    }

    /// A word that Progy keeps in the repository's configuration.
    pub fn note(&self, name: &str) -> Result<Option<String>> {
        let config = self.git.config()?.snapshot()?;
        Ok(config.get_string(&format!("progy.{name}")).ok())
    }

    /// Keeps such a word.
    pub fn set_note(&self, name: &str, value: &str) -> Result<()> {
        if self.note(name)?.as_deref() != Some(value) {
            self.configure(|config| set(config, &format!("progy.{name}"), value))?;
        }
        Ok(())
    }
}

/// The part of an address that names a host: without a path.
fn host(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(start..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| start + at);
    url.get(..end).unwrap_or(url)
}

/// What `.git/info/exclude` is to hold: our lines between their marks, and the learner's around them,
/// in whatever encoding they are. Where the end mark was taken away, nothing is ours.
fn excluded(there: &[u8], lines: &[String]) -> Vec<u8> {
    let all: Vec<&[u8]> = there.split_inclusive(|byte| *byte == b'\n').collect();
    let at = |lines: &[&[u8]], mark: &str| {
        lines.iter().position(|line| line.trim_ascii_end() == mark.as_bytes())
    };
    let begin = at(&all, EXCLUDE_BEGIN).unwrap_or(all.len());
    let (before, rest) = all.split_at(begin);
    let rest = rest.get(1..).unwrap_or_default();
    let after = at(rest, EXCLUDE_END).and_then(|end| rest.get(end + 1..)).unwrap_or(rest);
    let mut text = before.concat();
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    let ours = format!("{EXCLUDE_BEGIN}\n{}\n{EXCLUDE_END}\n", lines.join("\n"));
    text.extend_from_slice(ours.as_bytes());
    text.extend_from_slice(&after.concat());
    text
}

/// All values of a name.
fn values(config: &Config, name: &str) -> Result<Vec<Option<String>>> {
    let mut there = Vec::new();
    config.multivar(name, None)?.for_each(|entry| {
        // The binding panics if it is asked for a value that is not there.
        let value = entry.has_value().then(|| entry.value().unwrap_or_default().to_owned());
        there.push(value);
    })?;
    Ok(there)
}

/// Removes all of `there`, which are the values of this name.
fn remove(config: &mut Config, name: &str, there: &[Option<String>]) -> Result<()> {
    match there {
        [] => Ok(()),
        [_] => Ok(config.remove(name)?),
        // libgit2 1.9 would compare a value that is not there, and end the process.
        _ if there.iter().any(Option::is_none) => {
            let why = format!("{name} is set more than once in .git/config, and without a value");
            Err(Error::Other(why))
        }
        _ => Ok(config.remove_multivar(name, ".*")?),
    }
}

/// One value of this name, whatever there was: of several, programs do not agree on which counts.
fn set(config: &mut Config, name: &str, value: &str) -> Result<()> {
    let there = values(config, name)?;
    if matches!(&there[..], [Some(only)] if only == value) {
        return Ok(());
    }
    if there.len() > 1 {
        remove(config, name, &there)?;
    }
    Ok(config.set_str(name, value)?)
}

/// One helper for our host, and none of those that are set for all hosts.
fn set_helper(config: &mut Config, name: &str, helper: &str) -> Result<()> {
    let there = values(config, name)?;
    if matches!(&there[..], [Some(none), Some(ours)] if none.is_empty() && ours == helper) {
        return Ok(());
    }
    remove(config, name, &there)?;
    // An empty value makes Git forget the helpers named before it.
    config.set_multivar(name, "^$", "")?;
    config.set_multivar(name, "^.+$", helper)?;
    Ok(())
}
