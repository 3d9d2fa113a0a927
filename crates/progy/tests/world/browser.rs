//! A person with a real browser: headless Chromium, driven by `WebDriver`.
//!
//! Of the protocol (W3C `WebDriver`) a dozen commands are needed, each one request; as everywhere in
//! these tests, curl sends them. A client library would be some forty crates more.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The name that the protocol gives to references of elements (section 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// How long something on a page is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a browser is set up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    /// Whether pages may run scripts.
    pub(crate) scripts: bool,
    /// Width and height of the window, in pixels.
    pub(crate) size: (u32, u32),
    /// What it asks for in `Accept-Language`.
    pub(crate) language: &'static str,
}

impl Default for Setup {
    fn default() -> Self {
        Self { scripts: true, size: (1000, 900), language: "en" }
    }
}

impl Setup {
    /// A phone without scripts.
    pub(crate) const PHONE: Self = Self { scripts: false, size: (390, 844), language: "pt-BR" };
}

/// A running browser with a profile of its own. It ends when this is dropped.
pub(crate) struct Browser {
    driver: Child,
    session: String,
    base: String,
    _profile: tempfile::TempDir,
}

/// Something on the page.
pub(crate) struct Element(String);

impl Browser {
    /// Starts one; `base` is the server whose pages it opens.
    pub(crate) fn start(base: &str, setup: Setup) -> Self {
        let mut driver = Command::new("chromedriver")
            .args(["--port=0", "--log-level=SEVERE"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver: install Debian's chromium-driver, as scripts/test does");
        let mut output = BufReader::new(driver.stdout.take().unwrap());
        let mut said = String::new();
        let port = loop {
            let mut line = String::new();
            assert!(output.read_line(&mut line).unwrap() > 0, "chromedriver ended: {said}");
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim().trim_end_matches('.').to_owned();
            }
            said += &line;
        };
        // It goes on talking: somebody has to listen.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        let profile = tempfile::tempdir().unwrap();
        let root = format!("http://127.0.0.1:{port}/session");
        let answer = send("POST", &root, Some(&capabilities(setup, profile.path())));
        let id = answer["sessionId"].as_str().unwrap_or_else(|| panic!("no browser: {answer}"));
        let session = format!("{root}/{id}");
        let browser = Self { driver, session, base: base.to_owned(), _profile: profile };
        if setup.size.0 < 500 {
            // A window is never so narrow: the device is pretended, as developers' tools do.
            let metrics = json!({ "width": setup.size.0, "height": setup.size.1,
                "deviceScaleFactor": 1, "mobile": true });
            let cmd = "Emulation.setDeviceMetricsOverride";
            browser.post("goog/cdp/execute", &json!({ "cmd": cmd, "params": metrics }));
        }
        browser
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        send("POST", &format!("{}/{path}", self.session), Some(body))
    }

    fn get(&self, path: &str) -> Value {
        send("GET", &format!("{}/{path}", self.session), None)
    }

    /// Opens a path of the server, or an address.
    pub(crate) fn open(&self, path: &str) {
        let url = if path.starts_with('/') { format!("{}{path}", self.base) } else { path.into() };
        self.post("url", &json!({ "url": url }));
    }

    /// The path that is open, with its query.
    pub(crate) fn path(&self) -> String {
        let url = self.get("url");
        let url = url.as_str().unwrap();
        url.strip_prefix(&self.base).unwrap_or(url).to_owned()
    }

    /// The first thing that a CSS selector finds; waits for it.
    #[track_caller]
    pub(crate) fn find(&self, selector: &str) -> Element {
        self.locate("css selector", selector)
    }

    #[track_caller]
    fn locate(&self, using: &str, value: &str) -> Element {
        let began = Instant::now();
        loop {
            let found = self.post("element", &json!({ "using": using, "value": value }));
            if let Some(id) = found[ELEMENT].as_str() {
                return Element(id.to_owned());
            }
            let page = || format!("{}\n{}", self.path(), self.text());
            assert!(began.elapsed() < PATIENCE, "no {value:?} on {}", page());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses the button, or follows the link, of this text.
    #[track_caller]
    pub(crate) fn press(&self, text: &str) {
        let path =
            format!("//*[self::button or self::a or self::summary][normalize-space(.)='{text}']");
        self.click_path(&path);
    }

    /// Clicks what an `XPath` finds.
    #[track_caller]
    pub(crate) fn click_path(&self, path: &str) {
        self.click(&self.locate("xpath", path));
    }

    /// Clicks.
    #[track_caller]
    pub(crate) fn click(&self, element: &Element) {
        let done = self.post(&format!("element/{}/click", element.0), &json!({}));
        assert!(done.is_null(), "{done}");
    }

    /// Types into the field of this name, in place of what it holds.
    #[track_caller]
    pub(crate) fn fill(&self, name: &str, text: &str) {
        let field = self.find(&format!("[name='{name}']:not([type='hidden'])"));
        self.post(&format!("element/{}/clear", field.0), &json!({}));
        let done = self.post(&format!("element/{}/value", field.0), &json!({ "text": text }));
        assert!(done.is_null(), "{done}");
    }

    /// The text of the page, as a person reads it.
    pub(crate) fn text(&self) -> String {
        let body = self.post("element", &json!({ "using": "css selector", "value": "body" }));
        let Some(id) = body[ELEMENT].as_str() else { return String::new() };
        self.get(&format!("element/{id}/text")).as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page says `text`.
    #[track_caller]
    pub(crate) fn sees(&self, text: &str) {
        let began = Instant::now();
        while !self.text().contains(text) {
            assert!(
                began.elapsed() < PATIENCE,
                "{} does not say {text:?} but\n{}",
                self.path(),
                self.text()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// An attribute or property of an element, as text.
    pub(crate) fn property(&self, element: &Element, name: &str) -> String {
        match self.get(&format!("element/{}/property/{name}", element.0)) {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// Has the system prefer a dark theme, or a light one.
    pub(crate) fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let theme = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        let command = json!({ "cmd": "Emulation.setEmulatedMedia", "params": theme });
        self.post("goog/cdp/execute", &command);
    }

    /// What a script comes to that runs in the page that is open: the body of an asynchronous function.
    pub(crate) fn script(&self, body: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async () => {{ {body} }})().then(done, (error) => done('' + error));"
        );
        self.post("execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Whether everything is as wide as the window, so that nobody scrolls sideways.
    pub(crate) fn fits(&self) -> bool {
        let root = self.find("html");
        self.property(&root, "scrollWidth") == self.property(&root, "clientWidth")
    }

    /// What the window shows, as PNG in base64.
    pub(crate) fn screenshot(&self) -> String {
        self.get("screenshot").as_str().unwrap().to_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        send("DELETE", &self.session, None);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn capabilities(setup: Setup, profile: &std::path::Path) -> Value {
    let (width, height) = setup.size;
    let mut args: Vec<String> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
    ]
    .map(str::to_owned)
    .into();
    args.push(format!("--user-data-dir={}", profile.display()));
    args.push(format!("--window-size={width},{height}"));
    args.push(format!("--lang={}", setup.language));
    args.push(format!("--accept-lang={}", setup.language));
    let scripts = if setup.scripts { 1 } else { 2 };
    let options = json!({ "args": args, "prefs": {
        "profile.managed_default_content_settings.javascript": scripts,
        "intl.accept_languages": setup.language,
        "credentials_enable_service": false,
    } });
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome", "goog:chromeOptions": options, "pageLoadStrategy": "normal",
    } } })
}

/// One command; the `value` of its answer.
fn send(method: &str, url: &str, body: Option<&Value>) -> Value {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--max-time", "60", "-X", method, "-H", "Content-Type: application/json"]);
    curl.args(["--data-binary", "@-", url]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut curl = curl.spawn().unwrap();
    let text = body.map(Value::to_string).unwrap_or_default();
    curl.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = curl.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    answer["value"].clone()
}
