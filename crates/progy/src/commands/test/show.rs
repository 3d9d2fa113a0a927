//! How the result of a run looks on a terminal.

use progy_client::runner::{Ended, Outcome};
use progy_core::course::Lesson;
use progy_core::course::srp::{Diagnostic, Severity, TestResult, TestStatus};

use crate::context::Context;
use crate::terminal::Colour;

/// The line before a runner's report; output that holds it is no text for people.
const MARKER: &str = "__SRP_BEGIN__";

/// Shows what the runner found; a lesson without anything to run was read.
pub(super) fn show(context: &Context, lesson: &Lesson, outcome: Option<&Outcome>) {
    let terminal = &context.terminal;
    let title = format!("{}  {}", lesson.id, clean(&lesson.title));
    terminal.line(&terminal.paint(Colour::Bold, &title));
    let Some(outcome) = outcome else {
        say!(context, "test-read");
        return;
    };
    let report = &outcome.report;
    for diagnostic in &report.diagnostics {
        show_diagnostic(context, diagnostic);
    }
    for test in &report.tests {
        show_test(context, test);
    }
    let has_report = outcome.output.contains(MARKER);
    let has_details = !(report.tests.is_empty() && report.diagnostics.is_empty());
    if !has_details && !report.raw.contains(MARKER) {
        show_raw(context, &report.raw);
    }
    if outcome.ended == Ended::TimedOut {
        say!(context, "test-timed-out");
    } else if has_report {
        let colour = if report.success { Colour::Green } else { Colour::Red };
        terminal.line(&terminal.paint(colour, &clean(&report.summary)));
    }
}

fn show_raw(context: &Context, raw: &str) {
    let raw = clean(raw);
    if !raw.trim().is_empty() {
        context.terminal.line(raw.trim_end());
    }
}

fn show_test(context: &Context, test: &TestResult) {
    let terminal = &context.terminal;
    let sign = match test.status {
        TestStatus::Pass => terminal.paint(Colour::Green, "✓"),
        TestStatus::Fail => terminal.paint(Colour::Red, "✗"),
    };
    terminal.line(&format!("  {sign} {}", clean(&test.name)));
    if let Some(message) = &test.message {
        terminal.line(&indented(&clean(message), "      "));
    }
}

fn show_diagnostic(context: &Context, diagnostic: &Diagnostic) {
    let terminal = &context.terminal;
    let (colour, label) = match diagnostic.severity {
        Severity::Error => (Colour::Red, text!(context, "level-error")),
        Severity::Warning => (Colour::Yellow, text!(context, "level-warning")),
        Severity::Note => (Colour::Cyan, text!(context, "level-note")),
    };
    let place = place(diagnostic);
    let label = terminal.paint(colour, &label);
    terminal.line(&format!("{label} {place}{}", clean(&diagnostic.message)));
    if let Some(snippet) = &diagnostic.snippet {
        terminal.line(&indented(&clean(snippet), "    | "));
    }
    if let Some(suggestion) = &diagnostic.suggestion {
        let suggestion = clean(suggestion);
        terminal.line(&terminal.paint(Colour::Dim, &indented(&suggestion, "    = ")));
    }
}

/// `file:line:column: `, as editors and terminals understand it.
fn place(diagnostic: &Diagnostic) -> String {
    let Some(file) = &diagnostic.file else { return String::new() };
    let numbers = [diagnostic.line, diagnostic.column].into_iter().map_while(|number| number);
    let numbers: String = numbers.map(|number| format!(":{number}")).collect();
    format!("{}{numbers}: ", clean(file))
}

fn indented(text: &str, indent: &str) -> String {
    let lines: Vec<String> = text
        .trim_end()
        .lines()
        .map(|line| format!("{indent}{line}").trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// What a course's code printed, without what would steer the terminal: control characters, and the
/// sequences of ECMA-48 with which programs colour their output.
pub(super) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => match letters.next_if(|next| matches!(next, '[' | ']')) {
                // A control sequence ends with a letter or one of a few signs.
                Some('[') => while letters.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
                // An operating system command ends with a bell or with `ESC \`.
                Some(_) => while letters.next().is_some_and(|c| !matches!(c, '\u{7}' | '\\')) {},
                None => {}
            },
            '\n' | '\t' => clean.push(letter),
            '\r' if letters.peek() == Some(&'\n') => {}
            control if control.is_control() => clean.push('\u{fffd}'),
            letter => clean.push(letter),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_controls_are_left_out() {
        for (text, expected) in [
            ("a\u{1b}[1;31mred\u{1b}[0m b", "ared b"),
            ("\u{1b}]0;title\u{7}x", "x"),
            ("\u{1b}]8;;http://x\u{1b}\\link", "link"),
            ("one\r\ntwo\ta", "one\ntwo\ta"),
            ("50%\r100%\u{8}", "50%\u{fffd}100%\u{fffd}"),
            ("end\u{1b}[", "end"),
            ("end\u{1b}", "end"),
            ("\u{9b}31m", "\u{fffd}31m"),
        ] {
            assert_eq!(clean(text), expected, "{text:?}");
        }
    }

    #[test]
    fn places() {
        let diagnostic = |file: Option<&str>, line, column| Diagnostic {
            severity: Severity::Error,
            message: String::new(),
            file: file.map(str::to_owned),
            line,
            column,
            snippet: None,
            suggestion: None,
        };
        assert_eq!(place(&diagnostic(Some("a.rs"), Some(3), Some(5))), "a.rs:3:5: ");
        assert_eq!(place(&diagnostic(Some("a.rs"), Some(3), None)), "a.rs:3: ");
        assert_eq!(place(&diagnostic(Some("a.rs"), None, Some(5))), "a.rs: ");
        assert_eq!(place(&diagnostic(None, Some(3), Some(5))), "");
    }

    #[test]
    fn every_line_is_indented() {
        assert_eq!(indented("a\n\nb\n", "  "), "  a\n\n  b");
    }
}
