//! Opens the socket: for its user alone, and only where no other daemon listens.
//!
//! The lock file comes first: whoever holds it may take a socket that a dead daemon left. Nothing that is no socket is ever removed.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use interprocess::local_socket::tokio::Stream;
use interprocess::local_socket::tokio::prelude::*;
use interprocess::local_socket::traits::StreamCommon;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName};
use interprocess::os::unix::local_socket::ListenerOptionsExt;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::geteuid;

/// Why nobody can be heard.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// There is a daemon.
    #[error("another context-syncd listens at {} already; stop it with `systemctl --user stop context-syncd`", .0.display())]
    Taken(PathBuf),
    /// Something else stands there.
    #[error("{} is in the way of the control socket and is no socket; move it away", .0.display())]
    InTheWay(PathBuf),
    /// The folder belongs to somebody else.
    #[error("the folder {} of the control socket belongs to another user; remove it or set XDG_RUNTIME_DIR", .0.display())]
    Foreign(PathBuf),
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
        if meta.mode() & 0o077 != 0 {
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(io)?;
        }
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path.with_extension("lock")).map_err(io)?;
        let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
            nix::errno::Errno::EWOULDBLOCK => ListenError::Taken(path.to_owned()),
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
