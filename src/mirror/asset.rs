//! One attachment, streamed: written piece by piece to a temporary file, durable before it takes its place.
//!
//! Same promises as a batch's, for a file too large to be held in memory. Does not know where the bytes come from.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::renameat;
use nix::sys::stat::{fstat, futimens};
use nix::sys::time::TimeSpec;
use nix::unistd::{UnlinkatFlags, unlinkat};
use sha2::{Digest, Sha256};

use super::error::MirrorError;
use super::fence::{ATTEMPTS, Folder, look, stamp};
use super::file::{Identity, Standing, hash, settle, standing};
use super::{Mirror, is_day};
use crate::model::{ContentHash, DocPath, Stamp};

/// An attachment on its way to the disk. Dropping it removes what was written.
pub struct AssetWriter<'m> {
    mirror: &'m Mirror,
    path: DocPath,
    /// Where the temporary file lies: the attachment's folder, or one above it.
    folder: Folder,
    temporary: String,
    file: File,
    hasher: Sha256,
    bytes: u64,
    known: Option<ContentHash>,
}

impl<'m> AssetWriter<'m> {
    pub(super) fn new(mirror: &'m Mirror, path: DocPath, folder: Folder, (temporary, file): (String, File)) -> Self {
        Self { mirror, path, folder, temporary, file, hasher: Sha256::new(), bytes: 0, known: None }
    }

    /// Tells the hash of what we wrote there last: such a file is replaced. Any other with different bytes goes to the trash.
    pub fn replaces(&mut self, known: Option<ContentHash>) {
        self.known = known;
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), MirrorError> {
        self.file.write_all(bytes).map_err(|error| MirrorError::io("write", self.mirror.fence.shown(self.path.as_str()), error))?;
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Bytes so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes the bytes durable and puts the file in its place, with `modified_secs` (since 1970) as its time where given. A file that has these bytes
    /// already stays, and gets that time. `day` (`YYYY-MM-DD`) is where in the trash goes what was changed by hand.
    ///
    /// # Errors
    /// When the file system refuses; then the place is as it was before.
    pub fn finish(mut self, modified_secs: Option<i64>, day: &str) -> Result<(Stamp, ContentHash), MirrorError> {
        is_day(day)?;
        let fence = &self.mirror.fence;
        let failed = |error: Errno| MirrorError::io("write", fence.shown(self.path.as_str()), error);
        let content = ContentHash(std::mem::take(&mut self.hasher).finalize().into());
        let mut replaces = None;
        if let Some(folder) = fence.folder_of(&self.path)?
            && let Standing::File(mut file, stat) = standing(&folder, self.path.file_name()).map_err(failed)?
        {
            let same_size = stamp(&stat).size == self.bytes;
            if same_size || self.known.is_some() {
                let there = hash(&mut file).map_err(|error| MirrorError::io("read", fence.shown(self.path.as_str()), error))?;
                if same_size && there == content {
                    return Ok((timed(&file, modified_secs).map_err(failed)?, content));
                }
                replaces = (Some(there) == self.known).then(|| Identity::of(&stat));
            }
        }
        settle(&self.file).map_err(failed)?;
        let stamped = timed(&self.file, modified_secs).map_err(failed)?;
        self.file.sync_all().map_err(|error| MirrorError::io("write", fence.shown(self.path.as_str()), error))?;
        self.place(replaces, day)?;
        Ok((stamped, content))
    }

    fn place(&self, replaces: Option<Identity>, day: &str) -> Result<(), MirrorError> {
        let failed = |error: Errno| MirrorError::io("write", self.mirror.fence.shown(self.path.as_str()), error);
        let name = self.path.file_name();
        for _ in 0..ATTEMPTS {
            // First of all: nothing may go to the trash for a file that is not there.
            if look(&self.folder, self.temporary.as_str()).map_err(failed)?.is_none() {
                break;
            }
            let folder = self.mirror.make_folder(Path::new(self.path.folder()), day)?;
            if let Some(stat) = look(&folder, name).map_err(failed)?
                && replaces != Some(Identity::of(&stat))
            {
                self.mirror.displace(&folder, Path::new(self.path.as_str()), day)?;
            }
            match renameat(&self.folder, self.temporary.as_str(), &folder, name) {
                // The folder was removed meanwhile, being empty.
                Err(Errno::ENOENT) => {}
                renamed => return renamed.map_err(failed),
            }
        }
        Err(MirrorError::Moved { path: self.mirror.fence.shown(self.path.as_str()) })
    }
}

/// Gives the file its time, unless it has it, and tells its stamp.
fn timed(file: &File, modified_secs: Option<i64>) -> Result<Stamp, Errno> {
    let before = stamp(&fstat(file)?);
    match modified_secs {
        Some(secs) if before.mtime_ns != Stamp::new(0, secs, 0).mtime_ns => {
            futimens(file, &TimeSpec::UTIME_OMIT, &TimeSpec::new(secs, 0))?;
            Ok(stamp(&fstat(file)?))
        }
        _ => Ok(before),
    }
}

impl Drop for AssetWriter<'_> {
    fn drop(&mut self) {
        // After `finish` it is gone, and its name is nobody else's.
        let _ = unlinkat(&self.folder, self.temporary.as_str(), UnlinkatFlags::NoRemoveDir);
    }
}
