//! `git`, over a host that keeps one repository.

use std::collections::BTreeMap;
use std::path::PathBuf;

use progy_api::limits;
use progy_client::api::{Api, GitApi};
use progy_client::disk::RealDisk;
use progy_client::remote::Remote;
use progy_client::remotes::git::{GitRemote, Known};
use progy_client::state::Overlay;
use progy_core::{
    ContentHash, DeviceId, DeviceName, Entry, FileEntry, HashKind, RelPath, Strategy, Tree,
};
use progy_sim::bench::Bench;
use semver::Version;
use tempfile::TempDir;

use crate::suite::{self, Fixture};

struct Git<A> {
    bench: Bench,
    api: A,
    folder: TempDir,
    disks: Vec<RealDisk>,
}

impl<A> Git<A> {
    fn root(&self, n: u8) -> PathBuf {
        self.folder.path().join(n.to_string())
    }
}

impl<A: Api + GitApi> Fixture for Git<A> {
    fn remote(&self, n: u8) -> Box<dyn Remote + '_> {
        Box::new(GitRemote {
            api: &self.api,
            disk: &self.disks[usize::from(n)],
            root: self.root(n),
            course: self.bench.course(),
            device: DeviceId::new(&format!("{n:032x}")).unwrap(),
            device_name: DeviceName::new(&format!("device-{n}")).unwrap(),
            offset: 0,
            helper: String::new(),
            known: Known::default(),
        })
    }

    fn lose_next_answer(&self) {
        self.bench.lose_next_answer();
    }

    fn version(&self) -> Version {
        self.bench.version()
    }

    fn template(&self) -> Tree {
        self.bench.template()
    }

    fn template_contents(&self) -> BTreeMap<ContentHash, Vec<u8>> {
        self.bench.contents()
    }

    fn package(&self) -> Vec<u8> {
        self.bench.package()
    }

    fn hash_kind(&self) -> HashKind {
        HashKind::GitBlob
    }

    fn too_much(&self) -> Option<Overlay> {
        let size = limits::GIT_FILE + 1;
        let large = FileEntry { hash: ContentHash::git_blob(b"large"), size, executable: false };
        Some(Overlay::from([(RelPath::new("large").unwrap(), Some(Entry::File(large)))]))
    }
}

#[test]
fn git_keeps_the_laws() {
    suite::run(|| {
        let bench = Bench::new(Strategy::Git).unwrap();
        let api = bench.api();
        let folder = tempfile::tempdir().unwrap();
        let disks = (0..2).map(|n| folder.path().join(n.to_string())).map(|root| {
            std::fs::create_dir(&root).unwrap();
            RealDisk::new(root)
        });
        let disks = disks.collect();
        Git { bench, api, folder, disks }
    });
}
