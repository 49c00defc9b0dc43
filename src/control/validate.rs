//! `validate`: ask the services whether credentials and scopes work.

use context_sync_protocol::reply::Runs;

use super::asker::{Answer, Asker, ok};
use super::{Context, names, runs};
use crate::config::job::Operation;

pub(super) async fn answer(context: &Context, asker: &Asker, names: &[String]) -> Answer {
    let orders = names::chosen(context, names)?.into_iter().map(|name| (name, Operation::Validate)).collect();
    let mut runs = Runs { runs: runs::carry_out(context, asker, orders).await?, ..Runs::default() };
    runs.fit();
    ok(&runs)
}
