//! The only writer below a connector's folder: documents, attachments and the trash.
//!
//! Guarantees: a file shows its old or its new bytes, never a mixture; equal bytes leave it untouched; nothing outside the folder is written, read or
//! removed, whatever links somebody plants in it; files are 0600 and folders 0700; what we did not write ourselves is never overwritten nor deleted, at worst
//! moved to the trash. Knows no service and no state. All calls block; none belongs on an async thread.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::errno::Errno;
use nix::unistd::{UnlinkatFlags, syncfs, unlinkat};

use crate::model::{ContentHash, DocPath, Stamp};
use fence::{ATTEMPTS, Fence, Folder, NoFolder, is_file, look, stamp};
use file::{Standing, create_temporary, standing};

mod asset;
mod batch;
mod error;
mod fence;
mod file;
mod trash;
mod walk;

pub use asset::AssetWriter;
pub use batch::{Batch, Written};
pub use error::{MirrorError, MirrorErrorKind};
pub use trash::TrashEntry;
pub use walk::Stranger;

const TRASH: &str = ".trash";

/// A connector's folder.
pub struct Mirror {
    fence: Fence,
    displaced: AtomicU64,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing; also where the way there leads through a link, behind which we do not look.
    Nothing,
    /// A regular file.
    File(Stamp),
    /// A link, a folder, or something else that is no document.
    Other,
}

impl std::fmt::Debug for Mirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mirror").field("root", &self.fence.shown("")).finish_non_exhaustive()
    }
}

impl Mirror {
    /// Opens the folder, making it and those above it with mode 0700 where they are missing.
    ///
    /// # Errors
    /// [`MirrorError::Root`] for a link, or a folder of another user; else what the file system refuses.
    pub fn open(root: &Path) -> Result<Mirror, MirrorError> {
        Ok(Self { fence: Fence::open(root)?, displaced: AtomicU64::new(0) })
    }

