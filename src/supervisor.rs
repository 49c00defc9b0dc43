//! Starts, limits, watches and cancels workers, and keeps what their events say.
//!
//! Guarantees at most `max_parallel` workers at a time and never two of one connector; ten rings during a run are one more run. Nobody who listens can
//! hold a worker up: followers that are too slow miss events. Knows neither times nor sockets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use context_sync_protocol::event::{Event, Outcome};
use context_sync_protocol::reply::{ConnectorStatus, RunRecord};
use tokio::sync::{Notify, broadcast, mpsc, oneshot};

mod carry;
mod desk;
pub mod lines;
mod memory;
mod reload;
mod run;
mod status;
mod stop;
mod suspension;

pub use desk::Cause;

use crate::config::Config;
use crate::config::job::Operation;
use desk::Desk;
use memory::Memory;
use run::Workers;
use suspension::Suspension;

/// Events that a follower may lag behind before it misses some.
const LAG: usize = 256;

/// Something that a worker said.
#[derive(Clone, Debug)]
pub struct Told {
    /// The connector.
    pub connector: Arc<str>,
    /// The order that is carried out.
    pub order: u64,
    /// `sync`, `validate`, `cleanup`, `restore`.
    pub operation: &'static str,
    /// What it said.
    pub event: Arc<Event>,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The connector.
    pub connector: Arc<str>,
    /// `sync`, `validate`, `cleanup`, `restore`.
    pub operation: &'static str,
    /// How it ended.
    pub outcome: Outcome,
}

/// An operation that will be carried out.
pub struct Ordered {
    /// The order, as [`Told`] names it; several askers may share one.
    pub order: u64,
    /// Its end. Closed without a word only when the daemon ends.
    pub ended: oneshot::Receiver<RunRecord>,
}

/// Why an operation cannot be ordered.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// No such connector.
    #[error("There is no connector `{0}`.")]
    Unknown(String),
    /// Too many wait.
    #[error("Too many operations wait for `{0}` already.")]
    TooMany(String),
    /// The daemon ends.
    #[error("The daemon is about to stop.")]
    Stopping,
}

/// The supervisor; cheap to clone.
#[derive(Clone)]
pub struct Supervisor {
    shared: Arc<Shared>,
}

struct Shared {
    inner: Mutex<Inner>,
    told: broadcast::Sender<Told>,
    ends: mpsc::UnboundedSender<End>,
    idle: Notify,
    memory: Memory,
    workers: Workers,
}

struct Inner {
    config: Arc<Config>,
    desks: BTreeMap<String, Desk>,
    orders: u64,
    running: usize,
    stopping: bool,
    /// Who is suspended, as it was written last.
    remembered: BTreeMap<String, Suspension>,
}

/// Milliseconds since 1970.
#[must_use]
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

impl Supervisor {
    /// With the connectors of `config` that are on, and what is remembered of them; and the ends of all runs, of which none is ever missed. Blocking; for
    /// the start.
    #[must_use]
    pub fn new(config: Arc<Config>) -> (Self, mpsc::UnboundedReceiver<End>) {
        Self::with_workers(config, Workers::default())
    }

    fn with_workers(config: Arc<Config>, workers: Workers) -> (Self, mpsc::UnboundedReceiver<End>) {
        let memory = Memory::new(config.state_dir.clone());
        let (paused, remembered) = (memory.paused(), memory.suspended());
        let desks = config.enabled().map(|instance| {
            let name = instance.config.name.clone();
            let mut desk = Desk::new(instance.clone(), memory.runs(&name), paused.contains(&name));
            desk.suspended = remembered.get(&name).filter(|suspension| suspension.holds(&instance.config)).cloned();
            (name, desk)
        });
        let desks = desks.collect();
        let inner = Mutex::new(Inner { config, desks, orders: 0, running: 0, stopping: false, remembered });
        // At most one message a run, so it needs no bound.
        let (ends, ended) = mpsc::unbounded_channel();
        let shared = Shared { inner, told: broadcast::channel(LAG).0, ends, idle: Notify::new(), memory, workers };
        (Self { shared: Arc::new(shared) }, ended)
    }

