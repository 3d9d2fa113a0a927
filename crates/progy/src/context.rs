//! What every command works with: the language, the terminal, the settings, the server.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use progy_client::api::http::{HttpApi, ServerUrl};
use progy_client::config::{Home, Language, Login, Variables};
use progy_client::engine::Device;
use progy_client::env::SystemEnv;
use progy_client::layout;
use progy_client::scan::Notice;
use progy_core::RelPath;

use crate::failure::{Exit, Failure};
use crate::messages::Messages;
use crate::settings::Settings;
use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// Where a server listens if it is not told otherwise.
const DEFAULT_SERVER: &str = "http://127.0.0.1:7764";
/// How many paths a notice of several names.
const NAMED: usize = 3;

/// Passed to every command.
pub(crate) struct Context {
    pub(crate) messages: Messages,
    pub(crate) terminal: Terminal,
    pub(crate) variables: Variables,
    home: Option<Home>,
    /// What the learner has been told: each thing once.
    told: RefCell<BTreeSet<Notice>>,
}

impl Context {
    /// That of this process. Makes no file; a system without a home folder fails only those
    /// commands that need one.
    pub(crate) fn of_process() -> Self {
        let variables = Variables::of_process();
        let home = Home::from_environment().ok();
        let of_system = || match variables.get("PROGY_LANG") {
            Some(own) => Language::of(own),
            None => Language::of_system(&variables),
        };
        let language = home.as_ref().map_or_else(of_system, Home::language);
        let colours = variables.get("NO_COLOR").is_none() && variables.get("TERM") != Some("dumb");
        Self {
            messages: Messages::new(language),
            terminal: Terminal::of_process(colours),
            variables,
            home,
            told: RefCell::default(),
        }
    }

    /// One without settings, for tests.
    #[cfg(test)]
    pub(crate) fn test(language: Language) -> Self {
        Self {
            messages: Messages::new(language),
            terminal: Terminal::of_process(false),
            variables: Variables::default(),
            home: None,
            told: RefCell::default(),
        }
    }

    /// The settings of this device.
    pub(crate) fn home(&self) -> Result<&Home, Failure> {
        self.home.as_ref().ok_or_else(|| fail!(Exit::Failed, "no-home"))
    }

    /// This installation; it gets its id when it is first asked for.
    pub(crate) fn device(&self) -> Result<Device, Failure> {
        let home = self.home()?;
        Ok(Device { id: home.device_id(&SystemEnv)?, name: home.device_name()? })
    }

    /// Where the server is.
    pub(crate) fn server(&self) -> Result<ServerUrl, Failure> {
        if let Some(server) = self.home()?.server()? {
            return Ok(server);
        }
        ServerUrl::parse(DEFAULT_SERVER)
            .map_err(|error| fail!(Exit::Failed, "bad-server", reason = error))
    }

    /// The server, for commands that are nothing without a login.
    pub(crate) fn api(&self) -> Result<HttpApi, Failure> {
        let server = self.server()?;
        if self.home()?.login(&server)?.is_none() {
            return Err(fail!(Exit::NotLoggedIn, "no-token", server = server.as_str()));
        }
        self.api_if_logged_in()
    }

    /// The server, for commands that record work first: without a login it refuses afterwards.
    pub(crate) fn api_if_logged_in(&self) -> Result<HttpApi, Failure> {
        let server = self.server()?;
        let token = match self.home()?.login(&server)? {
            None => None,
            Some(Login::Token(token)) => Some(token),
            // A keyring takes its time: only a request is worth it.
            Some(Login::Kept(kept)) => {
                let ask = move || kept.token().map_err(|error| error.to_string());
                return Ok(HttpApi::with_late_token(server, Box::new(ask)));
            }
        };
        Ok(HttpApi::new(server.as_str(), token)?)
    }

    /// Opens the workspace that the current folder is in.
    pub(crate) async fn workspace(&self) -> Result<Workspace, Failure> {
        Workspace::open(self, self.find_workspace()?).await
    }

    /// The root of the workspace that the current folder is in: the nearest folder upwards with
    /// `.progy/state`.
    #[allow(clippy::unused_self, reason = "commands ask the context for everything")]
    pub(crate) fn find_workspace(&self) -> Result<PathBuf, Failure> {
        let here = std::env::current_dir()
            .map_err(|error| fail!(Exit::Failed, "no-current-folder", reason = error))?;
        if let Some(root) = workspace_above(&here) {
            return Ok(root);
        }
        // `progy.toml` travels with a copied folder; `.progy/` may not have.
        let orphan = here.ancestors().find(|folder| folder.join(layout::SETTINGS).is_file());
        Err(match orphan {
            Some(folder) => {
                let settings = Settings::read(folder);
                let course = settings.course().unwrap_or("COURSE");
                fail!(Exit::Failed, "no-state", folder = folder.display(), course = course)
            }
            None => fail!(Exit::Failed, "no-workspace"),
        })
    }

    /// Tells what the learner should know of the files, each thing once.
    pub(crate) fn tell<'n>(&self, notices: impl IntoIterator<Item = &'n Notice>) {
        // A program may make many of them at once.
        let mut special = Vec::new();
        for notice in notices {
            if !self.told.borrow_mut().insert(notice.clone()) {
                continue;
            }
            match notice {
                Notice::Secret(path) => note!(self, "notice-secret", path = path),
                Notice::BadName(name) => note!(self, "notice-bad-name", path = name),
                Notice::Unreadable(path) => note!(self, "notice-unreadable", path = path),
                Notice::Special(path) => special.push(path),
                Notice::LinkOutside(path) => note!(self, "notice-link-outside", path = path),
                Notice::CannotHold(path) => note!(self, "notice-cannot-hold", path = path),
            }
        }
        if !special.is_empty() {
            let paths = self.first_few(&special);
            note!(self, "notice-special", count = special.len(), paths = paths);
        }
    }

    /// The first of `paths`, and how many more there are, in one line.
    fn first_few(&self, paths: &[&RelPath]) -> String {
        let named: Vec<&str> = paths.iter().take(NAMED).map(|path| path.as_str()).collect();
        let named = named.join(", ");
        match paths.len().saturating_sub(NAMED) {
            0 => named,
            more => format!("{named} {}", text!(self, "and-more", count = more)),
        }
    }
}

/// The nearest workspace at or above `folder`.
pub(crate) fn workspace_above(folder: &Path) -> Option<PathBuf> {
    let is_workspace = |folder: &&Path| folder.join(layout::STATE).is_file();
    folder.ancestors().find(is_workspace).map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_paths_are_named_and_the_rest_counted() {
        let context = Context::test(Language::Portuguese);
        let paths: Vec<RelPath> =
            ["a", "b/c", "d", "e", "f"].iter().map(|path| RelPath::new(path).unwrap()).collect();
        let paths: Vec<&RelPath> = paths.iter().collect();
        assert_eq!(context.first_few(&paths[..1]), "a");
        assert_eq!(context.first_few(&paths[..3]), "a, b/c, d");
        assert_eq!(context.first_few(&paths), "a, b/c, d e mais 2");
    }
}
