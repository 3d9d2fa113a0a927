//! Checks one exercise and prints the result between SRP markers.
//!
//! Usage: `rust-basics-runner LESSON_ID EXERCISE_FILE`, from the root of the course. The exercise
//! is compiled with `rustc --test`; the exit status is 0 exactly if every test passed.
//!
//! Each test runs in a process of its own. A test that never ends, overflows its stack or exits
//! the process is then reported under its own name, and the tests after it still run.

use std::fmt::{self, Display};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, process, thread};

/// Compiling and testing together stay below the 60 seconds that Progy grants a runner.
const COMPILE_LIMIT: Duration = Duration::from_secs(30);
const ALL_TESTS_LIMIT: Duration = Duration::from_secs(20);
const ONE_TEST_LIMIT: Duration = Duration::from_secs(5);

/// How much of each output stream of a child is kept, in bytes.
const OUTPUT_LIMIT: usize = 256 * 1024;

/// How many lines of each test the learner gets to see.
const LINES_SHOWN: usize = 200;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let report = match arguments.as_slice() {
        [lesson, exercise] => {
            println!("Checking {lesson}");
            check(&path_for_messages(Path::new(exercise))).unwrap_or_else(Report::not_checked)
        }
        _ => Report::not_checked("expected two arguments: LESSON_ID EXERCISE_FILE".to_string()),
    };

    let status = if report.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    println!("__SRP_BEGIN__\n{}\n__SRP_END__", report.into_json());
    status
}

/// The exercise as the compiler is to name it: relative to the course, if it lies inside.
fn path_for_messages(exercise: &Path) -> PathBuf {
    let course = env::current_dir().unwrap_or_default();
    exercise.strip_prefix(course).unwrap_or(exercise).to_path_buf()
}

fn check(exercise: &Path) -> Result<Report, String> {
    if !exercise.is_file() {
        return Err(format!("there is no file {}", exercise.display()));
    }
    let scratch = Scratch::create().map_err(|error| format!("no temporary folder: {error}"))?;
    match compile(exercise, &scratch)? {
        Compilation { program: Some(program), diagnostics, messages } => {
            run_tests(&program, &scratch, diagnostics, messages)
        }
        Compilation { program: None, diagnostics, messages } => {
            let errors = diagnostics
                .iter()
                .filter(|found| found.get("severity").as_str() == "error")
                .count();
            Ok(Report {
                summary: format!("Does not compile yet: {}", counted(errors, "error")),
                tests: Vec::new(),
                diagnostics,
                raw: messages,
            })
        }
    }
}

// ---- The result ---------------------------------------------------------------------------------

struct Report {
    summary: String,
    /// Empty if the exercise could not be run.
    tests: Vec<Test>,
    /// What the compiler found, as SRP describes it.
    diagnostics: Vec<Json>,
    raw: String,
}

struct Test {
    name: String,
    failure: Option<String>,
}

impl Report {
    fn not_checked(reason: String) -> Self {
        Self {
            summary: format!("Could not check the exercise: {reason}"),
            tests: Vec::new(),
            diagnostics: Vec::new(),
            raw: reason,
        }
    }

    fn success(&self) -> bool {
        !self.tests.is_empty() && self.tests.iter().all(|test| test.failure.is_none())
    }

    fn into_json(self) -> Json {
        Json::object([
            ("success", Json::Bool(self.success())),
            ("summary", Json::text(&self.summary)),
            ("tests", Json::List(self.tests.iter().map(Test::to_json).collect())),
            ("diagnostics", Json::List(self.diagnostics)),
            ("raw", Json::text(&self.raw)),
        ])
    }
}

impl Test {
    fn to_json(&self) -> Json {
        let name = ("name", Json::text(&self.name));
        match &self.failure {
            None => Json::object([name, ("status", Json::text("pass"))]),
            Some(message) => Json::object([
                name,
                ("status", Json::text("fail")),
                ("message", Json::text(message)),
            ]),
        }
    }
}

fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

// ---- Compiling ----------------------------------------------------------------------------------

struct Compilation {
    /// The test program, if there were no errors.
    program: Option<PathBuf>,
    diagnostics: Vec<Json>,
    /// Everything that the compiler said, as a person reads it.
    messages: String,
}

