//! Several devices and a server in one process and one thread, with everything going wrong.
//!
//! The real engine and the real services run over a disk, a network, clocks and chance that a seed
//! decides: the same seed gives the same run, to the byte. `docs/simulation.md` tells the story.
//!
//! - [`script`]: what happens in a run, drawn from a seed, and made shorter when it fails;
//! - `machine`, `disk`, `learner`: a computer with a file system, and who sits at it;
//! - `server`, `network`, `line`, `client`: the services and the way to them;
//! - `process`: one command; `world`: all of it, one step after the other;
//! - `ledger`, `check`: what has to be found again, and all else that must hold;
//! - `bench`: the server alone, for tests of what speaks to it;
//! - [`sabotage`]: faults put in on purpose, to see that they are found.

#![allow(clippy::struct_excessive_bools, reason = "what may go wrong is independent of each other")]
#![allow(clippy::needless_pass_by_value, reason = "what a step is told about is over with it")]

pub mod bench;
mod check;
mod client;
mod course;
mod cut;
mod disk;
mod env;
mod learner;
mod ledger;
mod line;
mod machine;
mod network;
mod process;
mod rng;
pub mod sabotage;
pub mod script;
mod server;
mod trace;
mod world;

pub use sabotage::Sabotage;
pub use script::Script;
pub use world::{Outcome, run};
