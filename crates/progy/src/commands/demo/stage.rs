//! The server, the devices, and the folders that they live in.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use std::{fs, io};

use progy_client::config::Variables;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::course::{self, Files};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::messages::printable;
use crate::terminal::Colour;

/// How long one command may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long the server may take to begin or to end.
const SERVER_PATIENCE: Duration = Duration::from_secs(30);
/// Nobody listens there: the port is reserved (RFC 6335, section 6).
const NOWHERE: &str = "http://127.0.0.1:1";
/// The one who publishes the course.
const AUTHOR: &str = "author";

/// Everything that the demo plays on. Dropping it ends the server and removes the folders.
pub(super) struct Stage {
    program: PathBuf,
    variables: Variables,
    language: &'static str,
    server: Child,
    address: String,
    /// Of the author.
    token: String,
    folder: TempDir,
}

/// One device of a learner.
pub(super) struct Device<'s> {
    stage: &'s Stage,
    pub(super) name: String,
    /// Of the learner.
    token: String,
    config: PathBuf,
    workspace: PathBuf,
    online: bool,
}

/// A command that has ended.
pub(super) struct Ran {
    pub(super) code: i32,
    /// What it printed, both streams as they came.
    output: String,
}

impl Stage {
    /// Starts a server, and publishes the course there.
    pub(super) async fn set(context: &Context) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("progy-demo-").tempdir();
        let folder = folder.map_err(|error| broken("temp", &error))?;
        let program = std::env::current_exe().map_err(|error| broken("progy", &error))?;
        let mut serve = Command::new(&program);
        bare(&mut serve, &context.variables);
        serve
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path().join("server"));
        let log = fs::File::create(folder.path().join("server.log"));
        serve.stderr(log.map_err(|error| broken("server.log", &error))?);
        serve.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut server = serve.spawn().map_err(|error| broken("progy serve", &error))?;
        let address = address(&mut server).await?;
        let mut stage = Self {
            program,
            variables: context.variables.clone(),
            language: context.messages.language().tag(),
            server,
            address,
            token: String::new(),
            folder,
        };
        say!(context, "demo-server", address = stage.address);
        stage.token = stage.person(AUTHOR, "admin").await?;
        stage.publish(context, &course::files()).await?;
        Ok(stage)
    }

    /// Publishes a version of the course.
    pub(super) async fn publish(&self, context: &Context, files: &Files) -> Result<(), Failure> {
        let folder = tempfile::tempdir_in(self.folder.path());
        let folder = folder.map_err(|error| broken("temp", &error))?;
        course::write(files, folder.path()).map_err(|error| broken("temp", &error))?;
        let config = self.folder.path().join(AUTHOR);
        let mut publish = self.command(&config, &self.token);
        publish.env("PROGY_API_URL", &self.address);
        publish.args(["course", "publish"]).arg(folder.path());
        let ran = ran(publish).await?;
        show_command(context, AUTHOR, &["course", "publish", course::ID]);
        ran.show(context);
        ran.expect(&[0], "progy course publish")
    }

    /// Adds a person, and gives a token for them.
    pub(super) async fn person(&self, name: &str, role: &str) -> Result<String, Failure> {
        let mut add = self.admin();
        add.args(["user", "add", name, "--role", role]);
        ran(add).await?.expect(&[0], "progy admin user add")?;
        let mut create = self.admin();
        create.args(["token", "create", name]);
        let created = ran(create).await?;
        created.expect(&[0], "progy admin token create")?;
        Ok(created.output.trim().to_owned())
    }

    /// A device of the learner that `token` belongs to, for the workspace of one strategy.
    pub(super) fn device(&self, learner: &str, token: &str, name: String) -> Device<'_> {
        let home = self.folder.path().join(learner).join(&name);
        Device {
            stage: self,
            name,
            token: token.to_owned(),
            config: home.join("settings"),
            workspace: home.join(course::ID),
            online: true,
        }
    }

    /// Where the server is.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Ends the server as an administrator would, and removes the folders.
    pub(super) async fn clear(mut self) {
        #[cfg(unix)]
        if let Some(pid) = self.server.id() {
            progy_client::platform::process::ask_to_end(pid);
            let _ = tokio::time::timeout(SERVER_PATIENCE, self.server.wait()).await;
        }
        let _ = self.server.kill().await;
        let _ = self.folder.close();
    }

    fn admin(&self) -> Command {
        let mut admin = Command::new(&self.program);
        bare(&mut admin, &self.variables);
        admin.arg("admin").arg("--data").arg(self.folder.path().join("server"));
        admin
    }

    fn command(&self, config: &Path, token: &str) -> Command {
        let mut command = Command::new(&self.program);
        bare(&mut command, &self.variables);
        command
            .env("PROGY_CONFIG_DIR", config)
            .env("PROGY_TOKEN", token)
            .env("PROGY_LANG", self.language)
            .current_dir(self.folder.path());
        // What a command leaves behind that is ended half-way goes with the folder.
        for name in ["TMPDIR", "TMP", "TEMP"] {
            command.env(name, self.folder.path());
        }
        command
    }
}

