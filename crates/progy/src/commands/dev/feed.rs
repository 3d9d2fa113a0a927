//! News from the server, over connections that come and go.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, LocalBoxStream};
use progy_api::history::HeadEvent;
use progy_client::api::{AccountApi, ApiError};
use progy_client::env::{Env, SystemEnv};
use progy_core::CourseId;

use crate::context::Context;
use crate::failure::Failure;

/// The shortest and the longest time between two tries to connect.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

/// Something that the server, or its absence, tells.
#[derive(Debug)]
pub(super) enum News {
    /// There is a connection.
    Connected,
    /// A new head, or the head as it is.
    Head(Box<HeadEvent>),
    /// There is no connection any more, or none yet, after so many tries.
    Lost { failure: Failure, tries: u32 },
}

type Heads = LocalBoxStream<'static, Result<HeadEvent, ApiError>>;

enum Link {
    /// To be connected, for the `tries`th time since it was lost.
    Down {
        tries: u32,
    },
    Up(Heads),
}

/// News without end. Waiting for the next may be cancelled: the connection stays.
pub(super) fn news<'a>(context: &'a Context, course: &'a CourseId) -> LocalBoxStream<'a, News> {
    stream::unfold(Link::Down { tries: 0 }, move |link| async move {
        Some(match link {
            Link::Down { tries } => {
                tokio::time::sleep(delay(tries, SystemEnv.random())).await;
                match connect(context, course).await {
                    Ok(heads) => (News::Connected, Link::Up(heads)),
                    Err(failure) => lost(failure, tries + 1),
                }
            }
            Link::Up(mut heads) => match heads.next().await {
                Some(Ok(head)) => (News::Head(Box::new(head)), Link::Up(heads)),
                Some(Err(error)) => lost(error.into(), 1),
                // The server ends every stream now and then, to see the token again.
                None => lost(ApiError::Unreachable(String::new()).into(), 1),
            },
        })
    })
    .boxed_local()
}

fn lost(failure: Failure, tries: u32) -> (News, Link) {
    (News::Lost { failure, tries }, Link::Down { tries })
}

/// With the login as it is now: it may have changed since the last time.
async fn connect(context: &Context, course: &CourseId) -> Result<Heads, Failure> {
    Ok(context.api_if_logged_in()?.events(course).await?)
}

/// How long to wait before the `n`th try: nothing before the first, then twice as long each time,
/// and somewhere in the upper half of that, so that devices that lost a server together do not all
/// come back in the same moment.
fn delay(tries: u32, random: [u8; 16]) -> Duration {
    let Some(doublings) = tries.checked_sub(1) else { return Duration::ZERO };
    let full = FIRST.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST);
    let part = u32::from(random.first().copied().unwrap_or_default());
    full / 2 + full / 2 * part / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_a_server_is_gone_the_rarer_it_is_asked() {
        let (least, most) = ([0; 16], [255; 16]);
        assert_eq!(delay(0, most), Duration::ZERO);
        for (tries, seconds) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (1000, 60)] {
            let full = Duration::from_secs(seconds);
            assert_eq!((delay(tries, least), delay(tries, most)), (full / 2, full), "{tries}");
        }
    }
}