fn compile(exercise: &Path, scratch: &Scratch) -> Result<Compilation, String> {
    let program = scratch.0.join("exercise").with_extension(env::consts::EXE_EXTENSION);
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc
        .args(["--edition", "2024", "--test", "--crate-name", "exercise", "--error-format", "json"])
        .arg("-o")
        .args([&program, exercise])
        // A crash of the compiler would otherwise leave a report in the learner's folder.
        .env("RUSTC_ICE", "0");
    let finished = run_limited(&mut rustc, COMPILE_LIMIT).map_err(|error| {
        format!("rustc did not start ({error}). See SETUP.md for how to install Rust")
    })?;

    let mut diagnostics = Vec::new();
    let mut messages = String::new();
    for line in finished.stderr.lines() {
        match Json::parse(line) {
            Some(json) => {
                messages.push_str(json.get("rendered").as_str());
                diagnostics.extend(diagnostic(&json));
            }
            None => messages.extend([line, "\n"]),
        }
    }
    match finished.ending {
        Ending::Exited(status) if status.success() => {
            Ok(Compilation { program: Some(program), diagnostics, messages })
        }
        Ending::Exited(_) => Ok(Compilation { program: None, diagnostics, messages }),
        Ending::Stopped => {
            Err(format!("the compiler was not done after {} seconds", COMPILE_LIMIT.as_secs()))
        }
    }
}

/// Turns a message of rustc (The rustc Book, "JSON Output") into a diagnostic of SRP.
fn diagnostic(rustc: &Json) -> Option<Json> {
    let severity = match rustc.get("level").as_str() {
        "warning" => "warning",
        "note" | "help" => "note",
        "failure-note" => return None,
        _ => "error",
    };
    let message = rustc.get("message").as_str();
    // Closing remarks: how many there were, and how to learn more.
    if message.starts_with("aborting due to") || message.ends_with(" emitted") {
        return None;
    }
    let message = match rustc.get("code").get("code").as_str() {
        "" => message.to_string(),
        code => format!("{message} [{code}]"),
    };
    let mut fields = vec![("severity", Json::text(severity)), ("message", Json::Text(message))];

    if let Some(span) =
        rustc.get("spans").items().iter().find(|span| span.get("is_primary").is_true())
    {
        let source = span.get("text").items().first().unwrap_or(&Json::Null);
        fields.extend([
            ("file", Json::text(span.get("file_name").as_str())),
            ("line", Json::Number(span.get("line_start").as_number())),
            ("column", Json::Number(span.get("column_start").as_number())),
            ("snippet", Json::text(source.get("text").as_str().trim())),
        ]);
    }
    let mut children = rustc.get("children").items().iter();
    if let Some(help) = children.find(|child| child.get("level").as_str() == "help") {
        fields.push(("suggestion", Json::Text(suggestion(help))));
    }
    Some(Json::object(fields))
}

fn suggestion(help: &Json) -> String {
    let message = help.get("message").as_str();
    let span = help.get("spans").items().first().unwrap_or(&Json::Null);
    match span.get("suggested_replacement").as_str().trim() {
        "" => message.to_string(),
        replacement => format!("{message}: `{replacement}`"),
    }
}

// ---- Testing ------------------------------------------------------------------------------------

fn run_tests(
    program: &Path,
    scratch: &Scratch,
    diagnostics: Vec<Json>,
    mut raw: String,
) -> Result<Report, String> {
    let mut list = Command::new(program);
    list.args(["--list", "--format", "terse"]).current_dir(&scratch.0);
    let listed = run_limited(&mut list, ONE_TEST_LIMIT)
        .map_err(|error| format!("the compiled exercise did not start: {error}"))?;
    let names: Vec<&str> =
        listed.stdout.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    if names.is_empty() {
        return Err("it has no tests any more. Bring them back with `progy reset`".to_string());
    }

    let end = Instant::now() + ALL_TESTS_LIMIT;
    let mut tests = Vec::new();
    for name in names {
        let limit = ONE_TEST_LIMIT.min(end.saturating_duration_since(Instant::now()));
        let failure = run_test(program, name, limit, scratch, &mut raw)?;
        let name = name.strip_prefix("tests::").unwrap_or(name).to_string();
        tests.push(Test { name, failure });
    }

    let passed = tests.iter().filter(|test| test.failure.is_none()).count();
    let summary = if passed == tests.len() {
        format!("{} passed", counted(passed, "test"))
    } else {
        format!("{passed} of {} passed", counted(tests.len(), "test"))
    };
    Ok(Report { summary, tests, diagnostics, raw })
}

