//! Content compressed against a similar one that both sides have.
//!
//! A delta is a Zstandard frame (RFC 8878) whose history begins with the bytes of a reference, as
//! `zstd --patch-from` makes it, so that an edit costs about the size of the edit. Without a
//! reference it is an ordinary frame.

use std::borrow::Cow;
use std::io::{self, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use progy_core::ContentHash;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Compressed bytes and what they are relative to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delta {
    /// The content that the frame refers to.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<ContentHash>,
    /// A Zstandard frame, in base64.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub data: Base64,
}

/// Bytes that travel as base64 (RFC 4648, section 4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Base64(pub Vec<u8>);

/// Why a delta does not lead to the content that was announced.
#[derive(Debug, thiserror::Error)]
pub enum DeltaError {
    /// The frame is damaged, or the reference is another one.
    #[error("the compressed content is damaged: {0}")]
    Damaged(#[from] io::Error),
    /// More or fewer bytes came out than announced.
    #[error("the content has not the announced size of {announced} bytes")]
    WrongSize {
        /// In bytes.
        announced: u64,
    },
    /// The bytes have another hash.
    #[error("the content has not the announced hash")]
    WrongHash,
}

/// Compresses `content` against `reference`, if there is one.
///
/// `level` is Zstandard's, 1 to 19.
pub fn compress(content: &[u8], reference: Option<&[u8]>, level: i32) -> io::Result<Vec<u8>> {
    // The window must span the reference and the content, or the far end is out of reach.
    let span = content.len().saturating_add(reference.map_or(0, <[u8]>::len)).max(1 << 10);
    let window = usize::BITS - span.leading_zeros();
    let mut encoder = match reference {
        Some(reference) => {
            zstd::stream::write::Encoder::with_ref_prefix(Vec::new(), level, reference)?
        }
        None => zstd::stream::write::Encoder::new(Vec::new(), level)?,
    };
    encoder.window_log(window.clamp(10, 23))?;
    encoder.include_checksum(false)?;
    encoder.include_contentsize(false)?;
    encoder.write_all(content)?;
    encoder.finish()
}

/// Decompresses `data`, which must give `size` bytes with the hash `hash`.
///
/// Stops after `size` bytes: a frame that would fill the memory does not.
pub fn decompress(
    data: &[u8],
    reference: Option<&[u8]>,
    size: u64,
    hash: &ContentHash,
) -> Result<Vec<u8>, DeltaError> {
    let wrong_size = || DeltaError::WrongSize { announced: size };
    let capacity = usize::try_from(size).map_err(|_| wrong_size())?;
    let mut content = Vec::with_capacity(capacity.min(1 << 20));
    let mut decoder = match reference {
        Some(reference) => zstd::stream::read::Decoder::with_ref_prefix(data, reference)?,
        None => zstd::stream::read::Decoder::with_buffer(data)?,
    };
    // The frame says how much memory it wants; twice the largest file and its reference is enough.
    decoder.window_log_max(23)?;
    decoder.by_ref().take(size.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 != size {
        return Err(wrong_size());
    }
    if !hash.is_of(&content) {
        return Err(DeltaError::WrongHash);
    }
    Ok(content)
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        STANDARD.decode(text.as_bytes()).map(Self).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(lines: usize) -> Vec<u8> {
        (0..lines)
            .flat_map(|n| format!("let value_{n} = {};\n", n * 7919 % 1009).into_bytes())
            .collect()
    }

    #[test]
    fn an_edit_costs_about_the_edit() {
        let before = source(40_000);
        let mut after = before.clone();
        let at = after.len() / 2;
        after.splice(at..at, b"// a new line\n".iter().copied());
        let data = compress(&after, Some(&before), 3).unwrap();
        assert!(data.len() < 400, "{} bytes for one line", data.len());
        let hash = ContentHash::blake3(&after);
        let size = after.len() as u64;
        assert_eq!(decompress(&data, Some(&before), size, &hash).unwrap(), after);
        // Distances count from the end of the reference: another end is another reference.
        assert!(decompress(&data, Some(&before[..before.len() - 1]), size, &hash).is_err());
        assert!(decompress(&data, None, size, &hash).is_err());
    }

    #[test]
    fn what_was_announced_is_checked() {
        let content = source(100);
        let hash = ContentHash::blake3(&content);
        let size = content.len() as u64;
        let data = compress(&content, None, 3).unwrap();
        assert_eq!(decompress(&data, None, size, &hash).unwrap(), content);
        let is_size = |result| matches!(result, Err(DeltaError::WrongSize { .. }));
        assert!(is_size(decompress(&data, None, size - 1, &hash)));
        assert!(is_size(decompress(&data, None, size + 1, &hash)));
        let other = ContentHash::blake3(b"");
        assert!(matches!(decompress(&data, None, size, &other), Err(DeltaError::WrongHash)));
        assert!(decompress(&data[..data.len() / 2], None, size, &hash).is_err());
        assert!(decompress(b"garbage", None, 7, &hash).is_err());
    }

    #[test]
    fn a_bomb_stops_at_the_announced_size() {
        let bomb = compress(&vec![0; 64 << 20], None, 19).unwrap();
        assert!(bomb.len() < 10_000);
        let result = decompress(&bomb, None, 1000, &ContentHash::blake3(b""));
        assert!(matches!(result, Err(DeltaError::WrongSize { .. })));
    }

    #[test]
    fn nothing_is_content_too() {
        let hash = ContentHash::blake3(b"");
        let data = compress(b"", Some(b"x"), 3).unwrap();
        assert_eq!(decompress(&data, Some(b"x"), 0, &hash).unwrap(), b"");
    }
}
