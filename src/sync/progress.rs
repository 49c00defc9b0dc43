//! Counts what a run has done, and tells it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use context_sync_protocol::event::Progress;

use super::report::Reporter;
use crate::connectors::connector::{Connector, Traffic};

/// The counters of one run, shared by its parts.
pub(super) struct Progressed {
    reporter: Arc<dyn Reporter>,
    connector: Arc<dyn Connector>,
    phase: Mutex<&'static str>,
    seen: AtomicU64,
    total: AtomicU64,
    done: AtomicU64,
}

impl Progressed {
    /// Nothing done yet.
    pub(super) fn new(reporter: Arc<dyn Reporter>, connector: Arc<dyn Connector>) -> Self {
        let zero = || AtomicU64::new(0);
        Self { reporter, connector, phase: Mutex::new("listing"), seen: zero(), total: zero(), done: zero() }
    }

    /// A document was listed.
    pub(super) fn seen(&self) {
        let seen = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        if seen.is_multiple_of(250) {
            self.tell(self.connector.traffic());
        }
    }

    /// A body is wanted.
    pub(super) fn wanted(&self) {
        self.total.fetch_add(1, Ordering::Relaxed);
    }

    /// Bodies came.
    pub(super) fn fetched(&self, traffic: Traffic) {
        self.tell(traffic);
    }

    /// One more thing of this phase is done.
    pub(super) fn done(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(16) {
            self.tell(self.connector.traffic());
        }
    }

    /// The next phase begins, with so many things to do.
    pub(super) fn phase(&self, name: &'static str, total: u64) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = name;
        self.total.store(total, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
        self.tell(self.connector.traffic());
    }

    /// The next phase begins; its things are being counted already.
    pub(super) fn rename_phase(&self, name: &'static str) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = name;
        self.tell(self.connector.traffic());
    }

    fn tell(&self, traffic: Traffic) {
        let phase = *self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        let total = if phase == "listing" { &self.seen } else { &self.total };
        self.reporter.progress(Progress {
            phase: phase.to_owned(),
            done: self.done.load(Ordering::Relaxed),
            total: total.load(Ordering::Relaxed),
            requests: traffic.requests,
            waiting_until_ms: traffic.waiting_until_ms,
            requests_per_second: traffic.requests_per_second,
        });
    }
}
