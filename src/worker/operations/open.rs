//! Opens what an operation works on: the connector's state and its mirror.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use context_sync_protocol::event::Level;
use tokio_util::sync::CancellationToken;

use super::super::error::WorkerError;
use super::super::events::Events;
use crate::mirror::Mirror;
use crate::state::{Opened, State};
use crate::sync::report::Reporter;

/// How long a worker waits for the one before it to let go of the state.
const LOCK_WAIT: Duration = Duration::from_secs(15);
/// The state's folder below the connector's folder.
pub(super) const STATE: &str = ".sync_state";

/// Both, shared with the threads that block.
pub(super) struct Both {
    /// What earlier runs did.
    pub(super) state: Arc<State>,
    /// Where the files are.
    pub(super) mirror: Arc<Mirror>,
}

/// Opens both below `folder`; says it where the state had to be begun anew. A stop while waiting for the lock is heard.
pub(super) async fn both(folder: &Path, events: &Events, cancel: &CancellationToken) -> Result<Both, WorkerError> {
    let (folder, events) = (folder.to_owned(), events.clone());
    let opening = tokio::task::spawn_blocking(move || {
        let (state, opened) = State::open(&folder.join(STATE), LOCK_WAIT)?;
        if let Opened::SetAside { to, why } = opened {
            let (message, to) = (
                "The state could not be used and was set aside; a full sync rebuilds it and writes nothing that is right.",
                to.display().to_string(),
            );
            events.log(Level::Warn, message, &[("set_aside", to.as_str()), ("why", why.as_str())]);
        }
        Ok(Both { state: Arc::new(state), mirror: Arc::new(Mirror::open(&folder)?) })
    });
    tokio::select! {
        opened = opening => opened?,
        () = cancel.cancelled() => Err(WorkerError::Cancelled),
    }
}
