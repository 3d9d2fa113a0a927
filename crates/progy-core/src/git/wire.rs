//! What is said to a Git host over smart HTTP, version 0 of the protocol: one branch, one question,
//! one answer (`gitprotocol-http`, `gitprotocol-pack`).
//!
//! Version 2 would ask once more before each fetch; with a single branch there is nothing to gain.

use super::pkt_line::{self, FLUSH, Line, PktError};
use super::{BRANCH, ObjectId};

/// How this program calls itself.
const AGENT: &str = concat!("agent=progy/", env!("CARGO_PKG_VERSION"));
/// More references than this are not taken from a host.
const MAX_REFS: usize = 10_000;
/// What the protocol says where there is no object.
const NOTHING: ObjectId = ObjectId::from_bytes([0; 20]);

/// What is asked of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Fetching.
    UploadPack,
    /// Pushing.
    ReceivePack,
}

/// What a host has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Advertised {
    /// Its branch `main`.
    pub main: Option<ObjectId>,
    /// Other objects that it has with all that they lead to: other references, and what it shares
    /// with other repositories.
    pub others: Vec<ObjectId>,
    /// What it can do.
    pub capabilities: Vec<String>,
}

/// The host's answer is not in Git's protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A line is none.
    #[error(transparent)]
    Line(#[from] PktError),
    /// The host says what is wrong.
    #[error("the Git host says: {0}")]
    Told(String),
    /// Something else is there than should be.
    #[error("the Git host's answer cannot be read: {0}")]
    Unexpected(&'static str),
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The branch is where it was asked to be.
    Done,
    /// The host refused, with its words. Whether another device was faster shows when it is asked
    /// again.
    Refused(String),
}

impl Service {
    /// The name in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UploadPack => "git-upload-pack",
            Self::ReceivePack => "git-receive-pack",
        }
    }
}

impl Advertised {
    /// Reads the answer of `GET …/info/refs?service=…`.
    pub fn parse(service: Service, bytes: &[u8]) -> Result<Self, WireError> {
        let mut lines = pkt_line::lines(bytes).peekable();
        let announced = format!("# service={}", service.as_str());
        if let Some(Ok(Line::Data(data))) = lines.peek()
            && pkt_line::text(data) == announced.as_bytes()
        {
            lines.next();
            if lines.next() != Some(Ok(Line::Flush)) {
                return Err(WireError::Unexpected("no end after the service"));
            }
        }
        let mut advertised = Self::default();
        let mut first = true;
        for line in lines {
            let data = match line? {
                Line::Data(data) => pkt_line::text(data),
                Line::Flush => return Ok(advertised),
                Line::Delimiter | Line::End => return Err(WireError::Unexpected("version 2")),
            };
            refuse_error(data)?;
            let (data, capabilities) = match data.iter().position(|byte| *byte == 0) {
                Some(at) if first => (data.get(..at), data.get(at + 1..)),
                _ => (Some(data), None),
            };
            let data = data.unwrap_or_default();
            if let Some(list) = capabilities {
                let list = String::from_utf8_lossy(list);
                advertised.capabilities = list.split_whitespace().map(str::to_owned).collect();
            }
            first = false;
            advertised.take(data)?;
        }
        Err(WireError::Unexpected("the list does not end"))
    }

    fn take(&mut self, line: &[u8]) -> Result<(), WireError> {
        let line = std::str::from_utf8(line).map_err(|_| WireError::Unexpected("a bad name"))?;
        let (id, name) = line.split_once(' ').ok_or(WireError::Unexpected("no reference"))?;
        if id == "shallow" || name == "capabilities^{}" {
            return Ok(());
        }
        let id: ObjectId = id.parse().map_err(|_| WireError::Unexpected("a bad id"))?;
        // It stands for "no object": nothing could be fetched, or pushed on top.
        if id == NOTHING {
            return Err(WireError::Unexpected("a reference to nothing"));
        }
        if name == BRANCH {
            self.main = Some(id);
        } else if self.others.len() < MAX_REFS {
            self.others.push(id);
        }
        Ok(())
    }

    /// Whether the host can do `what`.
    pub fn can(&self, what: &str) -> bool {
        self.capabilities.iter().any(|capability| capability == what)
    }
}

