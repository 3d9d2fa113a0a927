//! What is made piece by piece, sent piece by piece.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

use crate::Result;
use crate::ports::objects::ByteStream;

/// Takes the pieces, and waits while nobody reads them.
pub(super) struct Spout(mpsc::Sender<Bytes>);

impl Spout {
    /// Sends a piece. An error if nobody reads any more.
    pub(super) async fn send(&self, piece: Vec<u8>) -> io::Result<()> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        if piece.is_empty() { Ok(()) } else { self.0.send(piece.into()).await.map_err(gone) }
    }
}

/// The pieces that `make` sends, made as they are read. An error of `make` cuts the stream short, and
/// is said in the log.
pub(super) fn pour<F>(make: impl FnOnce(Spout) -> F) -> ByteStream
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let (sender, mut pieces) = mpsc::channel(1);
    let mut making: Option<Pin<Box<F>>> = Some(Box::pin(make(Spout(sender))));
    let next = move |context: &mut std::task::Context<'_>| {
        if let Some(future) = &mut making
            && let Poll::Ready(made) = future.as_mut().poll(context)
        {
            making = None;
            if let Err(error) = made {
                tracing::error!(?error, "an answer is cut short");
                return Poll::Ready(Some(Err(io::Error::other(error))));
            }
        }
        pieces.poll_recv(context).map(|piece| piece.map(Ok))
    };
    stream::poll_fn(next).boxed()
}
