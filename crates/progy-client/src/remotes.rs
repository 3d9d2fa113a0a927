//! The implementations of [`crate::remote::Remote`].

pub mod git;
pub mod patch;
pub mod switching;

mod registry;
