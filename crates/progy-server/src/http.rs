//! HTTP around the routes: what is the same for every request.
//!
//! - [`connections`], [`tls`], [`stall`]: sockets, and the stop that loses no request;
//! - [`observe`], [`metrics`], [`request_id`]: the log and the numbers;
//! - [`failure`]: every error is a problem document (RFC 9457);
//! - [`limits`], [`body`]: bytes, time and memory that a request may take;
//! - [`extract`], [`json`], [`form`], [`range`], [`cookie`], [`gzip`]: what a request says;
//! - [`login`], [`basic`], [`site`], [`forwarded`], [`cors`]: who sent it, from where;
//! - [`transfer`]: packages on their way in and out.

pub(crate) mod basic;
pub(crate) mod body;
pub(crate) mod connections;
pub(crate) mod cookie;
pub(crate) mod cors;
pub(crate) mod extract;
pub(crate) mod failure;
pub(crate) mod form;
pub(crate) mod forwarded;
pub(crate) mod gzip;
pub(crate) mod json;
pub(crate) mod limits;
pub(crate) mod login;
pub(crate) mod metrics;
pub(crate) mod observe;
pub(crate) mod range;
pub(crate) mod request_id;
pub(crate) mod site;
pub(crate) mod stall;
pub(crate) mod tls;
pub(crate) mod transfer;

use failure::Failure;

/// Runs work that blocks, or computes for long, where it delays no other request.
pub(crate) async fn blocking<F>(work: F) -> Result<F::Output, Failure>
where
    F: Future<Output: Send> + Send + 'static,
{
    let runtime = tokio::runtime::Handle::current();
    let done = tokio::task::spawn_blocking(move || runtime.block_on(work)).await;
    done.map_err(|error| Failure::internal(&error))
}
