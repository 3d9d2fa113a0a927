//! The implementations of [`crate::remote::Remote`].

pub mod patch;
