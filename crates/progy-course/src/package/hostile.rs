//! Packages that want to do harm, made byte by byte, and what becomes of them.

use std::io::{Cursor, Read};

use super::{Limits, Package, PackageError};

/// One entry of an archive that says whatever the test wants it to say.
#[derive(Clone)]
pub(super) struct Member {
    name: Vec<u8>,
    content: Vec<u8>,
    /// Stored if `None`.
    deflated: Option<Vec<u8>>,
    mode: u32,
    method: u16,
    flags: u16,
    declared: u32,
    crc: u32,
}

impl Member {
    pub(super) fn file(name: &str, content: &[u8]) -> Self {
        Self {
            name: name.as_bytes().to_owned(),
            content: content.to_owned(),
            deflated: (content.len() > 100).then(|| deflate(content)),
            mode: 0o100_644,
            method: if content.len() > 100 { 8 } else { 0 },
            flags: 1 << 11,
            declared: u32::try_from(content.len()).unwrap(),
            crc: crc32(content),
        }
    }

    pub(super) fn folder(name: &str) -> Self {
        Self { mode: 0o040_755, ..Self::file(name, b"") }
    }

    pub(super) fn with_mode(self, mode: u32) -> Self {
        Self { mode, ..self }
    }

    fn packed(&self) -> &[u8] {
        self.deflated.as_deref().unwrap_or(&self.content)
    }

    fn header(&self, signature: u32, central: bool) -> Vec<u8> {
        let mut header = signature.to_le_bytes().to_vec();
        if central {
            header.extend(0x0314_u16.to_le_bytes());
        }
        for field in [20, self.flags, self.method, 0, 0x21] {
            header.extend(field.to_le_bytes());
        }
        header.extend(self.crc.to_le_bytes());
        header.extend(u32::try_from(self.packed().len()).unwrap().to_le_bytes());
        header.extend(self.declared.to_le_bytes());
        header.extend(u16::try_from(self.name.len()).unwrap().to_le_bytes());
        header.extend(0_u16.to_le_bytes());
        header
    }
}

/// An archive of `members`, following APPNOTE.TXT sections 4.3.7, 4.3.12 and 4.3.16.
pub(super) fn zip_of(members: &[Member]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for member in members {
        directory.extend(member.header(0x0201_4b50, true));
        directory.extend([0; 6]);
        directory.extend((member.mode << 16).to_le_bytes());
        directory.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        directory.extend(&member.name);
        bytes.extend(member.header(0x0403_4b50, false));
        bytes.extend(&member.name);
        bytes.extend(member.packed());
    }
    let start = u32::try_from(bytes.len()).unwrap();
    let count = u16::try_from(members.len()).unwrap();
    bytes.extend(&directory);
    bytes.extend(0x0605_4b50_u32.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}

/// `content` as the zip crate compresses it.
fn deflate(content: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    writer.start_file("x", options).unwrap();
    writer.write_all(content).unwrap();
    let mut archive = writer.finish_into_readable().unwrap();
    let mut packed = Vec::new();
    archive.by_index_raw(0).unwrap().read_to_end(&mut packed).unwrap();
    packed
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1))
        })
    })
}