/// Runs one test and returns why it failed, if it did. What it printed is added to `raw`.
fn run_test(
    program: &Path,
    name: &str,
    limit: Duration,
    scratch: &Scratch,
    raw: &mut String,
) -> Result<Option<String>, String> {
    if limit.is_zero() {
        return Ok(Some("not run: the tests before it took all the time".to_string()));
    }
    let mut test = Command::new(program);
    // libtest keeps what a test prints in memory; `--nocapture` lets OUTPUT_LIMIT apply instead.
    test.args([name, "--exact", "--include-ignored", "--nocapture", "--test-threads=1"])
        .env("RUST_BACKTRACE", "0")
        .current_dir(&scratch.0);
    let finished = run_limited(&mut test, limit)
        .map_err(|error| format!("the compiled exercise did not start: {error}"))?;

    // After "failures:" libtest only repeats the name of the test.
    let (printed, _) =
        finished.stdout.split_once("\nfailures:\n").unwrap_or((&finished.stdout, ""));
    for line in printed.lines().chain(finished.stderr.lines()).take(LINES_SHOWN) {
        let of_libtest = line == "running 1 test" || line.starts_with("test result: ");
        if !of_libtest && !line.is_empty() {
            raw.extend([line, "\n"]);
        }
    }
    // The exit status alone would let a test pass that calls `std::process::exit(0)`.
    let passed = finished.stdout.lines().any(|line| line.starts_with("test result: ok. 1 passed"));
    Ok(match finished.ending {
        _ if finished.flooded => Some(format!(
            "printed more than {} KiB. Is there a loop that never ends?",
            OUTPUT_LIMIT / 1024
        )),
        Ending::Stopped => Some(format!(
            "not done after {:.0} seconds. Is there a loop that never ends?",
            limit.as_secs_f64()
        )),
        Ending::Exited(status) if status.success() && passed => None,
        Ending::Exited(status) => Some(panic_message(&finished.stderr).unwrap_or_else(|| {
            format!("{}\nended early ({status})", finished.stderr).trim().to_string()
        })),
    })
}

/// The message of the first panic, and where it happened.
fn panic_message(stderr: &str) -> Option<String> {
    let (_, panic) = stderr.split_once(" panicked at ")?;
    let (place, message) = panic.split_once(":\n")?;
    let message = message.split("\nnote: run with `RUST_BACKTRACE").next().unwrap_or(message);
    Some(format!("{}\nat {place}", message.trim_end()))
}

// ---- Running a program within limits ------------------------------------------------------------

struct Finished {
    ending: Ending,
    stdout: String,
    stderr: String,
    /// One of the two streams went past [`OUTPUT_LIMIT`] and was cut there.
    flooded: bool,
}

enum Ending {
    Exited(ExitStatus),
    /// It ran out of time.
    Stopped,
}

/// The child stays in our process group, so that whoever ends that group ends the child as well.
fn run_limited(command: &mut Command, limit: Duration) -> io::Result<Finished> {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().map(|stream| thread::spawn(move || read_limited(stream)));
    let stderr = child.stderr.take().map(|stream| thread::spawn(move || read_limited(stream)));

    let end = Instant::now() + limit;
    let ending = loop {
        if let Some(status) = child.try_wait()? {
            break Ending::Exited(status);
        }
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            break Ending::Stopped;
        }
        thread::sleep(Duration::from_millis(2));
    };

    let [stdout, stderr] = [stdout, stderr]
        .map(|reader| reader.and_then(|reader| reader.join().ok()).unwrap_or_default());
    Ok(Finished {
        ending,
        flooded: stdout.len().max(stderr.len()) > OUTPUT_LIMIT,
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    })
}

/// Reads one byte past the limit at most, then closes the stream, which ends a child that floods it.
fn read_limited(stream: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What was read before an error is still worth showing.
    let _ = stream.take(OUTPUT_LIMIT as u64 + 1).read_to_end(&mut bytes);
    bytes
}

