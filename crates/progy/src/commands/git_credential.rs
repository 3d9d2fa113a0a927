//! `progy git-credential`: lets stock Git into the learner's own repository.
//!
//! Git runs it, as the repository's own configuration says, whenever it needs a login for our host
//! (gitcredentials(7)): it writes what it wants to know, a line for each fact, and reads the login
//! back. Nothing is stored: a login is asked of the server when it is needed, and ends soon.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::Path;

use progy_client::Error;
use progy_client::api::GitApi;
use progy_client::disk::RealDisk;
use progy_client::remotes::git::KnownRepo;
use progy_client::state::State;

use crate::cli::GitCredentialArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};

/// More than this is not read of what Git asks, in bytes.
const QUESTION: u64 = 64 << 10;

/// How Git is told to run this program, as in `credential.helper`.
pub(crate) fn helper() -> String {
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(Path::to_str).unwrap_or("progy");
    // The shell that runs it knows no other quotes on any system.
    let quoted = program.replace('\\', "/").replace('\'', r"'\''");
    format!("!'{quoted}' git-credential")
}

pub(crate) async fn run(context: &Context, args: &GitCredentialArgs) -> Result<Exit, Failure> {
    // `store` and `erase` tell how a login fared; there is nothing to remember or to forget.
    if args.operation != "get" {
        return Ok(Exit::Done);
    }
    let asked = read_question();
    let root = context.find_workspace()?;
    let Some(repo) = KnownRepo::of(&root)? else { return Ok(Exit::Done) };
    if !is_about(&asked, &repo.url) {
        return Ok(Exit::Done);
    }
    let course = State::load(&RealDisk::new(root))?.course;
    let login = context.api()?.git_credentials(&course, repo.host).await?;
    let until = login.expires_at.millis() / 1000;
    let until = (until < i64::MAX / 1000).then(|| format!("password_expiry_utc={until}\n"));
    let (user, password, until) = (login.git_user, login.git_token, until.unwrap_or_default());
    let answer = format!("username={user}\npassword={password}\n{until}");
    let mut out = std::io::stdout().lock();
    let written = out.write_all(answer.as_bytes()).and_then(|()| out.flush());
    written.map_err(Error::disk("stdout"))?;
    Ok(Exit::Done)
}

fn read_question() -> BTreeMap<String, String> {
    let input = std::io::Read::take(std::io::stdin().lock(), QUESTION);
    let lines = std::io::BufReader::new(input).lines().map_while(Result::ok);
    let facts = lines.take_while(|line| !line.is_empty());
    let pairs = facts.filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    });
    pairs.collect()
}

/// Whether Git asks for the repository at `url`: a login for it is given to nobody else.
fn is_about(asked: &BTreeMap<String, String>, url: &str) -> bool {
    let get = |name: &str| asked.get(name).map_or("", String::as_str);
    let there = format!("{}://{}/{}", get("protocol"), get("host"), get("path"));
    there.trim_end_matches('/') == url.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> BTreeMap<String, String> {
        let pairs = text.split(' ').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn only_our_own_repository_is_answered() {
        let url = "http://127.0.0.1:7764/git/ana/rustlings.git";
        let ours = "protocol=http host=127.0.0.1:7764 path=git/ana/rustlings.git";
        assert!(is_about(&asked(ours), url));
        for other in [
            "protocol=https host=127.0.0.1:7764 path=git/ana/rustlings.git",
            "protocol=http host=127.0.0.1 path=git/ana/rustlings.git",
            "protocol=http host=evil.example path=git/ana/rustlings.git",
            "protocol=http host=127.0.0.1:7764 path=git/bob/rustlings.git",
            "protocol=http host=127.0.0.1:7764",
            "",
        ] {
            assert!(!is_about(&asked(other), url), "{other}");
        }
    }

    #[test]
    fn the_helper_is_quoted_for_a_shell() {
        let helper = helper();
        let program =
            helper.strip_prefix("!'").and_then(|rest| rest.strip_suffix("' git-credential"));
        assert!(program.is_some_and(|program| Path::new(program).is_file()), "{helper}");
    }
}
