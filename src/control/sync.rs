//! `sync`: ring the bell now.

use context_sync_protocol::reply::{Runs, Touched};

use super::asker::{Answer, Asker, ok};
use super::{Context, names, runs};
use crate::config::job::Operation;

pub(super) async fn answer(context: &Context, asker: &Asker, names: &[String], full: bool, accept_deletions: bool, wait: bool) -> Answer {
    let connectors = names::chosen(context, names)?;
    let operation = Operation::Sync { full, accept_deletions };
    if wait {
        let orders = connectors.into_iter().map(|name| (name, operation.clone())).collect();
        let mut runs = Runs { runs: runs::carry_out(context, asker, orders).await?, ..Runs::default() };
        runs.fit();
        return ok(&runs);
    }
    for name in &connectors {
        // Nobody waits for the end.
        context.supervisor.order(name, operation.clone()).map_err(|error| names::refused(&error))?;
    }
    ok(&Touched { connectors })
}
