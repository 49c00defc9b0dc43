//! The control socket: protocol v1, one task per client, one file per verb.
//!
//! Guarantees that only processes of the same user are heard, that a client that is slow, silent or gone mad disturbs nobody else, and that every line is
//! answered. Knows the socket; what is done is the supervisor's.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use context_sync_protocol::error::ErrorBody;
use context_sync_protocol::reply::ReloadReport;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinError;

mod asker;
mod cancel;
mod cleanup;
mod client;
mod config;
mod explain;
mod history;
mod listen;
mod logs;
mod names;
mod pause;
mod reload;
mod restore;
mod resume;
mod runs;
mod status;
mod strays;
mod sync;
mod validate;

pub use listen::{ListenError, Listener};

use crate::schedule::Schedule;
use crate::supervisor::Supervisor;

/// Clients at a time; the next ones wait for their turn.
const MOST_CLIENTS: usize = 256;
/// Blocking works for clients at a time: fewer than the runtime's threads, which the daemon needs as well.
const MOST_BESIDE: usize = 2;

/// The wish to have the configuration read again, and where to say what came of it.
pub type ReloadWish = oneshot::Sender<Result<ReloadReport, ErrorBody>>;

/// What the verbs work with.
pub struct Context {
    /// Who runs workers.
    pub supervisor: Supervisor,
    /// Who knows when bells ring.
    pub schedule: Schedule,
    /// Who reads the configuration again.
    pub reload: mpsc::Sender<ReloadWish>,
    /// Since when the daemon runs.
    pub started: Instant,
    /// Places for what blocks.
    pub beside: Beside,
}

/// Work beside the thread that serves all, a little at a time: whoever asks for much of it waits for a place, and who has gone meanwhile gives it up. Without
/// that, work for those who have gone would pile up before the runtime's few threads.
pub struct Beside(Arc<Semaphore>);

impl Default for Beside {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_BESIDE)))
    }
}

impl Beside {
    /// Does it there.
    pub(crate) async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
        let place = Arc::clone(&self.0).acquire_owned().await;
        tokio::task::spawn_blocking(move || {
            // Held until it is done, whoever waits for it or does not. Never refused, for nobody closes it.
            let _place = place;
            work()
        })
        .await
    }
}

/// Answers clients until it is dropped.
pub async fn run(listener: Listener, context: Context) {
    let context = Arc::new(context);
    let room = Arc::new(Semaphore::new(MOST_CLIENTS));
    loop {
        // Never closed.
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        match listener.accept().await {
            Ok(Some(stream)) => {
                let context = Arc::clone(&context);
                tokio::spawn(async move {
                    client::serve(stream, context).await;
                    drop(place);
                });
            }
            Ok(None) => tracing::warn!("A process of another user knocked at the control socket and was turned away."),
            Err(error) => {
                tracing::warn!("A client cannot be let in: {error}.");
                // Out of descriptors, most likely: some come back when clients leave.
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// The socket's place, as clients look for it.
///
/// # Errors
/// When no folder is known for it.
pub fn place() -> Result<PathBuf, context_sync_protocol::socket::SocketError> {
    context_sync_protocol::socket::resolve(None, nix::unistd::geteuid().as_raw())
}

#[cfg(test)]
mod tests;