fn refuse_error(data: &[u8]) -> Result<(), WireError> {
    match data.strip_prefix(b"ERR ") {
        Some(words) => Err(WireError::Told(readable(words))),
        None => Ok(()),
    }
}

/// Words of a host, fit to be shown.
fn readable(words: &[u8]) -> String {
    let words = String::from_utf8_lossy(words);
    words.chars().filter(|c| !c.is_control()).take(500).collect()
}

/// Body of `POST …/git-upload-pack`: all that leads to `want` and not to any of `haves`.
pub fn fetch_request(
    advertised: &Advertised,
    want: ObjectId,
    haves: &[ObjectId],
) -> Result<Vec<u8>, PktError> {
    let mut capabilities = AGENT.to_owned();
    for capability in ["ofs-delta", "thin-pack"] {
        if advertised.can(capability) {
            capabilities = format!("{capability} {capabilities}");
        }
    }
    let mut body = Vec::new();
    pkt_line::write(&mut body, format!("want {want} {capabilities}\n").as_bytes())?;
    body.extend_from_slice(FLUSH);
    for have in haves {
        pkt_line::write(&mut body, format!("have {have}\n").as_bytes())?;
    }
    pkt_line::write(&mut body, b"done\n")?;
    Ok(body)
}

/// Takes the answer of `POST …/git-upload-pack` in pieces, and gives out the pack in it.
#[derive(Debug, Default)]
pub struct FetchAnswer {
    held: Vec<u8>,
    in_pack: bool,
}

impl FetchAnswer {
    /// The bytes of the pack that `piece` holds.
    pub fn pack_in<'a>(&'a mut self, piece: &'a [u8]) -> Result<&'a [u8], WireError> {
        if self.in_pack {
            return Ok(piece);
        }
        self.held.extend_from_slice(piece);
        let mut at = 0;
        loop {
            let rest = self.held.get(at..).unwrap_or_default();
            if rest.starts_with(b"PACK") {
                self.in_pack = true;
                return Ok(self.held.get(at..).unwrap_or_default());
            }
            let (line, after) = match pkt_line::split(rest) {
                Ok(split) => split,
                Err(PktError::Short) => {
                    self.held.drain(..at);
                    return Ok(&[]);
                }
                Err(error) => return Err(error.into()),
            };
            if let Line::Data(data) = line {
                refuse_error(data)?;
            }
            at = self.held.len() - after.len();
        }
    }

    /// Whether a pack has begun.
    pub fn has_pack(&self) -> bool {
        self.in_pack
    }
}

/// What comes before the pack in the body of `POST …/git-receive-pack`: `main` is to go from `old`,
/// or from nothing, to `new`.
pub fn push_request(
    advertised: &Advertised,
    old: Option<ObjectId>,
    new: ObjectId,
) -> Result<Vec<u8>, WireError> {
    if !advertised.can("report-status") {
        return Err(WireError::Unexpected("it does not tell what becomes of a push"));
    }
    let old = old.unwrap_or(NOTHING);
    let mut body = Vec::new();
    let line = format!("{old} {new} {BRANCH}\0 report-status {AGENT}\n");
    pkt_line::write(&mut body, line.as_bytes())?;
    body.extend_from_slice(FLUSH);
    Ok(body)
}

