//! The suite. It speaks to a remote as the engine does, and knows nothing of how one works.

use std::collections::{BTreeMap, BTreeSet};

use progy_client::Error;
use progy_client::details::Details;
use progy_client::remote::{
    Gathered, Head, Publish, PublishError, Published, Remote, Standing, Wanted,
};
use progy_client::state::{Base, Overlay, Queued};
use progy_core::progress::{Attempt, Day, Progress};
use progy_core::{
    ContentHash, DeviceId, Entry, FileEntry, HashKind, LessonId, LinkTarget, RelPath, SaveId,
    Timestamp, Tree,
};
use progy_sim::bench::now;
use semver::Version;

/// A server with one course and one learner who has not begun, and that learner's devices.
pub(crate) trait Fixture {
    /// The remote as device `n` has it.
    fn remote(&self, n: u8) -> Box<dyn Remote + '_>;
    /// The next request is carried out, and its answer lost.
    fn lose_next_answer(&self);
    /// The version of the course.
    fn version(&self) -> Version;
    /// The files of the course.
    fn template(&self) -> Tree;
    /// Their contents.
    fn template_contents(&self) -> BTreeMap<ContentHash, Vec<u8>>;
    /// Its package.
    fn package(&self) -> Vec<u8>;
    /// How contents are named.
    fn hash_kind(&self) -> HashKind;
    /// A state that this remote does not carry, if there is one.
    fn too_much(&self) -> Option<Overlay>;
}

/// What a device knows: the state that it follows, and contents.
struct Device<'f, F> {
    fixture: &'f F,
    number: u8,
    base: Base,
    contents: BTreeMap<ContentHash, Vec<u8>>,
}

fn path(text: &str) -> RelPath {
    RelPath::new(text).unwrap()
}

fn save_id(n: u8) -> SaveId {
    SaveId::new(&format!("{n:032x}")).unwrap()
}

impl<'f, F: Fixture> Device<'f, F> {
    fn new(fixture: &'f F, number: u8) -> Self {
        let base = Base::new(fixture.version());
        Self { fixture, number, base, contents: BTreeMap::new() }
    }

    fn remote(&self) -> Box<dyn Remote + 'f> {
        self.fixture.remote(self.number)
    }

    fn file(&mut self, bytes: &[u8]) -> FileEntry {
        let hash = self.fixture.hash_kind().hash(bytes);
        self.contents.insert(hash, bytes.to_vec());
        FileEntry { hash, size: bytes.len() as u64, executable: false }
    }

    #[allow(clippy::unnecessary_wraps, reason = "as an overlay holds it")]
    fn text(&mut self, bytes: &[u8]) -> Option<Entry> {
        Some(Entry::File(self.file(bytes)))
    }

    /// A save of base with `changes`.
    fn save(&self, id: u8, changes: &[(&str, Option<Entry>)]) -> Queued {
        let mut overlay = self.base.overlay.clone();
        overlay.extend(changes.iter().map(|(at, entry)| (path(at), entry.clone())));
        Queued {
            id: save_id(id),
            message: format!("save {id}"),
            lesson: None,
            saved_at: Timestamp(1_767_600_000_000 + i64::from(id)),
            version: self.base.version.clone(),
            overlay,
            folders: self.base.folders.clone(),
            sealed: None,
        }
    }

    fn try_publish(&self, save: &Queued, progress: &Progress) -> Result<Published, PublishError> {
        let template = self.fixture.template();
        let of_template = self.fixture.template_contents();
        let content =
            |hash: &ContentHash| self.contents.get(hash).or_else(|| of_template.get(hash)).cloned();
        let publish = Publish {
            parent: &self.base,
            save,
            rest: &[],
            template: &template,
            progress,
            details: &Details::default(),
            content: &content,
            from: None,
        };
        now(self.remote().publish(&publish))
    }

    fn publish(&mut self, save: &Queued) -> Published {
        let published = self.try_publish(save, &Progress::default()).unwrap();
        self.base = save.as_base(Some(published.revision.id.clone()));
        published
    }

    fn head(&self) -> Option<Head> {
        self.head_of(&self.base)
    }

    fn head_of(&self, base: &Base) -> Option<Head> {
        let here = Standing { base, details: &Details::default() };
        now(self.remote().head(Some(here))).unwrap()
    }

    /// Takes over the head.
    fn follow(&mut self) {
        let head = self.head().unwrap();
        self.base = head.base();
    }

    fn fetch(&self, wanted: &[Wanted]) -> BTreeMap<ContentHash, Vec<u8>> {
        let content = |hash: &ContentHash| self.contents.get(hash).cloned();
        let mut gathered = Gathered::default();
        now(self.remote().fetch(&self.base.version, wanted, &content, &mut gathered)).unwrap();
        wanted.iter().filter_map(|want| Some((want.hash, gathered.get(&want.hash)?))).collect()
    }
}

