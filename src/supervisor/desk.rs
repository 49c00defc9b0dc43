//! What the supervisor knows of one connector: what runs, what waits for its turn, what came out.
//!
//! Plain data; no processes and no time of its own.

use std::collections::VecDeque;

use context_sync_protocol::event::{Outcome, Progress};
use context_sync_protocol::reply::RunRecord;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::memory::MOST_RUNS;
use super::suspension::Suspension;
use crate::config::Instance;
use crate::config::job::Operation;

/// Orders that may wait for one connector; more is a client gone wild.
pub(super) const MOST_ORDERS: usize = 16;

/// What rang.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The time has come.
    Schedule,
    /// The daemon has just started.
    Start,
    /// Somebody asked.
    Request,
    /// The network failed last time.
    Retry,
    /// The configuration changed.
    Reload,
}

impl Cause {
    /// Its word in the history.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Start => "start",
            Self::Request => "request",
            Self::Retry => "retry",
            Self::Reload => "reload",
        }
    }
}

/// One operation that waits for its turn, and who waits for its end.
pub(super) struct Order {
    pub(super) id: u64,
    pub(super) operation: Operation,
    pub(super) cause: Cause,
    pub(super) waiting: Vec<oneshot::Sender<RunRecord>>,
}

/// The operation that runs.
pub(super) struct Running {
    pub(super) operation: Operation,
    pub(super) started_ms: u64,
    pub(super) progress: Option<Progress>,
    pub(super) cancel: CancellationToken,
}

/// One connector.
pub(super) struct Desk {
    pub(super) instance: Instance,
    /// Configured no more: goes when its run has ended.
    pub(super) gone: bool,
    pub(super) paused: bool,
    /// No bells ring until the configuration changes or somebody asks.
    pub(super) suspended: Option<Suspension>,
    pub(super) queue: VecDeque<Order>,
    pub(super) running: Option<Running>,
    pub(super) runs: VecDeque<RunRecord>,
    pub(super) last_success_ms: Option<u64>,
}

impl Desk {
    pub(super) fn new(instance: Instance, runs: VecDeque<RunRecord>, paused: bool) -> Self {
        let success = |run: &&RunRecord| run.operation == "sync" && run.finished.outcome == Outcome::Done;
        let last_success_ms = runs.iter().rev().find(success).map(|run| run.ended_ms);
        Self { instance, gone: false, paused, suspended: None, queue: VecDeque::new(), running: None, runs, last_success_ms }
    }

    /// Whether bells ring for it.
    pub(super) fn listens(&self) -> bool {
        !self.paused && self.suspended.is_none() && !self.gone
    }

    /// Whether a sync runs.
    pub(super) fn syncs(&self) -> bool {
        self.running.as_ref().is_some_and(|running| matches!(running.operation, Operation::Sync { .. }))
    }

    /// Puts an operation into the queue, or joins one that waits there and does the same; ten rings are one run. The order's id, or none if too many wait.
    pub(super) fn order(&mut self, id: u64, operation: Operation, cause: Cause, waiting: Option<oneshot::Sender<RunRecord>>) -> Option<u64> {
        for order in &mut self.queue {
            if join(&mut order.operation, &operation) {
                if cause == Cause::Request {
                    order.cause = cause;
                }
                order.waiting.extend(waiting);
                return Some(order.id);
            }
        }
        if self.queue.len() >= MOST_ORDERS {
            return None;
        }
        self.queue.push_back(Order { id, operation, cause, waiting: waiting.into_iter().collect() });
        Some(id)
    }

