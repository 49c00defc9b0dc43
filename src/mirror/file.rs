//! One file: comparing what stands there, and the temporary file that takes its place.
//!
//! Guarantees that a path shows the old bytes or the new ones, never a mixture, and that what we did not write ourselves is not overwritten. Knows no
//! batches.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{FileStat, Mode, fchmod, fstat};
use sha2::{Digest, Sha256};

use super::fence::{is_file, look};
use crate::model::{ContentHash, Stamp};

const TEMPORARY: (&str, &str) = (".context-sync-", ".tmp");

/// A name of process and count: no other file in the folder has it, but for what a killed run left.
pub(super) fn temporary_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed) as u32;
    format!("{}{:08x}{count:08x}{}", TEMPORARY.0, std::process::id(), TEMPORARY.1)
}

/// Whether a run of ours, now or earlier, made this name.
pub(super) fn is_temporary(name: &[u8]) -> bool {
    let middle = name.strip_prefix(TEMPORARY.0.as_bytes()).and_then(|rest| rest.strip_suffix(TEMPORARY.1.as_bytes()));
    middle.is_some_and(|middle| middle.len() == 16 && middle.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

/// Makes a temporary file, mode 0600 whatever the umask.
pub(super) fn create_temporary(folder: &OwnedFd) -> Result<(String, File), Errno> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    loop {
        let name = temporary_name();
        match openat(folder, name.as_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR) {
            Ok(fd) => return Ok((name, File::from(fd))),
            // A killed run with our process id; the count goes on.
            Err(Errno::EEXIST | Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Looks at a finished temporary file, and mends a mode that the umask spoilt.
pub(super) fn settle(file: &File) -> Result<FileStat, Errno> {
    let stat = fstat(file)?;
    if stat.st_mode & 0o777 != 0o600 {
        fchmod(file, Mode::S_IRUSR | Mode::S_IWUSR)?;
    }
    Ok(stat)
}

/// A file as it was when we looked: whatever else stands there later is somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    stamp: Stamp,
}

impl Identity {
    pub(super) fn of(stat: &FileStat) -> Self {
        Self { device: stat.st_dev, inode: stat.st_ino, stamp: super::fence::stamp(stat) }
    }
}

/// What stands at a file's name.
pub(super) enum Standing {
    Nothing,
    /// A regular file, readable by us.
    File(File, FileStat),
    /// A link, a folder, something else, or a file that we cannot read.
    Other,
}

pub(super) fn standing(folder: &OwnedFd, name: &str) -> Result<Standing, Errno> {
    match look(folder, name)? {
        None => return Ok(Standing::Nothing),
        Some(stat) if !is_file(&stat) => return Ok(Standing::Other),
        Some(_) => {}
    }
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    match openat(folder, name, flags, Mode::empty()) {
        Ok(fd) => {
            let stat = fstat(&fd)?;
            Ok(if is_file(&stat) { Standing::File(File::from(fd), stat) } else { Standing::Other })
        }
        Err(Errno::ENOENT) => Ok(Standing::Nothing),
        Err(Errno::ELOOP | Errno::EACCES | Errno::EPERM | Errno::ENXIO) => Ok(Standing::Other),
        Err(error) => Err(error),
    }
}

/// Whether `file`, read from its start, holds exactly `bytes`.
pub(super) fn holds(file: &mut File, bytes: &[u8]) -> io::Result<bool> {
    let mut buffer = [0; 16 << 10];
    let mut rest = bytes;
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => return Ok(rest.is_empty()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        match buffer.get(..read).and_then(|there| rest.strip_prefix(there)) {
            Some(left) => rest = left,
            None => return Ok(false),
        }
    }
}

/// Hashes `file` from where it stands to its end.
pub(super) fn hash(file: &mut File) -> io::Result<ContentHash> {
    let mut hasher = Sha256::new();
    io::copy(file, &mut Hashing(&mut hasher))?;
    Ok(ContentHash(hasher.finalize().into()))
}

/// Lets `io::copy` feed a hasher.
struct Hashing<'h>(&'h mut Sha256);

impl io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_temporary() {
        assert!(is_temporary(temporary_name().as_bytes()));
        assert_ne!(temporary_name(), temporary_name());
        for not_ours in
            [".context-sync-.tmp", ".context-sync-0000.tmp", ".context-sync-000000000000000g.tmp", "x.tmp", ".context-sync-0000000000000000.md"]
        {
            assert!(!is_temporary(not_ours.as_bytes()), "{not_ours}");
        }
    }
}
