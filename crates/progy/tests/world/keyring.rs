//! A desktop's keyring: a D-Bus of its own, with GNOME Keyring on it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{Device, Run, eventually};

/// A bus, and what runs on it. Both end with this.
pub(crate) struct Desktop {
    folder: tempfile::TempDir,
    bus: Child,
    address: String,
    keyring: Option<Child>,
}

impl Desktop {
    /// A bus without a keyring.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let services = folder.path().join("services");
        fs::create_dir(&services).unwrap();
        // Nothing of the machine's own is started.
        let config = folder.path().join("bus.conf");
        let socket = folder.path().join("bus");
        fs::write(&config, bus_config(&socket, &services)).unwrap();
        let mut bus = Command::new("dbus-daemon")
            .args(["--nofork", "--print-address", "--config-file"])
            .arg(&config)
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon: install it, as scripts/test does");
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { folder, bus, address: address.trim().to_owned(), keyring: None }
    }

    /// Starts the keyring, and unlocks it as logging in to a desktop does.
    pub(crate) fn unlock(&mut self) {
        self.lock_up();
        let mut daemon = self.daemon();
        daemon.arg("--unlock").stdin(Stdio::piped());
        let mut daemon = daemon.spawn().expect("gnome-keyring: install it, as scripts/test does");
        daemon.stdin.take().unwrap().write_all(b"the password of the desktop").unwrap();
        self.keyring = Some(daemon);
        self.wait();
    }

    /// Starts the keyring as a terminal without a desktop finds it: locked.
    pub(crate) fn lock(&mut self) {
        self.lock_up();
        let daemon = self.daemon().stdin(Stdio::null()).spawn();
        self.keyring = Some(daemon.unwrap());
        self.wait();
    }

    /// Ends the keyring.
    pub(crate) fn lock_up(&mut self) {
        if let Some(mut keyring) = self.keyring.take() {
            keyring.kill().unwrap();
            keyring.wait().unwrap();
            eventually("the keyring's end", || !self.has_keyring());
        }
    }

    /// Runs a command of a device on this desktop.
    pub(crate) fn run(&self, device: &Device, args: &[&str]) -> Run {
        let mut command = device.command(args);
        command.env_remove("PROGY_CREDENTIALS").env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        Run::of(command, args)
    }

    /// Everything that the keyring has written.
    pub(crate) fn written(&self) -> Vec<u8> {
        let folder = self.home().join(".local/share/keyrings");
        let files = fs::read_dir(folder).unwrap().map(|item| fs::read(item.unwrap().path()));
        files.map(Result::unwrap).collect::<Vec<_>>().concat()
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn daemon(&self) -> Command {
        let control = self.folder.path().join("control");
        for folder in [&control, &self.home()] {
            fs::create_dir_all(folder).unwrap();
        }
        let mut command = Command::new("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets", "--control-directory"]).arg(control);
        command.env("HOME", self.home()).env_remove("XDG_DATA_HOME").env_remove("DISPLAY");
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn wait(&self) {
        eventually("the keyring's start", || self.has_keyring());
    }

    fn has_keyring(&self) -> bool {
        let asked = Command::new("dbus-send")
            .args(["--session", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/"])
            .args(["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"])
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .output();
        String::from_utf8_lossy(&asked.unwrap().stdout).contains("true")
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        if let Some(mut child) = self.keyring.take() {
            let _ = (child.kill(), child.wait());
        }
        let _ = (self.bus.kill(), self.bus.wait());
    }
}

fn bus_config(socket: &Path, services: &Path) -> String {
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={}</listen>
  <servicedir>{}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
        socket.display(),
        services.display()
    )
}
