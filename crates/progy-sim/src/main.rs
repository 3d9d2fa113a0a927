//! Runs seeds until one fails, and then says in a few lines how.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use progy_core::Strategy;
use progy_sim::{Sabotage, Script, run, script};

/// Several devices and a server in one process, with everything going wrong.
#[derive(Debug, Parser)]
#[allow(clippy::struct_excessive_bools, reason = "flags of a command line")]
struct Args {
    /// The seeds to run.
    #[arg(long, value_name = "FROM..TO", default_value = "0..2000", value_parser = range)]
    seeds: (u64, u64),
    /// How many run at once; all processors if it is not said.
    #[arg(long)]
    jobs: Option<usize>,
    /// How the workspaces are carried: `patch`, `snapshot` or `git`.
    #[arg(long, default_value_t)]
    strategy: Strategy,
    /// The strategy changes.
    #[arg(long, conflicts_with = "strategy")]
    changing: bool,
    /// A fault to put in, to see that it is found.
    #[arg(long)]
    fault: Option<Sabotage>,
    /// Print what happens in each run.
    #[arg(long)]
    trace: bool,
    /// Print the scripts of the seeds instead of running them.
    #[arg(long)]
    print: bool,
    /// Run the script in this file instead of seeds.
    #[arg(long)]
    script: Option<PathBuf>,
    /// Go on after a failure, and tell at the end how many seeds failed and how.
    #[arg(long)]
    survey: bool,
}

impl Args {
    fn script_of(&self, seed: u64) -> Script {
        let script = Script::from_seed(seed);
        if self.changing { script.changing() } else { script.carried_by(self.strategy) }
    }
}

fn range(text: &str) -> Result<(u64, u64), String> {
    let (from, to) = text.split_once("..").ok_or("expected FROM..TO")?;
    let number = |text: &str| text.parse().map_err(|_| format!("{text:?} is no seed"));
    Ok((number(from)?, number(to)?))
}

/// A seed that failed.
struct Failure {
    seed: u64,
    wrong: String,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match &args.script {
        Some(file) => run_file(file, &args),
        None if args.print => {
            for seed in args.seeds.0..args.seeds.1 {
                println!("# seed {seed}\n{}", args.script_of(seed));
            }
            ExitCode::SUCCESS
        }
        None => run_seeds(&args),
    }
}

fn run_file(file: &PathBuf, args: &Args) -> ExitCode {
    let script = std::fs::read_to_string(file)
        .map_err(|error| error.to_string())
        .and_then(|text| Script::parse(&text).map_err(|error| error.to_string()));
    let script = match script {
        Ok(script) => script,
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            return ExitCode::from(2);
        }
    };
    let outcome = run(&script, args.fault, args.trace);
    for line in outcome.trace.iter().chain(&outcome.wrong) {
        println!("{line}");
    }
    if outcome.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_seeds(args: &Args) -> ExitCode {
    let begun = Instant::now();
    let next = AtomicU64::new(args.seeds.0);
    let failures = Mutex::new(Vec::new());
    let jobs =
        args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| work(args, &next, &failures));
        }
    });
    let mut failures = failures.into_inner().unwrap_or_default();
    failures.sort_by_key(|failure: &Failure| failure.seed);
    let seconds = begun.elapsed().as_secs_f64();
    #[allow(clippy::cast_precision_loss, reason = "only shown")]
    let rate = (args.seeds.1 - args.seeds.0) as f64 / seconds;
    let Some(first) = failures.first() else {
        println!(
            "{} seeds in {seconds:.1} s ({rate:.0} a second): nothing wrong",
            args.seeds.1 - args.seeds.0
        );
        return ExitCode::SUCCESS;
    };
    if args.survey {
        for failure in &failures {
            println!("{:8} {}", failure.seed, failure.wrong);
        }
        println!(
            "{} of {} seeds fail ({rate:.0} a second)",
            failures.len(),
            args.seeds.1 - args.seeds.0
        );
    } else {
        tell(first, args);
    }
    ExitCode::FAILURE
}

fn work(args: &Args, next: &AtomicU64, failures: &Mutex<Vec<Failure>>) {
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= args.seeds.1 {
            return;
        }
        let outcome = run(&args.script_of(seed), args.fault, args.trace);
        if args.trace {
            println!("=== seed {seed}\n{}", outcome.trace.join("\n"));
        }
        if let Some(wrong) = outcome.wrong.into_iter().next()
            && let Ok(mut failures) = failures.lock()
        {
            failures.push(Failure { seed, wrong });
            if !args.survey {
                next.store(args.seeds.1, Ordering::Relaxed);
            }
        }
    }
}

/// Prints a failure: the seed, the short script, and what happens in it.
fn tell(failure: &Failure, args: &Args) {
    println!("seed {} fails: {}", failure.seed, failure.wrong);
    let whole = args.script_of(failure.seed);
    let kind = kind(&failure.wrong);
    let short = script::shrink(&whole, |script| {
        let outcome = run(script, args.fault, false);
        outcome.wrong.first().is_some_and(|wrong| self::kind(wrong) == kind)
    });
    let outcome = run(&short, args.fault, true);
    for line in &outcome.trace {
        println!("{line}");
        if line.starts_with("WRONG") {
            break;
        }
    }
    println!("\n{short}");
    for wrong in &outcome.wrong {
        println!("WRONG {wrong}");
    }
}

/// What is common to failures of one kind: the words without names, numbers and paths.
fn kind(wrong: &str) -> Vec<&str> {
    let is_word = |word: &&str| word.len() > 1 && word.bytes().all(|b| b.is_ascii_alphabetic());
    wrong.split([' ', ':']).filter(is_word).take(6).collect()
}
