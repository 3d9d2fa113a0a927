//! The device: what Progy does on a learner's machine.
//!
//! From the disk up:
//!
//! - [`disk`]: the few things that Progy asks of a file system, on the real one in [`disk::real`];
//! - [`env`](mod@env): time and randomness;
//! - [`layout`], [`codec`], [`state`], [`contents`]: what stands in `.progy/`;
//! - [`index`], [`scan`]: which files are there, without reading what has not changed;
//! - [`apply`], [`trash`]: bringing the files to another state without losing a byte;
//! - [`remote`], [`remotes`]: how revisions are stored and carried;
//! - [`pages`], [`names`]: their history, and contents by the names of another strategy;
//! - [`engine`]: saving, syncing and everything that is made of them;
//! - [`api`], [`template`], [`runner`], [`watch`], [`config`]: the server, the course, the device.

pub mod api;
pub mod apply;
pub mod codec;
pub mod config;
pub mod contents;
pub mod details;
pub mod disk;
pub mod editor;
pub mod engine;
pub mod env;
pub mod error;
pub mod index;
pub mod layout;
pub mod names;
pub mod pages;
pub mod platform;
pub mod remote;
pub mod remotes;
pub mod runner;
pub mod scan;
pub mod state;
pub mod store;
pub mod template;
pub mod trash;
pub mod watch;

pub use error::{Error, Result};