fn manifest() -> Member {
    Member::file("course.json", br#"{"name": "x"}"#)
}

/// Opens a package and reads all of it.
fn consume(zip: Vec<u8>, limits: Limits) -> Result<usize, PackageError> {
    let mut package = Package::open(Cursor::new(zip), limits)?;
    package.outline()?;
    package.tree().map(|tree| tree.len())
}

fn refused(members: &[Member]) -> String {
    let with_manifest: Vec<Member> = [&[manifest()], members].concat();
    consume(zip_of(&with_manifest), Limits::default()).unwrap_err().to_string()
}

#[test]
fn harmless_ones_are_accepted() {
    let members = [manifest(), Member::file("a/b", &[b'b'; 5000]), Member::folder("c/")];
    assert_eq!(consume(zip_of(&members), Limits::default()).unwrap(), 2);
}

#[test]
fn names_that_lead_out() {
    for name in [
        "../x",
        "a/../../x",
        "/etc/passwd",
        "..\\x",
        "a\\b",
        "C:/x",
        "a//b",
        "./a",
        "a/.",
        "\0",
        "",
    ] {
        let error = refused(&[Member::file(name, b"x")]);
        assert!(error.contains("must not"), "{name:?}: {error}");
    }
    // Even where nothing would be unpacked.
    assert!(refused(&[Member::file("target/../../x", b"x")]).contains("must not"));
    assert!(refused(&[Member::folder("../")]).contains("must not"));
    assert!(refused(&[Member::folder("/")]).contains("must not"));
}

#[test]
fn names_that_collide() {
    for names in [
        ["a", "a"],
        ["a/b", "a"],
        ["a", "a/b"],
        ["README.md", "readme.MD"],
        ["src/a", "SRC/b"],
        ["é", "e\u{301}"],
        ["course.JSON", "x"],
        ["x/CON", "y"],
        ["x/aux.rs", "y"],
        ["a:b", "y"],
        ["a./b", "y"],
        [".progy/lock", "y"],
        ["progy.toml", "y"],
        ["PROGY.TOML/", "progy.toml"],
    ] {
        refused(&names.map(|name| Member::file(name, b"x")));
    }
}

#[test]
fn entries_that_are_no_files() {
    let link = Member::file("link", b"/etc/passwd");
    assert!(refused(&[link.clone().with_mode(0o120_777)]).contains("symbolic link"));
    for mode in [0o060_644, 0o020_644, 0o010_644, 0o140_644, 0o040_755] {
        assert!(refused(&[link.clone().with_mode(mode)]).contains("neither"));
    }
    assert!(refused(&[Member { flags: 1, ..link.clone() }]).contains("encrypted"));
    for method in [9, 12, 14, 93, 99, 1000] {
        assert!(refused(&[Member { method, ..link.clone() }]).contains("compressed"), "{method}");
    }
}

#[test]
fn sizes_that_lie() {
    let zeros = Member::file("bomb", &vec![0; 1 << 20]);
    assert!(zeros.packed().len() < 20_000);
    // It says that it is small, or smaller or larger than it is.
    for declared in [0, 1, (1 << 20) - 1, (1 << 20) + 1, 100 << 20] {
        let error = refused(&[Member { declared, ..zeros.clone() }]);
        assert!(error.contains("bomb is damaged"), "{declared}: {error}");
    }
    // It says the truth, which is too much.
    let bomb = Member { declared: u32::MAX - 1, ..zeros.clone() };
    assert!(refused(&[bomb]).contains("larger than 1073741824 bytes together"));
    let halves = ["a", "b"].map(|name| Member {
        name: name.as_bytes().to_vec(),
        declared: 600 << 20,
        ..zeros.clone()
    });
    assert!(refused(&halves).contains("larger than 1073741824 bytes together"));
    let stored = Member { declared: 7, ..Member::file("a", b"x") };
    assert!(refused(&[stored]).contains("contradictory"));
    let checksum = Member { crc: 1, ..Member::file("a", b"x") };
    assert!(refused(&[checksum]).contains("a is damaged"));
}

#[test]
fn entries_that_share_bytes() {
    let mut zip = zip_of(&[manifest(), Member::file("a", b"x"), Member::file("b", b"x")]);
    // Both local headers are those of `a`: 30 bytes, one letter, one byte.
    let directory = zip.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
    let offset = &mut zip[directory + 42..directory + 46];
    let of_b = u32::from_le_bytes(offset.try_into().unwrap());
    offset.copy_from_slice(&(of_b - 32).to_le_bytes());
    let error = consume(zip, Limits::default()).unwrap_err().to_string();
    assert!(error.contains("share"), "{error}");
}

#[test]
fn directories_that_are_too_large() {
    // 65,535 entries claimed, none there.
    let mut zip = zip_of(&[manifest()]);
    let end = zip.len() - 22;
    zip[end + 8..end + 12].fill(0xff);
    assert!(consume(zip, Limits::default()).is_err());
    // Names of 60 KiB, 500 times: more than the directory may take.
    let name = "x/".repeat(30 << 10) + "x";
    let members = vec![Member::file(&name, b""); 500];
    let error = consume(zip_of(&members), Limits::default()).unwrap_err().to_string();
    assert!(error.contains("directory is too large"), "{error}");
}

#[test]
fn without_a_manifest_at_the_top() {
    let zip = zip_of(&[Member::file("course/course.json", br#"{"name": "x"}"#)]);
    assert!(matches!(consume(zip, Limits::default()), Err(PackageError::NoManifest)));
    let zip = zip_of(&[Member::file("course.json", b"{")]);
    assert!(matches!(consume(zip, Limits::default()), Err(PackageError::Manifest(_))));
    assert!(matches!(consume(zip_of(&[]), Limits::default()), Err(PackageError::NoManifest)));
}

#[test]
fn truncated_and_damaged_archives_never_panic() {
    let whole = zip_of(&[
        manifest(),
        Member::file("content/01_a/info.toml", b"[module]\ntitle = \"A\""),
        Member::file("content/01_a/01_b/exercise.rs", &b"fn main() {}\n".repeat(50)),
    ]);
    for end in 0..whole.len() {
        assert!(consume(whole[..end].to_vec(), Limits::default()).is_err(), "{end}");
    }
    let small = Limits { unpacked: 1 << 20, ..Limits::default() };
    for at in 0..whole.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] ^= flip;
            // Whether it is refused depends on the byte; it must not panic or take long.
            let _ = consume(damaged, small);
        }
    }
    assert!(consume(Vec::new(), small).is_err());
    assert!(consume(b"PK\x05\x06".repeat(10_000), small).is_err());
}
