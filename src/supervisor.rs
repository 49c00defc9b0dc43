//! Starts, limits, watches and cancels workers, and keeps what their events say.
//!
//! Guarantees at most `max_parallel` workers at a time and never two of one connector; ten rings during a run are one more run. Nobody who listens can
//! hold a worker up: followers that are too slow miss events. Knows neither times nor sockets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use context_sync_protocol::event::{Event, Finished, Outcome};
use context_sync_protocol::reply::{ConnectorStatus, ReloadReport, RunRecord};
use tokio::sync::{Notify, broadcast, oneshot};
use tokio_util::sync::CancellationToken;

mod desk;
pub mod lines;
mod memory;
mod run;
mod status;

pub use desk::Cause;

use crate::config::Config;
use crate::config::job::{Job, Operation};
use crate::logging;
use desk::{Desk, Order, Running};
use memory::Memory;

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
    idle: Notify,
    memory: Memory,
}

struct Inner {
    config: Arc<Config>,
    desks: BTreeMap<String, Desk>,
    orders: u64,
    running: usize,
    stopping: bool,
}

/// Milliseconds since 1970.
#[must_use]
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

impl Supervisor {
    /// With the connectors of `config` that are on, and what is remembered of them. Blocking; for the start.
    #[must_use]
    pub fn new(config: Arc<Config>) -> Self {
        let memory = Memory::new(config.state_dir.clone());
        let paused = memory.paused();
        let desks = config.enabled().map(|instance| {
            let name = instance.config.name.clone();
            let desk = Desk::new(instance.clone(), memory.runs(&name), paused.contains(&name));
            (name, desk)
        });
        let desks = desks.collect();
        let inner = Mutex::new(Inner { config, desks, orders: 0, running: 0, stopping: false });
        Self { shared: Arc::new(Shared { inner, told: broadcast::channel(LAG).0, idle: Notify::new(), memory }) }
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

    /// Rings the bell of a connector, which does not listen while it is paused or suspended.
    pub fn ring(&self, name: &str, cause: Cause) {
        let mut inner = self.lock();
        let listens = inner.desks.get(name).is_some_and(Desk::listens);
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

    /// Starts those that have waited longest, as far as there is room.
    fn start_what_can(&self, inner: &mut Inner) {
        while inner.running < inner.config.max_parallel && !inner.stopping {
            let waits = |(name, desk): (&String, &Desk)| match (&desk.running, desk.queue.front()) {
                (None, Some(order)) => Some((order.id, name.clone())),
                _ => None,
            };
            let Some((_, name)) = inner.desks.iter().filter_map(waits).min() else { return };
            let Some(desk) = inner.desks.get_mut(&name) else { return };
            let Some(order) = desk.queue.pop_front() else { return };
            let cancel = CancellationToken::new();
            let running = Running { operation: order.operation.clone(), started_ms: now_ms(), progress: None, cancel: cancel.clone() };
            let job = Job {
                connector: desk.instance.config.clone(),
                operation: order.operation.clone(),
                worker: inner.config.worker.clone(),
                log_level: inner.config.log_level.clone(),
                trash_days: inner.config.trash_days,
            };
            desk.running = Some(running);
            inner.running += 1;
            tokio::spawn(self.clone().carry_out(job, order, cancel));
        }
    }

    /// One run, from start to end.
    async fn carry_out(self, job: Job, order: Order, cancel: CancellationToken) {
        let connector: Arc<str> = job.connector.name.as_str().into();
        let operation = desk::word(&order.operation);
        let started_ms = now_ms();
        tracing::debug!(connector = &*connector, operation, cause = order.cause.word(), "Begun.");
        let finished = run::run(&job, &cancel, |pid, event| self.hear(&connector, order.id, operation, pid, event)).await;
        let record = RunRecord {
            connector: connector.to_string(),
            operation: operation.to_owned(),
            cause: order.cause.word().to_owned(),
            started_ms,
            ended_ms: now_ms(),
            finished,
        };
        log_end(&record);
        self.ended(&connector, &record);
        let told = Told { connector, order: order.id, operation, event: Arc::new(Event::Finished(Box::new(record.finished.clone()))) };
        // Nobody may follow.
        let _ = self.shared.told.send(told);
        for waiting in order.waiting {
            // Who hung up does not want to know.
            let _ = waiting.send(record.clone());
        }
        // Only now, so that whoever drains knows that all has been told and kept.
        self.keep(&record.connector).await;
        let mut inner = self.lock();
        inner.running -= 1;
        self.start_what_can(&mut inner);
        drop(inner);
        self.shared.idle.notify_waiters();
    }

    fn hear(&self, connector: &Arc<str>, order: u64, operation: &'static str, pid: u32, event: Event) {
        match &event {
            Event::Log { level, message, fields } => logging::worker(connector, operation, pid, *level, message, fields),
            Event::Progress(progress) => {
                if let Some(running) = self.lock().desks.get_mut(&**connector).and_then(|desk| desk.running.as_mut()) {
                    running.progress = Some(progress.clone());
                }
            }
            Event::Finished(_) => {}
        }
        let _ = self.shared.told.send(Told { connector: Arc::clone(connector), order, operation, event: Arc::new(event) });
    }

    fn ended(&self, connector: &str, record: &RunRecord) {
        let mut inner = self.lock();
        if let Some(desk) = inner.desks.get_mut(connector) {
            desk.running = None;
            desk.ended(record);
            if desk.gone {
                inner.desks.remove(connector);
            }
        }
    }

    /// Writes a connector's history.
    async fn keep(&self, connector: &str) {
        let Some(runs) = self.lock().desks.get(connector).map(|desk| desk.runs.clone()) else { return };
        let (memory, name) = (self.shared.memory.clone(), connector.to_owned());
        let kept = tokio::task::spawn_blocking(move || memory.keep_runs(&name, &runs)).await;
        if let Ok(Err(error)) = kept {
            tracing::warn!(connector, "The history cannot be written: {error}. Check the space and the permissions of the state folder.");
        }
    }

    /// Stops what runs and waits; the names of those that had something to stop.
    pub fn cancel(&self, names: &[String]) -> Vec<String> {
        let mut inner = self.lock();
        let mut touched = Vec::new();
        for name in names {
            let Some(desk) = inner.desks.get_mut(name) else { continue };
            let orders: Vec<Order> = desk.queue.drain(..).collect();
            if let Some(running) = &desk.running {
                running.cancel.cancel();
            }
            if desk.running.is_some() || !orders.is_empty() {
                touched.push(name.clone());
            }
            for order in orders {
                give_up(name, order);
            }
        }
        touched
    }

    /// Rings no bells for these (or rings them again); the names of those for which that is new, once it is remembered.
    ///
    /// # Errors
    /// When it cannot be remembered; it holds until the daemon ends.
    pub async fn pause(&self, names: &[String], paused: bool) -> std::io::Result<Vec<String>> {
        let (touched, all) = {
            let mut inner = self.lock();
            let mut touched = Vec::new();
            for name in names {
                if let Some(desk) = inner.desks.get_mut(name).filter(|desk| desk.paused != paused) {
                    desk.paused = paused;
                    touched.push(name.clone());
                }
            }
            let all: BTreeSet<String> = inner.desks.iter().filter(|(_, desk)| desk.paused).map(|(name, _)| name.clone()).collect();
            (touched, all)
        };
        let memory = self.shared.memory.clone();
        tokio::task::spawn_blocking(move || memory.keep_paused(&all)).await.unwrap_or_else(|error| Err(std::io::Error::other(error)))?;
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

    /// Puts another configuration in force. What runs goes on as it began; what is configured no more is stopped. Says what changed, and which
    /// connectors have a reason to sync now. Blocking, for little files.
    pub fn put_in_force(&self, config: Arc<Config>) -> (ReloadReport, Vec<String>) {
        let memory = &self.shared.memory;
        let paused = memory.paused();
        let mut inner = self.lock();
        let mut report = ReloadReport { notes: config.notes.clone(), ..ReloadReport::default() };
        let mut woken = Vec::new();
        for instance in config.enabled() {
            let name = &instance.config.name;
            match inner.desks.get_mut(name) {
                Some(desk) => {
                    let changed = desk.gone || desk.instance != *instance;
                    if changed {
                        let list = if desk.gone { &mut report.added } else { &mut report.changed };
                        list.push(name.clone());
                        desk.instance = instance.clone();
                        desk.gone = false;
                    }
                    // Whoever reloads may have mended something that the configuration only refers to.
                    if desk.suspended.take().is_some() || changed {
                        woken.push(name.clone());
                    }
                }
                None => {
                    report.added.push(name.clone());
                    inner.desks.insert(name.clone(), Desk::new(instance.clone(), memory.runs(name), paused.contains(name)));
                }
            }
        }
        let kept: BTreeSet<&String> = config.enabled().map(|instance| &instance.config.name).collect();
        for (name, desk) in inner.desks.iter_mut().filter(|(name, desk)| !kept.contains(name) && !desk.gone) {
            report.removed.push(name.clone());
            desk.gone = true;
            for order in desk.queue.drain(..) {
                give_up(name, order);
            }
            if let Some(running) = &desk.running {
                running.cancel.cancel();
            }
        }
        inner.desks.retain(|_, desk| !desk.gone || desk.running.is_some());
        inner.config = config;
        (report, woken)
    }

    /// Starts what waits, where there is room for it: a new configuration may have made some.
    pub fn start_waiting(&self) {
        self.start_what_can(&mut self.lock());
    }

    /// Stops everything and takes no more orders; returns when nothing runs, or after `patience`. What still runs then is killed when this process ends.
    pub async fn drain(&self, patience: Duration) {
        let names: Vec<String> = {
            let mut inner = self.lock();
            inner.stopping = true;
            inner.desks.keys().cloned().collect()
        };
        self.cancel(&names);
        let all_ended = async {
            loop {
                let idle = self.shared.idle.notified();
                if self.lock().running == 0 {
                    return;
                }
                idle.await;
            }
        };
        if tokio::time::timeout(patience, all_ended).await.is_err() {
            tracing::warn!("A worker did not stop in time and is killed.");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Whoever panicked with the lock left plain data that is whole between any two statements.
        self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells those who wait for an order that it will not be carried out.
fn give_up(name: &str, order: Order) {
    let now = now_ms();
    let finished = Finished { outcome: Outcome::Cancelled, message: "Stopped before it began.".to_owned(), ..Finished::default() };
    let record = RunRecord {
        connector: name.to_owned(),
        operation: desk::word(&order.operation).to_owned(),
        cause: order.cause.word().to_owned(),
        started_ms: now,
        ended_ms: now,
        finished,
    };
    for waiting in order.waiting {
        let _ = waiting.send(record.clone());
    }
}

fn log_end(record: &RunRecord) {
    let RunRecord { connector, operation, finished, .. } = record;
    let outcome = serde_json::to_value(finished.outcome).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default();
    let text = status::sentence(record);
    match finished.outcome {
        Outcome::Done => tracing::info!(connector, operation, outcome, "{text}"),
        Outcome::Cancelled | Outcome::Partial | Outcome::Busy | Outcome::RateLimited | Outcome::Unreachable | Outcome::NotFound => {
            tracing::warn!(connector, operation, outcome, "{text}");
        }
        _ => tracing::error!(connector, operation, outcome, "{text}"),
    }
}

/// One run in one line, for the log and for `--once`.
#[must_use]
pub fn sentence(record: &RunRecord) -> String {
    status::sentence(record)
}
