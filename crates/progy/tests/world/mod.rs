//! A server and devices, driven from outside: the real binary, real folders, real HTTP.
//!
//! Given a workspace with these files, when B saves and A syncs, then: a test should read like that.

#![allow(dead_code, reason = "each test file uses a part of this")]

pub(crate) mod browser;
pub(crate) mod events;
pub(crate) mod forgejo;
pub(crate) mod github;
pub(crate) mod keyring;
#[cfg(target_os = "linux")]
pub(crate) mod kill;
pub(crate) mod person;
#[cfg(unix)]
pub(crate) mod project;
pub(crate) mod relay;
pub(crate) mod rustlings;
pub(crate) mod terminal;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub(crate) const PROGY: &str = env!("CARGO_BIN_EXE_progy");

/// The repository's root.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A server with its data, and everything that belongs to one test.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    server: Option<Child>,
    port: u16,
    scheme: &'static str,
    admin: String,
}

impl World {
    /// A fresh server, with an administrator.
    pub(crate) fn new() -> Self {
        Self::configured(tempfile::tempdir().unwrap(), "")
    }

    /// A fresh server with this in its configuration, whose files may be in `folder`.
    pub(crate) fn configured(folder: tempfile::TempDir, config: &str) -> Self {
        fs::write(folder.path().join("server.toml"), config).unwrap();
        let admin = String::new();
        let mut world = Self { folder, server: None, port: 0, scheme: "http", admin };
        world.start();
        world.admin = world.add_user("root", "admin");
        world
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts the server, on the port that it had.
    pub(crate) fn start(&mut self) {
        let mut child = Command::new(PROGY)
            .args(["serve", "--listen", &format!("127.0.0.1:{}", self.port), "--data"])
            .arg(self.data())
            .arg("--config")
            .arg(self.folder.path().join("server.toml"))
            .env("PROGY_CONFIG_DIR", self.folder.path().join("server-config"))
            .stdout(Stdio::piped())
            .stderr(Stdio::from(self.log()))
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| {
            panic!("the server said {line:?}\n{}", fs::read_to_string(self.log_path()).unwrap())
        });
        self.scheme = if url.starts_with("https://") { "https" } else { "http" };
        self.port = url.rsplit(':').next().unwrap().parse().unwrap();
        self.server = Some(child);
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    fn log(&self) -> fs::File {
        fs::File::options().create(true).append(true).open(self.log_path()).unwrap()
    }

    /// What the server has logged.
    pub(crate) fn server_log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap()
    }

    /// Ends the server as an operator does, and waits.
    pub(crate) fn stop(&mut self) {
        let mut child = self.server.take().unwrap();
        let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        assert!(child.wait().unwrap().success(), "the server did not end well");
    }

    /// Ends the server as a power cut does.
    pub(crate) fn kill(&mut self) {
        let mut child = self.server.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// The id of the server's process.
    pub(crate) fn server_pid(&self) -> u32 {
        self.server.as_ref().unwrap().id()
    }

    fn admin_command(&self, args: &[&str]) -> String {
        let output =
            Command::new(PROGY).arg("admin").args(args).arg("--data").arg(self.data()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Adds a person and gives a token of theirs.
    pub(crate) fn add_user(&self, name: &str, role: &str) -> String {
        self.admin_command(&["user", "add", name, "--role", role]);
        self.token(name)
    }

    /// The code of an invitation.
    pub(crate) fn invite(&self, role: &str) -> String {
        self.admin_command(&["invite", "--role", role])
    }

    /// Another token of a person.
    pub(crate) fn token(&self, name: &str) -> String {
        self.admin_command(&["token", "create", name])
    }

    /// Publishes the course in a folder.
    pub(crate) fn publish(&self, course: &Path) {
        let admin = self.device_with("root-device", &self.admin);
        admin.run(&["course", "publish", course.to_str().unwrap()]).ok();
    }

    /// Publishes one of the repository's example courses.
    pub(crate) fn publish_example(&self, name: &str) {
        self.publish(&repository().join("courses").join(name));
    }

    /// A device of a person who has a token.
    pub(crate) fn device_with(&self, name: &str, token: &str) -> Device {
        let home = self.folder.path().join(format!("home-{name}"));
        let workspace = self.folder.path().join(name);
        fs::create_dir_all(&home).unwrap();
        fs::create_dir_all(&workspace).unwrap();
        Device { name: name.to_owned(), home, workspace, url: self.url(), token: token.to_owned() }
    }

    /// A request with a token, by curl: a client that we did not write. Status and body.
    pub(crate) fn curl(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<&str>,
    ) -> (u16, String) {
        let mut command = Command::new("curl");
        command.args(["-sS", "-X", method, "-w", "\n%{http_code}"]);
        command.args(["-H", &format!("Authorization: Bearer {token}")]);
        if let Some(body) = body {
            command.args(["-H", "Content-Type: application/json", "--data-binary", body]);
        }
        let output = command.arg(format!("{}{path}", self.url())).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), body.to_owned())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut child) = self.server.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// One installation: a configuration folder and a workspace.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) home: PathBuf,
    pub(crate) workspace: PathBuf,
    pub(crate) url: String,
    pub(crate) token: String,
}

impl Device {
    /// The command with this device's surroundings, in its workspace.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGY);
        command
            .args(args)
            .current_dir(&self.workspace)
            .env("PROGY_CONFIG_DIR", &self.home)
            .env("PROGY_DEVICE_NAME", &self.name)
            .env("PROGY_API_URL", &self.url)
            .env("PROGY_TOKEN", &self.token)
            .env("PROGY_LANG", "en")
            // Whoever runs the tests may have a keyring, which is none of their business.
            .env("PROGY_CREDENTIALS", "file")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::of(self.command(args), &[&[&*self.name], args].concat())
    }

