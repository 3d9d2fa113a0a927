//! The server as its clients meet it: in this process, on a free port, with data of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod access;
mod accounts;
mod client;
mod cors;
mod courses;
mod devices;
mod git;
mod github;
mod guards;
mod history;
mod isolation;
mod lifecycle;
mod limits;
mod log;
mod observability;
mod pages;
mod problems;
mod secrets;
mod server;
mod snapshots;
mod social;
mod sync;
