//! What surrounds every page, and the mistakes that a form is shown again with.

use std::fmt::Display;

use axum::http::StatusCode;

use super::assets;
use super::field::Field;
use super::language::Language;
use super::texts::{Message, Texts};

/// What `layout.html` shows as `page`.
pub(super) struct Frame {
    pub(super) texts: &'static Texts,
    /// Where the stylesheet is.
    pub(super) style: &'static str,
    /// Where the icon is.
    pub(super) icon: &'static str,
    /// The page's title.
    pub(super) title: String,
    /// The token of [`super::csrf`]; empty where no form can be.
    pub(super) csrf: String,
    /// Where the switch of languages comes back to.
    pub(super) here: String,
    /// The name of who is signed in.
    pub(super) user: Option<String>,
    /// Whether they administer the server.
    pub(super) is_admin: bool,
    /// What was done.
    pub(super) done: Option<String>,
    /// What is wrong with the form.
    pub(super) mistakes: Vec<Mistake>,
}

/// A line of the summary of mistakes.
pub(super) struct Mistake {
    /// The field that it is about; empty if it is about none.
    pub(super) field: &'static str,
    /// What to do about it.
    pub(super) text: String,
}

/// What is wrong with a form that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The field that it is about; empty if it is about none.
    pub(super) field: &'static str,
    /// What to do about it.
    pub(super) message: Message,
}

impl Frame {
    /// For somebody of whom nothing is known.
    pub(super) fn new(texts: &'static Texts, title: &'static str) -> Self {
        Self {
            texts,
            style: assets::style_path(),
            icon: assets::icon_path(),
            title: texts.say(title),
            csrf: String::new(),
            here: "/".to_owned(),
            user: None,
            is_admin: false,
            done: None,
            mistakes: Vec::new(),
        }
    }

    /// With what is wrong, also beside the field that it is about.
    pub(super) fn wrong(mut self, wrong: Option<&Wrong>, fields: &mut [Field]) -> Self {
        let Some(wrong) = wrong else { return self };
        let text = self.texts.message(&wrong.message);
        for field in fields.iter_mut().filter(|field| field.name == wrong.field) {
            field.error = Some(text.clone());
        }
        self.mistakes.push(Mistake { field: wrong.field, text });
        self
    }

    /// With what was done.
    pub(super) fn done(self, done: Option<Message>) -> Self {
        Self { done: done.map(|done| self.texts.message(&done)), ..self }
    }

    /// The status of the page: a form that is shown again was not processed.
    pub(super) fn status(&self) -> StatusCode {
        if self.mistakes.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
    }

    pub(super) fn say(&self, key: &str) -> String {
        self.texts.say(key)
    }

    pub(super) fn with<V: Display + ?Sized>(&self, key: &str, name: &str, value: &V) -> String {
        self.texts.with(key, name, value)
    }

    pub(super) fn lang(&self) -> &'static str {
        self.texts.language.tag()
    }

    /// The languages that the page is not in.
    pub(super) fn other_languages(&self) -> impl Iterator<Item = Language> {
        let own = self.texts.language;
        Language::ALL.into_iter().filter(move |language| *language != own)
    }
}
