//! `patch`, over the real services.

use std::collections::BTreeMap;

use progy_api::limits;
use progy_client::api::Api;
use progy_client::remote::Remote;
use progy_client::remotes::patch::PatchRemote;
use progy_client::state::Overlay;
use progy_core::{
    ContentHash, DeviceId, DeviceName, Entry, FileEntry, HashKind, RelPath, Strategy, Tree,
};
use progy_sim::bench::Bench;
use semver::Version;

use crate::suite::{self, Fixture};

struct Patch<A> {
    bench: Bench,
    api: A,
}

impl<A: Api> Fixture for Patch<A> {
    fn remote(&self, n: u8) -> Box<dyn Remote + '_> {
        Box::new(PatchRemote {
            api: &self.api,
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
        let size = limits::PATCH_FILE + 1;
        let large = FileEntry { hash: ContentHash::blake3(b"large"), size, executable: false };
        Some(Overlay::from([(RelPath::new("large").unwrap(), Some(Entry::File(large)))]))
    }
}

#[test]
fn patch_keeps_the_laws() {
    suite::run(|| {
        let bench = Bench::new(Strategy::Patch).unwrap();
        let api = bench.api();
        Patch { bench, api }
    });
}
