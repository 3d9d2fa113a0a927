//! Learners at work, many at once: what a server does under load.
//!
//! Every learner is a person with an account, a device and a connection of their own. They edit a
//! small file of the course, publish it as `progy save` does, and begin again as soon as the server
//! has answered. `scripts/bench` runs this; it is not shipped.
//!
//! - [`accounts`]: who they are;
//! - [`course`]: what they work on;
//! - [`learner`]: what each of them does;
//! - [`store`]: their Git repositories, where work is carried by `git`;
//! - [`meter`]: what goes over the wire;
//! - [`tally`], [`report`]: what came of it.

mod accounts;
mod cli;
mod course;
mod failure;
mod learner;
mod meter;
mod report;
mod store;
mod tally;

use std::cell::RefCell;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use futures_util::{StreamExt, TryStreamExt, stream};
use progy_client::api::http::HttpApi;
use tokio::time::Instant;

use crate::cli::Cli;
use crate::course::Course;
use crate::failure::Failure;
use crate::learner::{Learner, Plan};
use crate::report::Report;
use crate::tally::Tally;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // One thread: the load is not to take more of the machine than the server leaves.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(run(&cli)));
    match ended {
        Ok(report) => {
            print!("{}", if cli.json { report.json() } else { report.to_string() });
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("progy-load: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli) -> Result<Report, Failure> {
    let server = HttpApi::new(&cli.server, None)?;
    if !server.server().is_here() {
        return Err(Failure::NotHere(server.server().to_string()));
    }
    let tokens = accounts::tokens(cli).await?;
    let first = tokens.first().cloned().ok_or(Failure::NoTokens)?;
    let api = HttpApi::new(&cli.server, Some(first))?;
    let course = Course::fetch(&api, cli.course(), cli.strategy).await?;

    let begin = Instant::now();
    let warm = begin + Duration::from_secs(cli.warm_up());
    let end = warm + Duration::from_secs(cli.seconds);
    let plan = Plan { end, saves: cli.saves, files: cli.files, files_per_save: cli.files_per_save };
    let tally = RefCell::new(Tally::new(warm, end));
    let at_work = tokens.into_iter().enumerate().map(|(number, token)| {
        let (course, tally) = (&course, &tally);
        async move { Learner::new(number, course, plan)?.work(&cli.server, token, tally).await }
    });
    let at_work = stream::iter(at_work).buffer_unordered(cli.at_once());
    at_work.try_collect::<()>().await?;
    let measured = Instant::now().min(end).saturating_duration_since(warm);
    Ok(Report::new(cli, &course, measured, tally.into_inner()))
}
