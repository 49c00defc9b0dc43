//! Ways into the connector's folder that cannot lead out of it.
//!
//! Every access starts at the folder's own descriptor and follows no link, so a folder that somebody swaps for a link to elsewhere is an obstacle, never a
//! way. Knows nothing of documents.

use std::ffi::CString;
use std::fs::DirBuilder;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, RenameFlags, ResolveFlag, open, openat, openat2, renameat, renameat2};
use nix::sys::stat::{FchmodatFlags, FileStat, Mode, SFlag, fchmodat, fstat, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, geteuid, unlinkat};

use super::error::MirrorError;
use crate::model::{DocPath, Stamp};

/// An open folder inside the fence.
pub(super) type Folder = Arc<OwnedFd>;

const OPEN_FOLDER: OFlag = OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// How often a step is repeated that somebody else's rename can spoil.
pub(super) const ATTEMPTS: usize = 16;

pub(super) struct Fence {
    root: Folder,
    path: PathBuf,
    /// Whether the kernel has openat2 (5.6) and lets us call it; else paths are opened component by component.
    has_openat2: bool,
}

/// Why a folder is not at hand.
#[derive(Debug)]
pub(super) enum NoFolder {
    /// Something that is no folder stands at this part of the path.
    Obstacle {
        parent: Folder,
        path: PathBuf,
    },
    /// A part of the way was removed, being empty, while we went it.
    Vanished,
    Failed(MirrorError),
}

impl Fence {
    /// Opens the connector's folder, making it (and those above) with mode 0700 where they are missing.
    pub(super) fn open(root: &Path) -> Result<Self, MirrorError> {
        // With a slash at its end, a link would be followed.
        let root: &Path = &root.components().collect::<PathBuf>();
        let refuse = |why| MirrorError::Root { path: root.to_owned(), why };
        let fail = |operation| move |error: Errno| MirrorError::io(operation, root.to_owned(), error);
        let fd = match open(root, OPEN_FOLDER, Mode::empty()) {
            Err(Errno::ENOENT) => {
                DirBuilder::new().recursive(true).mode(0o700).create(root).map_err(|error| MirrorError::io("create", root.to_owned(), error))?;
                fchmodat(nix::fcntl::AT_FDCWD, root, Mode::S_IRWXU, FchmodatFlags::NoFollowSymlink).map_err(fail("create"))?;
                open(root, OPEN_FOLDER, Mode::empty())
            }
            opened => opened,
        };
        let fd = match fd {
            Ok(fd) => fd,
            Err(Errno::ELOOP | Errno::ENOTDIR) => {
                return Err(refuse(
                    "it, or something above it, is a file, or it is a link. Put a real folder there, or name another one as `output_dir`",
                ));
            }
            Err(error) => return Err(fail("open")(error)),
        };
        if fstat(&fd).map_err(fail("open"))?.st_uid != geteuid().as_raw() {
            return Err(refuse("it belongs to another user. `chown` it, or name another one as `output_dir`"));
        }
        let has_openat2 = openat2(&fd, ".", how()).is_ok();
        Ok(Self { root: Arc::new(fd), path: root.to_owned(), has_openat2 })
    }

    #[cfg(test)]
    pub(super) fn without_openat2(mut self) -> Self {
        self.has_openat2 = false;
        self
    }

    pub(super) fn root(&self) -> &OwnedFd {
        &self.root
    }

    /// Whether the connector's folder still stands at its path.
    pub(super) fn is_in_place(&self) -> bool {
        let same = |there: FileStat, ours: FileStat| (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino);
        matches!((fstatat(nix::fcntl::AT_FDCWD, &self.path, AtFlags::AT_SYMLINK_NOFOLLOW), fstat(&self.root)), (Ok(there), Ok(ours)) if same(there, ours))
    }

    /// The path for people and errors; never for access.
    pub(super) fn shown(&self, path: impl AsRef<Path>) -> PathBuf {
        self.path.join(path)
    }

    pub(super) fn error(&self, operation: &'static str, path: impl AsRef<Path>) -> impl FnOnce(Errno) -> MirrorError {
        let path = self.shown(path);
        move |errno| MirrorError::io(operation, path, errno)
    }

    /// Opens a folder that is there. `ENOENT`, `ENOTDIR` and `ELOOP` say that it is not, or not a real one.
    pub(super) fn folder(&self, folder: &Path) -> Result<Folder, Errno> {
        if folder.as_os_str().is_empty() {
            return Ok(Arc::clone(&self.root));
        }
        if self.has_openat2 {
            for _ in 0..ATTEMPTS {
                match openat2(&self.root, folder, how()) {
                    // A rename went on at the same time (openat2(2)).
                    Err(Errno::EAGAIN | Errno::EINTR) => {}
                    opened => return opened.map(Arc::new),
                }
            }
            return Err(Errno::EAGAIN);
        }
        let mut at = Arc::clone(&self.root);
        for component in folder {
            at = Arc::new(openat(&at, component, OPEN_FOLDER, Mode::empty())?);
        }
        Ok(at)
    }

