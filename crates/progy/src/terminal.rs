//! Where answers go and questions come from.
//!
//! Answers go to standard output, everything else to standard error. Colours, questions and
//! progress exist only where a person looks on.

use std::cell::Cell;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Exit, Failure};

/// What takes no longer needs no progress shown.
const PATIENCE: Duration = Duration::from_millis(500);

/// The colours that have a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    /// It went well; a line that was added.
    Green,
    /// It needs attention.
    Yellow,
    /// It failed; a line that was removed.
    Red,
    /// A name to be found again.
    Cyan,
    /// Of less interest.
    Dim,
    /// A heading.
    Bold,
}

/// The standard streams.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// Whether somebody can type.
    has_keyboard: bool,
    output: Reader,
    errors: Reader,
    written: Cell<Written>,
}

/// Who reads what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Program,
    Person,
    PersonWithColours,
}

/// What became of standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    All,
    /// The reader has seen enough: no more is written, and that is no failure.
    Enough,
    Failed,
}

impl Terminal {
    /// The streams of this process. `colours`: whether they are wanted on a terminal.
    pub(crate) fn of_process(colours: bool) -> Self {
        let person = if colours { Reader::PersonWithColours } else { Reader::Person };
        let reader = |is_terminal| if is_terminal { person } else { Reader::Program };
        Self {
            has_keyboard: io::stdin().is_terminal(),
            output: reader(io::stdout().is_terminal()),
            errors: reader(io::stderr().is_terminal()),
            written: Cell::new(Written::All),
        }
    }

    /// Whether there is a person to ask.
    pub(crate) fn is_interactive(&self) -> bool {
        self.has_keyboard && self.errors != Reader::Program
    }

    /// Whether standard output is read by a person.
    pub(crate) fn is_read_by_a_person(&self) -> bool {
        self.output != Reader::Program
    }

    /// One line, or several, on standard output.
    pub(crate) fn line(&self, text: &str) {
        self.bytes(format!("{text}\n").as_bytes());
    }

    /// Bytes on standard output as they are.
    pub(crate) fn bytes(&self, bytes: &[u8]) {
        if self.written.get() != Written::All {
            return;
        }
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
            let enough = error.kind() == io::ErrorKind::BrokenPipe;
            self.written.set(if enough { Written::Enough } else { Written::Failed });
        }
    }

    /// Fails if something meant for standard output did not arrive: an answer that could not be
    /// written was not given. A reader who left early wanted no more.
    pub(crate) fn check_written(&self) -> Result<(), Failure> {
        match self.written.get() {
            Written::All | Written::Enough => Ok(()),
            Written::Failed => Err(fail!(Exit::Failed, "not-written")),
        }
    }

    /// Whether the reader of standard output has gone: what is still to come can be left out.
    pub(crate) fn has_had_enough(&self) -> bool {
        self.written.get() != Written::All
    }

    /// One line on standard error.
    #[allow(clippy::unused_self, reason = "goes with `line`")]
    pub(crate) fn note(&self, text: &str) {
        // There is nowhere left to say that this failed.
        let _ = io::stderr().lock().write_all(format!("{text}\n").as_bytes());
    }

    /// The failure that ends the run, in one line on standard error.
    pub(crate) fn fail(&self, context: &Context, failure: &Failure) {
        let label = text!(context, "error");
        let label = self.errors.painted(Colour::Red, &label);
        self.note(&format!("{label} {}", failure.text(&context.messages)));
    }

    /// One JSON document on standard output.
    pub(crate) fn json(&self, document: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(document)
            .map_err(|error| fail!(Exit::Failed, "no-json", reason = error))?;
        self.line(&text);
        Ok(())
    }

    /// `text` in a colour, for standard output.
    pub(crate) fn paint(&self, colour: Colour, text: &str) -> String {
        self.output.painted(colour, text)
    }

    /// Asks for one of `options`, by its first letters or its number, and returns its index; the
    /// first one for an empty answer. `None` where there is nobody to ask, or the input ends.
    pub(crate) fn choose(&self, question: &str, options: &[&str]) -> Option<usize> {
        if !self.is_interactive() {
            return None;
        }
        loop {
            let mut errors = io::stderr().lock();
            let _ = errors.write_all(format!("{question} [{}] ", options.join("/")).as_bytes());
            let _ = errors.flush();
            let mut answer = String::new();
            match io::stdin().lock().read_line(&mut answer) {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
            if let Some(chosen) = understood(&answer, options) {
                return Some(chosen);
            }
        }
    }

    /// Shows that something is going on, once it has taken half a second, until it is dropped.
    pub(crate) fn working(&self, text: String) -> Working {
        Working::new(text, self.errors != Reader::Program)
    }
}

impl Reader {
    fn painted(self, colour: Colour, text: &str) -> String {
        if self != Self::PersonWithColours {
            return text.to_owned();
        }
        let code = match colour {
            Colour::Green => "32",
            Colour::Yellow => "33",
            Colour::Red => "31",
            Colour::Cyan => "36",
            Colour::Dim => "2",
            Colour::Bold => "1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// Which option an answer means.
fn understood(answer: &str, options: &[&str]) -> Option<usize> {
    let answer = answer.trim().to_lowercase();
    if answer.is_empty() {
        return Some(0);
    }
    if let Ok(number) = answer.parse::<usize>() {
        return number.checked_sub(1).filter(|index| *index < options.len());
    }
    let mut fitting = (0..options.len())
        .filter(|index| options.get(*index).is_some_and(|o| o.to_lowercase().starts_with(&answer)));
    fitting.next().filter(|_| fitting.next().is_none())
}

/// Something is going on.
pub(crate) struct Working {
    _done: mpsc::Sender<()>,
    bar: ProgressBar,
}

impl Working {
    fn new(text: String, shown: bool) -> Self {
        let (done, wait) = mpsc::channel::<()>();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if shown {
            let bar = bar.clone();
            std::thread::spawn(move || {
                if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                    bar.set_style(ProgressStyle::default_spinner());
                    bar.set_message(text);
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                    bar.enable_steady_tick(Duration::from_millis(100));
                }
            });
        }
        Self { _done: done, bar }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let options = ["continuar", "iniciar do zero"];
        for (answer, expected) in [
            ("\n", Some(0)),
            ("c\n", Some(0)),
            ("Iniciar", Some(1)),
            ("2", Some(1)),
            ("3", None),
            ("0", None),
            ("x", None),
        ] {
            assert_eq!(understood(answer, &options), expected, "{answer:?}");
        }
        assert_eq!(understood("s", &["sim", "sempre"]), None);
    }
}
