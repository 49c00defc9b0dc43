//! From an order that waits to the end of its run: whose turn it is, the process, what it says, and what is kept of it.
//!
//! Guarantees that each run that began is told as ended, once, to the schedule, to followers and to those who wait, and is remembered before anybody takes
//! the work for done.

use std::collections::BTreeMap;
use std::sync::Arc;

use context_sync_protocol::event::{Event, Outcome};
use context_sync_protocol::reply::RunRecord;
use tokio_util::sync::CancellationToken;

use super::desk::{self, Desk, Order, Running};
use super::{End, Inner, Supervisor, Told, now_ms, run, status, suspension};
use crate::config::job::Job;
use crate::logging;

impl Supervisor {
    /// Starts those that have waited longest, as far as there is room.
    pub(super) fn start_what_can(&self, inner: &mut Inner) {
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
        tracing::info!(connector = &*connector, operation, cause = order.cause.word(), "{operation} begins");
        // As the run begins, so that what is mended in its midst counts as mended.
        let settings = job.connector.clone();
        let basis = tokio::task::spawn_blocking(move || suspension::basis(&settings));
        let finished = run::run(&job, &self.shared.workers, &cancel, |pid, event| self.hear(&connector, order.id, operation, pid, event)).await;
        let record = RunRecord {
            connector: connector.to_string(),
            operation: operation.to_owned(),
            cause: order.cause.word().to_owned(),
            started_ms,
            ended_ms: now_ms(),
            finished,
        };
        log_end(&record);
        self.ended(&connector, &record, basis.await.ok().flatten());
        let end = End { connector: Arc::clone(&connector), operation, outcome: record.finished.outcome };
        // Nobody may wait for ends.
        let _ = self.shared.ends.send(end);
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

    fn ended(&self, connector: &str, record: &RunRecord, basis: Option<String>) {
        let mut inner = self.lock();
        if let Some(desk) = inner.desks.get_mut(connector) {
            desk.running = None;
            desk.ended(record, basis);
            if desk.gone {
                inner.desks.remove(connector);
            }
        }
    }

    /// Writes a connector's history, and who is suspended.
    async fn keep(&self, connector: &str) {
        let (supervisor, name) = (self.clone(), connector.to_owned());
        let kept = tokio::task::spawn_blocking(move || {
            let kept = supervisor.shared.memory.keep_runs(&name, || Some(supervisor.lock().desks.get(&name)?.runs.clone()));
            supervisor.keep_suspended();
            kept
        });
        if let Ok(Err(error)) = kept.await {
            tracing::warn!(connector, "The history cannot be written: {error}. Check the space and the permissions of the state folder.");
        }
    }

    /// Has it remembered who is suspended, if that changed. Blocking.
    pub(super) fn keep_suspended(&self) {
        let kept = self.shared.memory.keep_suspended(|| {
            let mut inner = self.lock();
            let now: BTreeMap<_, _> = inner.desks.iter().filter_map(|(name, desk)| Some((name.clone(), desk.suspended.clone()?))).collect();
            let changed = inner.remembered != now;
            inner.remembered.clone_from(&now);
            changed.then_some(now)
        });
        if let Err(error) = kept {
            tracing::warn!("Who is suspended is forgotten at a restart: {error}. Check the space and the permissions of the state folder.");
        }
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
