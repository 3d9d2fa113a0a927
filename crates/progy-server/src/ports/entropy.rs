//! Bytes that nobody can guess.

use super::{PortError, Result};

/// A source of random bytes.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with bytes fit for secrets, or fails; never leaves them as they were.
    fn fill(&self, bytes: &mut [u8]) -> Result<()>;
}

/// The operating system's source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        getrandom::fill(bytes).map_err(|error| PortError::Unavailable(error.to_string()))
    }
}
