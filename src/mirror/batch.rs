//! Many documents written together: staged as temporary files, made durable at once, then renamed.
//!
//! Guarantees that equal bytes leave a file untouched (inode and time), that nothing is renamed before its bytes are on the disk, and that whatever somebody
//! else put at a path goes to the trash and not to nowhere. Does not make the renames themselves durable: `Mirror::sync` does.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::renameat;
use nix::sys::stat::FileStat;
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::error::MirrorError;
use super::fence::{ATTEMPTS, Folder, look, stamp};
use super::file::{Identity, Standing, create_temporary, hash, holds, settle, standing};
use super::{Mirror, checked};
use crate::model::{ContentHash, DocPath, Stamp};

/// Up to so many files, one fsync each is cheaper than one for the whole file system, on which others write, too.
const FEW: usize = 8;

/// Folders held open at once; a process has 1,024 descriptors by default.
const OPEN_FOLDERS: usize = 64;

/// What [`Batch::write`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The file has these bytes already. It was not touched.
    Unchanged(Stamp),
    /// The bytes stand by; [`Batch::place`] puts them in their place.
    Staged,
}

/// Files to be placed together. Dropping it removes what it staged.
pub struct Batch<'m> {
    mirror: &'m Mirror,
    day: String,
    folders: HashMap<String, Folder>,
    staged: Vec<Staged>,
    positions: HashMap<DocPath, usize>,
}

struct Staged {
    path: DocPath,
    temporary: String,
    stamp: Stamp,
    /// The file of ours that it replaces; anything else that stands there goes to the trash.
    replaces: Option<Identity>,
    /// Kept open while the batch is small enough to sync file by file.
    file: Option<File>,
}

/// What a file that stands there is.
enum Comparison {
    /// It has the new bytes.
    Equal,
    /// It has what we wrote last.
    Ours,
    /// Neither.
    Foreign,
}

impl<'m> Batch<'m> {
    pub(super) fn new(mirror: &'m Mirror, day: &str) -> Self {
        Self { mirror, day: day.to_owned(), folders: HashMap::new(), staged: Vec::new(), positions: HashMap::new() }
    }

    /// Stages `bytes` for `path`, unless the file has them already. `known` is the hash of what we wrote there last: a file that has neither those nor
    /// the new bytes was changed by hand, or is a stranger, and goes to the trash when the batch is placed. The last word on a path counts.
    ///
    /// # Errors
    /// When the file system refuses, or the path is not the mirror's. The batch stays usable.
    pub fn write(&mut self, path: &DocPath, bytes: &[u8], known: Option<ContentHash>) -> Result<Written, MirrorError> {
        checked(path)?;
        let fence = &self.mirror.fence;
        let mut attempts = 0..ATTEMPTS;
        let (folder, replaces, temporary, mut file) = loop {
            let folder = self.folder(path)?;
            let replaces = match standing(&folder, path.file_name()).map_err(fence.error("look at", path.as_str()))? {
                Standing::File(file, stat) => match self.compare(path, file, &stat, bytes, known)? {
                    Comparison::Equal => {
                        self.unstage(path);
                        return Ok(Written::Unchanged(stamp(&stat)));
                    }
                    Comparison::Ours => Some(Identity::of(&stat)),
                    Comparison::Foreign => None,
                },
                Standing::Nothing | Standing::Other => None,
            };
            match create_temporary(&folder) {
                // The folder was removed since it was opened, being empty.
                Err(Errno::ENOENT) if attempts.next().is_some() => self.folders.clear(),
                created => {
                    let (temporary, file) = created.map_err(fence.error("write", path.as_str()))?;
                    break (folder, replaces, temporary, file);
                }
            }
        };
        let written = file.write_all(bytes).and_then(|()| settle(&file).map_err(Into::into));
        let stat = written.map_err(|error| {
            let _ = unlinkat(&folder, temporary.as_str(), UnlinkatFlags::NoRemoveDir);
            MirrorError::io("write", fence.shown(path.as_str()), error)
        })?;
        self.unstage(path);
        if self.staged.len() == FEW {
            self.staged.iter_mut().for_each(|staged| staged.file = None);
        }
        let file = (self.staged.len() < FEW).then_some(file);
        self.positions.insert(path.clone(), self.staged.len());
        self.staged.push(Staged { path: path.clone(), temporary, stamp: stamp(&stat), replaces, file });
        Ok(Written::Staged)
    }

