//! What can go wrong with the state, each with its way out.
//!
//! Sled's own error type does not leave this room: it is kept as text in the chain.

use std::io;
use std::path::PathBuf;

/// A failure of the state folder.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another process holds the lock.
    #[error(
        "the state in `{}` is in use by another run of this connector. Wait for it, or stop it with `context-syncctl cancel`",
        folder.display()
    )]
    Locked {
        /// The state folder.
        folder: PathBuf,
    },
    /// The file system refused; see [`StateError::is_disk_full`].
    #[error("cannot {operation} `{}`. {}", path.display(), way_out(source.kind()))]
    Io {
        /// What was tried (`write`).
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is stored cannot be read. The folder is marked: the next [`super::State::open`] sets it aside and starts afresh.
    #[error("the state's record of {what} is damaged ({detail}). The next run sets the state aside and rebuilds it; nothing is lost")]
    Damaged {
        /// The record (`document 98411`).
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A raw body beyond [`super::MAX_RAW_BYTES`].
    #[error("the body of {id} has {bytes} bytes, more than the state keeps. Lower `max_body_bytes` to have it deferred")]
    TooLarge {
        /// The document.
        id: String,
        /// Its size.
        bytes: usize,
    },
}

impl StateError {
    pub(super) fn io(operation: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { operation, path: path.into(), source }
    }

    /// True where the disk or a quota is full: nothing that this run could write would fit.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }
}

fn way_out(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "The disk or quota is full: make room, the next run goes on by itself",
        io::ErrorKind::ReadOnlyFilesystem => "The file system is mounted read-only: mount it writable, or move `output_dir`",
        io::ErrorKind::PermissionDenied => "Give yourself the folder back with `chown` and `chmod u+rwX`, or move `output_dir`",
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            "The folder was deleted, moved or replaced while a run used it: the next run makes what is missing"
        }
        _ => {
            "It is tried again at the next run; if it stays, check the disk (`journalctl -k` has its errors), or delete the state folder: the next run \
             rebuilds it and loses nothing"
        }
    }
}
