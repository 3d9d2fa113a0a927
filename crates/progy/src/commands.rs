//! The commands: one file each.

mod admin;
mod completions;
mod conflicts;
mod course;
mod demo;
mod dev;
mod diff;
mod doctor;
pub(crate) mod git_credential;
mod init;
mod log;
mod login;
mod logout;
mod open;
mod reset;
mod resolve;
mod restore;
mod save;
mod serve;
mod status;
mod strategy;
mod sync;
mod test;
mod trash;
mod upgrade;
mod whoami;

use crate::cli::Command;
use crate::context::Context;
use crate::failure::{Exit, Failure};

/// Does what was typed.
pub(crate) fn run(context: &Context, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Init(args) => wait(init::run(context, args)),
        Command::Save(args) => wait(save::run(context, args)),
        Command::Sync(args) => wait(sync::run(context, &args)),
        Command::Status(args) => wait(status::run(context, &args)),
        Command::Log(args) => wait(log::run(context, &args)),
        Command::Diff(args) => wait(diff::run(context, &args)),
        Command::Restore(args) => wait(restore::run(context, &args)),
        Command::Conflicts(args) => wait(conflicts::run(context, &args)),
        Command::Resolve(args) => wait(resolve::run(context, &args)),
        Command::Reset(args) => wait(reset::run(context, &args)),
        Command::Upgrade(args) => wait(upgrade::run(context, &args)),
        Command::Strategy(args) => wait(strategy::run(context, &args)),
        Command::Trash(args) => wait(trash::run(context, args)),
        Command::Login(args) => wait(login::run(context, &args)),
        Command::Logout => wait(logout::run(context)),
        Command::Whoami(args) => wait(whoami::run(context, &args)),
        Command::Completions(args) => completions::run(context, &args),
        Command::Course(args) => wait(course::run(context, args)),
        Command::Serve(args) => serve::run(context, args),
        Command::Admin(args) => wait(admin::run(context, args)),
        Command::GitCredential(args) => wait(git_credential::run(context, &args)),
        Command::Dev(_) => wait(dev::run(context)),
        Command::Open(args) => wait(open::run(context, &args)),
        Command::Test(args) => wait(test::run(context, &args)),
        Command::Demo => wait(demo::run(context)),
        Command::Doctor(args) => wait(doctor::run(context, &args)),
    }
}

/// Runs to its end what has to wait for a server. One thread is enough for one learner.
fn wait(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| fail!(Exit::Failed, "no-runtime", reason = error))?;
    runtime.block_on(command)
}
