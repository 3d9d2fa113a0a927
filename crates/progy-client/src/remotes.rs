//! The implementations of [`crate::remote::Remote`].

pub mod git;
pub mod patch;

mod registry;
