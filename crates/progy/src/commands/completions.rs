//! `progy completions SHELL`.

use clap::CommandFactory;

use crate::cli::{Cli, CompletionsArgs};
use crate::context::Context;
use crate::failure::{Exit, Failure};

#[allow(clippy::unnecessary_wraps, reason = "the shape of every command")]
pub(crate) fn run(context: &Context, args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "progy", &mut script);
    context.terminal.bytes(&script);
    Ok(Exit::Done)
}
