//! One line of a form: label, hint, mistake, input.

use super::texts::Texts;

/// A text to be typed in. `field.html` shows it as `field`.
pub(super) struct Field {
    pub(super) name: &'static str,
    /// HTML's `type`.
    pub(super) kind: &'static str,
    pub(super) label: String,
    pub(super) hint: Option<String>,
    pub(super) value: String,
    /// HTML's `autocomplete`, which password managers go by (WCAG 1.3.5).
    pub(super) autocomplete: &'static str,
    pub(super) error: Option<String>,
    pub(super) required: bool,
}

impl Field {
    /// An empty one. Its name is also the key of its label.
    fn new(
        texts: &Texts,
        name: &'static str,
        label: &'static str,
        kind: &'static str,
        autocomplete: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            label: texts.say(label),
            hint: None,
            value: String::new(),
            autocomplete,
            error: None,
            required: true,
        }
    }

    /// A line of text.
    pub(super) fn text(
        texts: &Texts,
        name: &'static str,
        label: &'static str,
        autocomplete: &'static str,
    ) -> Self {
        Self::new(texts, name, label, "text", autocomplete)
    }

    /// An address.
    pub(super) fn email(texts: &Texts, name: &'static str, label: &'static str) -> Self {
        Self::new(texts, name, label, "email", "email")
    }

    /// A password, which is never sent back.
    pub(super) fn password(
        texts: &Texts,
        name: &'static str,
        label: &'static str,
        autocomplete: &'static str,
    ) -> Self {
        Self::new(texts, name, label, "password", autocomplete)
    }

    /// With what was typed before.
    pub(super) fn holding(self, value: &str) -> Self {
        Self { value: value.to_owned(), ..self }
    }

    /// With a sentence that helps.
    pub(super) fn hint(self, hint: String) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// May stay empty.
    pub(super) fn optional(self) -> Self {
        Self { required: false, ..self }
    }
}
