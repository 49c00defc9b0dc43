//! `explain`: what is known of one document.

use context_sync_protocol::error::{ErrorBody, ErrorKind};
use context_sync_protocol::event::Outcome;
use context_sync_protocol::reply::Runs;

use super::asker::{Answer, Asker, ok};
use super::{Context, restore, runs};
use crate::config::job::Operation;

pub(super) async fn answer(context: &Context, asker: &Asker, what: &str) -> Answer {
    if what.trim().is_empty() {
        return Err(ErrorBody::new(ErrorKind::Usage, "No document was named.", "Name it by its id, its web address, or the path of its file."));
    }
    let names = context.supervisor.names();
    // A path tells whose it is; an id or an address may be anybody's.
    let place = restore::place(&context.supervisor.config(), what).filter(|(name, _)| names.contains(name));
    let orders = match place {
        Some((name, inner)) => vec![(name, Operation::Explain { what: inner })],
        None => names.into_iter().map(|name| (name, Operation::Explain { what: what.to_owned() })).collect(),
    };
    let mut told = runs::carry_out(context, asker, orders).await?;
    told.retain(|run| run.finished.outcome != Outcome::NotFound);
    if told.is_empty() {
        let message = format!("No document of any mirror is `{what}`.");
        return Err(ErrorBody::new(ErrorKind::NotFound, message, "Name it by its id, its web address, or the path of its file."));
    }
    let mut runs = Runs { runs: told, ..Runs::default() };
    runs.fit();
    ok(&runs)
}