fn wanted(entry: Option<&Entry>, details: &Details) -> Wanted {
    Wanted::with(entry.and_then(Entry::as_file).unwrap(), details)
}

/// One law, and what to call it.
type Law<F> = (&'static str, fn(&F));

/// Runs every law against a new fixture.
pub(crate) fn run<F: Fixture>(new: impl Fn() -> F) {
    let laws: [Law<F>; 12] = [
        ("begins empty", begins_empty),
        ("a save becomes the head", a_save_becomes_the_head),
        ("every kind of entry comes back", every_kind_of_entry_comes_back),
        ("a save is published once", a_save_is_published_once),
        ("a lost answer changes nothing", a_lost_answer_changes_nothing),
        ("the first of two wins", the_first_of_two_wins),
        ("a save id stands for one content", a_save_id_stands_for_one_content),
        ("contents come back byte for byte", contents_come_back_byte_for_byte),
        ("history stays", history_stays),
        ("an unknown base is told", an_unknown_base_is_told),
        ("progress is merged", progress_is_merged),
        ("the package is the course's", the_package_is_the_courses),
    ];
    for (name, law) in laws {
        let fixture = new();
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| law(&fixture)));
        assert!(told.is_ok(), "the law that broke: {name}");
    }
}

fn begins_empty<F: Fixture>(fixture: &F) {
    let a = Device::new(fixture, 0);
    assert!(a.head().is_none());
    assert!(now(a.remote().log(None, 10)).unwrap().revisions.is_empty());
    assert_eq!(now(a.remote().newest_version()).unwrap(), fixture.version());
    let nothing = now(a.remote().revision(&progy_core::RevisionId::new(&"0".repeat(32)).unwrap()));
    assert!(nothing.unwrap().is_none());
    let strange = Wanted::of(&FileEntry {
        hash: ContentHash::blake3(b"of somebody else"),
        size: 16,
        executable: false,
    });
    assert!(a.fetch(&[strange]).is_empty());
    if let Some(too_much) = fixture.too_much() {
        assert!(a.remote().admit(&too_much).is_err());
    }
    assert!(a.remote().admit(&Overlay::new()).is_ok());
}

fn a_save_becomes_the_head<F: Fixture>(fixture: &F) {
    let (mut a, b) = (Device::new(fixture, 0), Device::new(fixture, 1));
    let text = a.text(b"fn main() {}\n");
    let first = a.save(1, &[("new.rs", text.clone())]);
    let published = a.publish(&first);
    assert_eq!(published.revision.parent, None);
    assert_eq!(published.revision.message, "save 1");
    // Not every history knows more than seconds.
    let seconds = |at: Timestamp| at.millis() / 1000;
    assert_eq!(seconds(published.revision.saved_at), seconds(first.saved_at));
    assert_eq!(published.head, published.revision.id);

    let other = a.text(b"fn main() { println!(\"hi\"); }\n");
    let second = a.publish(&a.save(2, &[("new.rs", other)]));
    assert_eq!(second.revision.parent, Some(published.revision.id));

    let head = b.head().unwrap();
    assert_eq!(head.revision.unwrap().id, second.revision.id);
    assert_eq!(head.overlay, a.base.overlay);
    assert_eq!(head.version, fixture.version());
    assert!(head.base_known, "no base is a base that everyone knows");
    let author = head.devices.get(&path("new.rs"));
    assert_eq!(author, Some(&second.revision.device));
}

fn every_kind_of_entry_comes_back<F: Fixture>(fixture: &F) {
    let (mut a, b) = (Device::new(fixture, 0), Device::new(fixture, 1));
    let script = FileEntry { executable: true, ..a.file(b"#!/bin/sh\n") };
    let script = Some(Entry::File(script));
    let empty = a.text(b"");
    let (target, deleted) = (path("to/it"), fixture.template().iter().next().unwrap().0.clone());
    let link = Some(Entry::Symlink(LinkTarget::new(&target, "../run.sh").unwrap()));
    let changes = [
        ("run.sh", script),
        ("empty", empty),
        ("to/it", link),
        ("lição/ção çã.txt", a.text("olá\n".as_bytes())),
        (deleted.as_str(), None),
    ];
    a.publish(&a.save(1, &changes));
    assert_eq!(b.head().unwrap().overlay, a.base.overlay);
    // What is put back is not told of any more.
    let mut back = a.save(2, &[]);
    back.overlay.remove(&deleted);
    a.publish(&back);
    assert_eq!(b.head().unwrap().overlay, back.overlay);
}