    /// What stands at `path`.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn find(&self, path: &DocPath) -> Result<Found, MirrorError> {
        let Some(folder) = self.fence.folder_of(path)? else { return Ok(Found::Nothing) };
        Ok(match look(&folder, path.file_name()).map_err(self.fence.error("look at", path.as_str()))? {
            None => Found::Nothing,
            Some(stat) if is_file(&stat) => Found::File(stamp(&stat)),
            Some(_) => Found::Other,
        })
    }

    /// Hashes the file at `path`; none where there is no readable file.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn hash(&self, path: &DocPath) -> Result<Option<ContentHash>, MirrorError> {
        let Some(folder) = self.fence.folder_of(path)? else { return Ok(None) };
        match standing(&folder, path.file_name()).map_err(self.fence.error("look at", path.as_str()))? {
            Standing::File(mut file, _) => {
                file::hash(&mut file).map(Some).map_err(|error| MirrorError::io("read", self.fence.shown(path.as_str()), error))
            }
            Standing::Nothing | Standing::Other => Ok(None),
        }
    }

    /// Begins a batch of documents; `day` (`YYYY-MM-DD`) is where in the trash goes what was changed by hand.
    #[must_use]
    pub fn batch(&self, day: &str) -> Batch<'_> {
        Batch::new(self, day)
    }

    /// Begins an attachment. Its folder is made when it is finished; until then its bytes lie in the nearest folder that is there.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn asset(&self, path: &DocPath) -> Result<AssetWriter<'_>, MirrorError> {
        checked(path)?;
        for _ in 0..ATTEMPTS {
            let folder = self.fence.nearest(Path::new(path.folder()));
            match create_temporary(&folder) {
                // The folder was removed meanwhile, being empty.
                Err(Errno::ENOENT) => {}
                created => {
                    let temporary = created.map_err(self.fence.error("write", path.as_str()))?;
                    return Ok(AssetWriter::new(self, path.clone(), folder, temporary));
                }
            }
        }
        Err(self.fence.error("write", path.as_str())(Errno::ENOENT))
    }

    /// Removes our own copy at `path`, after a move to another path, and folders that became empty; whether there was a file. A link or folder at
    /// this path is somebody else's and stays.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn discard(&self, path: &DocPath) -> Result<bool, MirrorError> {
        checked(path)?;
        let Some(folder) = self.fence.folder_of(path)? else { return Ok(false) };
        let failed = self.fence.error("remove", path.as_str());
        match look(&folder, path.file_name()) {
            Ok(Some(stat)) if is_file(&stat) => unlinkat(&folder, path.file_name(), UnlinkatFlags::NoRemoveDir).map_err(failed)?,
            Ok(_) => return Ok(false),
            Err(error) => return Err(failed(error)),
        }
        self.fence.prune(Path::new(path.folder()));
        Ok(true)
    }

    /// Renames our own file at `from` to `to`, making the folders there and removing those that became empty here; whether there was a file. What stands
    /// at `to` goes to the trash of `day` (`YYYY-MM-DD`).
    ///
    /// # Errors
    /// When the file system refuses; then it is still where it was.
    pub fn relocate(&self, from: &DocPath, to: &DocPath, day: &str) -> Result<bool, MirrorError> {
        checked(from)?;
        checked(to)?;
        is_day(day)?;
        let Some(old) = self.fence.folder_of(from)? else { return Ok(false) };
        match look(&old, from.file_name()).map_err(self.fence.error("look at", from.as_str()))? {
            Some(stat) if is_file(&stat) => {}
            _ => return Ok(false),
        }
        let new = self.make_folder(Path::new(to.folder()), day)?;
        let (name, new_name) = (trash::c_name(Path::new(from.as_str()))?, trash::c_name(Path::new(to.as_str()))?);
        for _ in 0..ATTEMPTS {
            match fence::rename_to_free(&old, &name, &new, &new_name) {
                Ok(()) => {
                    self.fence.prune(Path::new(from.folder()));
                    return Ok(true);
                }
                Err(nix::errno::Errno::EEXIST) => self.displace(&new, Path::new(to.as_str()), day)?,
                Err(error) => return Err(self.fence.error("move", from.as_str())(error)),
            }
        }
        Err(MirrorError::Taken { path: self.fence.shown(to.as_str()) })
    }

    /// Returns when all that was written, renamed and removed so far on the folder's file system is on the disk, the state's raw bodies included.
    ///
    /// # Errors
    /// When the disk fails or is full.
    pub fn sync(&self) -> Result<(), MirrorError> {
        syncfs(self.fence.root()).map_err(self.fence.error("make durable", ""))
    }

    /// Whether the folder that was opened is still the one at its path: the last thing to ask before a run says that all is in place.
    ///
    /// # Errors
    /// [`MirrorError::Moved`] where it was moved away, deleted or replaced.
    pub fn is_in_place(&self) -> Result<(), MirrorError> {
        if self.fence.is_in_place() { Ok(()) } else { Err(MirrorError::Moved { path: self.fence.shown("") }) }
    }

    /// How many things went to the trash because they stood where something of ours had to be: files changed by hand, links, strangers.
    #[must_use]
    pub fn displaced(&self) -> u64 {
        self.displaced.load(Ordering::Relaxed)
    }

    /// Opens a folder, making what is missing; what stands in its way goes to the trash.
    fn make_folder(&self, folder: &Path, day: &str) -> Result<Folder, MirrorError> {
        for _ in 0..ATTEMPTS {
            match self.fence.make_folder(folder) {
                Ok(folder) => return Ok(folder),
                Err(NoFolder::Obstacle { parent, path }) => self.displace(&parent, &path, day)?,
                Err(NoFolder::Vanished) => {}
                Err(NoFolder::Failed(error)) => return Err(error),
            }
        }
        Err(MirrorError::Taken { path: self.fence.shown(folder) })
    }
}

/// Refuses paths in the folders of the trash and of the state.
fn checked(path: &DocPath) -> Result<(), MirrorError> {
    match path.components().next() {
        Some(first) if is_reserved(first) => Err(MirrorError::Refused { path: path.to_string(), why: "the trash and the state have this folder" }),
        _ => Ok(()),
    }
}

fn is_reserved(component: &str) -> bool {
    component == TRASH || component.starts_with(".sync_state")
}

fn is_day(day: &str) -> Result<(), MirrorError> {
    let fits = day.len() == 10 && day.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    if fits { Ok(()) } else { Err(MirrorError::Refused { path: day.to_owned(), why: "it is no day (`YYYY-MM-DD`)" }) }
}

#[cfg(test)]
mod tests;
