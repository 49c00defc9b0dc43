//! Opens the socket: for its user alone, and only where no other daemon listens.
//!
//! The lock file comes first: whoever holds it may take a socket that a dead daemon left. Nothing that is no socket is ever removed, no link is followed to
//! the folder, the lock or the socket, and where others can change the folder from above nobody listens at all.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use interprocess::local_socket::tokio::Stream;
use interprocess::local_socket::tokio::prelude::*;
use interprocess::local_socket::traits::StreamCommon;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName};
use interprocess::os::unix::local_socket::ListenerOptionsExt;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::unistd::geteuid;

/// Why nobody can be heard.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// There is a daemon.
    #[error("another context-syncd listens at {} already; stop it with `systemctl --user stop context-syncd`", .0.display())]
    Taken(PathBuf),
    /// Something else stands there, or at the lock's place.
    #[error("{} is in the way of the control socket: it is no socket or lock of ours; move it away", .0.display())]
    InTheWay(PathBuf),
    /// The folder belongs to somebody else, or is none.
    #[error("{}, the folder of the control socket, is a link, or no folder, or belongs to another user; remove it or set XDG_RUNTIME_DIR", .0.display())]
    Foreign(PathBuf),
    /// Others can put another folder in its place.
    #[error("everybody can replace the folder of the control socket, because {} can be written to by all; run `chmod o-w {}` or set XDG_RUNTIME_DIR", .0.display(), .0.display())]
    Open(PathBuf),
    /// The system refused.
    #[error("the control socket {} cannot be opened; check the permissions of its folder", path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The open socket; removed when it is dropped.
pub struct Listener {
    listener: interprocess::local_socket::tokio::Listener,
    /// Held as long as the socket is.
    _lock: Flock<File>,
}

impl Listener {
    /// Listens at `path`. Needs a running runtime.
    ///
    /// # Errors
    /// When another daemon does already, or the place cannot be used.
    pub fn open(path: &Path) -> Result<Self, ListenError> {
        let io = |source| ListenError::Io { path: path.to_owned(), source };
        let folder = path.parent().unwrap_or(Path::new("/"));
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
        let meta = std::fs::symlink_metadata(folder).map_err(io)?;
        if !meta.is_dir() || meta.uid() != geteuid().as_raw() {
            return Err(ListenError::Foreign(folder.to_owned()));
        }
        let above = folder.parent().unwrap_or(Path::new("/"));
        // With the sticky bit, as in /tmp, everybody replaces only what is theirs.
        if std::fs::metadata(above).map_err(io)?.mode() & 0o1002 == 0o0002 {
            return Err(ListenError::Open(above.to_owned()));
        }
        if meta.mode() & 0o077 != 0 {
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(io)?;
        }
        let file = open_lock(&path.with_extension("lock"), path)?;
        let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
            Errno::EWOULDBLOCK => ListenError::Taken(path.to_owned()),
            errno => io(errno.into()),
        })?;
        match std::fs::symlink_metadata(path) {
            Ok(meta) if meta.file_type().is_socket() => std::fs::remove_file(path).map_err(io)?,
            Ok(_) => return Err(ListenError::InTheWay(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io(error)),
        }
        let name = path.to_fs_name::<GenericFilePath>().map_err(io)?;
        // The mode is set before the socket has a name.
        let listener = ListenerOptions::new().name(name).mode(0o600).create_tokio().map_err(io)?;
        Ok(Self { listener, _lock: lock })
    }

    /// The next client; none if it was one of another user.
    pub(super) async fn accept(&self) -> io::Result<Option<Stream>> {
        let stream = self.listener.accept().await?;
        let ours = stream.peer_creds().is_ok_and(|peer| peer.euid() == Some(geteuid().as_raw()));
        Ok(ours.then_some(stream))
    }
}

/// Opens the lock file, making it where it is missing. One that others put there, before the folder was closed to them, they could hold for ever.
fn open_lock(lock: &Path, socket: &Path) -> Result<File, ListenError> {
    let io = |source| ListenError::Io { path: socket.to_owned(), source };
    // A pipe would keep us waiting for its other end.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    match OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).custom_flags(flags.bits()).open(lock) {
        Ok(file) => {
            let meta = file.metadata().map_err(io)?;
            if meta.is_file() && meta.uid() == geteuid().as_raw() { Ok(file) } else { Err(ListenError::InTheWay(lock.to_owned())) }
        }
        Err(error) => match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::ELOOP | Errno::ENXIO | Errno::EISDIR | Errno::EACCES) => Err(ListenError::InTheWay(lock.to_owned())),
            _ => Err(io(error)),
        },
    }
}
