//! `progy demo`: a server and two devices in temporary folders, and a real course.
//!
//! Every device runs this very program, as a learner would; what is checked is what really lies in
//! the folders and on the server.
//!
//! - [`course`]: the course, its next version, and what the learner writes into it;
//! - [`stage`]: the server, the devices, and the folders that they live in;
//! - [`story`]: what happens;
//! - [`witness`]: whether everything is still there.

mod course;
mod stage;
mod story;
mod witness;

use std::time::Instant;

use progy_client::platform::programs;
use progy_core::Strategy;

use self::stage::Stage;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::signals::Signals;
use crate::terminal::Colour;

/// The strategies that this version knows.
const STRATEGIES: [Strategy; 2] = [Strategy::Patch, Strategy::Git];

pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let mut signals = Signals::new()?;
    tokio::select! {
        ended = perform(context) => ended,
        // Dropping the stage ends the server and removes the folders.
        () = signals.asked() => Err(fail!(Exit::Failed, "demo-stopped")),
    }
}

/// A server keeps repositories by means of the program `git`; devices need none.
fn can_run(context: &Context, strategy: Strategy) -> bool {
    let here = std::path::Path::new(".");
    strategy != Strategy::Git || programs::find("git", here, &context.variables).is_some()
}

async fn perform(context: &Context) -> Result<Exit, Failure> {
    let start = Instant::now();
    say!(context, "demo-begins");
    let mut played = 0;
    for strategy in STRATEGIES {
        if !can_run(context, strategy) {
            note!(context, "demo-no-git");
            continue;
        }
        // A server of its own: the author publishes the course anew.
        let stage = Stage::set(context).await?;
        story::tell(context, &stage, strategy).await?;
        stage.clear().await;
        played += 1;
    }
    let seconds = start.elapsed().as_secs();
    let text = text!(context, "demo-done", count = played, seconds = seconds);
    context.terminal.line("");
    context.terminal.line(&context.terminal.paint(Colour::Green, &text));
    Ok(Exit::Done)
}
