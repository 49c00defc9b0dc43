//! Tells the daemon when the service makes us wait: whoever waits for a service's rate limit does nothing else, and so tells nothing.
//!
//! Without it, a worker that waits as it was told would be taken for one that hangs, and nobody would see what it waits for.

use std::future::Future;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::super::events::Events;
use crate::connectors::connector::Connector;

/// How often is looked.
const LOOK: Duration = Duration::from_secs(1);

/// Does `work`, and looks meanwhile whether `connector` is kept waiting.
pub(super) async fn told<T>(events: &Events, connector: &dyn Connector, work: impl Future<Output = T>) -> T {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = look.tick() => {
                let traffic = connector.traffic();
                events.waiting(traffic.waiting_until_ms, traffic.requests);
            }
        }
    }
}
