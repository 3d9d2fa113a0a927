//! `progy dev`: stays open. Saves when files settle, shows what arrives from other devices.
//!
//! - [`feed`]: news from the server, over connections that come and go;
//! - [`standing`]: what the learner has to hear, and what has to be done: decisions without I/O;
//! - [`session`]: everything together.

mod feed;
mod session;
mod standing;

pub(super) use session::{Session, Until};

use crate::context::Context;
use crate::failure::{Exit, Failure};

pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let session = Session::begin(context)?;
    let session = session.ok_or_else(|| fail!(Exit::Failed, "dev-runs-already"))?;
    say!(context, "dev-begins", folder = session.root().display());
    session.run(Until::Asked).await
}
