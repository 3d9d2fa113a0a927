//! What a device sends, and how contents and events travel.

use progy_api::delta::{self as deltas, DeltaError};
use progy_api::sync::{Action, SyncRequest};
use progy_client::api::http::heads;
use progy_core::{ContentHash, LinkTarget};

use crate::{parts, same_as_json};

/// The body of `POST /api/sync`.
pub fn sync_request(data: &[u8]) {
    let Ok(request) = serde_json::from_slice::<SyncRequest>(data) else { return };
    same_as_json(&request);
    if let Some(progress) = &request.progress {
        let _ = progress.check();
    }
    for change in request.save.iter().flat_map(|save| &save.changes) {
        match &change.action {
            Action::Put { hash, size, content: Some(content), .. } if *size <= 1 << 20 => {
                let reference = content.reference.map(|_| &b"fn main() {}\n"[..]);
                expand(&content.data.0, reference, *size, hash);
            }
            Action::Link { target } => {
                if let Ok(target) = LinkTarget::new(&change.path, target) {
                    assert!(target.stays_inside(&change.path));
                }
            }
            Action::Put { .. } | Action::Delete => {}
        }
    }
}

/// A frame with a reference: as something hostile, and as content that is compressed and comes back.
pub fn delta(data: &[u8]) {
    let [frame, reference] = parts::<2>(data);
    let reference = (!reference.is_empty()).then_some(reference);
    let empty = ContentHash::blake3(b"");
    for size in [0, 1, frame.len() as u64, 1 << 16] {
        expand(frame, reference, size, &empty);
    }
    let hash = ContentHash::blake3(frame);
    let size = frame.len() as u64;
    for (level, reference) in [(1, reference), (3, reference), (3, None)] {
        let packed = deltas::compress(frame, reference, level).expect("memory is large enough");
        let again = deltas::decompress(&packed, reference, size, &hash);
        assert_eq!(again.expect("what was compressed comes back"), frame);
        expand(&packed, reference, size.saturating_sub(1), &hash);
    }
}

/// Decompresses what may be anything: only what was announced comes out.
fn expand(frame: &[u8], reference: Option<&[u8]>, size: u64, hash: &ContentHash) {
    match deltas::decompress(frame, reference, size, hash) {
        Ok(content) => {
            assert_eq!(content.len() as u64, size);
            assert_eq!(ContentHash::blake3(&content), *hash);
        }
        Err(DeltaError::WrongSize { announced }) => assert_eq!(announced, size),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A stream of server-sent events.
pub fn event_stream(data: &[u8]) {
    let Ok(events) = heads(data) else { return };
    for event in &events {
        same_as_json(event);
    }
    // Cut anywhere, the events before the cut are the same.
    for cut in [data.len() / 3, data.len() / 2] {
        let start = data.get(..cut).unwrap_or_default();
        let fewer = heads(start).expect("the beginning of what can be understood");
        assert!(events.starts_with(&fewer));
    }
}
