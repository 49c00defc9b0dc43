//! What keeps a worker from beginning its work, each with its way out.

use std::io;
use std::path::PathBuf;

use crate::config::secret::SecretError;
use crate::model::NameError;
use crate::priority::PriorityError;
use crate::sandbox::SandboxError;

/// A worker's life that ended before its operation began.
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
    #[error("the folder `{}` cannot be made; check who owns the folders above it", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("this process cannot be fenced in")]
    Sandbox(#[from] SandboxError),
    #[error("the threads of the worker cannot be started; the system may have run out of memory or processes")]
    Runtime(#[source] io::Error),
}
