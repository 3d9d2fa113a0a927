//! The identity of a file's bytes.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names the bytes of a file.
///
/// To the planner it is opaque: only equality counts. Each remote says how its ids are computed:
/// BLAKE3 (32 bytes) for Progy's own, the blob id (20 bytes) for Git. Shown and serialised as
/// lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash {
    len: u8,
    bytes: [u8; 32],
}

/// The text is no content hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a content hash has 40 or 64 hexadecimal digits")]
pub struct HashError;

impl ContentHash {
    /// The BLAKE3 hash of `bytes`.
    pub fn blake3(bytes: &[u8]) -> Self {
        Self::from_blake3(blake3::hash(bytes))
    }

    /// A hash that was computed in a stream.
    pub fn from_blake3(hash: blake3::Hash) -> Self {
        Self { len: 32, bytes: *hash.as_bytes() }
    }

    /// A raw id of 20 or 32 bytes.
    pub fn from_bytes(raw: &[u8]) -> Result<Self, HashError> {
        let mut bytes = [0; 32];
        let len = match raw.len() {
            20 => 20,
            32 => 32,
            _ => return Err(HashError),
        };
        bytes.get_mut(..raw.len()).ok_or(HashError)?.copy_from_slice(raw);
        Ok(Self { len, bytes })
    }

    /// The raw id.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&self.bytes)
    }

    /// The first eight hexadecimal digits, as conflict copies and messages show them.
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

impl std::str::FromStr for ContentHash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        if text.len() > 64 {
            return Err(HashError);
        }
        let digits = text
            .bytes()
            .map(|digit| match digit {
                b'0'..=b'9' => Ok(digit - b'0'),
                b'a'..=b'f' => Ok(digit - b'a' + 10),
                _ => Err(HashError),
            })
            .collect::<Result<Vec<u8>, _>>()?;
        let (pairs, rest) = digits.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(HashError);
        }
        let raw: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        Self::from_bytes(&raw)
    }
}

impl Serialize for ContentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(self.as_bytes())
        }
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            let raw = <&[u8]>::deserialize(deserializer)?;
            Self::from_bytes(raw).map_err(serde::de::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let hash = ContentHash::blake3(b"hello");
        assert_eq!(hash.to_string().parse::<ContentHash>().unwrap(), hash);
        let git = ContentHash::from_bytes(&[7; 20]).unwrap();
        assert_eq!(git.to_string().len(), 40);
        assert_eq!(git.to_string().parse::<ContentHash>().unwrap(), git);
        assert_eq!(hash.short().len(), 8);
    }

    #[test]
    fn other_texts_are_refused() {
        for bad in ["", "abc", "zz", &"A".repeat(64), &"a".repeat(63), &"a".repeat(66)] {
            assert!(bad.parse::<ContentHash>().is_err());
        }
    }
}