    /// Stock Git in the workspace, without anybody's own settings. Whether it ended well, and what
    /// it printed.
    pub(crate) fn git(&self, args: &[&str]) -> (bool, String) {
        let mut command = self.command(&[]);
        let environment: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        command = Command::new("git");
        command
            .args(args)
            .current_dir(&self.workspace)
            .envs(environment)
            .env("HOME", &self.home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_AUTHOR_NAME", "Ana")
            .env("GIT_AUTHOR_EMAIL", "ana@example.org")
            .env("GIT_COMMITTER_NAME", "Ana")
            .env("GIT_COMMITTER_EMAIL", "ana@example.org")
            .stdin(Stdio::null());
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).trim().to_owned())
    }

    /// The same device, without a server to reach.
    pub(crate) fn offline(&self) -> Device {
        Device { url: "http://127.0.0.1:9".to_owned(), ..self.clone() }
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.workspace.join(path)
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let at = self.at(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.at(path).exists()
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.at(path)).unwrap();
    }

    /// Every file that travels, with its bytes.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.workspace, "", &mut files);
        files
    }

    pub(crate) fn status(&self) -> serde_json::Value {
        self.run(&["status", "--json"]).ok().json()
    }

    /// The messages of all revisions, newest first.
    pub(crate) fn messages(&self) -> Vec<String> {
        let log = self.run(&["log", "--json"]).ok().json();
        let text = |value: &serde_json::Value| value["message"].as_str().unwrap().to_owned();
        log.as_array().unwrap().iter().map(text).collect()
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for item in fs::read_dir(folder).unwrap() {
        let item = item.unwrap();
        let name = item.file_name().to_string_lossy().into_owned();
        if matches!(name.as_str(), ".progy" | ".git" | "target" | "__pycache__") {
            continue;
        }
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        let kind = item.file_type().unwrap();
        if kind.is_dir() {
            collect(&item.path(), &path, files);
        } else if kind.is_symlink() {
            let target = fs::read_link(item.path()).unwrap();
            files.insert(path, format!("-> {}", target.display()).into_bytes());
        } else {
            files.insert(path, fs::read(item.path()).unwrap());
        }
    }
}

/// Asserts that all devices hold the same files.
pub(crate) fn assert_equal(devices: &[&Device]) {
    let first = devices[0].files();
    for device in &devices[1..] {
        let files = device.files();
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&files), names(&first), "{} and {}", device.name, devices[0].name);
        for (path, bytes) in &files {
            assert_eq!(
                String::from_utf8_lossy(bytes),
                String::from_utf8_lossy(&first[path]),
                "{path} on {} and {}",
                device.name,
                devices[0].name
            );
        }
    }
}

/// Syncs each device until nothing moves.
pub(crate) fn settle(devices: &[&Device]) {
    for _ in 0..3 {
        for device in devices {
            device.run(&["sync"]).code_in(&[0, 3]);
        }
    }
}

/// A small generator with a fixed seed (`SplitMix64`, Steele et al. 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// A command that has ended.
pub(crate) struct Run {
    what: String,
    output: Output,
}

impl Run {
    /// Runs a command to its end.
    pub(crate) fn of(mut command: Command, args: &[&str]) -> Self {
        Self { what: format!("progy {}", args.join(" ")), output: command.output().unwrap() }
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// The exit code; a signal is a failure of the test.
    pub(crate) fn exit(&self) -> i32 {
        self.output.status.code().unwrap_or_else(|| panic!("{} was killed", self.what))
    }

    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        self.code_in(&[expected])
    }

    #[track_caller]
    pub(crate) fn code_in(self, expected: &[i32]) -> Self {
        assert!(
            expected.contains(&self.exit()),
            "{} ended with {}, not {expected:?}\n{}{}",
            self.what,
            self.exit(),
            self.stdout(),
            self.stderr()
        );
        self
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.code(0)
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout())
            .unwrap_or_else(|error| panic!("{}: {error}\n{}", self.what, self.stdout()))
    }

    /// Asserts that the command said `text`, on either stream.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        let said = self.stdout() + &self.stderr();
        assert!(said.contains(text), "{} did not say {text:?} but\n{said}", self.what);
        self
    }

    /// Asserts that a command that did not end well said so, without a panic or a token.
    #[track_caller]
    pub(crate) fn fails_or_is_quiet(self) -> Self {
        if self.exit() == 0 { self } else { self.fails_clearly() }
    }

    /// Asserts that what went wrong was said in one line, without a panic or a token.
    #[track_caller]
    pub(crate) fn fails_clearly(self) -> Self {
        let said = self.stderr();
        assert!(!said.contains("panicked") && !said.contains("progy_"), "{}: {said}", self.what);
        assert!(!said.trim().is_empty(), "{} said nothing", self.what);
        self
    }
}

/// Waits until `done`, at most half a minute.
#[track_caller]
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Reads what is left of a child's stream.
pub(crate) fn drain(stream: Option<impl Read>) -> String {
    let mut text = String::new();
    if let Some(mut stream) = stream {
        let _ = stream.read_to_string(&mut text);
    }
    text
}
