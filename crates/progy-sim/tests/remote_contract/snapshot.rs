//! `snapshot`, over the real services, with what devices keep in real folders.

use std::collections::BTreeMap;

use progy_client::api::{Api, SnapshotApi};
use progy_client::disk::RealDisk;
use progy_client::remote::Remote;
use progy_client::remotes::snapshot::SnapshotRemote;
use progy_client::state::Overlay;
use progy_core::{ContentHash, DeviceId, DeviceName, HashKind, Strategy, Tree};
use progy_sim::bench::Bench;
use semver::Version;
use tempfile::TempDir;

use crate::suite::{self, Fixture};

/// So many devices has a law at most.
const DEVICES: usize = 4;

struct Snapshot<A> {
    bench: Bench,
    api: A,
    disks: Vec<RealDisk>,
    _folders: Vec<TempDir>,
}

impl<A: Api + SnapshotApi> Fixture for Snapshot<A> {
    fn remote(&self, n: u8) -> Box<dyn Remote + '_> {
        Box::new(SnapshotRemote {
            api: &self.api,
            disk: &self.disks[usize::from(n)],
            course: self.bench.course(),
            device: DeviceId::new(&format!("{n:032x}")).unwrap(),
            device_name: DeviceName::new(&format!("device-{n}")).unwrap(),
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
        HashKind::Blake3
    }

    fn too_much(&self) -> Option<Overlay> {
        None
    }
}

#[test]
fn snapshot_keeps_the_laws() {
    suite::run(|| {
        let bench = Bench::new(Strategy::Snapshot).unwrap();
        let api = bench.api();
        let folders: Vec<TempDir> = (0..DEVICES).map(|_| tempfile::tempdir().unwrap()).collect();
        let disks = folders.iter().map(|folder| RealDisk::new(folder.path())).collect();
        Snapshot { bench, api, disks, _folders: folders }
    });
}
