//! What file systems do differently: permissions, links, atomic exchange, flushing, names.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use progy_core::RelPath;

use crate::disk::Meta;
use crate::disk::real::kind;

/// What the metadata of a file says.
pub fn meta(meta: &Metadata) -> Meta {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let nanos =
            |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Meta {
            kind: kind(meta.file_type()),
            size: meta.size(),
            modified: nanos(meta.mtime(), meta.mtime_nsec()),
            changed: nanos(meta.ctime(), meta.ctime_nsec()),
            inode: meta.ino(),
            executable: meta.mode() & 0o100 != 0,
        }
    }
    #[cfg(not(unix))]
    {
        let since = |time: io::Result<std::time::SystemTime>| {
            time.ok()
                .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
                .and_then(|since| i64::try_from(since.as_nanos()).ok())
                .unwrap_or(0)
        };
        let modified = since(meta.modified());
        Meta {
            kind: kind(meta.file_type()),
            size: meta.len(),
            modified,
            changed: modified,
            inode: 0,
            executable: false,
        }
    }
}

/// Makes a folder, and those above it, that only its owner may enter.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a regular file for reading; a link at its name is an error.
pub fn open_no_follow(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Without O_NONBLOCK opening a pipe would wait for a writer.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Makes a new file, or empties the one that is there.
pub fn create_file(path: &Path, executable: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if executable { 0o777 } else { 0o666 });
    #[cfg(not(unix))]
    let _ = executable;
    options.open(path)
}

/// A temporary file in `folder` that can be renamed to stay there: with the permissions that any
/// new file has.
pub fn temporary(folder: &Path, ending: &str) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".new-").suffix(ending);
    #[cfg(unix)]
    let permissions: fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(permissions);
    builder.tempfile_in(folder)
}

/// Makes a symbolic link.
pub fn symlink(target: &str, at: &Path) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::symlink(target, at);
    // Windows asks for a privilege; where it is missing the link is reported as not carried.
    #[cfg(windows)]
    return std::os::windows::fs::symlink_file(target.replace('/', "\\"), at);
}

/// Flushes the whole file system that holds `path`, if the system can; false if it cannot.
pub fn flush_file_system(path: &Path) -> io::Result<bool> {
    #[cfg(target_os = "linux")]
    {
        rustix::fs::syncfs(File::open(path)?)?;
        Ok(true)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        Ok(false)
    }
}

/// Flushes the names in a folder.
pub fn flush_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    return match File::open(path) {
        Ok(folder) => folder.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    // NTFS journals names by itself; a folder cannot be opened for flushing.
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(())
    }
}

/// Renames, unless something is at `to`: [`io::ErrorKind::AlreadyExists`].
pub fn rename_no_replace(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            Err(
                rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP,
            ) => {}
            other => return Ok(other?),
        }
    }
    // A hard link never replaces; folders cannot have one.
    if fs::symlink_metadata(from)?.is_dir() || cfg!(windows) {
        if fs::symlink_metadata(to).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        return fs::rename(from, to);
    }
    fs::hard_link(from, to)?;
    fs::remove_file(from)
}

/// Exchanges two names.
///
/// Where the system has no such call there is a moment in which `other` is missing; the journal
/// says what belongs there.
pub fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
            Err(
                rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP,
            ) => {}
            result => return Ok(result?),
        }
    }
    let mut aside = one.as_os_str().to_owned();
    aside.push(".aside");
    fs::rename(other, &aside)?;
    fs::rename(one, other)?;
    fs::rename(&aside, one)
}

/// Says when a file was modified, in nanoseconds since 1970.
pub fn set_modified(path: &Path, modified: i64) -> io::Result<()> {
    let since = Duration::from_nanos(modified.unsigned_abs());
    let time = if modified < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(since)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(since)
    };
    let time = time.ok_or(io::ErrorKind::InvalidInput)?;
    fs::File::options().write(true).open(path)?.set_modified(time)
}

/// Sets or clears the executable bits that go with the readable ones.
pub fn set_executable(path: &Path, executable: bool) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::symlink_metadata(path)?.permissions().mode();
        let bits = if executable { mode | ((mode & 0o444) >> 2) } else { mode & !0o111 };
        fs::set_permissions(path, fs::Permissions::from_mode(bits))
    }
    #[cfg(not(unix))]
    {
        let _ = (path, executable);
        Ok(())
    }
}

/// How many bytes may still be written to the disk that holds `path`; `None` where the system is
/// not asked.
pub fn free_space(path: &Path) -> io::Result<Option<u64>> {
    #[cfg(unix)]
    {
        let found = rustix::fs::statvfs(path)?;
        Ok(Some(found.f_bavail.saturating_mul(found.f_frsize)))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(None)
    }
}

/// Whether others than the owner may read the file or folder at `path`.
pub fn is_open_to_others(path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(false)
    }
}

/// Whether this system allows such names.
pub fn can_hold(path: &RelPath) -> bool {
    !cfg!(windows) || path.portable().is_ok()
}
