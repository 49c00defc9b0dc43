//! Tells the daemon what the network sees while the work itself tells nothing: that the service makes us wait, or that one large file is still coming.
//!
//! Without it, a worker that waits as it was told, or as a slow line makes it, would be taken for one that hangs. One that hangs has nothing to tell.

use std::future::Future;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::super::events::Events;
use crate::connectors::connector::{Connector, Traffic};

/// How often is looked.
const LOOK: Duration = Duration::from_secs(1);
/// After so many looks, bytes that came are a sign of life: a minute, of the ten in which the daemon expects one.
const LOOKS: u32 = 60;

/// Does `work`, and looks meanwhile what becomes of `connector`'s requests.
pub(super) async fn told<T>(events: &Events, connector: &dyn Connector, work: impl Future<Output = T>) -> T {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut looks, mut seen) = (0, Traffic::default());
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = look.tick() => {
                let traffic = connector.traffic();
                looks += 1;
                let alive = looks >= LOOKS && (traffic.requests, traffic.bytes) != (seen.requests, seen.bytes);
                events.network(traffic.waiting_until_ms, traffic.requests, alive);
                if looks >= LOOKS {
                    (looks, seen) = (0, traffic);
                }
            }
        }
    }
}
