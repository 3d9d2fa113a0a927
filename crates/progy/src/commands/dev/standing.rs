//! How things stand, as the learner was told: decides what is worth saying and doing, and does
//! neither.

use progy_core::RevisionId;

use crate::failure::{Exit, Failure};

/// What a session remembers of the server.
#[derive(Debug, Default)]
pub(super) struct Standing {
    link: Link,
    /// The last trouble that was told of: the same is not told twice in a row.
    trouble: Option<String>,
    /// What this device and the server last agreed on.
    base: Option<RevisionId>,
    /// Saves that wait.
    queued: usize,
}

/// Whether the server answers, as far as the learner knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Link {
    #[default]
    Unknown,
    There,
    Gone,
}

/// Something that the learner should hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remark {
    /// The server is gone; work is saved here and waits.
    Gone,
    /// It is back.
    Back,
    /// Something else does not work.
    Trouble,
}

/// How a failure weighs in a session that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// The server is not there: what was saved waits.
    Offline,
    /// It may go better next time.
    Passing,
    /// Soon again: another command was at work.
    Soon,
    /// There is nothing to go on with.
    Fatal,
}

/// How `failure` weighs.
pub(super) fn weight(failure: &Failure) -> Weight {
    match (failure.exit, failure.key) {
        (Exit::Unreachable, _) => Weight::Offline,
        (_, "locked" | "keeps-changing" | "busy") => Weight::Soon,
        (
            _,
            "no-workspace" | "damaged" | "from-the-future" | "strategy-later" | "other-strategy",
        ) => Weight::Fatal,
        _ => Weight::Passing,
    }
}

impl Standing {
    /// An act went well: this device is at `base`, and nothing waits. `contact`: whether the server
    /// was asked for anything.
    pub(super) fn went_well(&mut self, base: Option<RevisionId>, contact: bool) -> Option<Remark> {
        self.base = base;
        self.queued = 0;
        self.trouble = None;
        if contact { self.is_there() } else { None }
    }

    /// An act failed for want of a server; so many saves wait.
    pub(super) fn went_without_server(&mut self, queued: usize) -> Option<Remark> {
        self.queued = queued;
        self.is_gone()
    }

    /// An act failed otherwise: with `text`.
    pub(super) fn failed(&mut self, text: String) -> Option<Remark> {
        let is_new = self.trouble.as_ref() != Some(&text);
        self.trouble = Some(text);
        is_new.then_some(Remark::Trouble)
    }

    /// The connection for news is gone. Says nothing yet: it is made again, and only work that
    /// cannot be sent is worth a word.
    pub(super) fn is_lost_for_good(&mut self, tries: u32) -> Option<Remark> {
        if tries > 2 { self.is_gone() } else { None }
    }

    /// Whether a new connection is a reason to sync.
    pub(super) fn has_missed_something(&self) -> bool {
        self.queued > 0 || self.link == Link::Gone
    }

    /// Whether a head that the server tells of is news to this device.
    pub(super) fn is_news(&self, head: &RevisionId) -> bool {
        self.base.as_ref() != Some(head)
    }

    fn is_there(&mut self) -> Option<Remark> {
        let before = std::mem::replace(&mut self.link, Link::There);
        (before == Link::Gone).then_some(Remark::Back)
    }

    fn is_gone(&mut self) -> Option<Remark> {
        let before = std::mem::replace(&mut self.link, Link::Gone);
        (before != Link::Gone).then_some(Remark::Gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(digit: char) -> RevisionId {
        RevisionId::new(&digit.to_string().repeat(64)).unwrap()
    }

    #[test]
    fn that_the_server_is_gone_is_said_once_and_that_it_is_back_too() {
        let mut standing = Standing::default();
        assert_eq!(standing.went_well(None, true), None);
        assert_eq!(standing.went_without_server(1), Some(Remark::Gone));
        assert_eq!(standing.went_without_server(2), None);
        assert_eq!(standing.is_lost_for_good(9), None);
        assert!(standing.has_missed_something());
        assert_eq!(standing.went_well(None, false), None, "the server was not asked");
        assert_eq!(standing.went_well(Some(revision('a')), true), Some(Remark::Back));
        assert_eq!(standing.went_well(Some(revision('a')), true), None);
        assert!(!standing.has_missed_something());
    }

    #[test]
    fn a_connection_that_breaks_is_nothing_yet() {
        let mut standing = Standing::default();
        assert_eq!(standing.is_lost_for_good(1), None);
        assert_eq!(standing.is_lost_for_good(3), Some(Remark::Gone));
        assert_eq!(standing.is_lost_for_good(4), None);
    }

    #[test]
    fn the_same_trouble_is_told_once_in_a_row() {
        let mut standing = Standing::default();
        assert_eq!(standing.failed("large".into()), Some(Remark::Trouble));
        assert_eq!(standing.failed("large".into()), None);
        assert_eq!(standing.failed("other".into()), Some(Remark::Trouble));
        assert_eq!(standing.went_well(None, true), None);
        assert_eq!(standing.failed("other".into()), Some(Remark::Trouble));
    }

    #[test]
    fn what_this_device_published_itself_is_no_news() {
        let mut standing = Standing::default();
        assert!(standing.is_news(&revision('a')));
        standing.went_well(Some(revision('a')), true);
        assert!(!standing.is_news(&revision('a')) && standing.is_news(&revision('b')));
    }

    #[test]
    fn failures_weigh_differently() {
        let weight = |exit, key| weight(&Failure::new(exit, key, Vec::new()));
        assert_eq!(weight(Exit::Unreachable, "unreachable"), Weight::Offline);
        assert_eq!(weight(Exit::Failed, "locked"), Weight::Soon);
        assert_eq!(weight(Exit::Failed, "no-workspace"), Weight::Fatal);
        assert_eq!(weight(Exit::Failed, "file-too-large"), Weight::Passing);
        assert_eq!(weight(Exit::NotLoggedIn, "not-logged-in"), Weight::Passing);
    }
}
