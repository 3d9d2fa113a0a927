//! `progy open`: the workspace in the learner's editor, kept in step like in `dev`.

use std::process::Stdio;

use progy_client::editor::{Editor, EditorError, Place};
use progy_client::platform::process;

use super::dev::{Session, Until};
use crate::cli::OpenArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};

pub(crate) async fn run(context: &Context, args: &OpenArgs) -> Result<Exit, Failure> {
    let setting = context.home()?.settings()?.editor;
    let editor = Editor::choose(args.editor.as_deref(), setting.as_deref(), &context.variables)
        .map_err(failure)?;
    let root = context.find_workspace()?;
    let mut session = Session::begin(context)?;
    // What other devices saved is there before the editor looks.
    if let Some(mut begun) = session.take() {
        if !begun.sync().await? {
            return begun.end().await;
        }
        session = Some(begun);
    }
    let mut command = tokio::process::Command::from(editor.command(&root, None));
    if editor.place == Place::Window {
        // What it prints is not for the learner, and it outlives this process.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        process::in_own_group(&mut command);
    }
    let started = command.spawn();
    let mut child = started.map_err(|error| {
        fail!(Exit::Failed, "editor-not-started", editor = editor.name, reason = error)
    })?;
    match (session, editor.place) {
        (Some(session), Place::Terminal) => session.run(Until::EditorEnds(child)).await,
        (Some(session), Place::Window) => {
            say!(context, "open-begins", editor = editor.name, folder = root.display());
            session.run(Until::Asked).await
        }
        (None, Place::Terminal) => {
            let _ = child.wait().await;
            Ok(Exit::Done)
        }
        (None, Place::Window) => {
            say!(context, "open-beside-dev", editor = editor.name);
            Ok(Exit::Done)
        }
    }
}

fn failure(error: EditorError) -> Failure {
    match error {
        EditorError::NotFound { name, .. } => {
            fail!(Exit::Failed, "editor-not-found", editor = name)
        }
        EditorError::NoneFound => fail!(Exit::Failed, "no-editor"),
        EditorError::Command(command) => {
            fail!(Exit::Failed, "editor-command", editor = command)
        }
    }
}
