//! A folder that is held open, so that what is done in it cannot be led elsewhere by a link that somebody puts in its place.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, openat};
use nix::sys::stat::{Mode, mkdirat};

/// The folder.
pub struct Held(OwnedFd);

impl Held {
    /// Holds the folder at `path`; those above it may be links.
    ///
    /// # Errors
    /// When it is a link or no folder, or cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        open(AT_FDCWD, path)
    }

    /// Holds the folder `name` in this one.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn within(&self, name: &Path) -> io::Result<Self> {
        open(&self.0, name)
    }

    /// The same, making it first where it is missing.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn make(&self, name: &Path) -> io::Result<Self> {
        match mkdirat(&self.0, name, Mode::S_IRWXU) {
            Ok(()) | Err(Errno::EEXIST) => self.within(name),
            Err(error) => Err(error.into()),
        }
    }

    /// A path that leads to this very folder as long as it is held, whatever stands at its name.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.0.as_raw_fd()))
    }
}

fn open(at: impl std::os::fd::AsFd, path: &Path) -> io::Result<Held> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    match openat(at, path, flags, Mode::empty()) {
        Ok(folder) => Ok(Held(folder)),
        Err(Errno::ENOTDIR | Errno::ELOOP) => {
            let why = format!("{} is a link, or no folder; put a real folder there", path.display());
            Err(io::Error::new(io::ErrorKind::NotADirectory, why))
        }
        Err(error) => Err(error.into()),
    }
}
