//! What keeps a worker from ending its work well, each with its way out.

use std::io;
use std::path::PathBuf;

use crate::config::secret::SecretError;
use crate::connectors::connector::SourceError;
use crate::mirror::MirrorError;
use crate::model::NameError;
use crate::priority::PriorityError;
use crate::sandbox::SandboxError;
use crate::state::StateError;

/// Why a worker's life ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum WorkerError {
    #[error(
        "no job came on the standard input; `context-syncd worker` is started by the daemon, use `context-syncctl sync` or `context-syncd --once`"
    )]
    NoJob(#[source] io::Error),
    #[error("the job on the standard input cannot be read; restart the daemon if it was updated: `systemctl --user restart context-syncd`")]
    BadJob(#[source] serde_json::Error),
    #[error("the job names a connector that cannot be")]
    Name(#[from] NameError),
    #[error("this process cannot be made to stand back")]
    Priority(#[from] PriorityError),
    #[error("the secret `{setting}` of connector `{connector}` cannot be had")]
    Secret { connector: String, setting: String, source: SecretError },
    #[error("the folder `{}` cannot be made", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("this process cannot be fenced in")]
    Sandbox(#[from] SandboxError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    #[error("the work was stopped on request")]
    Cancelled,
    #[error("a part of the worker crashed; the journal holds the place, please report it with that line")]
    Crashed(#[from] tokio::task::JoinError),
    #[error("the threads of the worker cannot be started; the system may have run out of memory or processes")]
    Runtime(#[source] io::Error),
}
