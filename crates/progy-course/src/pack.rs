//! From a folder to a package, the same bytes every time.

use std::io::{self, Read, Seek, Write};
use std::path::Path;

use progy_core::RelPath;
use progy_core::course::{FormatError, MANIFEST, Manifest};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use crate::folder::{Folder, FolderError};
use crate::package::Limits;
use crate::source::CourseFiles;

/// What was packed.
#[derive(Debug, Clone, PartialEq)]
pub struct PackSummary {
    /// The course that it is.
    pub manifest: Manifest,
    /// How many files.
    pub files: usize,
    /// Their bytes together.
    pub unpacked: u64,
    /// The bytes of the package.
    pub packed: u64,
}

/// Why a folder cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file cannot be in a package.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// There is no `course.json`.
    #[error("there is no {MANIFEST} in the folder")]
    NoManifest,
    /// `course.json` cannot be understood.
    #[error("{MANIFEST}: {0}")]
    Manifest(#[from] FormatError),
    /// A file was changed while it was packed.
    #[error("{0} was changed while it was packed; try again")]
    Changed(RelPath),
    /// The package is larger than one may be.
    #[error("the package would be larger than {0} bytes")]
    TooLarge(u64),
    /// A file cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// The file.
        path: RelPath,
        /// What is wrong.
        error: String,
    },
    /// The package cannot be written.
    #[error("cannot write the package: {0}")]
    Write(#[from] io::Error),
}

/// Packs the course in the folder `dir` into `out`, within the limits of [`Limits::default`].
///
/// The bytes depend on nothing but names, contents and executable bits. Fails for the first file
/// that cannot be in a package; what was written to `out` until then is no package.
pub fn pack(dir: &Path, out: impl Write + Seek) -> Result<PackSummary, PackError> {
    let limits = Limits::default();
    let mut folder = Folder::scan(dir, limits)?;
    if !folder.problems.is_empty() {
        return Err(folder.problems.swap_remove(0).into());
    }
    let manifest = folder.files.keys().find(|path| path.as_str() == MANIFEST).cloned();
    let path = manifest.ok_or(PackError::NoManifest)?;
    let bytes = folder
        .read(&path, limits.packed)
        .map_err(|error| PackError::Read { path: path.clone(), error })?;
    let manifest = Manifest::parse(&bytes)?;

    let mut writer = ZipWriter::new(out);
    let mut unpacked = 0;
    for (path, file) in &folder.files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .system(System::Unix)
            .unix_permissions(if file.executable { 0o755 } else { 0o644 });
        writer.start_file(path, options).map_err(write_error)?;
        let read_error =
            |error: io::Error| PackError::Read { path: path.clone(), error: error.to_string() };
        let content = folder.open(path).map_err(read_error)?;
        // One byte more than it was: to notice if it has grown.
        let copied = copy(&mut content.take(file.size + 1), &mut writer, read_error)?;
        if copied != file.size {
            return Err(PackError::Changed(path.clone()));
        }
        unpacked += copied;
    }
    let mut out = writer.finish().map_err(write_error)?;
    let packed = out.stream_position()?;
    out.flush()?;
    if packed > limits.packed {
        return Err(PackError::TooLarge(limits.packed));
    }
    Ok(PackSummary { manifest, files: folder.files.len(), unpacked, packed })
}

/// Like [`io::copy`], but tells apart which side failed.
fn copy(
    from: &mut impl Read,
    to: &mut impl Write,
    read_error: impl Fn(io::Error) -> PackError,
) -> Result<u64, PackError> {
    let mut buffer = [0; 16 << 10];
    let mut copied = 0;
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => return Ok(copied),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(read_error(error)),
        };
        to.write_all(buffer.get(..read).unwrap_or_default())?;
        copied += read as u64;
    }
}

fn write_error(error: ZipError) -> PackError {
    PackError::Write(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::Package;
    use std::fs;
    use std::io::Cursor;
    use tempfile::TempDir;

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn packed(dir: &TempDir) -> Result<Vec<u8>, PackError> {
        let mut out = Cursor::new(Vec::new());
        pack(dir.path(), &mut out).map(|_| out.into_inner())
    }

    const COURSE: [(&str, &str); 6] = [
        ("course.json", r#"{"name": "x"}"#),
        ("content/01_a/01_b/exercise.rs", "fn main() {}"),
        ("content/01_a/01_b/target/x", "left out"),
        ("node_modules/.bin/x", "left out"),
        ("old.progy", "left out"),
        ("z", ""),
    ];

    #[test]
    fn the_same_folder_gives_the_same_bytes() {
        let (one, two) = (folder(&COURSE), folder(&COURSE));
        let old = fs::File::open(two.path().join("z")).unwrap();
        old.set_modified(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(packed(&one).unwrap(), packed(&two).unwrap());

        let mut package =
            Package::open(Cursor::new(packed(&one).unwrap()), Limits::default()).unwrap();
        let names: Vec<&str> = package.entries().map(|(path, _)| path.as_str()).collect();
        assert_eq!(names, ["content/01_a/01_b/exercise.rs", "course.json", "z"]);
        assert_eq!(package.tree().unwrap().total_size(), 25);
    }

    #[test]
    fn the_summary_counts() {
        let mut out = Cursor::new(Vec::new());
        let summary = pack(folder(&COURSE).path(), &mut out).unwrap();
        assert_eq!((summary.files, summary.unpacked), (3, 25));
        assert_eq!(summary.packed, out.get_ref().len() as u64);
        assert_eq!(summary.manifest.id.as_str(), "x");
    }

    #[test]
    fn what_is_no_course() {
        assert!(matches!(packed(&folder(&[("a", "")])), Err(PackError::NoManifest)));
        let broken = folder(&[("course.json", "{}")]);
        assert!(matches!(packed(&broken), Err(PackError::Manifest(_))));
        let workspace = folder(&[("course.json", r#"{"name": "x"}"#), ("progy.toml", "")]);
        assert!(packed(&workspace).unwrap_err().to_string().contains("kept for Progy itself"));
        let missing = pack(Path::new("/does/not/exist"), Cursor::new(Vec::new()));
        assert!(missing.unwrap_err().to_string().contains("/does/not/exist"));
    }

    #[cfg(unix)]
    #[test]
    fn executable_bits_are_kept_and_links_refused() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = folder(&COURSE);
        fs::set_permissions(dir.path().join("z"), fs::Permissions::from_mode(0o700)).unwrap();
        let package = Package::open(Cursor::new(packed(&dir).unwrap()), Limits::default()).unwrap();
        let runnable: Vec<bool> = package.entries().map(|(_, entry)| entry.executable).collect();
        assert_eq!(runnable, [false, false, true]);

        symlink("z", dir.path().join("content/link")).unwrap();
        let error = packed(&dir).unwrap_err().to_string();
        assert!(error.starts_with("content/link is a symbolic link"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_that_other_systems_cannot_hold() {
        for (name, expected) in
            [("con.rs", "con.rs: the name is reserved"), ("COURSE.json", "same as")]
        {
            let dir = folder(&[("course.json", r#"{"name": "x"}"#), (name, "")]);
            let error = packed(&dir).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
