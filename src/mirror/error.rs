//! What can go wrong below a connector's folder, each with its way out.

use std::io;
use std::path::PathBuf;

use nix::errno::Errno;

/// A failure of the mirror.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The file system refused.
    #[error("cannot {operation} `{}`. {}", path.display(), way_out(*kind))]
    Io {
        /// What was tried (`write`).
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// What this means for a run.
        kind: MirrorErrorKind,
        /// What the system said.
        source: io::Error,
    },
    /// The connector's folder is none that we may write to.
    #[error("`{}` cannot be a connector's folder: {why}", path.display())]
    Root {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        why: &'static str,
    },
    /// A path that belongs to the mirror's or the state's own folders, or is no day, or cannot be a name.
    #[error("`{path}` is no path for this: {why}")]
    Refused {
        /// The path.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Something stands where something else must not be overwritten.
    #[error("`{}` is taken by something else, which is not overwritten. Move it away, then try again", path.display())]
    Taken {
        /// Where.
        path: PathBuf,
    },
    /// A folder was moved or deleted while files were written to it.
    #[error("the folder of `{}` was moved away, deleted or replaced while it was written to. The next run writes again what is missing", path.display())]
    Moved {
        /// The file.
        path: PathBuf,
    },
}

/// What a failure means for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorErrorKind {
    /// Disk, quota or inodes are used up: no further write can succeed.
    DiskFull,
    /// Mounted read-only: no write can succeed.
    ReadOnly,
    /// Not permitted: perhaps this one path, perhaps all.
    Denied,
    /// Something is in the way of this one path.
    Conflict,
    /// Anything else.
    Other,
}

impl MirrorError {
    pub(super) fn io(operation: &'static str, path: PathBuf, source: impl Into<io::Error>) -> Self {
        let source = source.into();
        Self::Io { operation, path, kind: kind_of(&source), source }
    }

    /// What this means for the run.
    #[must_use]
    pub fn kind(&self) -> MirrorErrorKind {
        match self {
            Self::Io { kind, .. } => *kind,
            Self::Root { .. } => MirrorErrorKind::Denied,
            Self::Taken { .. } | Self::Moved { .. } => MirrorErrorKind::Conflict,
            Self::Refused { .. } => MirrorErrorKind::Other,
        }
    }
}

fn kind_of(error: &io::Error) -> MirrorErrorKind {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOSPC | Errno::EDQUOT) => MirrorErrorKind::DiskFull,
        Some(Errno::EROFS) => MirrorErrorKind::ReadOnly,
        Some(Errno::EACCES | Errno::EPERM) => MirrorErrorKind::Denied,
        Some(Errno::ENOTDIR | Errno::ELOOP | Errno::EEXIST | Errno::ENOTEMPTY | Errno::EISDIR) => MirrorErrorKind::Conflict,
        _ => MirrorErrorKind::Other,
    }
}

fn way_out(kind: MirrorErrorKind) -> &'static str {
    match kind {
        MirrorErrorKind::DiskFull => "The disk or quota is full: make room, the next run goes on by itself",
        MirrorErrorKind::ReadOnly => "The file system is mounted read-only: mount it writable, or move `output_dir`",
        MirrorErrorKind::Denied => "Give yourself the folder back with `chown` and `chmod u+rwX`, or move `output_dir`",
        MirrorErrorKind::Conflict => "Something else stands there: move it away, the next run goes on by itself",
        MirrorErrorKind::Other => "It is tried again at the next run; if it stays, check the disk",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_becomes_what_to_do() {
        for (errno, kind, advice) in [
            (Errno::ENOSPC, MirrorErrorKind::DiskFull, "make room"),
            (Errno::EDQUOT, MirrorErrorKind::DiskFull, "make room"),
            (Errno::EROFS, MirrorErrorKind::ReadOnly, "read-only"),
            (Errno::EACCES, MirrorErrorKind::Denied, "chmod"),
            (Errno::ELOOP, MirrorErrorKind::Conflict, "move it away"),
            (Errno::EIO, MirrorErrorKind::Other, "check the disk"),
        ] {
            let error = MirrorError::io("write", PathBuf::from("/x/ENG/a.md"), errno);
            assert_eq!(error.kind(), kind);
            let text = error.to_string();
            assert!(text.starts_with("cannot write `/x/ENG/a.md`. ") && text.contains(advice), "{text}");
        }
    }
}
