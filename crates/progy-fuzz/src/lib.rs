//! Every parser of outside input, as a function from bytes that panics if a promise is broken.
//!
//! The promises: no input makes it panic or hang; what it takes in and writes again is taken in as
//! the same; what it gives keeps the invariants of its type; and no input makes it give, or keep in
//! memory, more than its limits say.
//!
//! `tests/corpus.rs` runs all targets over `corpus/` and mutations of it, as a plain test. `fuzz/`
//! in the root of the repository runs the same targets under libFuzzer.

#![allow(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a target tells of a broken promise by panicking"
)]

mod account;
mod course;
mod device;
mod disk;
mod git;
mod github;
mod merge;
mod names;
mod package;
mod progress;
mod repository;
mod rules;
mod server;
mod settings;
mod snapshot;
mod tree;
mod wire;

pub use account::account_requests;
pub use course::{course_manifest, module_info, outline, runner_report, rustlings_import};
pub use device::{device_index, device_journal, device_state, progy_toml, trash_list};
pub use git::{git_commit, git_wire, pkt_lines};
pub use github::github_answers;
pub use merge::text_merge;
pub use names::names;
pub use package::package;
pub use progress::progress_records;
pub use repository::{git_folder, git_pack, git_tree};
pub use rules::{course_globs, ignore_files};
pub use server::server_answers;
pub use settings::{server_address, settings, vscode_tasks};
pub use snapshot::{snapshot_frames, snapshot_list, snapshot_node, snapshot_pack};
pub use tree::{tree_json, tree_postcard};
pub use wire::{delta, event_stream, sync_request};

/// A function that feeds bytes to one parser.
pub type Target = fn(&[u8]);

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        /// All targets with their names, which are those of their folders in `corpus/`.
        pub const TARGETS: &[(&str, Target)] = &[$((stringify!($name), $name)),*];
    };
}

targets![
    account_requests,
    course_globs,
    course_manifest,
    delta,
    device_index,
    device_journal,
    device_state,
    event_stream,
    git_commit,
    git_folder,
    git_pack,
    git_tree,
    git_wire,
    github_answers,
    ignore_files,
    module_info,
    names,
    outline,
    package,
    pkt_lines,
    progress_records,
    progy_toml,
    runner_report,
    rustlings_import,
    server_address,
    server_answers,
    settings,
    snapshot_frames,
    snapshot_list,
    snapshot_node,
    snapshot_pack,
    sync_request,
    text_merge,
    trash_list,
    tree_json,
    tree_postcard,
    vscode_tasks,
];

/// What stands between the parts of an input that has several.
const BETWEEN: &[u8] = b"%%\n";

/// The parts of an input; empty ones for those that are missing.
fn parts<const N: usize>(data: &[u8]) -> [&[u8]; N] {
    let mut rest = Some(data);
    std::array::from_fn(|_| {
        let Some(left) = rest else { return &[][..] };
        match left.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
            Some(at) => {
                rest = left.get(at + BETWEEN.len()..);
                left.get(..at).unwrap_or_default()
            }
            None => rest.take().unwrap_or_default(),
        }
    })
}

/// As [`parts`], of an input that is text.
fn text_parts<const N: usize>(data: &[u8]) -> Option<[&str; N]> {
    let mut texts = [""; N];
    for (text, part) in texts.iter_mut().zip(parts::<N>(data)) {
        *text = std::str::from_utf8(part).ok()?;
    }
    Some(texts)
}

/// Asserts that a value is the same after it was written as JSON and read again.
fn same_as_json<T>(value: &T)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let text = serde_json::to_vec(value).expect("a value that was read can be written");
    let again: T = serde_json::from_slice(&text).expect("what was written can be read");
    assert_eq!(*value, again, "as JSON");
}

/// As [`same_as_json`], for the form that files of a device and of the server have.
fn same_as_postcard<T>(value: &T)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let bytes = postcard::to_stdvec(value).expect("a value that was read can be written");
    let again: T = postcard::from_bytes(&bytes).expect("what was written can be read");
    assert_eq!(*value, again, "as postcard");
}
