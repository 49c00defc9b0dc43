//! The trash: `.trash/<day>/<path>`, and `.trash/<day>.<n>/<path>` where the first is taken.
//!
//! Guarantees that nothing in it is overwritten, that what lies there keeps its whole path, and that coming back overwrites nothing either. Does not know what
//! day it is, nor how long to keep.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use nix::errno::Errno;
use nix::sys::stat::SFlag;
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::error::MirrorError;
use super::fence::{Folder, NoFolder, is_kind, look, rename_to_free, stamp};
use super::walk::walk;
use super::{Mirror, TRASH, checked, is_day};
use crate::model::DocPath;

/// More copies of one path on one day are a sign of something broken.
const MOST_COPIES: u32 = 10_000;

/// Something in the trash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrashEntry {
    /// When it came there, `YYYY-MM-DD`.
    pub day: String,
    /// Folder of the trash that holds it: the day, with a number where there was more than one of the same path.
    pub folder: String,
    /// Where it was, below the connector's folder.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

impl TrashEntry {
    /// Where it is now, below the connector's folder.
    #[must_use]
    pub fn location(&self) -> PathBuf {
        Path::new(TRASH).join(&self.folder).join(&self.path)
    }
}

impl Mirror {
    /// Moves what stands at `path` to the trash of `day` (`YYYY-MM-DD`) and removes folders that became empty. Tells where it went, below the
    /// connector's folder; none where nothing of ours is there (a folder at this path is somebody else's and stays).
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn trash(&self, path: &DocPath, day: &str) -> Result<Option<PathBuf>, MirrorError> {
        checked(path)?;
        is_day(day)?;
        let Some(folder) = self.fence.folder_of(path)? else { return Ok(None) };
        match look(&folder, path.file_name()).map_err(self.fence.error("look at", path.as_str()))? {
            Some(stat) if !is_kind(&stat, SFlag::S_IFDIR) => {}
            _ => return Ok(None),
        }
        let moved = self.move_to_trash(&folder, Path::new(path.as_str()), day)?;
        self.fence.prune(Path::new(path.folder()));
        Ok(moved)
    }

    /// Moves aside what stands where something of ours has to be.
    pub(super) fn displace(&self, folder: &Folder, path: &Path, day: &str) -> Result<(), MirrorError> {
        if self.move_to_trash(folder, path, day)?.is_some() {
            self.displaced.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn move_to_trash(&self, folder: &Folder, path: &Path, day: &str) -> Result<Option<PathBuf>, MirrorError> {
        is_day(day)?;
        let name = c_name(path)?;
        let above = path.parent().unwrap_or(Path::new(""));
        // Once by itself: an obstacle at this place would stand in the way of every number.
        self.make_folder_or_fail(Path::new(TRASH))?;
        for n in 0..MOST_COPIES {
            let mut target = Path::new(TRASH).join(if n == 0 { day.to_owned() } else { format!("{day}.{n}") });
            target.push(above);
            let to = match self.fence.make_folder(&target) {
                Ok(to) => to,
                Err(NoFolder::Obstacle { .. } | NoFolder::Vanished) => continue,
                Err(NoFolder::Failed(error)) => return Err(error),
            };
            match rename_to_free(folder, &name, &to, &name) {
                Ok(()) => return Ok(Some(target.join(path.file_name().unwrap_or_default()))),
                Err(Errno::EEXIST | Errno::ENOTEMPTY) => {}
                Err(Errno::ENOENT) => return Ok(None),
                Err(error) => return Err(self.fence.error("move to the trash", path)(error)),
            }
        }
        Err(MirrorError::Taken { path: self.fence.shown(Path::new(TRASH).join(day).join(path)) })
    }

    /// Number of files in the trash, and their bytes.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn trash_usage(&self) -> Result<(u64, u64), MirrorError> {
        let entries = self.list_trash()?;
        Ok((entries.len() as u64, entries.iter().map(|entry| entry.bytes).sum()))
    }

    /// All that is in the trash, oldest day first. Folders that are not called after a day are not ours and not listed.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn list_trash(&self) -> Result<Vec<TrashEntry>, MirrorError> {
        Ok(self.walk_trash()?.0)
    }

