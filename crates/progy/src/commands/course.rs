//! `progy course`: for those who make courses.

mod check;
mod import;
mod list;
mod pack;
mod publish;

use crate::cli::{CourseArgs, CourseCommand, ImportCommand};
use crate::context::Context;
use crate::failure::{Exit, Failure};

pub(crate) async fn run(context: &Context, args: CourseArgs) -> Result<Exit, Failure> {
    match args.command {
        CourseCommand::Check { dir, json } => check::run(context, &dir, json),
        CourseCommand::Pack(args) => pack::run(context, &args),
        CourseCommand::Publish { path, json } => publish::run(context, &path, json).await,
        CourseCommand::List { json } => list::run(context, json).await,
        CourseCommand::Import(ImportCommand::Rustlings { dir, output, course_version }) => {
            import::rustlings(context, &dir, &output, course_version)
        }
    }
}
