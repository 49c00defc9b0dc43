//! The state's folder as a whole: its lock, its version, and setting it aside when it is of no use.
//!
//! Guarantees that one process at a time works in it, and that a folder which cannot be used is kept beside it, never deleted. Knows no records.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};

use super::error::StateError;

/// Content of the `format` file.
const FORMAT: &str = "context-sync state 1\n";

/// What is in a folder, seen from outside.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// Nothing, or what a first start that was killed half-way left.
    Empty,
    /// State of our version.
    Ours,
    /// Something that this program cannot use; why, for people.
    Foreign(String),
}

/// Makes the folder where it is missing, and takes its lock.
pub(super) fn lock(folder: &Path, wait: Duration) -> Result<Flock<File>, StateError> {
    let deadline = Instant::now() + wait;
    let path = folder.join("lock");
    loop {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(StateError::io("create", folder))?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .custom_flags(nix::libc::O_NOFOLLOW)
            .open(&path)
            .map_err(StateError::io("open", &path))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            // The one who held the lock may have set the folder aside, and this file with it.
            Ok(lock) if is_at(&lock, &path) => return Ok(lock),
            Ok(_) => {}
            Err((_, nix::errno::Errno::EWOULDBLOCK | nix::errno::Errno::EINTR)) => {}
            Err((_, errno)) => return Err(StateError::io("lock", &path)(errno.into())),
        }
        if Instant::now() >= deadline {
            return Err(StateError::Locked { folder: folder.to_owned() });
        }
        std::thread::sleep(Duration::from_millis(20).min(deadline.saturating_duration_since(Instant::now())));
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Whether `path` is there and no real folder: a link here would lead all writes elsewhere.
pub(super) fn is_obstructed(path: &Path) -> Result<bool, StateError> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(!found.is_dir()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StateError::io("look at", path)(error)),
    }
}

pub(super) fn condition(folder: &Path) -> Result<Condition, StateError> {
    let path = folder.join("format");
    match fs::read(&path) {
        Ok(format) if format == FORMAT.as_bytes() => match fs::read_to_string(folder.join("suspect")) {
            Ok(why) => Ok(Condition::Foreign(format!("the last run found {why} damaged"))),
            Err(_) => Ok(Condition::Ours),
        },
        Ok(format) => {
            let shown: String = String::from_utf8_lossy(&format).chars().take(40).flat_map(char::escape_debug).collect();
            Ok(Condition::Foreign(format!("its format is `{shown}`, this program knows `{}`", FORMAT.trim_end())))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_dir(folder.join("raw")).map(|mut raw| raw.next().is_some()) {
            Ok(true) => Ok(Condition::Foreign("its `format` file is missing".to_owned())),
            _ => Ok(Condition::Empty),
        },
        Err(error) => Err(StateError::io("read", path)(error)),
    }
}

/// Says that the folder is ready for use: the last step of making one.
pub(super) fn write_format(folder: &Path) -> Result<(), StateError> {
    let (new, path) = (folder.join("format.new"), folder.join("format"));
    write_durably(&new, FORMAT).map_err(StateError::io("write", &new))?;
    fs::rename(&new, &path).map_err(StateError::io("write", &path))?;
    sync_folder(folder).map_err(StateError::io("make durable", folder))
}

/// Remembers that something in it could not be read, so that the next `open` sets it aside. Best effort: the run fails in any case.
pub(super) fn mark_suspect(folder: &Path, what: &str) {
    let _ = write_durably(&folder.join("suspect"), what);
}

fn write_durably(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write;
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).custom_flags(nix::libc::O_NOFOLLOW).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Moves the folder (or whatever stands at its path) to the first free `<folder>.broken-<n>`.
pub(super) fn set_aside(folder: &Path) -> Result<PathBuf, StateError> {
    for n in 1..10_000_u32 {
        let mut name = folder.as_os_str().to_owned();
        name.push(format!(".broken-{n}"));
        let to = PathBuf::from(name);
        if fs::symlink_metadata(&to).is_err() {
            fs::rename(folder, &to).map_err(StateError::io("set aside", folder))?;
            return Ok(to);
        }
    }
    Err(StateError::io("set aside", folder)(io::Error::other("10,000 broken states stand beside it")))
}

/// The folders that [`set_aside`] made beside `folder`, oldest number first: what `cleanup` may remove.
///
/// # Errors
/// When the folder above cannot be listed.
pub fn broken_states(folder: &Path) -> Result<Vec<PathBuf>, StateError> {
    let (Some(above), Some(name)) = (folder.parent(), folder.file_name().and_then(|name| name.to_str())) else { return Ok(Vec::new()) };
    let entries = match fs::read_dir(above) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StateError::io("list", above)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(StateError::io("list", above))?;
        let file_name = entry.file_name();
        let number = file_name.to_str().and_then(|text| text.strip_prefix(name)).and_then(|text| text.strip_prefix(".broken-"));
        if let Some(number) = number.and_then(|number| number.parse::<u32>().ok()) {
            found.push((number, entry.path()));
        }
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// Removes one of [`broken_states`]; a link is removed, not followed.
///
/// # Errors
/// When the file system refuses.
pub fn remove_broken_state(path: &Path) -> Result<(), StateError> {
    let is_folder = fs::symlink_metadata(path).map_err(StateError::io("look at", path))?.is_dir();
    if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) }.map_err(StateError::io("remove", path))
}
