//! Server-sent events (HTML Living Standard, section 9.2).

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, LocalBoxStream};
use progy_api::history::HeadEvent;
use reqwest::Response;
use tokio::time::timeout;

use super::ApiError;
use super::answer::{has_type, root_cause};

/// The media type of a stream of events.
pub(super) const CONTENT_TYPE: &str = "text/event-stream";
/// The name of the events that tell of a new head.
const HEAD: &str = "head";
/// The longest line and the longest event, in bytes.
const LIMIT: usize = 256 << 10;

/// The events of a response, until it ends or falls silent. After an error it has ended.
pub(super) fn stream(
    response: Response,
    patience: Duration,
) -> Result<LocalBoxStream<'static, Result<HeadEvent, ApiError>>, ApiError> {
    if !has_type(&response, CONTENT_TYPE) {
        return Err(ApiError::Unreachable("the answer is no stream of events".to_owned()));
    }
    let reader = Reader { response, patience, parser: Parser::default(), ready: VecDeque::new() };
    Ok(stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        match reader.next().await {
            Ok(Some(event)) => Some((Ok(event), Some(reader))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed_local())
}

struct Reader {
    response: Response,
    patience: Duration,
    parser: Parser,
    ready: VecDeque<Event>,
}

impl Reader {
    async fn next(&mut self) -> Result<Option<HeadEvent>, ApiError> {
        loop {
            while let Some(event) = self.ready.pop_front() {
                if let Some(head) = event.head() {
                    return head.map(Some);
                }
            }
            match timeout(self.patience, self.response.chunk()).await {
                Ok(Ok(Some(piece))) => self.ready.extend(self.parser.push(&piece)?),
                Ok(Ok(None)) => return Ok(None),
                Ok(Err(error)) => return Err(ApiError::Unreachable(root_cause(&error))),
                Err(_) => {
                    let patience = self.patience;
                    let why = format!("no sign of life for {patience:?}");
                    return Err(ApiError::Unreachable(why));
                }
            }
        }
    }
}

/// The heads that the bytes of a stream tell of, up to its last whole event.
///
/// For bytes that are all there; [`AccountApi::events`](crate::api::AccountApi::events) gives the
/// same while they come in.
pub fn heads(stream: &[u8]) -> Result<Vec<HeadEvent>, ApiError> {
    Parser::default().push(stream)?.iter().filter_map(Event::head).collect()
}

fn unreadable() -> ApiError {
    ApiError::Unreachable("the stream of events cannot be understood".to_owned())
}

/// One event that has data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Event {
    name: String,
    data: String,
}

impl Event {
    /// The head that it tells of; `None` if it is about something else.
    fn head(&self) -> Option<Result<HeadEvent, ApiError>> {
        let head = || serde_json::from_str(&self.data).map_err(|_| unreadable());
        (self.name == HEAD).then(head)
    }
}

/// Cuts bytes into lines and lines into events, wherever the pieces were cut.
#[derive(Debug, Default)]
struct Parser {
    line: Vec<u8>,
    /// The last byte was a CR: an LF right after it belongs to it.
    after_cr: bool,
    /// The very first line may begin with a byte order mark.
    begun: bool,
    event: Event,
    has_data: bool,
}

impl Parser {
    fn push(&mut self, piece: &[u8]) -> Result<Vec<Event>, ApiError> {
        let mut events = Vec::new();
        for &byte in piece {
            let belongs_to_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
            match byte {
                b'\n' if belongs_to_cr => {}
                b'\n' | b'\r' => {
                    let line = std::mem::take(&mut self.line);
                    events.extend(self.line(&line)?);
                }
                _ if self.line.len() >= LIMIT => return Err(unreadable()),
                _ => self.line.push(byte),
            }
        }
        Ok(events)
    }

    fn line(&mut self, line: &[u8]) -> Result<Option<Event>, ApiError> {
        let first = !std::mem::replace(&mut self.begun, true);
        let line = match line.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) if first => rest,
            _ => line,
        };
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return Ok(std::mem::take(&mut self.has_data).then_some(event));
        }
        let text = String::from_utf8_lossy(line);
        let (field, value) = text.split_once(':').unwrap_or((&text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                if self.event.data.len() > LIMIT {
                    return Err(unreadable());
                }
            }
            // A comment (its field is empty) keeps the connection alive; others are not for us.
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    /// The events of `text`, which must not depend on where it is cut.
    fn events(text: &str) -> Vec<Event> {
        let whole = Parser::default().push(text.as_bytes()).unwrap();
        for size in 1..=text.len().min(7) {
            let mut parser = Parser::default();
            let pieces = text.as_bytes().chunks(size);
            let events: Vec<Event> = pieces.flat_map(|piece| parser.push(piece).unwrap()).collect();
            assert_eq!(events, whole, "in pieces of {size}");
        }
        whole
    }

    #[test]
    fn events_end_with_an_empty_line() {
        let text =
            "event: head\ndata: {}\n\n: alive\n\nevent:head\ndata:a\ndata\ndata:  b\n\nid: 7\n\n";
        assert_eq!(events(text), [event("head", "{}"), event("head", "a\n\n b")]);
        assert_eq!(events("event: head\ndata: {}\n"), []);
        assert_eq!(events("event: head\n\ndata: x\n\n"), [event("", "x")]);
    }

    #[test]
    fn all_line_ends_and_a_byte_order_mark() {
        for end in ["\n", "\r", "\r\n"] {
            let text = format!("\u{feff}event: head{end}data: é{end}{end}data: 2{end}{end}");
            assert_eq!(events(&text), [event("head", "é"), event("", "2")], "{end:?}");
        }
    }

    #[test]
    fn nothing_grows_without_end() {
        let endless = vec![b'x'; LIMIT + 1];
        assert!(Parser::default().push(&endless).is_err());
        let mut parser = Parser::default();
        let line = format!("data: {}\n", "x".repeat(LIMIT / 2 - 1));
        assert!(parser.push(line.as_bytes()).is_ok());
        assert!(parser.push(line.as_bytes()).is_ok_and(|events| events.is_empty()));
        assert!(parser.push(line.as_bytes()).is_err());
    }
}