fn a_save_is_published_once<F: Fixture>(fixture: &F) {
    let (mut a, mut b) = (Device::new(fixture, 0), Device::new(fixture, 1));
    let text = a.text(b"one\n");
    let save = a.save(1, &[("a.txt", text)]);
    let first = a.try_publish(&save, &Progress::default()).unwrap();
    let again = a.try_publish(&save, &Progress::default()).unwrap();
    assert_eq!(again.revision, first.revision);
    b.follow();
    let other = b.text(b"two\n");
    let newer = b.publish(&b.save(2, &[("b.txt", other)]));
    let late = a.try_publish(&save, &Progress::default()).unwrap();
    assert_eq!(late.revision, first.revision);
    assert_eq!(late.head, newer.revision.id, "the head is told as it is now");
    assert_eq!(now(b.remote().log(None, 10)).unwrap().revisions.len(), 2);
}

fn a_lost_answer_changes_nothing<F: Fixture>(fixture: &F) {
    let mut a = Device::new(fixture, 0);
    let text = a.text(b"one\n");
    let save = a.save(1, &[("a.txt", text)]);
    fixture.lose_next_answer();
    let lost = a.try_publish(&save, &Progress::default());
    assert!(matches!(lost, Err(PublishError::Other(Error::Unreachable(_)))), "{lost:?}");
    let published = a.publish(&save);
    assert_eq!(now(a.remote().log(None, 10)).unwrap().revisions, [published.revision]);
}

fn the_first_of_two_wins<F: Fixture>(fixture: &F) {
    let (mut a, mut b) = (Device::new(fixture, 0), Device::new(fixture, 1));
    let (mine, yours) = (a.text(b"a\n"), b.text(b"b\n"));
    let first = a.publish(&a.save(1, &[("same.txt", mine)]));
    let second = b.save(2, &[("same.txt", yours)]);
    let refused = b.try_publish(&second, &Progress::default());
    assert!(matches!(refused, Err(PublishError::HeadMoved)), "{refused:?}");
    let head = b.head().unwrap();
    assert_eq!(head.revision.unwrap().id, first.revision.id);
    assert_eq!(head.overlay, a.base.overlay, "what was refused left nothing");
    b.follow();
    let published = b.publish(&Queued { overlay: second.overlay, ..b.save(2, &[]) });
    assert_eq!(published.revision.parent, Some(first.revision.id));
}

fn a_save_id_stands_for_one_content<F: Fixture>(fixture: &F) {
    let mut a = Device::new(fixture, 0);
    let (one, two) = (a.text(b"one\n"), a.text(b"two\n"));
    let first = a.save(1, &[("a.txt", one)]);
    a.publish(&first);
    let reused = a.save(1, &[("a.txt", two)]);
    let refused = a.try_publish(&reused, &Progress::default());
    assert!(matches!(refused, Err(PublishError::SaveReused)), "{refused:?}");
    let b = Device::new(fixture, 1);
    assert_eq!(b.head().unwrap().overlay, first.overlay);
}

fn contents_come_back_byte_for_byte<F: Fixture>(fixture: &F) {
    let (mut a, mut b) = (Device::new(fixture, 0), Device::new(fixture, 1));
    let long: Vec<u8> =
        (0..200_000_u32).flat_map(|n| n.to_string().into_bytes()).take(300_000).collect();
    let mut edited = long.clone();
    edited.splice(1000..1000, *b"// a line more\n");
    let first = a.text(&long);
    let second = a.text(&edited);
    let binary = a.text(&[0, 255, 13, 10, 0]);
    let one = a.publish(&a.save(1, &[("long.txt", first.clone()), ("bin", binary.clone())]));
    let two = a.publish(&a.save(2, &[("long.txt", second.clone())]));

    // Whoever wants a content has read a revision that names it.
    let mut details = Details::default();
    for published in [one, two] {
        let recorded = now(b.remote().revision(&published.revision.id)).unwrap();
        details.learn(recorded.unwrap().details);
    }
    let all = [first, second, binary].map(|entry| wanted(entry.as_ref(), &details));
    let got = b.fetch(&all);
    assert!(got == a.contents, "from a device that has nothing");
    // One that has the older content says so, and gets the same bytes.
    b.contents.insert(all[0].hash, long);
    let with_older = Wanted { have: Some(all[0].hash), ..all[1].clone() };
    assert_eq!(b.fetch(&[with_older]).get(&all[1].hash), Some(&edited));
    let strange = Wanted::of(&FileEntry {
        hash: ContentHash::blake3(b"of somebody else"),
        size: 16,
        executable: false,
    });
    let got: BTreeSet<_> = b.fetch(&[strange, all[2].clone()]).into_keys().collect();
    assert_eq!(got, BTreeSet::from([all[2].hash]), "what is not known is left out");
}

