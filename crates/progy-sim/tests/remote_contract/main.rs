//! The laws of [`progy_client::remote::Remote`], run against every implementation.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod git;
mod patch;
mod snapshot;
mod suite;
