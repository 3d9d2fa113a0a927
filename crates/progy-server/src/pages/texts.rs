//! What pages say: one catalogue in two languages, `texts/*.ftl`.
//!
//! As in the command line's catalogue, `count` is a number and chooses between singular and plural;
//! every other variable is text. Whatever it holds, templates escape it.

use std::fmt::Display;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use super::language::Language;

const ENGLISH: &str = include_str!("texts/en.ftl");
const PORTUGUESE: &str = include_str!("texts/pt-BR.ftl");

/// The variable that is a number.
const NUMBER: &str = "count";

/// Something to be said in whichever language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) key: &'static str,
    pub(super) values: Vec<(&'static str, String)>,
}

/// The catalogue in one language.
pub(super) struct Texts {
    bundle: FluentBundle<FluentResource>,
    pub(super) language: Language,
}

impl Texts {
    /// The catalogue in `language`.
    pub(super) fn of(language: Language) -> &'static Self {
        static ALL: LazyLock<[Texts; 2]> = LazyLock::new(|| Language::ALL.map(Texts::read));
        let [english, portuguese] = &*ALL;
        match language {
            Language::English => english,
            Language::Portuguese => portuguese,
        }
    }

    fn read(language: Language) -> Self {
        let source = match language {
            Language::English => ENGLISH,
            Language::Portuguese => PORTUGUESE,
        };
        // The tests make sure that there are no mistakes in it.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(rest, _)| rest);
        let locale = language.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![locale]);
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Self { bundle, language }
    }

    /// The text called `key`.
    pub(super) fn say(&self, key: &str) -> String {
        self.format(key, &FluentArgs::new())
    }

    /// The text called `key`, with its one variable filled in.
    pub(super) fn with<V: Display + ?Sized>(&self, key: &str, name: &str, value: &V) -> String {
        self.format(key, &[(name, argument(name, value.to_string()))].into_iter().collect())
    }

    /// A message.
    pub(super) fn message(&self, message: &Message) -> String {
        let values = message.values.iter();
        let args = values.map(|(name, value)| (*name, argument(name, value.clone())));
        self.format(message.key, &args.collect())
    }

    fn format(&self, key: &str, args: &FluentArgs<'_>) -> String {
        let message = self.bundle.get_message(key).and_then(|message| message.value());
        let Some(pattern) = message else { return key.to_owned() };
        self.bundle.format_pattern(pattern, Some(args), &mut Vec::new()).into_owned()
    }
}

fn argument(name: &str, value: String) -> FluentValue<'static> {
    match value.parse::<i64>() {
        Ok(number) if name == NUMBER => FluentValue::from(number),
        _ => FluentValue::from(value),
    }
}

#[cfg(test)]
mod tests;
