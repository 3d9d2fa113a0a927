//! Progy: learn programming on your own machine, on all of your machines.
//!
//! One run, from top to bottom: understand what was typed, choose the language, do it, and say how
//! it ended. Each command is a file in [`commands`].

#[macro_use]
mod messages;

mod cli;
mod commands;
mod context;
mod failure;
mod human;
mod outcome;
mod settings;
mod signals;
mod terminal;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::context::Context;

fn main() -> ExitCode {
    // Ends here, with 0 or 2, after `--help`, `--version` or wrong usage.
    let cli = Cli::parse();
    let context = Context::of_process();
    let ended = commands::run(&context, cli.command);
    let ended = ended.and_then(|exit| context.terminal.check_written().map(|()| exit));
    let exit = ended.unwrap_or_else(|failure| {
        context.terminal.fail(&context, &failure);
        failure.exit
    });
    ExitCode::from(exit.code())
}