/// A temporary folder that goes away with its owner.
struct Scratch(PathBuf);

impl Scratch {
    fn create() -> io::Result<Self> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let name = format!("progy-rust-basics-{}-{}", process::id(), now.as_nanos());
        let path = env::temp_dir().join(name);
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing depends on it; the system clears its temporary folder sooner or later.
        let _ = fs::remove_dir_all(&self.0);
    }
}

// ---- JSON (RFC 8259), as much as rustc writes and SRP needs --------------------------------------

#[derive(Debug, PartialEq)]
enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    fn text(text: &str) -> Self {
        Self::Text(text.to_string())
    }

    fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Json)>) -> Self {
        Self::Object(fields.into_iter().map(|(key, value)| (key.to_string(), value)).collect())
    }

    fn get(&self, key: &str) -> &Self {
        let Self::Object(fields) = self else { return &Self::Null };
        fields.iter().find(|(name, _)| name == key).map_or(&Self::Null, |(_, value)| value)
    }

    fn items(&self) -> &[Self] {
        if let Self::List(items) = self { items } else { &[] }
    }

    fn as_str(&self) -> &str {
        if let Self::Text(text) = self { text } else { "" }
    }

    fn as_number(&self) -> f64 {
        if let Self::Number(number) = self { *number } else { 0.0 }
    }

    fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let value = parse_value(&mut rest)?;
        rest.trim_start().is_empty().then_some(value)
    }
}

impl Display for Json {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => write!(out, "null"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Number(value) => write!(out, "{value}"),
            Self::Text(text) => write!(out, "{}", quoted(text)),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::to_string).collect();
                write!(out, "[{}]", items.join(", "))
            }
            Self::Object(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(key, value)| format!("{}: {value}", quoted(key))).collect();
                write!(out, "{{{}}}", fields.join(", "))
            }
        }
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if control < ' ' => {
                let code = format!("\\u{:04x}", u32::from(control));
                quoted.push_str(&code);
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    // An exercise that prints a marker must not end the block early for a reader that looks for it.
    quoted.replace("__SRP_", "\\u005f_SRP_")
}

fn parse_value(rest: &mut &str) -> Option<Json> {
    *rest = rest.trim_start();
    match rest.chars().next()? {
        '"' => parse_text(rest).map(Json::Text),
        '[' => parse_series(rest, '[', ']', parse_value).map(Json::List),
        '{' => parse_series(rest, '{', '}', parse_field).map(Json::Object),
        _ => {
            let end = rest.find([',', ']', '}']).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            *rest = after;
            match word.trim_end() {
                "null" => Some(Json::Null),
                "true" => Some(Json::Bool(true)),
                "false" => Some(Json::Bool(false)),
                number => number.parse().ok().map(Json::Number),
            }
        }
    }
}

fn parse_field(rest: &mut &str) -> Option<(String, Json)> {
    let key = parse_text(rest)?;
    skip(rest, ':')?;
    Some((key, parse_value(rest)?))
}

fn parse_series<T>(
    rest: &mut &str,
    open: char,
    close: char,
    parse_item: impl Fn(&mut &str) -> Option<T>,
) -> Option<Vec<T>> {
    skip(rest, open)?;
    let mut items = Vec::new();
    if skip(rest, close).is_some() {
        return Some(items);
    }
    loop {
        items.push(parse_item(rest)?);
        if skip(rest, close).is_some() {
            return Some(items);
        }
        skip(rest, ',')?;
    }
}

fn parse_text(rest: &mut &str) -> Option<String> {
    skip(rest, '"')?;
    let mut text = String::new();
    let mut characters = rest.chars();
    loop {
        let character = match characters.next()? {
            '"' => break,
            '\\' => match characters.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => {
                    let digits: String = characters.by_ref().take(4).collect();
                    let code = u32::from_str_radix(&digits, 16).ok()?;
                    // rustc escapes control characters only, so there are no surrogate pairs.
                    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                }
                literal => literal,
            },
            other => other,
        };
        text.push(character);
    }
    *rest = characters.as_str();
    Some(text)
}

fn skip(rest: &mut &str, expected: char) -> Option<()> {
    *rest = rest.trim_start().strip_prefix(expected)?;
    Some(())
}
