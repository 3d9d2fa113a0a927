//! How often what may be tried, from one address and for one account.

use std::net::{IpAddr, Ipv6Addr};

use super::{Peer, Services};
use crate::ports::rate_limits::Rule;
use crate::{Result, ServiceError};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

/// Something that is limited. Generous for people and for schools behind one address; far too slow
/// for who guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// A password, from one address.
    SignIn,
    /// A password, of one account: from however many addresses.
    SignInTo,
    /// A way to GitHub or back, from one address.
    Social,
    /// A registration, from one address.
    SignUp,
    /// A code for a device, from one address.
    DeviceCode,
    /// A user code typed in, from one address.
    UserCode,
    /// A user code typed in, by one person.
    UserCodeBy,
}

impl Attempt {
    fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignInTo => "sign-in-to",
            Self::Social => "social",
            Self::SignUp => "sign-up",
            Self::DeviceCode => "device-code",
            Self::UserCode => "user-code",
            Self::UserCodeBy => "user-code-by",
        }
    }

    fn rule(self) -> Rule {
        match self {
            Self::SignIn => Rule { burst: 30, every: 6 * SECOND },
            Self::SignInTo => Rule { burst: 10, every: MINUTE },
            // There and back are two; nothing can be guessed here.
            Self::Social => Rule { burst: 120, every: 2 * SECOND },
            Self::SignUp => Rule { burst: 30, every: MINUTE },
            Self::DeviceCode => Rule { burst: 30, every: 10 * SECOND },
            // A code lives for 15 minutes and is one of 20^8: with some 100 tries in that time the
            // chance to hit one of a thousand that wait is one in 250,000.
            Self::UserCode => Rule { burst: 60, every: 20 * SECOND },
            Self::UserCodeBy => Rule { burst: 20, every: 30 * SECOND },
        }
    }
}

/// What addresses are counted by: a whole IPv4 address; of IPv6 the 64 bits that one customer of a
/// provider has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

impl Services {
    /// Counts an attempt from an address. What is done on the server's machine is not counted.
    pub(crate) async fn limit_address(&self, attempt: Attempt, peer: &Peer) -> Result<()> {
        match peer.address {
            Some(address) => self.limit(attempt, &network(address).to_string()).await,
            None => Ok(()),
        }
    }

    /// Counts a try at the password of a person who is here, wherever it is typed.
    pub(crate) async fn limit_password_of(&self, user: &str) -> Result<()> {
        // No address and no user name has a space in it.
        self.limit(Attempt::SignInTo, &format!("the user {user}")).await
    }

    /// Counts an attempt on `whom`, whether or not there is such a one.
    pub(crate) async fn limit(&self, attempt: Attempt, whom: &str) -> Result<()> {
        let key = format!("{} {whom}", attempt.name());
        match self
            .rate_limits
            .take(&key, attempt.rule().times(self.limits.attempts), self.clock.now())
            .await?
        {
            None => Ok(()),
            Some(wait) => Err(ServiceError::RateLimited {
                seconds: u64::try_from(wait.saturating_add(999) / 1_000).unwrap_or(1),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
