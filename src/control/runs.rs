//! What the verbs that end in runs have in common: order, follow, wait.

use context_sync_protocol::error::ErrorBody;
use context_sync_protocol::event::{Event, Finished, Outcome};
use context_sync_protocol::reply::{Follow, RunRecord};
use futures_util::future::join_all;
use tokio::sync::broadcast::error::RecvError;

use super::Context;
use super::asker::Asker;
use super::names::refused;
use crate::config::job::Operation;

/// Orders an operation of each connector, tells the client what happens, and returns how all ended. If the client hangs up, they go on.
pub(super) async fn carry_out(context: &Context, asker: &Asker, orders: Vec<(String, Operation)>) -> Result<Vec<RunRecord>, ErrorBody> {
    // Before the orders, so that nothing is missed.
    let mut told = context.supervisor.follow();
    let mut wanted = Vec::new();
    let mut endings = Vec::new();
    for (name, operation) in orders {
        let ordered = context.supervisor.order(&name, operation).map_err(|error| refused(&error))?;
        wanted.push((name.clone(), ordered.order));
        endings.push(async move { ordered.ended.await.unwrap_or_else(|_| given_up(name)) });
    }
    let all = join_all(endings);
    tokio::pin!(all);
    let mut listening = true;
    loop {
        tokio::select! {
            biased;
            heard = told.recv(), if listening => match heard {
                Ok(told) => {
                    let ours = wanted.iter().find(|(name, _)| **name == *told.connector);
                    // How an earlier run ended is not what was asked.
                    if ours.is_some_and(|(_, order)| *order == told.order || !matches!(*told.event, Event::Finished(_))) {
                        let follow = Follow { connector: told.connector.to_string(), event: (*told.event).clone() };
                        listening = asker.event(&follow).await.is_ok();
                    }
                }
                // A client that is slow misses some.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => listening = false,
            },
            runs = &mut all => return Ok(runs),
        }
    }
}

/// The daemon ended before the run did.
fn given_up(connector: String) -> RunRecord {
    let finished = Finished { outcome: Outcome::Cancelled, message: "The daemon stopped.".to_owned(), ..Finished::default() };
    RunRecord { connector, finished, ..RunRecord::default() }
}
