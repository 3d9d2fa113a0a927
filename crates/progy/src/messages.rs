//! What Progy says, in the learner's language: one catalogue, `messages/*.ftl`.
//!
//! The macros take a key and its variables: `say!(context, "saved-files", count = 3)`. A variable
//! called `count` or `total` is a number, and chooses between singular and plural; any other is
//! text.

use std::fmt::Display;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use progy_client::config::Language;

const ENGLISH: &str = include_str!("../messages/en.ftl");
const PORTUGUESE: &str = include_str!("../messages/pt-BR.ftl");

/// Variables that are numbers.
const NUMBERS: [&str; 2] = ["count", "total"];

/// A message as text.
macro_rules! text {
    ($context:expr, $key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $context.messages.text($key, &[$((stringify!($name), &$value)),*])
    };
}

/// A message on standard output.
macro_rules! say {
    ($context:expr, $($message:tt)*) => {
        $context.terminal.line(&text!($context, $($message)*))
    };
}

/// A message on standard error: what is worth knowing and is no answer.
macro_rules! note {
    ($context:expr, $($message:tt)*) => {
        $context.terminal.note(&text!($context, $($message)*))
    };
}

/// A [`crate::failure::Failure`] with its exit code and message.
macro_rules! fail {
    ($exit:expr, $key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::failure::Failure::new(
            $exit, $key, vec![$((stringify!($name), $value.to_string())),*]
        )
    };
}

/// The catalogue in one language.
pub(crate) struct Messages {
    bundle: FluentBundle<FluentResource>,
    language: Language,
}

impl Messages {
    /// The catalogue in `language`.
    pub(crate) fn new(language: Language) -> Self {
        let source = match language {
            Language::English => ENGLISH,
            Language::Portuguese => PORTUGUESE,
        };
        // The tests make sure that there are no mistakes in it.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(rest, _)| rest);
        let mut bundle = FluentBundle::new(vec![language.tag().parse().unwrap_or_default()]);
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Self { bundle, language }
    }

    /// Which language it is.
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// The message called `key`, with its variables filled in.
    pub(crate) fn text(&self, key: &str, variables: &[(&str, &dyn Display)]) -> String {
        let message = self.bundle.get_message(key).and_then(|message| message.value());
        let Some(pattern) = message else { return key.to_owned() };
        let args: FluentArgs<'_> =
            variables.iter().map(|(name, value)| (*name, argument(name, *value))).collect();
        self.bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
    }
}

fn argument(name: &str, value: &dyn Display) -> FluentValue<'static> {
    let text = value.to_string();
    if NUMBERS.contains(&name)
        && let Ok(number) = text.parse::<i64>()
    {
        return FluentValue::from(number);
    }
    FluentValue::from(printable(&text))
}

/// `text` without what would steer a terminal: names and messages come from anywhere.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests;
