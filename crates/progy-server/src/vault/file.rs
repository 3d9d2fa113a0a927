//! The file that a server makes for its keys: one key a line, the one for writing first, mode 0600.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::VaultError;
use super::keyring::{Key, KeyId, Keyring};
use crate::ports::Entropy;

/// The file's name in the data folder.
const NAME: &str = "vault.keys";
/// What people who open it should know.
const HEADER: &str = "\
# The keys that this server encrypts tokens of GitHub and other services with, newest first.
# Keep a copy apart from copies of the database: without it learners have to link GitHub again,
# and whoever has both has their tokens. Change it with `progy admin keys rotate` only.
";

/// A file of keys. Several processes may use it at once; changes are made under a lock, and replace
/// the file as a whole.
#[derive(Debug, Clone)]
pub struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    /// The file in the folder `data`, which exists.
    pub fn in_folder(data: &Path) -> Self {
        Self { path: data.join(NAME) }
    }

    /// The keys. A file that others on the machine may read is refused.
    pub fn load(&self) -> Result<Keyring, VaultError> {
        let file = File::open(&self.path).map_err(|error| self.failed(&error))?;
        self.check_private(&file)?;
        let text = Zeroizing::new(io::read_to_string(file).map_err(|error| self.failed(&error))?);
        let lines = text.lines().map(str::trim);
        let keys = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(Key::parse);
        let keyring = keys.collect::<Result<_, _>>().and_then(Keyring::new);
        keyring.map_err(|error| VaultError::Keys(format!("{}: {error}", self.path.display())))
    }

    /// The keys; makes the file with one new key if it does not exist.
    pub fn load_or_make(&self, entropy: &dyn Entropy) -> Result<Keyring, VaultError> {
        if !self.exists()? {
            // Somebody else may just be making it.
            let _lock = self.lock()?;
            if !self.exists()? {
                self.replace(&Keyring::new(vec![Key::generate(entropy)?])?)?;
            }
        }
        self.load()
    }

    /// Puts `key` first. Once this has returned no crash takes the key away again.
    pub fn add(&self, key: Key) -> Result<(), VaultError> {
        let _lock = self.lock()?;
        self.replace(&self.load()?.with_first(key)?)
    }

    /// Removes those of `keys` that are there, but never the one for writing.
    pub fn remove(&self, keys: &[KeyId]) -> Result<(), VaultError> {
        let _lock = self.lock()?;
        self.replace(&self.load()?.without(keys))
    }

    fn exists(&self) -> Result<bool, VaultError> {
        self.path.try_exists().map_err(|error| self.failed(&error))
    }

    /// Held until it is dropped, or the process ends in whatever way.
    fn lock(&self) -> Result<File, VaultError> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        private(&mut options);
        let lock = options.open(self.path.with_extension("keys.lock"));
        let lock = lock.and_then(|file| file.lock().map(|()| file));
        lock.map_err(|error| self.failed(&error))
    }

    /// Writes beside, flushes, renames, flushes the folder.
    fn replace(&self, keyring: &Keyring) -> Result<(), VaultError> {
        self.write(keyring).map_err(|error| self.failed(&error))
    }

    fn write(&self, keyring: &Keyring) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        // Mode 0600 from the beginning: that is what temporary files have.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(HEADER.as_bytes())?;
        for key in keyring.keys() {
            writeln!(file, "{}", key.encode().expose())?;
        }
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        // Windows has no such call and needs none.
        if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
    }

    #[cfg(unix)]
    fn check_private(&self, file: &File) -> Result<(), VaultError> {
        use std::os::unix::fs::PermissionsExt;
        let metadata = file.metadata().map_err(|error| self.failed(&error))?;
        if metadata.permissions().mode() % 0o100 == 0 {
            return Ok(());
        }
        let path = self.path.display();
        Err(VaultError::Keys(format!(
            "others on this machine may read {path}; run `chmod 600 {path}`, and then `progy admin \
             keys rotate`"
        )))
    }

    #[cfg(not(unix))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "the folder is private")]
    fn check_private(&self, _: &File) -> Result<(), VaultError> {
        Ok(())
    }

    fn failed(&self, error: &io::Error) -> VaultError {
        VaultError::Keys(format!("{}: {error}", self.path.display()))
    }
}

/// For this user of the machine alone.
fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// Keys that a person wrote into the configuration, or into a variable.
pub fn parse_keys<'a>(keys: impl Iterator<Item = &'a str>) -> Result<Keyring, VaultError> {
    Keyring::new(keys.map(Key::parse).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::ports::SystemEntropy;

    fn key_file() -> (tempfile::TempDir, KeyFile) {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::in_folder(folder.path());
        (folder, file)
    }

    #[test]
    fn it_is_made_once_and_stays() {
        let (folder, file) = key_file();
        let first = file.load_or_make(&SystemEntropy).unwrap().writing().id();
        let again = KeyFile::in_folder(folder.path()).load_or_make(&SystemEntropy).unwrap();
        assert_eq!(again.writing().id(), first);
    }

    #[test]
    fn of_many_that_make_it_at_once_all_have_the_same_key() {
        let (_folder, file) = key_file();
        let ids: Vec<_> = std::thread::scope(|scope| {
            let make = || file.load_or_make(&SystemEntropy).unwrap().writing().id();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
    }

    #[test]
    fn the_newest_key_is_first_and_the_one_for_writing_is_never_removed() {
        let (_folder, file) = key_file();
        let old = file.load_or_make(&SystemEntropy).unwrap().writing().id();
        let key = Key::generate(&SystemEntropy).unwrap();
        let new = key.id();
        file.add(key).unwrap();
        assert_eq!(file.load().unwrap().ids().collect::<Vec<_>>(), [new, old]);
        file.remove(&[old, new]).unwrap();
        assert_eq!(file.load().unwrap().ids().collect::<Vec<_>>(), [new]);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, file) = key_file();
        file.load_or_make(&SystemEntropy).unwrap();
        let path = folder.path().join(NAME);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = file.load().unwrap_err().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
    }

    #[test]
    fn a_damaged_file_is_named_and_nothing_of_it_shown() {
        let (folder, file) = key_file();
        for text in ["", "# nothing\n", "c2VjcmV0\n", "hunter2hunter2\n"] {
            fs::write(folder.path().join(NAME), text).unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let private = fs::Permissions::from_mode(0o600);
                fs::set_permissions(folder.path().join(NAME), private).unwrap();
            }
            let error = file.load().unwrap_err().to_string();
            assert!(error.contains(NAME), "{error}");
            assert!(!error.contains("hunter2") && !error.contains("c2VjcmV0"), "{error}");
        }
    }
}
