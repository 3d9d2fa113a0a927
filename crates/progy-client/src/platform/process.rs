//! Ending a program together with all that it started.

use tokio::process::{Child, Command};

/// A program that was started in a group of its own, and the programs that it started.
///
/// Dropping it ends them all at once. It does not reach programs that have left the group on
/// purpose (`setsid`).
#[derive(Debug)]
pub struct Group {
    leader: Option<u32>,
}

/// Prepares `command` so that it and what it starts can be ended together, and are not reached by
/// the Ctrl-C that the learner means for Progy.
pub fn in_own_group(command: &mut Command) {
    #[cfg(unix)]
    command.process_group(0);
    // CREATE_NEW_PROCESS_GROUP, "Process Creation Flags" in the Windows documentation.
    #[cfg(windows)]
    command.creation_flags(0x0000_0200);
}

/// Asks one program to end, as `kill` does.
#[cfg(unix)]
pub fn ask_to_end(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
        // Fails if it has ended, which is what was wanted.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}

impl Group {
    /// The group of `child`, which was prepared by [`in_own_group`].
    pub fn of(child: &Child) -> Self {
        Self { leader: child.id() }
    }

    /// Asks all of them to end.
    pub fn ask_to_end(&self) {
        #[cfg(unix)]
        self.signal(rustix::process::Signal::TERM);
    }

    /// Ends what is left of them. Must follow soon after the leader has been waited for: while a
    /// member is alive nobody else gets the number of the group.
    pub fn end(&mut self) {
        #[cfg(unix)]
        self.signal(rustix::process::Signal::KILL);
        #[cfg(windows)]
        if let Some(leader) = self.leader {
            let leader = leader.to_string();
            let _ = std::process::Command::new("taskkill")
                .args(["/T", "/F", "/PID", &leader])
                .stdin(std::process::Stdio::null())
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .status();
        }
        self.leader = None;
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        let pid = self.leader.and_then(|leader| i32::try_from(leader).ok());
        if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) {
            // Fails if none is left, which is what was wanted.
            let _ = rustix::process::kill_process_group(pid, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}