    fn compare(&self, path: &DocPath, mut file: File, stat: &FileStat, bytes: &[u8], known: Option<ContentHash>) -> Result<Comparison, MirrorError> {
        let failed = |error| MirrorError::io("read", self.mirror.fence.shown(path.as_str()), error);
        if stamp(stat).size == bytes.len() as u64 && holds(&mut file, bytes).map_err(failed)? {
            return Ok(Comparison::Equal);
        }
        let Some(known) = known else { return Ok(Comparison::Foreign) };
        let there = file.rewind().and_then(|()| hash(&mut file)).map_err(failed)?;
        Ok(if there == known { Comparison::Ours } else { Comparison::Foreign })
    }

    /// How many files stand by.
    #[must_use]
    pub fn len(&self) -> usize {
        self.staged.len()
    }

    /// Whether none does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.staged.is_empty()
    }

    /// Makes the staged bytes durable, then renames all files to their places and tells their stamps, in the order of writing. The renames are
    /// durable after the next [`Mirror::sync`].
    ///
    /// # Errors
    /// The first failure, after the others have been placed: a file is at its place or as it was before.
    pub fn place(mut self) -> Result<Vec<(DocPath, Stamp)>, MirrorError> {
        if self.staged.len() > FEW {
            self.mirror.sync()?;
        } else {
            for staged in &self.staged {
                if let Some(file) = &staged.file {
                    file.sync_all().map_err(|error| MirrorError::io("write", self.mirror.fence.shown(staged.path.as_str()), error))?;
                }
            }
        }
        // A folder may have been swapped since it was opened: what counts is what stands there now.
        self.folders.clear();
        let mut placed = Vec::with_capacity(self.staged.len());
        let mut failure = None;
        for staged in std::mem::take(&mut self.staged) {
            match self.place_one(&staged) {
                Ok(()) => placed.push((staged.path, staged.stamp)),
                Err(error) => {
                    self.remove_temporary(&staged);
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(placed), Err)
    }

    fn place_one(&mut self, staged: &Staged) -> Result<(), MirrorError> {
        let fence = &self.mirror.fence;
        let moved = || MirrorError::Moved { path: fence.shown(staged.path.as_str()) };
        let folder = match self.folders.get(staged.path.folder()) {
            Some(folder) => Folder::clone(folder),
            None => {
                let folder = fence.folder_of(&staged.path)?.ok_or_else(moved)?;
                self.keep(staged.path.folder(), &folder);
                folder
            }
        };
        let name = staged.path.file_name();
        // First of all: nothing may go to the trash for a file that is not there.
        look(&folder, staged.temporary.as_str()).map_err(fence.error("write", staged.path.as_str()))?.ok_or_else(moved)?;
        match look(&folder, name).map_err(fence.error("look at", staged.path.as_str()))? {
            Some(stat) if staged.replaces != Some(Identity::of(&stat)) => {
                self.mirror.displace(&folder, Path::new(staged.path.as_str()), &self.day)?;
            }
            _ => {}
        }
        renameat(&folder, staged.temporary.as_str(), &folder, name).map_err(fence.error("write", staged.path.as_str()))
    }

    fn folder(&mut self, path: &DocPath) -> Result<Folder, MirrorError> {
        if let Some(folder) = self.folders.get(path.folder()) {
            return Ok(Folder::clone(folder));
        }
        let folder = self.mirror.make_folder(Path::new(path.folder()), &self.day)?;
        self.keep(path.folder(), &folder);
        Ok(folder)
    }

    fn keep(&mut self, name: &str, folder: &Folder) {
        if self.folders.len() >= OPEN_FOLDERS {
            self.folders.clear();
        }
        self.folders.insert(name.to_owned(), Folder::clone(folder));
    }

    fn unstage(&mut self, path: &DocPath) {
        let Some(position) = self.positions.remove(path) else { return };
        if position < self.staged.len() {
            let staged = self.staged.remove(position);
            self.positions.values_mut().filter(|other| **other > position).for_each(|other| *other -= 1);
            self.remove_temporary(&staged);
        }
    }

    /// Best effort: a sweep finds what stays.
    fn remove_temporary(&self, staged: &Staged) {
        if let Ok(Some(folder)) = self.mirror.fence.folder_of(&staged.path) {
            let _ = unlinkat(&folder, staged.temporary.as_str(), UnlinkatFlags::NoRemoveDir);
            self.mirror.fence.prune(Path::new(staged.path.folder()));
        }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        for staged in std::mem::take(&mut self.staged) {
            self.remove_temporary(&staged);
        }
    }
}
