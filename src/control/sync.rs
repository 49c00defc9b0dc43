//! `sync`: ring the bell now, or write everything again.

use context_sync_protocol::reply::{Runs, Touched};

use super::asker::{Answer, Asker, ok};
use super::{Context, names, runs};
use crate::config::job::Operation;

pub(super) async fn answer(context: &Context, asker: &Asker, names: &[String], operation: Operation, wait: bool) -> Answer {
    let connectors = names::chosen(context, names)?;
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
