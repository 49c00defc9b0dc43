//! Stopping: one connector's work on request, or everything at the end.
//!
//! Guarantees that nobody waits for what will not be carried out. A worker that does not heed the stop is `run`'s affair.

use std::time::Duration;

use context_sync_protocol::event::{Finished, Outcome};
use context_sync_protocol::reply::RunRecord;

use super::desk::{self, Order};
use super::{Supervisor, now_ms};

impl Supervisor {
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
}

/// Tells those who wait for an order that it will not be carried out.
pub(super) fn give_up(name: &str, order: Order) {
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
