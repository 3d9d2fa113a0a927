//! What can be asked for. Everything is bounded.

use std::path::PathBuf;

use clap::Parser;
use clap::builder::RangedU64ValueParser;
use progy_core::{CourseId, Strategy};

/// Puts a Progy server on this machine under the load of learners who save.
#[derive(Debug, Parser)]
pub(crate) struct Cli {
    /// The server, on this machine: `http://127.0.0.1:PORT`.
    #[arg(long, value_name = "URL")]
    pub(crate) server: String,
    /// A file with one token a line: each is a learner.
    #[arg(long, value_name = "FILE", required_unless_present = "admin_data")]
    pub(crate) tokens: Option<PathBuf>,
    /// The server's data folder: new learners are made there.
    #[arg(long, value_name = "DIR", conflicts_with = "tokens")]
    pub(crate) admin_data: Option<PathBuf>,
    /// How many learners work at once.
    #[arg(long, default_value_t = 64, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub(crate) learners: usize,
    /// How long they work, at most.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) seconds: u64,
    /// How long they work before the time is taken; not with `--saves`.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=60))]
    warm_up: u64,
    /// How often each of them saves, at most.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) saves: Option<u64>,
    /// How many files each of them works on, in turn.
    #[arg(long, default_value_t = 10, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub(crate) files: usize,
    /// How many files each save changes.
    #[arg(long, default_value_t = 1, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub(crate) files_per_save: usize,
    /// How many of them are at work at the same time; all by default.
    #[arg(long, value_name = "COUNT", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000))]
    at_once: Option<usize>,
    /// How their work is carried: `patch` or `git`.
    #[arg(long, default_value_t = Strategy::Patch, value_parser = carried)]
    pub(crate) strategy: Strategy,
    /// The course; the server's first by default.
    #[arg(long, value_name = "COURSE")]
    course: Option<CourseId>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Cli {
    /// Seconds that are not counted. Counted saves are all counted.
    pub(crate) fn warm_up(&self) -> u64 {
        if self.saves.is_some() { 0 } else { self.warm_up }
    }

    /// Learners at work at the same time.
    pub(crate) fn at_once(&self) -> usize {
        self.at_once.unwrap_or(self.learners)
    }

    /// The course that was asked for.
    pub(crate) fn course(&self) -> Option<&CourseId> {
        self.course.as_ref()
    }
}

fn carried(name: &str) -> Result<Strategy, String> {
    match name.parse() {
        Ok(strategy @ (Strategy::Patch | Strategy::Git)) => Ok(strategy),
        _ => Err("learners work by patch or git".to_owned()),
    }
}