fn history_stays<F: Fixture>(fixture: &F) {
    let mut a = Device::new(fixture, 0);
    let mut then = Vec::new();
    for n in 1..=7 {
        let text = a.text(format!("state {n}\n").as_bytes());
        let published = a.publish(&a.save(n, &[("state.txt", text)]));
        then.push((published.revision, a.base.overlay.clone()));
    }
    for (revision, overlay) in &then {
        let recorded = now(a.remote().revision(&revision.id)).unwrap().unwrap();
        assert_eq!(&recorded.revision, revision);
        assert_eq!(&recorded.overlay, overlay);
    }
    let newest_first: Vec<_> = then.into_iter().rev().map(|(revision, _)| revision).collect();
    let page = now(a.remote().log(None, 3)).unwrap();
    assert!(page.more);
    assert_eq!(page.revisions, newest_first[..3]);
    let rest = now(a.remote().log(Some(&page.revisions[2].id), 10)).unwrap();
    assert!(!rest.more);
    assert_eq!(rest.revisions, newest_first[3..]);
}

fn an_unknown_base_is_told<F: Fixture>(fixture: &F) {
    let mut a = Device::new(fixture, 0);
    let text = a.text(b"one\n");
    a.publish(&a.save(1, &[("a.txt", text)]));
    let strange = progy_core::RevisionId::new(&"ab".repeat(16)).unwrap();
    assert!(a.head().unwrap().base_known);
    a.base.revision = Some(strange);
    assert!(!a.head().unwrap().base_known);
    let save = a.save(2, &[("a.txt", None)]);
    let refused = a.try_publish(&save, &Progress::default());
    assert!(matches!(refused, Err(PublishError::HeadMoved)), "{refused:?}");
}

fn progress_is_merged<F: Fixture>(fixture: &F) {
    let (mut a, b) = (Device::new(fixture, 0), Device::new(fixture, 1));
    let lesson = |name: &str| LessonId::new(name).unwrap();
    let passed = |name: &str, device: &str| {
        let mut progress = Progress::default();
        let at = Timestamp(1_767_600_000_000);
        let attempt = Attempt { at, day: Day::of(at), passed: true, xp: 10 };
        let device = DeviceId::new(&device.repeat(16)).unwrap();
        progress.record_attempt(&lesson(name), &device, attempt);
        progress
    };
    let (first, second) = (passed("01_intro/01_hello", "aa"), passed("01_intro/02_vars", "bb"));
    let version = fixture.version();
    let digest = now(a.remote().publish_progress(&version, &first)).unwrap();
    assert_eq!(digest, first.digest());
    let head = b.head().unwrap();
    assert!(head.revision.is_none(), "progress alone makes no revision");
    assert_eq!(head.progress, first);

    let text = a.text(b"one\n");
    let published = a.try_publish(&a.save(1, &[("a.txt", text)]), &second).unwrap();
    let mut both = first.clone();
    both.join(&second);
    assert_eq!(published.progress_digest, Some(both.digest()));
    assert_eq!(b.head().unwrap().progress, both);
    let again = now(a.remote().publish_progress(&version, &first)).unwrap();
    assert_eq!(again, both.digest(), "progress only grows");
}

fn the_package_is_the_courses<F: Fixture>(fixture: &F) {
    let a = Device::new(fixture, 0);
    let mut bytes = Vec::new();
    let hash = now(a.remote().package(&fixture.version(), &mut bytes)).unwrap();
    assert_eq!(bytes, fixture.package());
    assert_eq!(hash, ContentHash::blake3(&bytes).to_string());
    let none = now(a.remote().package(&Version::new(77, 0, 0), &mut Vec::new()));
    assert!(matches!(none, Err(Error::NoVersion(..))), "{none:?}");
}
