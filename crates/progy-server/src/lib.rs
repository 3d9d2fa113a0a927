//! Progy's server.
//!
//! Routes parse and authorise, [`services`] decide, [`ports`] do I/O. Dependencies point from the
//! first to the last only; a service neither spawns nor sleeps, so that the simulation can run it on
//! an executor and a clock of its own.

pub mod admin;
pub mod config;
pub mod error;
mod http;
pub mod logging;
mod openapi;
mod pages;
pub mod ports;
mod routes;
pub mod secret;
pub mod serve;
pub mod services;
pub mod vault;

pub use config::Config;
pub use error::{Result, ServiceError};
pub use routes::{forms, shown};
pub use secret::Secret;
pub use serve::{ServerError, serve, serve_until};
pub use services::{Limits, Services};