    fn walk_trash(&self) -> Result<(Vec<TrashEntry>, Vec<PathBuf>), MirrorError> {
        let trash = Path::new(TRASH);
        let mut entries = Vec::new();
        let is_ours = |folder: &Path| day_folder(folder).is_some();
        let folders = walk(&self.fence, trash, is_ours, |found| {
            let Some((day, folder)) = day_folder(&found.path) else { return Ok(()) };
            let Ok(path) = found.path.strip_prefix(trash.join(folder)) else { return Ok(()) };
            let stat = look(found.folder, found.name).map_err(self.fence.error("look at", &found.path))?;
            if let Some(stat) = stat.filter(|_| !path.as_os_str().is_empty()) {
                entries.push(TrashEntry { day: day.to_owned(), folder: folder.to_owned(), path: path.to_owned(), bytes: stamp(&stat).size });
            }
            Ok(())
        })?;
        entries.sort_unstable();
        Ok((entries, folders))
    }

    /// What came to the trash before `day` (`YYYY-MM-DD`); with `apply`, it is gone for good afterwards.
    ///
    /// # Errors
    /// When the file system refuses; what was not removed stays listed.
    pub fn empty_trash_before(&self, day: &str, apply: bool) -> Result<Vec<TrashEntry>, MirrorError> {
        is_day(day)?;
        let (mut entries, folders) = self.walk_trash()?;
        entries.retain(|entry| entry.day.as_str() < day);
        if !apply {
            return Ok(entries);
        }
        for entry in &entries {
            let path = entry.location();
            let above = path.parent().unwrap_or(Path::new(TRASH));
            let folder = self.fence.folder(above).map_err(self.fence.error("remove", &path))?;
            match unlinkat(&folder, c_name(&path)?.as_c_str(), UnlinkatFlags::NoRemoveDir) {
                Ok(()) | Err(Errno::ENOENT) => {}
                Err(error) => return Err(self.fence.error("remove", &path)(error)),
            }
        }
        for folder in folders.iter().rev().filter(|folder| day_folder(folder).is_some_and(|(found, _)| found < day)) {
            self.fence.prune(folder);
        }
        Ok(entries)
    }

    /// Puts an entry back where it was.
    ///
    /// # Errors
    /// [`MirrorError::Taken`] where something stands there: nothing is overwritten.
    pub fn restore(&self, entry: &TrashEntry) -> Result<DocPath, MirrorError> {
        let refused = |why| MirrorError::Refused { path: entry.path.display().to_string(), why };
        let no_name = "its name is none that we write. Move it back by hand";
        let path = entry.path.to_str().and_then(|path| DocPath::new(path).ok()).ok_or_else(|| refused(no_name))?;
        checked(&path)?;
        if day_folder(&entry.location()).is_none() {
            return Err(refused("it is not in the trash"));
        }
        let location = entry.location();
        let above = location.parent().unwrap_or(Path::new(TRASH));
        let from = self.fence.folder(above).map_err(self.fence.error("restore", &location))?;
        let name = c_name(&entry.path)?;
        if look(&from, name.as_c_str()).map_err(self.fence.error("restore", &location))?.is_none() {
            return Err(self.fence.error("restore", &location)(Errno::ENOENT));
        }
        let to = self.make_folder_or_fail(Path::new(path.folder()))?;
        match rename_to_free(&from, &name, &to, &name) {
            Ok(()) => {}
            Err(Errno::EEXIST | Errno::ENOTEMPTY) => return Err(MirrorError::Taken { path: self.fence.shown(path.as_str()) }),
            Err(error) => return Err(self.fence.error("restore", &location)(error)),
        }
        self.fence.prune(above);
        Ok(path)
    }

    fn make_folder_or_fail(&self, folder: &Path) -> Result<Folder, MirrorError> {
        self.fence.make_folder(folder).map_err(|none| match none {
            NoFolder::Obstacle { path, .. } => MirrorError::Taken { path: self.fence.shown(path) },
            NoFolder::Vanished => self.fence.error("create", folder)(Errno::ENOENT),
            NoFolder::Failed(error) => error,
        })
    }
}

pub(super) fn c_name(path: &Path) -> Result<CString, MirrorError> {
    let name = path.file_name().unwrap_or_default();
    CString::new(name.as_bytes()).map_err(|_| MirrorError::Refused { path: path.display().to_string(), why: "it holds a NUL" })
}

/// Day and name of the trash's folder that `path` (below the connector's folder) lies in.
fn day_folder(path: &Path) -> Option<(&str, &str)> {
    let folder = path.strip_prefix(TRASH).ok()?.components().next()?.as_os_str().to_str()?;
    let (day, number) = folder.split_at_checked(10)?;
    let is_number = number.is_empty() || number.strip_prefix('.').is_some_and(|n| !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit()));
    (is_number && is_day(day).is_ok()).then_some((day, folder))
}