impl Device<'_> {
    /// Where the learner's files are.
    pub(super) fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// Takes away, or gives back, the connection.
    pub(super) fn set_online(&mut self, online: bool) {
        self.online = online;
    }

    /// Runs a command in the workspace, shows it with what it prints, and makes sure that it ends
    /// with one of `codes`.
    pub(super) async fn run(
        &self,
        context: &Context,
        args: &[&str],
        codes: &[i32],
    ) -> Result<(), Failure> {
        let ran = self.run_anyhow(context, args).await?;
        ran.expect(codes, &format!("progy {}", args.join(" ")))
    }

    /// Like [`Device::run`], whatever comes of it.
    pub(super) async fn run_anyhow(
        &self,
        context: &Context,
        args: &[&str],
    ) -> Result<Ran, Failure> {
        show_command(context, &self.name, args);
        let ran = ran(self.command(args)?).await?;
        ran.show(context);
        Ok(ran)
    }

    /// The JSON document that a command prints, which is not shown.
    pub(super) async fn document(&self, args: &[&str]) -> Result<Value, Failure> {
        let output = output(self.command(args)?).await?;
        serde_json::from_slice(&output.stdout).map_err(|error| {
            let command = format!("progy {}", args.join(" "));
            fail!(Exit::Failed, "demo-no-json", command = command, reason = error)
        })
    }

    fn command(&self, args: &[&str]) -> Result<Command, Failure> {
        let mut command = self.stage.command(&self.config, &self.token);
        let address = if self.online { self.stage.address.as_str() } else { NOWHERE };
        command.env("PROGY_API_URL", address).env("PROGY_DEVICE_NAME", &self.name).args(args);
        fs::create_dir_all(&self.workspace).map_err(|error| broken("temp", &error))?;
        command.current_dir(&self.workspace);
        Ok(command)
    }
}

impl Ran {
    /// Fails unless it ended with one of `codes`.
    fn expect(&self, codes: &[i32], command: &str) -> Result<(), Failure> {
        if codes.contains(&self.code) {
            return Ok(());
        }
        let said = self.output.lines().last().unwrap_or_default();
        Err(fail!(
            Exit::Failed,
            "demo-command-failed",
            command = command,
            code = self.code,
            reason = said
        ))
    }

    fn show(&self, context: &Context) {
        for line in self.output.lines() {
            let line = format!("      {}", printable(line));
            context.terminal.line(&context.terminal.paint(Colour::Dim, line.trim_end()));
        }
    }
}

fn show_command(context: &Context, who: &str, args: &[&str]) {
    let words: Vec<String> = args
        .iter()
        .map(|arg| if arg.contains(' ') { format!("\"{arg}\"") } else { (*arg).to_owned() })
        .collect();
    let who = context.terminal.paint(Colour::Cyan, who);
    context.terminal.line(&format!("  {who} $ progy {}", words.join(" ")));
}

/// A command that sees nothing of this device's own Progy.
fn bare(command: &mut Command, variables: &Variables) {
    command.env_clear().envs(variables.for_courses()).env("NO_COLOR", "1");
}

/// Runs a command whose two streams go to one place, as on a terminal.
async fn ran(mut command: Command) -> Result<Ran, Failure> {
    let piped = || {
        let (reader, writer) = io::pipe()?;
        command.stdout(writer.try_clone()?).stderr(writer);
        command.stdin(Stdio::null()).kill_on_drop(true);
        let child = command.spawn()?;
        // The command holds the other ends of the pipe.
        drop(command);
        Ok((reader, child))
    };
    let (mut reader, mut child) = piped().map_err(|error| broken("progy", &error))?;
    let reading = tokio::task::spawn_blocking(move || {
        let mut output = Vec::new();
        reader.read_to_end(&mut output).map(|_| output)
    });
    let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
    let status = ended.map_err(|_| fail!(Exit::Failed, "demo-too-slow"))?;
    let status = status.map_err(|error| broken("progy", &error))?;
    let read = reading.await.map_err(io::Error::other).and_then(|read| read);
    let read = read.map_err(|error| broken("progy", &error))?;
    let output = String::from_utf8_lossy(&read).into_owned();
    Ok(Ran { code: status.code().unwrap_or(-1), output })
}

async fn output(mut command: Command) -> Result<Output, Failure> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, command.output()).await;
    let ended = ended.map_err(|_| fail!(Exit::Failed, "demo-too-slow"))?;
    ended.map_err(|error| broken("progy", &error))
}

/// What the server says when it accepts requests.
async fn address(server: &mut Child) -> Result<String, Failure> {
    let refused = || fail!(Exit::Failed, "demo-no-server");
    let mut line = String::new();
    if let Some(stdout) = server.stdout.take() {
        let mut stdout = BufReader::new(stdout);
        let read = tokio::time::timeout(SERVER_PATIENCE, stdout.read_line(&mut line)).await;
        read.map_err(|_| refused())?.map_err(|_| refused())?;
    }
    let address = line.trim().strip_prefix("listening on ").ok_or_else(refused)?;
    Ok(address.to_owned())
}

/// The system does not let the demo play.
pub(super) fn broken(what: &str, error: &io::Error) -> Failure {
    fail!(Exit::Failed, "demo-broken", what = what, reason = error)
}
