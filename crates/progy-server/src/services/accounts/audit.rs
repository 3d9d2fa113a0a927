//! What is written down of logins.

use super::{Peer, Services};
use crate::Result;
use crate::ports::database::UserId;
use crate::ports::database::accounts::{AuditEntry, AuditEvent};

/// A line of the log in the making.
pub(crate) struct Note<'a> {
    event: AuditEvent,
    user: Option<&'a str>,
    address: Option<String>,
    subject: Option<String>,
    detail: Option<String>,
}

impl<'a> Note<'a> {
    /// Something that happened to nobody's account, on the server's machine.
    pub(crate) fn of(event: AuditEvent) -> Self {
        Self { event, user: None, address: None, subject: None, detail: None }
    }

    /// Whose account.
    pub(crate) fn user(self, id: &'a str) -> Self {
        Self { user: Some(id), ..self }
    }

    /// Where the request came from.
    pub(crate) fn from(self, peer: &Peer) -> Self {
        Self { address: peer.address_text(), ..self }
    }

    /// The id of what it is about.
    pub(crate) fn subject(self, id: &str) -> Self {
        Self { subject: Some(id.to_owned()), ..self }
    }

    /// A few words.
    pub(crate) fn detail(self, text: impl Into<String>) -> Self {
        Self { detail: Some(text.into()), ..self }
    }
}

impl Services {
    /// Writes it down. What cannot be written down does not succeed.
    pub(crate) async fn note(&self, note: Note<'_>) -> Result<()> {
        let entry = AuditEntry {
            at: self.clock.now(),
            event: note.event.as_str().to_owned(),
            user: note.user.map(|id| UserId(id.to_owned())),
            ip_address: note.address,
            subject: note.subject,
            detail: note.detail,
        };
        Ok(self.accounts.record(&entry).await?)
    }
}
