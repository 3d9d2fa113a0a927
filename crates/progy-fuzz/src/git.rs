//! What a Git host says, and what a repository holds that anybody may have written.

use std::collections::BTreeMap;

use progy_core::git::pkt_line::{self, Line, PktError};
use progy_core::git::wire::{self, Advertised, FetchAnswer, Report, Service, WireError};
use progy_core::git::{BRANCH, Commit, Facts, Object, ObjectId, Signature};

use crate::parts;

/// The most references that are taken from a host.
const MOST_REFS: usize = 10_000;
/// The longest words of a host's that are shown, in characters.
const WORDS: usize = 500;

/// Lines of Git's protocol.
pub fn pkt_lines(data: &[u8]) {
    let mut rest = data;
    let mut again = Vec::new();
    for line in pkt_line::lines(data) {
        let Ok(line) = line else { break };
        let before = again.len();
        match line {
            Line::Data(bytes) => {
                assert!(bytes.len() <= pkt_line::MAX);
                pkt_line::write(&mut again, bytes).expect("what was read can be written");
                let text = pkt_line::text(bytes);
                assert!(bytes.len() - text.len() <= 1, "a line break at most");
            }
            Line::Flush => again.extend_from_slice(pkt_line::FLUSH),
            Line::Delimiter => again.extend_from_slice(b"0001"),
            Line::End => again.extend_from_slice(b"0002"),
        }
        let written = again.get(before..).unwrap_or_default();
        let (read, after) = rest.split_at(written.len());
        // Digits may be in capitals.
        let (count, body) = written.split_at(4);
        assert!(read.get(..4).is_some_and(|read| read.eq_ignore_ascii_case(count)));
        assert_eq!(read.get(4..), Some(body));
        rest = after;
    }
    if rest.is_empty() {
        return;
    }
    let error = pkt_line::split(rest).expect_err("the reader stopped here");
    // Of what is cut short, the rest may come; nothing mends the other errors.
    let more = [rest, &vec![b'0'; pkt_line::MAX + 4]].concat();
    assert!(error == PktError::Short || pkt_line::split(&more) == Err(error));
    if data.len() > pkt_line::MAX {
        assert_eq!(pkt_line::write(&mut again, data), Err(PktError::Long));
    }
}

/// What a host has, a pack that it sends, and what it says of a push.
pub fn git_wire(data: &[u8]) {
    let [list, pack, report] = parts::<3>(data);
    for service in [Service::UploadPack, Service::ReceivePack] {
        if let Some(host) = sound(Advertised::parse(service, list)) {
            advertised(service, &host);
        }
    }
    fetched(pack);
    match sound(wire::push_report(report)) {
        Some(Report::Done) => {
            let has = |words: &[u8]| report.windows(words.len()).any(|window| window == words);
            assert!(has(b"unpack ok") && has(format!("ok {BRANCH}").as_bytes()));
        }
        Some(Report::Refused(words)) => assert_is_shown(&words),
        None => {}
    }
}

/// What was read; an error may be shown as it is.
fn sound<T>(read: Result<T, WireError>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(error) => {
            if let WireError::Told(words) = &error {
                assert_is_shown(words);
            }
            assert!(!error.to_string().contains(char::is_control), "{error}");
            None
        }
    }
}

fn assert_is_shown(words: &str) {
    assert!(words.chars().count() <= WORDS && !words.contains(char::is_control), "{words:?}");
}

/// A list is the same after it was written again, and requests made of it are of the protocol.
fn advertised(service: Service, host: &Advertised) {
    let nothing = ObjectId::from_bytes([0; 20]);
    assert!(host.others.len() <= MOST_REFS);
    assert!(host.main != Some(nothing) && !host.others.contains(&nothing), "no object is that");
    if let Some(written) = written(service, host) {
        assert_eq!(Advertised::parse(service, &written).as_ref(), Ok(host));
    }
    let (want, have) = (ObjectId::from_bytes([1; 20]), ObjectId::from_bytes([2; 20]));
    let fetch = wire::fetch_request(host, want, &[have]).expect("short lines");
    let said = said(&fetch);
    assert!(said.first().is_some_and(|line| line.starts_with(&format!("want {want} "))));
    assert_eq!(said.get(1..), Some(&[format!("have {have}"), "done".to_owned()][..]));
    match wire::push_request(host, host.main, want) {
        Ok(_) => assert!(host.can("report-status")),
        Err(error) => assert!(!host.can("report-status"), "{error}"),
    }
}

