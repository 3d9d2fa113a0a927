//! What Progy reads: one JSON object between two marker lines.

use std::env;
use std::fmt::{self, Write};
use std::path::Path;

use crate::process::Outcome;

/// The result of a check.
#[derive(Default)]
pub struct Report {
    pub success: bool,
    pub summary: String,
    pub tests: Vec<Test>,
    pub diagnostics: Vec<Diagnostic>,
    pub raw: String,
}

pub struct Test {
    name: String,
    passed: bool,
    message: Option<String>,
}

pub struct Diagnostic {
    severity: &'static str,
    message: String,
    place: Option<Place>,
}

struct Place {
    file: String,
    line: u32,
    column: u32,
}

impl Report {
    /// A report of nothing but a problem.
    pub fn failed(summary: &str) -> Self {
        Self { summary: summary.to_owned(), ..Self::default() }
    }

    /// Ends here, with what the last program said.
    pub fn stop(mut self, summary: &str, last: Outcome) -> Self {
        let summary = if last.is_late { "It took too long" } else { summary };
        summary.clone_into(&mut self.summary);
        self.diagnostics = diagnostics(&last.output);
        self.raw = last.output;
        self
    }

    /// Reads what a test program printed: a line for each test, and a section for each that failed.
    pub fn add_tests(&mut self, output: &str) {
        for line in output.lines() {
            let Some((name, result)) =
                line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... "))
            else {
                continue;
            };
            let passed = result.trim() == "ok";
            if passed || result.trim() == "FAILED" {
                let message = section(output, name).filter(|_| !passed);
                self.tests.push(Test { name: name.to_owned(), passed, message });
            }
        }
    }

    pub fn failed_tests(&self) -> usize {
        self.tests.iter().filter(|test| !test.passed).count()
    }

    /// Prints it for Progy.
    pub fn print(&self) {
        println!("__SRP_BEGIN__\n{self}\n__SRP_END__");
    }
}

/// What a failed test printed.
fn section(output: &str, test: &str) -> Option<String> {
    let (_, after) = output.split_once(&format!("---- {test} stdout ----\n"))?;
    let end = after.find("\n---- ").or_else(|| after.find("\nfailures:")).unwrap_or(after.len());
    Some(after.get(..end)?.trim().to_owned())
}

/// Reads what a compiler printed: a line with the message, then one with the place.
fn diagnostics(output: &str) -> Vec<Diagnostic> {
    let mut list: Vec<Diagnostic> = Vec::new();
    for line in output.lines() {
        if let Some((severity, message)) = headline(line) {
            list.push(Diagnostic { severity, message: message.to_owned(), place: None });
        } else if let Some(place) = line.trim_start().strip_prefix("--> ")
            && let Some(last) = list.last_mut()
            && last.place.is_none()
        {
            last.place = Place::read(place);
        }
    }
    // Without a place it is only about the others: "aborting due to 2 previous errors".
    list.retain(|diagnostic| diagnostic.place.is_some());
    list
}

/// `error[E0384]: cannot assign twice`, `warning: unused variable`
fn headline(line: &str) -> Option<(&'static str, &str)> {
    let (kind, message) = line.split_once(": ")?;
    match kind.split('[').next()? {
        "error" => Some(("error", message)),
        "warning" => Some(("warning", message)),
        _ => None,
    }
}

impl Place {
    /// `/home/ana/course/content/x.rs:3:5`
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(3, ':');
        let column = parts.next()?.trim().parse().ok()?;
        let line = parts.next()?.parse().ok()?;
        let file = Path::new(parts.next()?);
        let here = env::current_dir().unwrap_or_default();
        let file = file.strip_prefix(here).unwrap_or(file).display().to_string();
        Some(Self { file, line, column })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"{{"success":{},"summary":{}"#, self.success, Json(&self.summary))?;
        f.write_str(r#","tests":["#)?;
        for (at, test) in self.tests.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let status = if test.passed { "pass" } else { "fail" };
            write!(f, r#"{comma}{{"name":{},"status":"{status}""#, Json(&test.name))?;
            if let Some(message) = &test.message {
                write!(f, r#","message":{}"#, Json(message))?;
            }
            f.write_str("}")?;
        }
        f.write_str(r#"],"diagnostics":["#)?;
        for (at, diagnostic) in self.diagnostics.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let Diagnostic { severity, message, place } = diagnostic;
            write!(f, r#"{comma}{{"severity":"{severity}","message":{}"#, Json(message))?;
            if let Some(Place { file, line, column }) = place {
                write!(f, r#","file":{},"line":{line},"column":{column}"#, Json(file))?;
            }
            f.write_str("}")?;
        }
        write!(f, r#"],"raw":{}}}"#, Json(&self.raw))
    }
}

/// A text as JSON.
struct Json<'a>(&'a str);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                c if c < ' ' => write!(f, "\\u{:04x}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}