    /// Takes note of a run's end, and of what it went by. What an operation listed is told to those who wait, not kept.
    pub(super) fn ended(&mut self, record: &RunRecord, basis: Option<String>) {
        if record.operation == "sync" {
            match record.finished.outcome {
                Outcome::Done => self.last_success_ms = Some(record.ended_ms),
                Outcome::Unauthorized | Outcome::Misconfigured => self.suspended = Some(Suspension { finished: record.finished.clone(), basis }),
                _ => {}
            }
        }
        // Whoever reached the service has shown that it can be reached; tidying up has not.
        let reached = matches!(record.operation.as_str(), "sync" | "validate");
        if reached && matches!(record.finished.outcome, Outcome::Done | Outcome::Partial | Outcome::DeletionsHeld) {
            self.suspended = None;
        }
        let mut kept = record.clone();
        kept.finished.items = Vec::new();
        // How faithful the mirror is stands with the last run, whichever of them counted it.
        let before = self.runs.iter_mut().rev().find_map(|run| run.finished.summary.fidelity.take());
        kept.finished.summary.fidelity = kept.finished.summary.fidelity.or(before);
        self.runs.push_back(kept);
        self.runs.drain(..self.runs.len().saturating_sub(MOST_RUNS));
    }

    /// The last sync.
    pub(super) fn last_sync(&self) -> Option<&RunRecord> {
        self.runs.iter().rev().find(|run| run.operation == "sync")
    }
}

/// An operation's word in status and history.
pub(super) fn word(operation: &Operation) -> &'static str {
    match operation {
        Operation::Sync { .. } => "sync",
        Operation::Rerender => "rerender",
        Operation::Explain { .. } => "explain",
        Operation::Validate => "validate",
        Operation::Cleanup { .. } => "cleanup",
        Operation::Restore { .. } => "restore",
    }
}

/// Makes `waiting` do what `wanted` asks for as well, if one run can do both.
fn join(waiting: &mut Operation, wanted: &Operation) -> bool {
    match (waiting, wanted) {
        (Operation::Sync { full, accept_deletions }, Operation::Sync { full: wants_full, accept_deletions: wants_deletions }) => {
            *full |= wants_full;
            *accept_deletions |= wants_deletions;
            true
        }
        (waiting, wanted) => waiting == wanted,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use context_sync_protocol::event::Finished;

    use super::*;

    pub(in super::super) fn instance(name: &str) -> Instance {
        Instance::nowhere(name, "hourly")
    }

    fn sync(full: bool, accept_deletions: bool) -> Operation {
        Operation::Sync { full, accept_deletions }
    }

    #[test]
    fn ten_rings_are_one_run_that_does_what_all_asked_for() {
        let mut desk = Desk::new(instance("wiki"), VecDeque::new(), false);
        for id in 0..10 {
            assert_eq!(desk.order(id, sync(id == 3, id == 4), Cause::Schedule, None), Some(0));
        }
        assert_eq!(desk.order(10, Operation::Validate, Cause::Request, None), Some(10));
        assert_eq!(desk.queue.len(), 2);
        assert_eq!(desk.queue[0].operation, sync(true, true));
    }

    #[test]
    fn a_client_gone_wild_is_refused() {
        let mut desk = Desk::new(instance("wiki"), VecDeque::new(), false);
        let restore = |n: u64| Operation::Restore { paths: vec![n.to_string()] };
        let taken = (0..100).filter(|n| desk.order(*n, restore(*n), Cause::Request, None).is_some()).count();
        assert_eq!(taken, MOST_ORDERS);
    }

    #[test]
    fn refused_credentials_silence_the_bells_until_a_run_goes_well() {
        let mut desk = Desk::new(instance("wiki"), VecDeque::new(), false);
        let record = |operation: &str, outcome| RunRecord {
            operation: operation.to_owned(),
            ended_ms: 5,
            finished: Finished { outcome, ..Finished::default() },
            ..RunRecord::default()
        };
        desk.ended(&record("sync", Outcome::Unauthorized), None);
        assert!(!desk.listens());
        desk.ended(&record("cleanup", Outcome::Done), None);
        assert!(!desk.listens());
        desk.ended(&record("sync", Outcome::Done), None);
        assert!(desk.listens());
        assert_eq!(desk.last_success_ms, Some(5));
    }
}
