//! How overlays, progress and template indexes are laid out in the database, whichever it is.
//!
//! A blob begins with a byte that names its layout, so that a later one can be told apart: after 1
//! comes the payload as it is, after 2 the payload in a Zstandard frame, where that is smaller. The
//! payload is postcard (<https://postcard.jamesmunns.com/wire-format>), of progress JSON.

use std::borrow::Cow;

use progy_api::history::FileState;
use progy_core::progress::Progress;
use progy_core::{ContentHash, DeviceName, RelPath};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::records::OverlayChange;
use super::{Overlay, OverlayEntry};
use crate::ports::{PortError, Result};

const PLAIN: u8 = 1;
const ZSTD: u8 = 2;
/// Below this a frame's own header eats what it saves.
const WORTH_COMPRESSING: usize = 128;

/// Postcard cannot read the tagged enums of the wire types; these rows are the same in its terms.
/// Device names are few, so that a row holds the index of one.
#[derive(Serialize, Deserialize)]
struct Rows {
    devices: Vec<DeviceName>,
    rows: Vec<(RelPath, u32, State)>,
}

#[derive(Serialize, Deserialize)]
enum State {
    File {
        hash: ContentHash,
        size: u64,
        executable: bool,
    },
    Link {
        target: String,
    },
    Deleted,
    /// Only in changes: as in the template again.
    Unset,
}

/// Lays out any value.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    pack(&postcard::to_allocvec(value).map_err(|error| damaged(&error))?)
}

/// Reads what [`encode`] laid out.
pub fn decode<T: DeserializeOwned>(blob: &[u8]) -> Result<T> {
    postcard::from_bytes(&unpack(blob)?).map_err(|error| damaged(&error))
}

/// Lays out progress: as JSON, because later versions add fields to it.
pub fn encode_progress(progress: &Progress) -> Result<Vec<u8>> {
    pack(&serde_json::to_vec(progress).map_err(|error| damaged(&error))?)
}

/// Reads progress.
pub fn decode_progress(blob: &[u8]) -> Result<Progress> {
    serde_json::from_slice(&unpack(blob)?).map_err(|error| damaged(&error))
}

fn pack(payload: &[u8]) -> Result<Vec<u8>> {
    if payload.len() >= WORTH_COMPRESSING {
        let mut packed = zstd::bulk::compress(payload, 3).map_err(|error| damaged(&error))?;
        if packed.len() < payload.len() {
            packed.insert(0, ZSTD);
            return Ok(packed);
        }
    }
    Ok([&[PLAIN], payload].concat())
}

fn unpack(blob: &[u8]) -> Result<Cow<'_, [u8]>> {
    match blob.split_first() {
        Some((&PLAIN, payload)) => Ok(Cow::Borrowed(payload)),
        Some((&ZSTD, frame)) => {
            zstd::decode_all(frame).map(Cow::Owned).map_err(|error| damaged(&error))
        }
        Some((layout, _)) => Err(PortError::Damaged(format!("unknown layout {layout}"))),
        None => Err(PortError::Damaged("an empty blob".to_owned())),
    }
}

/// Lays out an overlay.
pub fn encode_overlay(overlay: &Overlay) -> Result<Vec<u8>> {
    encode(&Rows::of(overlay.iter().map(|(path, entry)| (path, Some(entry)))))
}

/// Reads an overlay.
pub fn decode_overlay(blob: &[u8]) -> Result<Overlay> {
    let mut overlay = Overlay::new();
    apply_changes(blob, &mut overlay)?;
    Ok(overlay)
}

/// Lays out changes to an overlay.
pub fn encode_changes(changes: &[(RelPath, OverlayChange)]) -> Result<Vec<u8>> {
    encode(&Rows::of(changes.iter().map(|(path, change)| match change {
        OverlayChange::Set(entry) => (path, Some(entry)),
        OverlayChange::Unset => (path, None),
    })))
}

