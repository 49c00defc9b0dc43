//! The only file that speaks to sled: one tree, keys of a prefix byte and an id.
//!
//! Guarantees that damage is an answer ([`Refused::Damaged`]), never a panic; that a commit is all or nothing, and on the disk when it returns. Does not
//! know what the values mean, but for their version.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};

use super::folder::sync_folder;
use super::wire;

/// Sled's own default is 1 GiB. It counts bytes as they lie on the disk, which are more in memory; and all passes over the records are from end to end, for
/// which no cache is of use once they are more than it holds.
const CACHE_BYTES: u64 = 2 << 20;

/// How often a record that was read or written is looked at besides. Sled's cache lets go of pages, of some ten records, only when it has counted 64
/// accesses in one of its 256 parts: without, nearly all records of a large site come to stay in memory. One look takes less than a microsecond.
const LOOKS: usize = 8;
/// The same in a pass over all records, whose neighbours lie in one page.
const PASSING_LOOKS: usize = 4;

/// Sled's threads hold its file for a moment after the database is dropped.
const LINGERING: Duration = Duration::from_secs(5);

/// Written when a database is made, so that one which lost everything is told from one that had nothing.
const BIRTH: &[u8] = b"!";

/// Why a database cannot be used.
#[derive(Debug)]
pub(super) enum Refused {
    /// The file system's doing: the data may be well.
    Io(io::Error),
    /// The data's; what is wrong, for people.
    Damaged(String),
}

pub(super) struct Database {
    tree: sled::Db,
    /// A descriptor of our own for sled's file: its `flush` starts the writing, and does not wait for the disk's cache.
    file: File,
    blobs: PathBuf,
    /// Names of the blobs (values too large for the log) that are known to be durable.
    durable_blobs: Mutex<Vec<OsString>>,
}

/// Writes of one commit.
#[derive(Default)]
pub(super) struct Writes {
    batch: sled::Batch,
    keys: Vec<Vec<u8>>,
}

impl Writes {
    pub(super) fn put(&mut self, prefix: u8, id: &str, value: Vec<u8>) {
        let key = key(prefix, id);
        self.keys.push(key.clone());
        self.batch.insert(key, value);
    }

    pub(super) fn drop(&mut self, prefix: u8, id: &str) {
        self.batch.remove(key(prefix, id));
    }
}