    /// What workers say from now on.
    #[must_use]
    pub fn follow(&self) -> broadcast::Receiver<Told> {
        self.shared.told.subscribe()
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.lock().config)
    }

    /// The connectors' names.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.lock().desks.iter().filter(|(_, desk)| !desk.gone).map(|(name, _)| name.clone()).collect()
    }

    /// Rings the bell of a connector, which does not listen while it is paused or suspended. A sync that runs already does for the start's.
    pub fn ring(&self, name: &str, cause: Cause) {
        let mut inner = self.lock();
        let listens = inner.desks.get(name).is_some_and(|desk| desk.listens() && !(cause == Cause::Start && desk.syncs()));
        if listens && !inner.stopping {
            // A queue that is full holds a sync already, or so many wishes of people that a bell may be missed.
            let _ = self.put(&mut inner, name, Operation::Sync { full: false, accept_deletions: false }, cause, None);
        }
    }

    /// Orders an operation, because somebody asked: paused and suspended connectors do it, too. It begins after this call.
    ///
    /// # Errors
    /// When there is no such connector, or too much to do.
    pub fn order(&self, name: &str, operation: Operation) -> Result<Ordered, OrderError> {
        let (sender, ended) = oneshot::channel();
        let order = self.put(&mut self.lock(), name, operation, Cause::Request, Some(sender))?;
        Ok(Ordered { order, ended })
    }

    fn put(
        &self,
        inner: &mut Inner,
        name: &str,
        operation: Operation,
        cause: Cause,
        waiting: Option<oneshot::Sender<RunRecord>>,
    ) -> Result<u64, OrderError> {
        if inner.stopping {
            return Err(OrderError::Stopping);
        }
        let id = inner.orders;
        let desk = inner.desks.get_mut(name).filter(|desk| !desk.gone).ok_or_else(|| OrderError::Unknown(name.to_owned()))?;
        let order = desk.order(id, operation, cause, waiting).ok_or_else(|| OrderError::TooMany(name.to_owned()))?;
        inner.orders += 1;
        self.start_what_can(inner);
        Ok(order)
    }

    /// Rings no bells for these, or rings them again, also where a suspension kept them silent; the names of those for which that is new, once it is
    /// remembered.
    ///
    /// # Errors
    /// When it cannot be remembered; it holds until the daemon ends.
    pub async fn pause(&self, names: &[String], paused: bool) -> std::io::Result<Vec<String>> {
        let mut touched = Vec::new();
        {
            let mut inner = self.lock();
            for name in names {
                let Some(desk) = inner.desks.get_mut(name) else { continue };
                let freed = !paused && desk.suspended.take().is_some();
                if std::mem::replace(&mut desk.paused, paused) != paused || freed {
                    touched.push(name.clone());
                }
            }
        }
        let supervisor = self.clone();
        let kept = tokio::task::spawn_blocking(move || {
            supervisor.keep_suspended();
            supervisor.shared.memory.keep_paused(|| {
                let inner = supervisor.lock();
                inner.desks.iter().filter(|(_, desk)| desk.paused).map(|(name, _)| name.clone()).collect()
            })
        });
        kept.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))?;
        Ok(touched)
    }

    /// How the connectors stand; from memory alone. When the next bell rings is for others to add.
    #[must_use]
    pub fn status(&self) -> Vec<ConnectorStatus> {
        self.lock().desks.values().filter(|desk| !desk.gone).map(status::of).collect()
    }

    /// How runs ended, newest first.
    #[must_use]
    pub fn history(&self, name: Option<&str>, limit: usize) -> Vec<RunRecord> {
        let inner = self.lock();
        let wanted = inner.desks.iter().filter(|(own, desk)| !desk.gone && name.is_none_or(|name| name == own.as_str()));
        let mut runs: Vec<RunRecord> = wanted.flat_map(|(_, desk)| desk.runs.iter().cloned()).collect();
        drop(inner);
        runs.sort_by_key(|run| std::cmp::Reverse(run.ended_ms));
        runs.truncate(limit);
        runs
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Whoever panicked with the lock left plain data that is whole between any two statements.
        self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One run in one line, for the log and for `--once`.
#[must_use]
pub fn sentence(record: &RunRecord) -> String {
    status::sentence(record)
}

#[cfg(test)]
mod tests;
