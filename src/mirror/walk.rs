//! Walks over everything below a folder: leftovers, strangers, the trash.
//!
//! Holds one folder open at a time and follows no link, so neither depth nor a hostile tree matters. Changes nothing itself.

use std::collections::HashSet;
use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, SFlag};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::error::MirrorError;
use super::fence::{Fence, is_file, is_kind, look, stamp};
use super::file::{Standing, is_temporary, standing};
use super::{Mirror, is_reserved};
use crate::model::DocPath;

/// Enough of a file for its front matter to say whose it is.
const HEAD_BYTES: usize = 8 << 10;

/// One thing that is no folder.
pub(super) struct Found<'w> {
    /// The folder that holds it.
    pub(super) folder: &'w OwnedFd,
    pub(super) name: &'w CStr,
    /// Its path below the connector's folder.
    pub(super) path: PathBuf,
}

/// Visits all that is no folder below `start`, folders that `enters` refuses left out; tells the folders, upper before lower.
pub(super) fn walk(
    fence: &Fence,
    start: &Path,
    enters: impl Fn(&Path) -> bool,
    mut visit: impl FnMut(Found<'_>) -> Result<(), MirrorError>,
) -> Result<Vec<PathBuf>, MirrorError> {
    let mut waiting = vec![start.to_owned()];
    let mut folders = Vec::new();
    while let Some(path) = waiting.pop() {
        let folder = match fence.folder(&path) {
            Ok(folder) => folder,
            // Gone meanwhile, or a link now.
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => continue,
            Err(error) => return Err(fence.error("list", &path)(error)),
        };
        let failed = |error| fence.error("list", &path)(error);
        // A descriptor of its own: the root's would share its reading position.
        let own = openat(&folder, ".", OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty()).map_err(failed)?;
        let mut entries = Dir::from_fd(own).map_err(failed)?;
        for entry in entries.iter() {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let below = path.join(OsStr::from_bytes(name.to_bytes()));
            let is_folder = match entry.file_type() {
                Some(kind) => kind == Type::Directory,
                None => look(&folder, name).map_err(failed)?.is_some_and(|stat| is_kind(&stat, SFlag::S_IFDIR)),
            };
            if !is_folder {
                visit(Found { folder: &folder, name, path: below })?;
            } else if enters(&below) {
                waiting.push(below);
            }
        }
        folders.push(path);
    }
    Ok(folders)
}

/// A file below an `_assets` folder that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stranger {
    /// Where.
    pub path: DocPath,
    /// Its size.
    pub bytes: u64,
}

impl Mirror {
    /// Removes temporary files that a killed run left, known by their names alone; how many. It looks into every folder (some 100 ms per 100,000 files),
    /// and takes those of a batch that is under way, too: call it before the first write, after a run that did not end well.
    ///
    /// # Errors
    /// When a folder cannot be listed or a file not be removed.
    pub fn sweep_temporary(&self) -> Result<u64, MirrorError> {
        let mut removed = 0;
        let mut emptied = HashSet::new();
        walk(&self.fence, Path::new(""), is_content, |found| {
            if is_temporary(found.name.to_bytes()) {
                unlinkat(found.folder, found.name, UnlinkatFlags::NoRemoveDir).map_err(self.fence.error("remove", &found.path))?;
                removed += 1;
                emptied.extend(found.path.parent().map(Path::to_owned));
            }
            Ok(())
        })?;
        emptied.iter().for_each(|folder| self.fence.prune(folder));
        Ok(removed)
    }

    /// What [`Self::sweep_temporary`] would remove, sorted: paths below the connector's folder, and sizes.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn temporary(&self) -> Result<Vec<(PathBuf, u64)>, MirrorError> {
        let mut temporary = Vec::new();
        walk(&self.fence, Path::new(""), is_content, |found| {
            if is_temporary(found.name.to_bytes()) {
                let stat = look(found.folder, found.name).map_err(self.fence.error("look at", &found.path))?;
                temporary.extend(stat.map(|stat| (found.path, stamp(&stat).size)));
            }
            Ok(())
        })?;
        temporary.sort_unstable();
        Ok(temporary)
    }

    /// Tells `visit` of every file that is none of `known`, not hidden, with its first bytes.
    ///
    /// # Errors
    /// When a folder cannot be listed or a file not be read.
    pub fn unknown_documents(&self, known: &HashSet<DocPath>, mut visit: impl FnMut(DocPath, &[u8])) -> Result<(), MirrorError> {
        let mut head = vec![0; HEAD_BYTES];
        walk(&self.fence, Path::new(""), is_content, |found| {
            let Some(path) = found.path.to_str().and_then(|path| DocPath::new(path).ok()) else { return Ok(()) };
            let is_hidden = path.components().any(|component| component.starts_with('.'));
            if !is_hidden && !known.contains(&path) {
                let failed = |error| MirrorError::io("read", self.fence.shown(&found.path), error);
                if let Standing::File(file, _) = standing(found.folder, path.file_name()).map_err(|error| failed(error.into()))? {
                    let read = read_head(file, &mut head).map_err(failed)?;
                    visit(path, head.get(..read).unwrap_or_default());
                }
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Files that look like attachments of ours (two levels below a folder called `_assets`, not hidden) but that no record knows, sorted.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn strangers(&self, known: &HashSet<DocPath>) -> Result<Vec<Stranger>, MirrorError> {
        let mut strangers = Vec::new();
        walk(&self.fence, Path::new(""), is_content, |found| {
            let Some(path) = found.path.to_str().and_then(|path| DocPath::new(path).ok()) else { return Ok(()) };
            let is_asset = path.components().rev().nth(2) == Some("_assets") && !path.file_name().starts_with('.');
            if is_asset && !known.contains(&path) {
                let stat = look(found.folder, found.name).map_err(self.fence.error("look at", &found.path))?;
                if let Some(stat) = stat.filter(is_file) {
                    strangers.push(Stranger { path, bytes: stamp(&stat).size });
                }
            }
            Ok(())
        })?;
        strangers.sort_unstable();
        Ok(strangers)
    }
}

fn read_head(file: File, head: &mut [u8]) -> io::Result<usize> {
    let mut file = file.take(head.len() as u64);
    let mut read = 0;
    loop {
        match file.read(head.get_mut(read..).unwrap_or_default()) {
            Ok(0) => return Ok(read),
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn is_content(folder: &Path) -> bool {
    !folder.to_str().is_some_and(is_reserved)
}
