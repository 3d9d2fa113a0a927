//! Checks one exercise: `rustlings-runner LESSON FILE`.
//!
//! Compiles the file with `rustc`, runs its tests if it has some, runs the program, and asks Clippy.
//! How far each exercise goes stands in `exercises.txt`. Prints what Progy reads, and exits with 0
//! only if the exercise is solved.

mod exercise;
mod process;
mod report;
mod tools;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use exercise::Exercise;
use report::Report;
use tools::{Clippy, Workshop};

/// For everything together. Progy itself ends a runner after a minute.
const TIME_LIMIT: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let report = match (args.next(), args.next()) {
        (Some(lesson), Some(file)) => check(&lesson.to_string_lossy(), Path::new(&file)),
        _ => Report::failed("usage: rustlings-runner LESSON FILE"),
    };
    report.print();
    if report.success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn check(lesson: &str, file: &Path) -> Report {
    // Set by `cargo run`.
    let home = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| "runner".into(), PathBuf::from);
    let exercise = match Exercise::find(&home.join("exercises.txt"), lesson) {
        Ok(exercise) => exercise,
        Err(problem) => return Report::failed(&problem),
    };
    match Workshop::open(file, Instant::now() + TIME_LIMIT) {
        Ok(workshop) => work(&exercise, &workshop),
        Err(error) => Report::failed(&format!("cannot make a temporary folder: {error}")),
    }
}

fn work(exercise: &Exercise, workshop: &Workshop) -> Report {
    let mut report = Report::default();

    let built = workshop.compile(false);
    if !built.success {
        return report.stop("It does not compile yet", built);
    }
    if exercise.has_tests {
        let built = workshop.compile(true);
        if !built.success {
            return report.stop("The tests do not compile yet", built);
        }
        let tested = workshop.run(true);
        report.add_tests(&tested.output);
        if !tested.success {
            let summary = match report.tests.len() {
                0 => "The tests did not run to the end".to_owned(),
                all => format!("{} of {all} tests failed", report.failed_tests()),
            };
            return report.stop(&summary, tested);
        }
        report.raw = tested.output;
    }
    match workshop.clippy(exercise.is_strict) {
        Clippy::Complains(said) => return report.stop("Clippy is not content yet", said),
        Clippy::Missing if exercise.is_strict => {
            return Report::failed("This exercise needs Clippy: rustup component add clippy");
        }
        Clippy::Content | Clippy::Missing => {}
    }
    let ran = workshop.run(false);
    if !ran.success {
        return report.stop("The program failed", ran);
    }
    report.success = true;
    report.summary = match report.tests.len() {
        0 => "It compiles and runs".to_owned(),
        1 => "1 test passed".to_owned(),
        tests => format!("{tests} tests passed"),
    };
    if !exercise.has_tests {
        report.raw = ran.output;
    }
    report
}
