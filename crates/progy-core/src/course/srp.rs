//! What a runner prints: anything, and one JSON object between two marker lines.

use serde::Serialize;
use serde_json::{Map, Value};

const BEGIN: &str = "__SRP_BEGIN__";
const END: &str = "__SRP_END__";

/// How much of a runner's output is kept, in bytes.
const MAX_RAW: usize = 64 << 10;
/// How much of any other text is kept, in bytes.
const MAX_TEXT: usize = 8 << 10;
/// How many tests and how many diagnostics are kept.
const MAX_ITEMS: usize = 1000;

/// The result of one run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Whether the solution is right.
    pub success: bool,
    /// One line for the learner.
    pub summary: String,
    /// What was tried; at most 1,000.
    pub tests: Vec<TestResult>,
    /// What a compiler or linter said; at most 1,000.
    pub diagnostics: Vec<Diagnostic>,
    /// The output of the program itself, its first 64 KiB.
    pub raw: String,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestResult {
    /// What it is called.
    pub name: String,
    /// How it went.
    pub status: TestStatus,
    /// What to say about it.
    pub message: Option<String>,
}

/// How a test went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TestStatus {
    /// As it should.
    Pass,
    /// Otherwise.
    Fail,
}

/// What a compiler or linter said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What it said.
    pub message: String,
    /// The file, as the runner names it. Shown, never opened.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
    /// The code in question.
    pub snippet: Option<String>,
    /// What to do about it.
    pub suggestion: Option<String>,
}

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The solution is wrong.
    Error,
    /// It could be better.
    Warning,
    /// More about the one before.
    Note,
}

/// Reads what a runner printed; `exit_ok` says whether its exit status was 0.
///
/// The last well-formed block counts. Without any block the exit status does. With blocks of which
/// none is well-formed the run has failed, whatever the status: a runner that meant to say more
/// than yes or no is broken, and a lesson must not pass by accident.
pub fn parse(output: &str, exit_ok: bool) -> Report {
    let blocks = blocks(output);
    if blocks.is_empty() {
        let summary = if exit_ok { "Passed" } else { "Not passed yet" };
        return Report {
            success: exit_ok,
            summary: summary.to_owned(),
            raw: shortened(output, MAX_RAW),
            ..Report::default()
        };
    }
    let mut problem = String::new();
    for block in blocks.into_iter().rev() {
        match report(block) {
            Ok(mut report) => {
                if report.raw.is_empty() {
                    report.raw = shortened(output, MAX_RAW);
                }
                return report;
            }
            Err(error) if problem.is_empty() => problem = error,
            Err(_) => {}
        }
    }
    Report {
        success: false,
        summary: format!("The runner of this course printed a result that is not valid: {problem}"),
        raw: shortened(output, MAX_RAW),
        ..Report::default()
    }
}

/// The texts between a line that ends with the first marker and the next that ends with the second.
///
/// A marker inside of a JSON text is never at the end of a line, so an output that quotes markers
/// does no harm; and text without a line break in front of the first marker does none either.
fn blocks(output: &str) -> Vec<&str> {
    let mut blocks = Vec::new();
    let mut begin = None;
    let mut at = 0;
    for line in output.split_inclusive('\n') {
        let content = line.trim_end();
        if content.ends_with(BEGIN) {
            begin = Some(at + line.len());
        } else if let (Some(start), Some(before)) = (begin, content.strip_suffix(END)) {
            blocks.extend(output.get(start..at + before.len()));
            begin = None;
        }
        at += line.len();
    }
    blocks
}

fn report(block: &str) -> Result<Report, String> {
    let value: Value = serde_json::from_str(block).map_err(|error| error.to_string())?;
    let Value::Object(mut map) = value else { return Err("expected an object".to_owned()) };
    let Some(success) = map.get("success").and_then(Value::as_bool) else {
        return Err("`success`: expected true or false".to_owned());
    };
    let Some(summary) = text(&mut map, "summary") else {
        return Err("`summary`: expected a text".to_owned());
    };
    let raw = match map.remove("raw") {
        Some(Value::String(raw)) => shortened(&raw, MAX_RAW),
        _ => String::new(),
    };
    Ok(Report {
        success,
        summary,
        tests: items(&mut map, "tests", test),
        diagnostics: items(&mut map, "diagnostics", diagnostic),
        raw,
    })
}

fn items<T>(
    map: &mut Map<String, Value>,
    key: &str,
    read: impl Fn(&mut Map<String, Value>) -> Option<T>,
) -> Vec<T> {
    let Some(Value::Array(list)) = map.remove(key) else { return Vec::new() };
    let objects = list.into_iter().filter_map(|value| match value {
        Value::Object(map) => Some(map),
        _ => None,
    });
    objects.filter_map(|mut map| read(&mut map)).take(MAX_ITEMS).collect()
}

