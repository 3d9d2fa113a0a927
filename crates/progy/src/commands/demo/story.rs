//! What happens on the two devices.

use std::fs;

use progy_core::Strategy;

use super::course::{self, Edit};
use super::stage::{Device, Stage, broken};
use super::witness::{self, Witness};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::terminal::Colour;

/// The first lesson.
const LESSON: &str = "01_intro/01_hello";

/// The two devices, and what was seen on them.
struct Story<'s> {
    context: &'s Context,
    stage: &'s Stage,
    strategy: Strategy,
    token: String,
    desk: Device<'s>,
    laptop: Device<'s>,
    witness: Witness,
    steps: u32,
    /// Whether lessons can be checked here.
    passed: bool,
}

/// Plays the whole story with one strategy; fails if anything is not as it should be.
pub(super) async fn tell(
    context: &Context,
    stage: &Stage,
    strategy: Strategy,
) -> Result<(), Failure> {
    context.terminal.line("");
    let title = text!(context, "demo-strategy", strategy = strategy);
    context.terminal.line(&context.terminal.paint(Colour::Bold, &title));
    let learner = format!("learner-{strategy}");
    let token = stage.person(&learner, "learner").await?;
    let mut story = Story {
        context,
        stage,
        strategy,
        desk: stage.device(&learner, &token, text!(context, "demo-desk")),
        laptop: stage.device(&learner, &token, text!(context, "demo-laptop")),
        token,
        witness: Witness::new(strategy.hash_kind()),
        steps: 0,
        passed: false,
    };
    story.begin().await?;
    story.restore().await?;
    story.merge().await?;
    story.conflict().await?;
    story.delete().await?;
    story.offline().await?;
    story.upgrade().await?;
    story.check().await
}