/// Reads changes and makes them.
pub fn apply_changes(blob: &[u8], overlay: &mut Overlay) -> Result<()> {
    let Rows { devices, rows } = decode(blob)?;
    for (path, device, state) in rows {
        let state = match state {
            State::File { hash, size, executable } => FileState::File { hash, size, executable },
            State::Link { target } => FileState::Link { target },
            State::Deleted => FileState::Deleted,
            State::Unset => {
                overlay.remove(path.as_str());
                continue;
            }
        };
        let device = usize::try_from(device)
            .ok()
            .and_then(|index| devices.get(index))
            .ok_or_else(|| PortError::Damaged("a row names no device".to_owned()))?;
        overlay.insert(path, OverlayEntry { state, device: device.clone() });
    }
    Ok(())
}

impl Rows {
    fn of<'a>(entries: impl Iterator<Item = (&'a RelPath, Option<&'a OverlayEntry>)>) -> Self {
        let mut devices: Vec<DeviceName> = Vec::new();
        let rows = entries
            .map(|(path, entry)| match entry {
                None => (path.clone(), 0, State::Unset),
                Some(entry) => {
                    let known = devices.iter().position(|device| *device == entry.device);
                    let index = known.unwrap_or_else(|| {
                        devices.push(entry.device.clone());
                        devices.len() - 1
                    });
                    let index = u32::try_from(index).unwrap_or(u32::MAX);
                    (path.clone(), index, State::of(&entry.state))
                }
            })
            .collect();
        Self { devices, rows }
    }
}

impl State {
    fn of(state: &FileState) -> Self {
        match state {
            FileState::File { hash, size, executable } => {
                Self::File { hash: *hash, size: *size, executable: *executable }
            }
            FileState::Link { target } => Self::Link { target: target.clone() },
            FileState::Deleted => Self::Deleted,
        }
    }
}

fn damaged(error: &dyn std::fmt::Display) -> PortError {
    PortError::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::new(text).unwrap()
    }

    fn entry(state: FileState, device: &str) -> OverlayEntry {
        OverlayEntry { state, device: DeviceName::new(device).unwrap() }
    }

    fn file(bytes: &[u8]) -> FileState {
        let (hash, size) = (ContentHash::blake3(bytes), bytes.len() as u64);
        FileState::File { hash, size, executable: bytes.len().is_multiple_of(2) }
    }

    #[test]
    fn overlays_and_changes_come_back() {
        let mut overlay: Overlay = (0u32..300)
            .map(|n| (path(&format!("content/{n:03}/x.rs")), entry(file(&n.to_le_bytes()), "a")))
            .collect();
        overlay.insert(path("gone"), entry(FileState::Deleted, "b"));
        overlay.insert(path("link"), entry(FileState::Link { target: "x".into() }, "c"));
        let blob = encode_overlay(&overlay).unwrap();
        assert_eq!(decode_overlay(&blob).unwrap(), overlay);

        let changes = [
            (path("gone"), OverlayChange::Unset),
            (path("new"), OverlayChange::Set(entry(file(b"1"), "d"))),
        ];
        let mut after = overlay.clone();
        apply_changes(&encode_changes(&changes).unwrap(), &mut after).unwrap();
        assert!(after.get("gone").is_none());
        assert_eq!(after.get("new"), Some(&entry(file(b"1"), "d")));
        assert_eq!(after.len(), overlay.len());
    }

    #[test]
    fn many_devices_each_keep_their_name() {
        let overlay: Overlay = (0..40)
            .map(|n| (path(&format!("f{n}")), entry(FileState::Deleted, &format!("d{n}"))))
            .collect();
        assert_eq!(decode_overlay(&encode_overlay(&overlay).unwrap()).unwrap(), overlay);
    }

    #[test]
    fn damage_is_told() {
        let blob = encode_overlay(&Overlay::new()).unwrap();
        assert_eq!(decode_overlay(&blob).unwrap(), Overlay::new());
        for bad in [&b""[..], b"\x09", b"\x01\xff\xff", b"\x02xxxx"] {
            assert!(matches!(decode_overlay(bad), Err(PortError::Damaged(_))));
        }
    }
}
