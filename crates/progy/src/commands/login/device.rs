//! A token by a code that is confirmed in a browser (RFC 8628).

use std::time::Duration;

use progy_client::api::ApiError;
use progy_client::api::http::{HttpApi, Poll, ServerUrl};
use tokio::time::{Instant, sleep};

use super::browser;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::terminal::Colour;

/// What `slow_down` adds to the interval (RFC 8628, section 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// The interval of a server that names none, or one that makes no sense.
const INTERVAL: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));
/// The longest that a code is waited for, whatever the server says.
const LONGEST: Duration = Duration::from_hours(1);

/// Shows a code, and waits until a person has confirmed it.
pub(super) async fn token(context: &Context, server: &ServerUrl) -> Result<String, Failure> {
    let api = HttpApi::new(server.as_str(), None)?;
    let codes = api.device_code(context.device()?.name.as_str()).await?;
    let address = address(server, &codes.verification_uri_complete);
    let code = context.terminal.paint(Colour::Bold, &grouped(&codes.user_code));
    say!(context, "login-code", code = code);
    say!(context, "login-where", address = address);
    if browser::open(&address, &context.variables) {
        note!(context, "login-browser");
    }
    let _working = context.terminal.working(text!(context, "login-waiting"));

    let until = Instant::now() + Duration::from_secs(codes.expires_in).min(LONGEST);
    let (shortest, longest) = INTERVAL;
    let mut pace = Pace(Duration::from_secs(codes.interval).clamp(shortest, longest));
    loop {
        sleep(pace.0).await;
        let asked = api.device_token(&codes.device_code).await;
        if let Some(token) = pace.after(asked)? {
            return Ok(token);
        }
        if Instant::now() >= until {
            return Err(fail!(Exit::NotLoggedIn, "login-expired"));
        }
    }
}

/// How often to ask.
struct Pace(Duration);

impl Pace {
    /// What an answer means: the token, or to go on in this pace, or to give up.
    fn after(&mut self, answer: Result<Poll, ApiError>) -> Result<Option<String>, Failure> {
        match answer {
            Ok(Poll::Granted(token)) => Ok(Some(token)),
            Ok(Poll::Pending) => Ok(None),
            Ok(Poll::SlowDown) => {
                self.0 = self.0.saturating_add(SLOWER);
                Ok(None)
            }
            Ok(Poll::Denied) => Err(fail!(Exit::NotLoggedIn, "login-denied")),
            Ok(Poll::Expired) => Err(fail!(Exit::NotLoggedIn, "login-expired")),
            // The network comes and goes; ask less often (RFC 8628, section 3.5).
            Err(ApiError::Unreachable(_)) => {
                self.0 = self.0.saturating_mul(2).min(INTERVAL.1);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The code as people read it out: `WDJB-MJHT`.
fn grouped(code: &str) -> String {
    match code.split_at_checked(code.len() / 2) {
        Some((start, end)) if code.len() == 8 => format!("{start}-{end}"),
        _ => code.chars().filter(|c| !c.is_control()).collect(),
    }
}

/// Where to confirm. A server that knows no address of its own may say one of a proxy's inside; and
/// nobody is sent anywhere but to a web page.
fn address(server: &ServerUrl, given: &str) -> String {
    let is_page = given.starts_with("https://") || given.starts_with("http://");
    if is_page && !given.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return given.to_owned();
    }
    server.as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_grouped_to_be_read_out() {
        assert_eq!(grouped("WDJBMJHT"), "WDJB-MJHT");
        assert_eq!(grouped("WDJB-MJHT"), "WDJB-MJHT");
        assert_eq!(grouped("\u{1b}[2Jxé"), "[2Jxé");
    }

    #[test]
    fn the_pace_is_the_servers() {
        let mut pace = Pace(Duration::from_secs(5));
        assert!(matches!(pace.after(Ok(Poll::Pending)), Ok(None)));
        assert_eq!(pace.0.as_secs(), 5);
        for expected in [10, 15] {
            assert!(matches!(pace.after(Ok(Poll::SlowDown)), Ok(None)));
            assert_eq!(pace.0.as_secs(), expected);
        }
        for expected in [30, 60, 60] {
            let lost = Err(ApiError::Unreachable(String::new()));
            assert!(matches!(pace.after(lost), Ok(None)));
            assert_eq!(pace.0.as_secs(), expected);
        }
        let token = pace.after(Ok(Poll::Granted("t".to_owned())));
        assert_eq!(token.unwrap().as_deref(), Some("t"));
        for (poll, key) in [(Poll::Denied, "login-denied"), (Poll::Expired, "login-expired")] {
            let failure = pace.after(Ok(poll)).unwrap_err();
            assert_eq!((failure.exit, failure.key), (Exit::NotLoggedIn, key));
        }
    }

    #[test]
    fn only_web_pages_are_opened() {
        let server = ServerUrl::parse("https://progy.example.org").unwrap();
        let good = "https://progy.example.org/device?user_code=WDJBMJHT";
        assert_eq!(address(&server, good), good);
        for bad in ["file:///etc/passwd", "javascript:alert(1)", "https://x/\u{1b}]8;;", "x"] {
            assert_eq!(address(&server, bad), server.as_str());
        }
    }
}
