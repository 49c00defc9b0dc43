//! Opens what an operation works on: the connector's state and its mirror.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use context_sync_protocol::event::{Finished, Level};
use tokio_util::sync::CancellationToken;

use super::super::events::Events;
use super::super::outcome;
use crate::mirror::Mirror;
use crate::state::{Opened, State};
use crate::sync::report::Reporter;

/// How long a worker waits for the one before it to let go of the state.
const LOCK_WAIT: Duration = Duration::from_secs(15);
/// The state's folder below the connector's folder.
const STATE: &str = ".sync_state";

/// Both, shared with the threads that block.
pub(super) struct Both {
    /// What earlier runs did.
    pub(super) state: Arc<State>,
    /// Where the files are.
    pub(super) mirror: Arc<Mirror>,
}

/// Opens both below `folder`; says it where the state had to be begun anew. A failure, and a stop while waiting for the lock, is the last word.
pub(super) async fn both(folder: &Path, events: &Events, cancel: &CancellationToken) -> Result<Both, Finished> {
    let (folder, events) = (folder.to_owned(), events.clone());
    let opening = tokio::task::spawn_blocking(move || {
        let (state, opened) = State::open(&folder.join(STATE), LOCK_WAIT).map_err(|error| outcome::of_state(&error))?;
        if let Opened::SetAside { to, why } = opened {
            let fields = [("set_aside", to.display().to_string()), ("why", why)];
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            events.log(
                Level::Warn,
                "The state could not be used and was set aside; a full sync rebuilds it and writes nothing that is right.",
                &fields,
            );
        }
        let mirror = Mirror::open(&folder).map_err(|error| outcome::of_mirror(&error))?;
        Ok(Both { state: Arc::new(state), mirror: Arc::new(mirror) })
    });
    tokio::select! {
        opened = opening => opened.unwrap_or_else(|crash| Err(outcome::of_crash(&crash))),
        () = cancel.cancelled() => Err(outcome::cancelled()),
    }
}
