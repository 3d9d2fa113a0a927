//! `progy course list`: the courses of the server.

use progy_client::api::AccountApi;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::messages::printable;
use crate::terminal::Colour;

pub(super) async fn run(context: &Context, json: bool) -> Result<Exit, Failure> {
    let api = context.api()?;
    let list = {
        let _working = context.terminal.working(text!(context, "asking"));
        api.courses().await?
    };
    if json {
        context.terminal.json(&list)?;
        return Ok(Exit::Done);
    }
    if list.courses.is_empty() {
        say!(context, "no-courses");
    }
    let width = list.courses.iter().map(|course| course.id.as_str().len()).max().unwrap_or(0);
    for course in &list.courses {
        let id = format!("{:width$}", course.id.as_str());
        let id = context.terminal.paint(Colour::Cyan, &id);
        let name = printable(&course.name);
        context.terminal.line(&format!("{id}  {}  {name}", course.latest));
    }
    Ok(Exit::Done)
}
