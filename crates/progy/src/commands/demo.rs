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

use progy_core::Strategy;

use self::stage::Stage;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::signals::Signals;
use crate::terminal::Colour;

/// The strategies that can run here.
const STRATEGIES: [Strategy; 1] = [Strategy::Patch];

pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let mut signals = Signals::new()?;
    tokio::select! {
        ended = perform(context) => ended,
        // Dropping the stage ends the server and removes the folders.
        () = signals.asked() => Err(fail!(Exit::Failed, "demo-stopped")),
    }
}

async fn perform(context: &Context) -> Result<Exit, Failure> {
    let start = Instant::now();
    say!(context, "demo-begins");
    let stage = Stage::set(context).await?;
    for strategy in STRATEGIES {
        story::tell(context, &stage, strategy).await?;
    }
    stage.clear().await;
    let seconds = start.elapsed().as_secs();
    let text = text!(context, "demo-done", count = STRATEGIES.len(), seconds = seconds);
    context.terminal.line("");
    context.terminal.line(&context.terminal.paint(Colour::Green, &text));
    Ok(Exit::Done)
}
