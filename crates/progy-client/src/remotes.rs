//! The implementations of [`crate::remote::Remote`].

pub mod git;
pub mod patch;
pub mod snapshot;
pub mod switching;

mod registry;