    /// Opens the folder that holds `path`; none where it is not there or no real one.
    pub(super) fn folder_of(&self, path: &DocPath) -> Result<Option<Folder>, MirrorError> {
        match self.folder(Path::new(path.folder())) {
            Ok(folder) => Ok(Some(folder)),
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => Ok(None),
            Err(error) => Err(self.error("open", path.folder())(error)),
        }
    }

    /// Opens the deepest folder of `folder` and those above it that is there: at worst the connector's own.
    pub(super) fn nearest(&self, folder: &Path) -> Folder {
        folder.ancestors().find_map(|above| self.folder(above).ok()).unwrap_or_else(|| Arc::clone(&self.root))
    }

    /// Opens a folder, making what is missing of it, mode 0700 whatever the umask.
    pub(super) fn make_folder(&self, folder: &Path) -> Result<Folder, NoFolder> {
        match self.folder(folder) {
            Ok(folder) => return Ok(folder),
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => {}
            Err(error) => return Err(NoFolder::Failed(self.error("open", folder)(error))),
        }
        for _ in 0..ATTEMPTS {
            match self.walk_making(folder) {
                Err(NoFolder::Vanished) => {}
                done => return done,
            }
        }
        Err(NoFolder::Failed(self.error("create", folder)(Errno::EAGAIN)))
    }

    fn walk_making(&self, folder: &Path) -> Result<Folder, NoFolder> {
        let mut at = Arc::clone(&self.root);
        let mut path = PathBuf::new();
        for component in folder {
            path.push(component);
            at = self.step(at, component, &path)?;
        }
        Ok(at)
    }

    fn step(&self, at: Folder, component: &std::ffi::OsStr, path: &Path) -> Result<Folder, NoFolder> {
        let failed = |operation, errno| NoFolder::Failed(self.error(operation, path)(errno));
        for _ in 0..ATTEMPTS {
            match openat(&at, component, OPEN_FOLDER, Mode::empty()) {
                Ok(fd) => return Ok(Arc::new(fd)),
                Err(Errno::ENOENT) => match mkdirat(&at, component, Mode::S_IRWXU) {
                    Ok(()) => {
                        let made = look(&at, component).map_err(|errno| failed("create", errno))?;
                        if made.is_some_and(|made| made.st_mode & 0o777 != 0o700) {
                            fchmodat(&at, component, Mode::S_IRWXU, FchmodatFlags::NoFollowSymlink).map_err(|errno| failed("create", errno))?;
                        }
                    }
                    Err(Errno::EEXIST) => {}
                    Err(Errno::ENOENT) => return Err(NoFolder::Vanished),
                    Err(errno) => return Err(failed("create", errno)),
                },
                Err(Errno::ENOTDIR | Errno::ELOOP) => return Err(NoFolder::Obstacle { parent: at, path: path.to_owned() }),
                Err(errno) => return Err(failed("open", errno)),
            }
        }
        Err(failed("create", Errno::EAGAIN))
    }

    /// Removes `folder` and those above it as far as they are empty; the connector's own folder stays. What holds anything at all is left alone.
    pub(super) fn prune(&self, folder: &Path) {
        let mut folder = folder;
        while let (Some(above), Some(name)) = (folder.parent(), folder.file_name()) {
            let removed = self.folder(above).and_then(|above| unlinkat(&above, name, UnlinkatFlags::RemoveDir));
            if !matches!(removed, Ok(()) | Err(Errno::ENOENT)) {
                return;
            }
            folder = above;
        }
    }
}

fn how() -> OpenHow {
    OpenHow::new().flags(OPEN_FOLDER).resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS)
}

/// What stands at `name`, links not followed; none where nothing does.
pub(super) fn look(folder: &OwnedFd, name: &(impl nix::NixPath + ?Sized)) -> Result<Option<FileStat>, Errno> {
    match fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::ENOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Moves `name` to where nothing stands; `EEXIST` where something does.
pub(super) fn rename_to_free(from: &OwnedFd, name: &CString, to: &OwnedFd, new: &CString) -> Result<(), Errno> {
    match renameat2(from, name.as_c_str(), to, new.as_c_str(), RenameFlags::RENAME_NOREPLACE) {
        // Some file systems (rename(2)) cannot promise it; ours are the only hands here.
        Err(Errno::EINVAL | Errno::ENOSYS) => match look(to, new.as_c_str())? {
            Some(_) => Err(Errno::EEXIST),
            None => renameat(from, name.as_c_str(), to, new.as_c_str()),
        },
        renamed => renamed,
    }
}

pub(super) fn is_kind(stat: &FileStat, kind: SFlag) -> bool {
    SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) == kind
}

pub(super) fn is_file(stat: &FileStat) -> bool {
    is_kind(stat, SFlag::S_IFREG)
}

pub(super) fn stamp(stat: &FileStat) -> Stamp {
    Stamp::new(u64::try_from(stat.st_size).unwrap_or_default(), stat.st_mtime, stat.st_mtime_nsec)
}
