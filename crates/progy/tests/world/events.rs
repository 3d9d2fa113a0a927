//! Server-sent events as curl shows them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::World;

/// A stream of events that somebody listens to.
pub(crate) struct Events {
    curl: Child,
    lines: Receiver<String>,
}

impl World {
    /// The events of a workspace, from now on.
    pub(crate) fn events(&self, token: &str, course: &str) -> Events {
        let mut curl = Command::new("curl")
            .args(["-sSN", "-H", &format!("Authorization: Bearer {token}")])
            .arg(format!("{}/api/workspaces/{course}/events", self.url()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(curl.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Events { curl, lines }
    }
}

impl Events {
    /// Waits for the event of this revision, at most half a minute.
    #[track_caller]
    pub(crate) fn tell_of(&self, revision: &str) {
        let until = Instant::now() + Duration::from_secs(30);
        let id = format!("id: {revision}");
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).expect("an event of the revision");
            if line == id {
                return;
            }
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ = self.curl.kill();
        let _ = self.curl.wait();
    }
}