impl Story<'_> {
    /// The course begins on one device; the first lesson is solved there.
    async fn begin(&mut self) -> Result<(), Failure> {
        self.step(&text!(self.context, "demo-begin", device = self.desk.name));
        let strategy = self.strategy.as_str();
        let init = ["init", "-c", course::ID, "--strategy", strategy, "--yes"];
        self.desk.run(self.context, &init, &[0]).await?;
        self.desk_writes(&course::GREET)?;
        let tested = self.desk.run_anyhow(self.context, &["test", LESSON, "--trust"]).await?;
        self.passed = tested.code == 0;
        if !self.passed {
            self.without_runner().await?;
            let save = ["save", "-m", &text!(self.context, "demo-message-hello")];
            self.desk.run(self.context, &save, &[0]).await?;
        }
        self.look()
    }

    /// Fails if the runner ran and found fault with the solution; else goes on without it.
    async fn without_runner(&self) -> Result<(), Failure> {
        let again = self.desk.document(&["test", LESSON, "--trust", "--json"]).await;
        // Without a document nothing was run at all.
        let document = again.unwrap_or_default();
        let found = |field: &str| document[field].as_array().is_some_and(|list| !list.is_empty());
        if found("tests") || found("diagnostics") {
            return Err(fail!(Exit::Failed, "demo-not-passed", lesson = LESSON));
        }
        self.put(&text!(self.context, "demo-no-runner"), Colour::Yellow);
        Ok(())
    }

    /// The other device goes on where the first left off.
    async fn restore(&mut self) -> Result<(), Failure> {
        self.step(&text!(self.context, "demo-restore", device = self.laptop.name));
        self.laptop.run(self.context, &["init", "-c", course::ID, "--yes"], &[0]).await?;
        self.require_same()?;
        let status = self.laptop.document(&["status", "--json"]).await?;
        let done = status["progress"]["done"].as_u64();
        if self.passed && done != Some(1) {
            return Err(fail!(Exit::Failed, "demo-no-progress", device = self.laptop.name));
        }
        self.fine(&text!(self.context, "demo-restored"));
        self.look()
    }

    /// Both edit different lines of a file.
    async fn merge(&mut self) -> Result<(), Failure> {
        self.step(&text!(self.context, "demo-merge"));
        self.desk_writes(&course::SUM)?;
        self.laptop_writes(&course::COUNT)?;
        self.desk.run(self.context, &["save"], &[0]).await?;
        self.laptop.run(self.context, &["sync"], &[0]).await?;
        self.desk.run(self.context, &["sync"], &[0]).await?;
        let merged = read(&self.desk, course::SUM.path)?;
        if !merged.contains(&course::SUM.shown()) || !merged.contains(&course::COUNT.shown()) {
            return Err(fail!(Exit::Failed, "demo-not-merged", path = course::SUM.path));
        }
        self.require_same()?;
        self.fine(&text!(self.context, "demo-merged"));
        self.look()
    }

    /// Both edit the same line.
    async fn conflict(&mut self) -> Result<(), Failure> {
        self.step(&text!(self.context, "demo-conflict"));
        self.desk_writes(&course::LARGER)?;
        self.laptop_writes(&course::MAXIMUM)?;
        self.desk.run(self.context, &["save"], &[0]).await?;
        // 3: done, but conflict copies are waiting.
        self.laptop.run(self.context, &["sync"], &[3]).await?;
        self.desk.run(self.context, &["sync"], &[3]).await?;
        self.require_same()?;
        let status = self.laptop.document(&["status", "--json"]).await?;
        let copy = status["conflicts"][0].as_str().unwrap_or_default();
        let kept = read(&self.laptop, copy)?;
        if !kept.contains(&course::LARGER.shown()) {
            return Err(fail!(Exit::Failed, "demo-lost", what = course::LARGER.path));
        }
        self.fine(&text!(self.context, "demo-both-kept", copy = copy));
        self.look()?;
        let resolve = ["resolve", course::LARGER.path, "--mine"];
        self.laptop.run(self.context, &resolve, &[0]).await?;
        self.desk.run(self.context, &["sync"], &[0]).await?;
        self.look()
    }

    /// One deletes what the other edits.
    async fn delete(&mut self) -> Result<(), Failure> {
        self.step(&text!(self.context, "demo-delete"));
        let path = course::MATCH;
        self.put(
            &text!(self.context, "demo-deletes", device = self.desk.name, path = path),
            Colour::Dim,
        );
        fs::remove_file(self.desk.workspace().join(path)).map_err(|error| broken(path, &error))?;
        self.laptop_writes(&course::NOTE)?;
        self.desk.run(self.context, &["save"], &[0]).await?;
        self.laptop.run(self.context, &["sync"], &[0]).await?;
        self.desk.run(self.context, &["sync"], &[0]).await?;
        self.require_same()?;
        if !read(&self.desk, path)?.contains("// TODO") {
            return Err(fail!(Exit::Failed, "demo-lost", what = path));
        }
        self.fine(&text!(self.context, "demo-edit-stays"));
        self.look()
    }

    /// One works without a connection while the other goes on.
    async fn offline(&mut self) -> Result<(), Failure> {
        self.step(&text!(self.context, "demo-offline", device = self.laptop.name));
        self.laptop.set_online(false);
        let (first, second) =
            (text!(self.context, "demo-message-first"), text!(self.context, "demo-message-second"));
        self.laptop_writes(&course::OWNED)?;
        // 5: the server cannot be reached; the save waits.
        self.laptop.run(self.context, &["save", "-m", &first], &[5]).await?;
        self.laptop_writes(&course::STRUCTS)?;
        self.laptop.run(self.context, &["save", "-m", &second], &[5]).await?;
        self.desk_writes(&course::STEPS)?;
        self.desk.run(self.context, &["save"], &[0]).await?;
        self.look()?;
        self.laptop.set_online(true);
        self.laptop.run(self.context, &["sync"], &[0]).await?;
        self.desk.run(self.context, &["sync"], &[0]).await?;
        self.require_same()?;
        let log = self.laptop.document(&["log", "--json"]).await?;
        let messages: Vec<&str> = log
            .as_array()
            .map(|list| list.iter().filter_map(|line| line["message"].as_str()).collect())
            .unwrap_or_default();
        let place = |message: &str| messages.iter().position(|it| *it == message);
        match (place(&first), place(&second)) {
            // Newest first.
            (Some(older), Some(newer)) if newer < older => {}
            _ => return Err(fail!(Exit::Failed, "demo-lost", what = first)),
        }
        self.fine(&text!(self.context, "demo-published-both"));
        self.look()
    }

    /// The author publishes a new version.
    async fn upgrade(&mut self) -> Result<(), Failure> {
        self.step(&text!(self.context, "demo-upgrade", version = course::next_version()));
        self.stage.publish(self.context, &course::next()).await?;
        self.desk.run(self.context, &["upgrade"], &[0]).await?;
        self.laptop.run(self.context, &["sync"], &[0]).await?;
        self.require_same()?;
        let loops = read(&self.laptop, course::SUM.path)?;
        let kept = [course::SUM, course::COUNT, course::STEPS];
        let is_kept = kept.iter().all(|edit| loops.contains(&edit.shown()));
        if !is_kept || !loops.contains("From the start of 27") {
            return Err(fail!(Exit::Failed, "demo-not-merged", path = course::SUM.path));
        }
        self.fine(&text!(self.context, "demo-upgraded"));
        self.look()
    }

    /// Everything is there, everywhere.
    async fn check(&mut self) -> Result<(), Failure> {
        self.step(&text!(self.context, "demo-check"));
        let count = self.require_same()?;
        self.fine(&text!(self.context, "demo-same", count = count));
        let found = witness::ask(self.stage.address(), &self.token, self.strategy).await?;
        let here = witness::files(self.desk.workspace(), self.strategy.hash_kind())?;
        if here != found.head {
            return Err(fail!(Exit::Failed, "demo-head-differs"));
        }
        self.fine(&text!(self.context, "demo-head-same", count = found.revisions));
        self.witness.look(&self.desk)?;
        self.witness.look(&self.laptop)?;
        let count = self.witness.require_all(&found, &[&self.desk, &self.laptop])?;
        self.fine(&text!(self.context, "demo-nothing-lost", count = count));
        Ok(())
    }

    fn desk_writes(&mut self, edit: &Edit) -> Result<(), Failure> {
        writes(self.context, &self.desk, edit)?;
        self.witness.look(&self.desk)
    }

    fn laptop_writes(&mut self, edit: &Edit) -> Result<(), Failure> {
        writes(self.context, &self.laptop, edit)?;
        self.witness.look(&self.laptop)
    }

    /// Remembers everything that is in both folders now.
    fn look(&mut self) -> Result<(), Failure> {
        self.witness.look(&self.desk)?;
        self.witness.look(&self.laptop)
    }

    /// Fails unless both folders hold the same, to the byte. How many files that are.
    fn require_same(&self) -> Result<usize, Failure> {
        let kind = self.strategy.hash_kind();
        let (desk, laptop) = (
            witness::files(self.desk.workspace(), kind)?,
            witness::files(self.laptop.workspace(), kind)?,
        );
        if let Some(path) = witness::difference(&desk, &laptop) {
            return Err(fail!(Exit::Failed, "demo-differs", path = path));
        }
        Ok(desk.len())
    }

    fn step(&mut self, text: &str) {
        self.steps += 1;
        self.context.terminal.line("");
        let title = format!("{}. {text}", self.steps);
        self.context.terminal.line(&self.context.terminal.paint(Colour::Bold, &title));
    }

    fn fine(&self, text: &str) {
        self.put(&format!("✓ {text}"), Colour::Green);
    }

    fn put(&self, text: &str, colour: Colour) {
        let line = self.context.terminal.paint(colour, text);
        self.context.terminal.line(&format!("  {line}"));
    }
}

fn read(device: &Device<'_>, path: &str) -> Result<String, Failure> {
    let text = fs::read_to_string(device.workspace().join(path));
    text.map_err(|error| broken(path, &error))
}

/// The learner changes a file.
fn writes(context: &Context, device: &Device<'_>, edit: &Edit) -> Result<(), Failure> {
    let path = device.workspace().join(edit.path);
    let text = fs::read_to_string(&path).map_err(|error| broken(edit.path, &error))?;
    let text = edit.of(&text).ok_or_else(|| fail!(Exit::Failed, "demo-lost", what = edit.path))?;
    fs::write(&path, text).map_err(|error| broken(edit.path, &error))?;
    let text = edit.shown();
    let line = text!(context, "demo-writes", device = device.name, path = edit.path, text = text);
    context.terminal.line(&format!("  {}", context.terminal.paint(Colour::Dim, &line)));
    Ok(())
}