impl Database {
    /// Makes a new one in place of whatever is there.
    pub(super) fn create(folder: &Path) -> Result<Self, Refused> {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Refused::Io(error)),
            _ => {}
        }
        DirBuilder::new().mode(0o700).create(folder).map_err(Refused::Io)?;
        let database = guarded(|| Self::open_sled(folder))?;
        let mut birth = Writes::default();
        birth.batch.insert(BIRTH, &b"{\"v\":1}"[..]);
        database.commit(birth)?;
        for path in fs::read_dir(folder).map_err(Refused::Io)?.flatten().map(|entry| entry.path()) {
            File::open(path).and_then(|file| file.sync_all()).map_err(Refused::Io)?;
        }
        sync_folder(folder).map_err(Refused::Io)?;
        Ok(database)
    }

    /// Opens an existing one and reads it once from end to end; snapshots that stop it are set aside first, for sled rebuilds them from its log.
    pub(super) fn open(folder: &Path) -> Result<Self, Refused> {
        let wait_and_open = || {
            wait_for_lingering_threads(folder)?;
            guarded(|| Self::open_sled(folder).and_then(Self::walked))
        };
        let mut opened = wait_and_open();
        if let Err(Refused::Damaged(_)) = opened {
            let snapshots = snapshots(folder).map_err(Refused::Io)?;
            if !snapshots.is_empty() {
                for snapshot in snapshots {
                    fs::rename(&snapshot, snapshot.with_extension("aside")).map_err(Refused::Io)?;
                }
                opened = wait_and_open();
            }
        }
        if opened.is_err() {
            // They know files by path, and something else may stand there soon.
            wait_for_lingering_threads(folder)?;
        }
        opened
    }

    fn open_sled(folder: &Path) -> Result<Self, Refused> {
        let path = folder.join("db");
        let is_new = !folder.join("conf").exists();
        if !is_new && !path.exists() {
            return Err(Refused::Damaged("its file `db/db` is missing".to_owned()));
        }
        let tree =
            sled::Config::new().path(folder).cache_capacity(CACHE_BYTES).mode(sled::Mode::LowSpace).flush_every_ms(None).open().map_err(refusal)?;
        let file = File::open(&path).map_err(Refused::Io)?;
        Ok(Self { tree, file, blobs: folder.join("blobs"), durable_blobs: Mutex::default() })
    }

    fn walked(self) -> Result<Self, Refused> {
        let mut born = false;
        for entry in self.entries(&[]) {
            let (key, value) = entry?;
            born |= key == BIRTH;
            wire::check_version(&value).map_err(|why| Refused::Damaged(format!("a record cannot be read: {why}")))?;
        }
        if born { Ok(self) } else { Err(Refused::Damaged("its records are gone".to_owned())) }
    }

    pub(super) fn get(&self, prefix: u8, id: &str) -> Result<Option<sled::IVec>, Refused> {
        let key = key(prefix, id);
        let value = self.tree.get(&key).map_err(refusal)?;
        look_again(&self.tree, &key, LOOKS).map_err(refusal)?;
        Ok(value)
    }

    /// Streams ids and values under `prefix` in the order of ids; memory does not grow with their number.
    pub(super) fn scan(&self, prefix: u8) -> impl Iterator<Item = Result<(String, sled::IVec), Refused>> + use<> {
        let begins = move |entry: &Result<(sled::IVec, sled::IVec), Refused>| entry.as_ref().map_or(true, |(key, _)| key.first() == Some(&prefix));
        self.entries(&[prefix]).take_while(begins).map(|entry| {
            let (key, value) = entry?;
            let id = std::str::from_utf8(key.get(1..).unwrap_or_default()).map_err(|_| Refused::Damaged("a key is no text".to_owned()))?;
            Ok((id.to_owned(), value))
        })
    }

    /// Everything from `from` on, up to the first failure.
    fn entries(&self, from: &[u8]) -> impl Iterator<Item = Result<(sled::IVec, sled::IVec), Refused>> + use<> {
        let tree = self.tree.clone();
        let mut entries = Some(self.tree.range(from..));
        std::iter::from_fn(move || {
            let entry = entries.as_mut()?.next()?.and_then(|(key, value)| look_again(&tree, &key, PASSING_LOOKS).map(|()| (key, value)));
            if entry.is_err() {
                entries = None;
            }
            Some(entry.map_err(refusal))
        })
    }

    /// All or nothing; on the disk when it returns.
    pub(super) fn commit(&self, writes: Writes) -> Result<(), Refused> {
        self.tree.apply_batch(writes.batch).map_err(refusal)?;
        self.tree.flush().map_err(refusal)?;
        writes.keys.iter().try_for_each(|key| look_again(&self.tree, key, LOOKS)).map_err(refusal)?;
        self.sync_blobs().and_then(|()| self.file.sync_all()).map_err(Refused::Io)
    }

    fn sync_blobs(&self) -> io::Result<()> {
        let Ok(mut durable) = self.durable_blobs.lock() else { return Ok(()) };
        let present: Vec<OsString> = match fs::read_dir(&self.blobs) {
            Ok(entries) => entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<_>>()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut new = false;
        for name in present.iter().filter(|name| !durable.contains(name)) {
            new = true;
            match File::open(self.blobs.join(name)) {
                Ok(file) => file.sync_all()?,
                // Sled removes what it has replaced, at any time.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        if new {
            sync_folder(&self.blobs)?;
        }
        *durable = present;
        Ok(())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Sled asks the same of the disk when it is dropped, and panics if that fails.
        if self.file.sync_all().is_err() {
            // One more handle that nobody drops keeps it from that; its threads end with the process.
            std::mem::forget(self.tree.clone());
        }
    }
}

/// Lets sled's cache count; see [`LOOKS`].
fn look_again(tree: &sled::Db, key: &[u8], looks: usize) -> sled::Result<()> {
    (0..looks).try_for_each(|_| tree.contains_key(key).map(drop))
}

fn key(prefix: u8, id: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(id.len() + 1);
    key.push(prefix);
    key.extend_from_slice(id.as_bytes());
    key
}

/// Damage that sled meets with an assertion is damage, too.
fn guarded(open: impl FnOnce() -> Result<Database, Refused>) -> Result<Database, Refused> {
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|_| Err(Refused::Damaged("its database cannot be opened".to_owned())))
}

fn refusal(error: sled::Error) -> Refused {
    match error {
        sled::Error::Io(error) => match system_word(&error) {
            // A file that is not there is damage; all else is the file system's doing.
            Some(errno) if errno != nix::libc::ENOENT => Refused::Io(io::Error::from_raw_os_error(errno)),
            _ => Refused::Damaged(format!("its database says: {error}")),
        },
        damage => Refused::Damaged(format!("its database says: {damage}")),
    }
}

/// The system's number for an error. What sled passes on from its threads is only a print of it: `Os { code: 28, .. }`.
fn system_word(error: &io::Error) -> Option<i32> {
    error.raw_os_error().or_else(|| {
        let text = error.to_string();
        let (number, _) = text.strip_prefix("Os { code: ")?.split_once(',')?;
        number.parse().ok()
    })
}

fn snapshots(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Waits until nobody holds sled's file. The caller holds the state's lock, so only threads of a database that was dropped can.
pub(super) fn wait_for_lingering_threads(folder: &Path) -> Result<(), Refused> {
    let deadline = Instant::now() + LINGERING;
    loop {
        let file = match File::open(folder.join("db")) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Refused::Io(error)),
        };
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(_) => return Ok(()),
            Err((_, errno)) if Instant::now() >= deadline => return Err(Refused::Io(errno.into())),
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_refuses_is_no_damage_even_where_sled_only_prints_it() {
        let passed_on = |errno| sled::Error::Io(io::Error::from_raw_os_error(errno)).clone();
        for errno in [nix::libc::ENOSPC, nix::libc::EIO, nix::libc::EROFS] {
            assert!(matches!(refusal(passed_on(errno)), Refused::Io(error) if error.raw_os_error() == Some(errno)), "{errno}");
        }
        assert!(matches!(refusal(passed_on(nix::libc::ENOENT)), Refused::Damaged(_)));
        assert!(matches!(refusal(sled::Error::Corruption { at: None, bt: () }), Refused::Damaged(_)));
    }
}