fn test(map: &mut Map<String, Value>) -> Option<TestResult> {
    let status = match text(map, "status")?.as_str() {
        "pass" => TestStatus::Pass,
        _ => TestStatus::Fail,
    };
    Some(TestResult { name: text(map, "name")?, status, message: text(map, "message") })
}

fn diagnostic(map: &mut Map<String, Value>) -> Option<Diagnostic> {
    let severity = match text(map, "severity").as_deref() {
        Some("warning") => Severity::Warning,
        Some("note") => Severity::Note,
        _ => Severity::Error,
    };
    let number = |key: &str| {
        map.get(key).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok())
    };
    let (line, column) = (number("line"), number("column"));
    Some(Diagnostic {
        severity,
        message: text(map, "message")?,
        file: text(map, "file"),
        line,
        column,
        snippet: text(map, "snippet"),
        suggestion: text(map, "suggestion"),
    })
}

fn text(map: &mut Map<String, Value>, key: &str) -> Option<String> {
    match map.remove(key) {
        Some(Value::String(text)) => Some(shortened(&text, MAX_TEXT)),
        _ => None,
    }
}

/// The first bytes of `text`, at most `most`, without cutting a letter in two.
fn shortened(text: &str, most: usize) -> String {
    let end = text.floor_char_boundary(most);
    text.get(..end).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(json: &str) -> String {
        format!("{BEGIN}\n{json}\n{END}\n")
    }

    #[test]
    fn a_full_report() {
        let output = format!(
            "compiling…\n{}bye",
            block(
                r#"{"success": false, "summary": "1 of 2", "extra": 1, "raw": "hi",
                    "tests": [{"name": "a", "status": "pass"},
                              {"name": "b", "status": "fail", "message": "2 != 3"}, 7],
                    "diagnostics": [{"severity": "warning", "message": "unused", "file": "x.rs",
                                     "line": 3, "column": 1, "snippet": "let x", "suggestion": "_x"},
                                    {"message": "m", "line": -1}, {"severity": "error"}]}"#
            )
        );
        let report = parse(&output, true);
        assert_eq!((report.success, &*report.summary, &*report.raw), (false, "1 of 2", "hi"));
        assert_eq!(report.tests.len(), 2);
        assert_eq!(report.tests[1].status, TestStatus::Fail);
        assert_eq!(report.tests[1].message.as_deref(), Some("2 != 3"));
        assert_eq!(report.diagnostics.len(), 2);
        assert_eq!(report.diagnostics[0].severity, Severity::Warning);
        assert_eq!((report.diagnostics[0].line, report.diagnostics[1].line), (Some(3), None));
    }

    #[test]
    fn without_markers_the_exit_status_counts() {
        let report = parse("hello", true);
        assert!(report.success && report.raw == "hello");
        assert!(!parse("", false).success);
        assert!(!parse(END, false).success);
    }

    #[test]
    fn the_last_good_block_counts() {
        let good =
            |summary: &str| block(&format!(r#"{{"success": true, "summary": "{summary}"}}"#));
        assert_eq!(parse(&(good("a") + &good("b")), true).summary, "b");
        assert_eq!(parse(&(good("a") + &block("{")), true).summary, "a");
        // A block that was begun again, and one without an end.
        assert_eq!(parse(&format!("{BEGIN}\nx\n{}{BEGIN}\n{{", good("a")), true).summary, "a");
    }

    #[test]
    fn markers_may_stand_after_other_text_or_be_quoted() {
        let json = format!(r#"{{"success": true, "summary": "s", "raw": "{BEGIN} {END}"}}"#);
        let report = parse(&format!("no line break{BEGIN}\r\n{json}{END}\r\n"), false);
        assert!(report.success);
        assert_eq!(report.raw, format!("{BEGIN} {END}"));
    }

    #[test]
    fn a_broken_block_fails_and_says_so() {
        for json in ["{", "[]", "", r#"{"summary": "x"}"#, r#"{"success": true}"#, "7"] {
            let report = parse(&block(json), true);
            assert!(!report.success, "{json}");
            assert!(report.summary.contains("not valid"), "{}", report.summary);
        }
        let deep = block(&"[".repeat(100_000));
        assert!(!parse(&deep, true).success);
    }

    #[test]
    fn everything_is_bounded() {
        let report = parse(&"é".repeat(MAX_RAW), true);
        assert_eq!(report.raw.len(), MAX_RAW);
        let test = r#"{"name": "n", "status": "pass"},"#.repeat(5000);
        let long = "x".repeat(1 << 20);
        let json = format!(
            r#"{{"success": true, "summary": "{long}", "raw": "a{}", "tests": [{test} 1]}}"#,
            "é".repeat(MAX_RAW)
        );
        let report = parse(&block(&json), true);
        assert_eq!(report.tests.len(), MAX_ITEMS);
        assert_eq!(report.summary.len(), MAX_TEXT);
        assert_eq!(report.raw.len(), MAX_RAW - 1);
    }
}