/// The list as a host would write it; `None` if a line of it is too long.
fn written(service: Service, host: &Advertised) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    pkt_line::write(&mut out, format!("# service={}\n", service.as_str()).as_bytes()).ok()?;
    out.extend_from_slice(pkt_line::FLUSH);
    let main = host.main.iter().map(|id| format!("{id} {BRANCH}"));
    let mut lines: Vec<String> =
        main.chain(host.others.iter().map(|id| format!("{id} .have"))).collect();
    if lines.is_empty() {
        lines.push(format!("{} capabilities^{{}}", ObjectId::from_bytes([0; 20])));
    }
    if let Some(first) = lines.first_mut() {
        first.push('\0');
        first.push_str(&host.capabilities.join(" "));
    }
    for line in lines {
        pkt_line::write(&mut out, format!("{line}\n").as_bytes()).ok()?;
    }
    out.extend_from_slice(pkt_line::FLUSH);
    Some(out)
}

/// The lines of a request, as text.
fn said(request: &[u8]) -> Vec<String> {
    let lines = pkt_line::lines(request).map(|line| line.expect("our own line"));
    let data = lines.filter_map(|line| match line {
        Line::Data(bytes) => Some(String::from_utf8_lossy(pkt_line::text(bytes)).into_owned()),
        _ => None,
    });
    data.collect()
}

/// The same pack, or the same error, comes out in whatever pieces the answer comes.
fn fetched(answer: &[u8]) {
    let whole = unpacked(answer, answer.len().max(1));
    for size in [1, 3, 1000] {
        assert_eq!(unpacked(answer, size), whole, "in pieces of {size}");
    }
    if let Some((pack, true)) = whole.ok().filter(|(pack, _)| !pack.is_empty()) {
        assert!(pack.starts_with(b"PACK") && answer.ends_with(&pack));
    }
}

fn unpacked(answer: &[u8], size: usize) -> Result<(Vec<u8>, bool), WireError> {
    let mut reader = FetchAnswer::default();
    let mut pack = Vec::new();
    for piece in answer.chunks(size) {
        pack.extend_from_slice(reader.pack_in(piece)?);
    }
    Ok((pack, reader.has_pack()))
}

/// A commit, whoever wrote it; and its first lines as a name, an address and a message that
/// somebody has chosen.
pub fn git_commit(data: &[u8]) {
    chosen(&String::from_utf8_lossy(data));
    let Ok(read) = Commit::parse(data) else { return };
    // What Git cannot write is left out the first time, and nothing after that.
    let Ok(again) = Commit::parse(&written_commit(&read)) else {
        panic!("what was read and written cannot be read: {read:?}");
    };
    assert_eq!(again.tree, read.tree);
    assert_eq!(again.parents, read.parents);
    assert_eq!((&again.author, &again.committer), (&read.author, &read.committer));
    assert_eq!(again.other, read.other);
    assert_eq!(again.facts, read.facts);
    assert_eq!(Commit::parse(&written_commit(&again)).as_ref(), Ok(&again));
    assert!(again.message.is_empty() || read.message.starts_with(first_line(&again.message)));
}

fn first_line(text: &str) -> &str {
    text.split(['\n', '\0']).next().unwrap_or_default()
}

fn written_commit(commit: &Commit) -> Vec<u8> {
    let object = commit.object();
    assert!(!object.bytes.contains(&0), "Git takes no such byte");
    assert_eq!(ObjectId::of(object.kind, &object.bytes), object.id);
    object.bytes
}

/// A commit of ours comes back as it was, whatever the learner is called and has to say.
fn chosen(text: &str) {
    let mut lines = text.splitn(3, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let author = Signature::new(next(), next(), 1_800_000_000, -210);
    let message = next().trim_end().replace('\0', "");
    let commit = Commit {
        tree: ObjectId::from_bytes([3; 20]),
        parents: vec![ObjectId::from_bytes([4; 20])],
        committer: author.clone(),
        author,
        other: Vec::new(),
        facts: Facts::default(),
        message: message.trim_end().to_owned(),
    };
    let bytes = written_commit(&commit);
    assert_eq!(Commit::parse(&bytes).as_ref(), Ok(&commit), "{}", String::from_utf8_lossy(&bytes));
    let head = bytes.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    assert_eq!(head.count(), 4, "a name makes no header");
}

/// Objects by their ids.
pub(crate) fn by_id(objects: impl IntoIterator<Item = Object>) -> BTreeMap<ObjectId, Object> {
    objects.into_iter().map(|object| (object.id, object)).collect()
}
