//! Running a program that may never end and never stop printing.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// How much of the output is kept, in bytes.
const MAX_OUTPUT: usize = 48 << 10;

/// How a program ended.
pub struct Outcome {
    pub success: bool,
    /// What it printed, both streams as they came; a last line says if it was stopped.
    pub output: String,
    /// Whether it was stopped because its time was over.
    pub is_late: bool,
}

/// Runs `command` until it ends or `deadline` passes. Fails if it cannot be started.
pub fn run(mut command: Command, deadline: Instant) -> io::Result<Outcome> {
    let (mut reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    // The command holds the ends of the pipe; as long as they are open, reading does not end.
    drop(command);

    let kept = Arc::new(Mutex::new(Vec::new()));
    let (sender, receiver) = mpsc::channel::<()>();
    let keep = Arc::clone(&kept);
    thread::spawn(move || {
        // Ends with the last program that holds the pipe; dropping the sender tells it.
        let _ended = sender;
        let mut piece = [0; 8 << 10];
        while let Ok(read @ 1..) = reader.read(&mut piece) {
            // What is too much is thrown away: a program waits if nobody takes what it prints.
            if let Ok(mut kept) = keep.lock() {
                let room = MAX_OUTPUT.saturating_sub(kept.len()).min(read);
                kept.extend_from_slice(piece.get(..room).unwrap_or_default());
            }
        }
    });

    let status = wait(&mut child, deadline)?;
    // A program that the program started can hold the pipe for long; do not wait for it.
    let _ = receiver.recv_timeout(Duration::from_millis(500));
    let mut output = match kept.lock() {
        Ok(kept) => String::from_utf8_lossy(&kept).into_owned(),
        Err(_) => String::new(),
    };
    let Some(status) = status else {
        output.push_str("\nIt was stopped: it took too long. Does a loop never end?\n");
        return Ok(Outcome { success: false, output, is_late: true });
    };
    if !status.success() && output.trim().is_empty() {
        output = format!("It ended with {status} and printed nothing.\n");
    }
    Ok(Outcome { success: status.success(), output, is_late: false })
}

/// Waits for the end; ends the program itself when `deadline` has passed.
fn wait(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}