/// Reads the answer of `POST …/git-receive-pack`.
pub fn push_report(bytes: &[u8]) -> Result<Report, WireError> {
    let mut unpacked = false;
    for line in pkt_line::lines(bytes) {
        let Line::Data(data) = line? else { continue };
        refuse_error(data)?;
        let text = String::from_utf8_lossy(pkt_line::text(data)).into_owned();
        if let Some(how) = text.strip_prefix("unpack ") {
            unpacked = how == "ok";
            if !unpacked {
                return Ok(Report::Refused(readable(how.as_bytes())));
            }
        } else if text.strip_prefix("ok ") == Some(BRANCH) && unpacked {
            return Ok(Report::Done);
        } else if let Some(refused) = text.strip_prefix("ng ") {
            let words = refused.split_once(' ').map_or(refused, |(_, words)| words);
            return Ok(Report::Refused(readable(words.as_bytes())));
        }
    }
    Err(WireError::Unexpected("it does not tell what became of the push"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";

    fn lines(lines: &[&str]) -> Vec<u8> {
        let mut out = Vec::new();
        for line in lines {
            if line.is_empty() {
                out.extend_from_slice(FLUSH);
            } else {
                pkt_line::write(&mut out, line.as_bytes()).unwrap();
            }
        }
        out
    }

    fn receive(rest: &[&str]) -> Result<Advertised, WireError> {
        let head = ["# service=git-receive-pack\n", ""];
        Advertised::parse(Service::ReceivePack, &lines(&[&head[..], rest].concat()))
    }

    #[test]
    fn what_a_host_has_is_read() {
        let first = format!("{ONE} refs/heads/main\0report-status ofs-delta\n");
        let other = format!("{TWO} .have\n");
        let host = receive(&[&first, &other, ""]).unwrap();
        assert_eq!(host.main, Some(ONE.parse().unwrap()));
        assert_eq!(host.others, [TWO.parse().unwrap()]);
        assert!(host.can("report-status") && !host.can("report"));

        let none = format!("{} capabilities^{{}}\0report-status\n", "0".repeat(40));
        let host = receive(&[&none, ""]).unwrap();
        assert_eq!((host.main, host.others.len()), (None, 0));
        assert!(host.can("report-status"));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        assert_eq!(receive(&["ERR go away\n", ""]), Err(WireError::Told("go away".into())));
        assert!(receive(&["xyz refs/heads/main\n", ""]).is_err());
        assert!(receive(&[&format!("{} refs/heads/main\n", "0".repeat(40)), ""]).is_err());
        assert!(receive(&[&format!("{ONE} refs/heads/main\n")]).is_err(), "without an end");
        assert!(Advertised::parse(Service::UploadPack, b"<!doctype html>").is_err());
    }

    #[test]
    fn a_pack_comes_out_of_any_pieces() {
        let mut answer = lines(&[&format!("ACK {ONE}\n")]);
        answer.extend_from_slice(b"PACK0123456789");
        for size in 1..answer.len() {
            let mut reader = FetchAnswer::default();
            let mut pack = Vec::new();
            for piece in answer.chunks(size) {
                pack.extend_from_slice(reader.pack_in(piece).unwrap());
            }
            assert_eq!(pack, b"PACK0123456789", "in pieces of {size}");
        }
        let told = FetchAnswer::default().pack_in(&lines(&["ERR no\n"])).unwrap_err();
        assert_eq!(told, WireError::Told("no".into()));
    }

    #[test]
    fn requests_are_those_of_the_protocol() {
        let host = Advertised {
            capabilities: vec!["ofs-delta".into(), "report-status".into()],
            ..Advertised::default()
        };
        let (one, two) = (ONE.parse().unwrap(), TWO.parse().unwrap());
        let fetch = String::from_utf8(fetch_request(&host, one, &[two]).unwrap()).unwrap();
        assert!(fetch.contains(&format!("want {ONE} ofs-delta agent=progy/")), "{fetch}");
        assert!(fetch.ends_with(&format!("00000032have {TWO}\n0009done\n")), "{fetch}");
        let push = String::from_utf8(push_request(&host, None, one).unwrap()).unwrap();
        assert!(push.contains(&format!("{} {ONE} refs/heads/main\0", "0".repeat(40))));
        assert!(push.ends_with("0000"));
        assert!(push_request(&Advertised::default(), None, one).is_err());
    }

    #[test]
    fn reports_are_read() {
        let report = |rest: &[&str]| push_report(&lines(rest));
        assert_eq!(report(&["unpack ok\n", "ok refs/heads/main\n", ""]), Ok(Report::Done));
        let moved = ["unpack ok\n", "ng refs/heads/main non-fast-forward\n", ""];
        assert_eq!(report(&moved), Ok(Report::Refused("non-fast-forward".into())));
        let full = ["unpack index-pack abnormal exit\n", "ng refs/heads/main unpacker error\n"];
        assert_eq!(report(&full), Ok(Report::Refused("index-pack abnormal exit".into())));
        assert!(report(&["ok refs/heads/main\n"]).is_err(), "nothing was unpacked");
        assert!(push_report(b"").is_err());
    }
}
