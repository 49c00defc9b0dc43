//! `cleanup`: list, and with `apply` remove, what has run out or belongs to nobody.

use context_sync_protocol::error::{ErrorBody, ErrorKind};
use context_sync_protocol::reply::Runs;

use super::asker::{Answer, Asker, ok};
use super::{Context, names, runs, strays};
use crate::config::job::Operation;

pub(super) async fn answer(context: &Context, asker: &Asker, names: &[String], apply: bool) -> Answer {
    let orders = names::chosen(context, names)?.into_iter().map(|name| (name, Operation::Cleanup { apply })).collect();
    let mut runs = Runs { runs: runs::carry_out(context, asker, orders).await?, ..Runs::default() };
    if names.is_empty() {
        let config = context.supervisor.config();
        let items = context.beside.work(move || strays::look(&config, apply)).await;
        runs.items = items.map_err(|error| ErrorBody::new(ErrorKind::Failed, format!("The output folder cannot be looked through: {error}."), ""))?;
    }
    runs.fit();
    ok(&runs)
}
