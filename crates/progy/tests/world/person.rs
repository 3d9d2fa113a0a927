//! A person with a browser: what pages do, by curl.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use super::{Device, World};

/// Somebody who is signed in on the web.
pub(crate) struct Person<'w> {
    world: &'w World,
    pub(crate) token: String,
}

/// A `progy login` that waits to be confirmed.
pub(crate) struct Login {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    /// As it is shown.
    pub(crate) code: String,
    /// As it is shown.
    pub(crate) address: String,
}

impl World {
    /// Registers somebody.
    pub(crate) fn person(&self, name: &str) -> Person<'_> {
        let email = format!("{name}@example.org");
        let body = json!({ "name": name, "email": email, "password": "correct horse" });
        let answer = self.post("", "/api/auth/sign-up/email", &body);
        let token = answer["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        Person { world: self, token }
    }

    /// Sends JSON; the answer, whatever its status.
    pub(crate) fn post(&self, token: &str, path: &str, body: &Value) -> Value {
        let (_, answer) = self.curl(token, "POST", path, Some(&body.to_string()));
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{path}: {error}\n{answer}"))
    }
}

impl Person<'_> {
    /// Asks for JSON.
    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, answer) = self.world.curl(&self.token, "GET", path, None);
        assert_eq!(status, 200, "{path}: {answer}");
        serde_json::from_str(&answer).unwrap()
    }

    /// Looks at what a device asks for, and decides: `approve` or `deny`.
    pub(crate) fn decide(&self, login: &Login, decision: &str) {
        let seen = self.get(&format!("/api/auth/device?user_code={}", login.code));
        assert_eq!(seen["status"], "pending");
        let path = format!("/api/auth/device/{decision}");
        let answer = self.world.post(&self.token, &path, &json!({ "userCode": login.code }));
        assert_eq!(answer, json!({ "success": true }));
    }

    /// Logs a device in: `progy login`, and a click.
    pub(crate) fn log_in(&self, device: &Device) -> String {
        let login = device.begin_login();
        self.decide(&login, "approve");
        let (code, said) = login.end();
        assert_eq!(code, 0, "{said}");
        said
    }

    /// Ends the session of the device called `name`.
    pub(crate) fn revoke(&self, name: &str) {
        let sessions = self.get("/api/auth/list-sessions");
        let of_device = |session: &&Value| session["deviceName"] == name;
        let session = sessions.as_array().unwrap().iter().find(of_device);
        let token = &session.unwrap_or_else(|| panic!("{sessions}"))["token"];
        let body = json!({ "token": token });
        let answer = self.world.post(&self.token, "/api/auth/revoke-session", &body);
        assert_eq!(answer, json!({ "status": true }));
    }
}

impl Device {
    /// Starts `progy login`, on a machine without a screen.
    pub(crate) fn begin_login(&self) -> Login {
        let mut command = self.command(&["login"]);
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"] {
            command.env_remove(name);
        }
        Login::of(command)
    }
}

impl Login {
    /// Starts `command`, and reads what it shows.
    pub(crate) fn of(mut command: std::process::Command) -> Self {
        let spawned = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut shown = |label: &str| {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            let text = line.trim().strip_prefix(label).map(str::to_owned);
            text.unwrap_or_else(|| panic!("not {label:?} but {line:?}"))
        };
        let code = shown("Your code: ");
        let address = shown("Confirm it in a browser: ");
        Self { child, output, code, address }
    }

    /// Waits for its end: the exit code, and what it said after the code.
    pub(crate) fn end(mut self) -> (i32, String) {
        let mut said = super::drain(Some(self.output));
        said += &super::drain(self.child.stderr.take());
        (self.child.wait().unwrap().code().unwrap(), said)
    }
}
