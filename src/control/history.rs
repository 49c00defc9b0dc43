//! `history`: how runs ended, newest first.

use context_sync_protocol::reply::Runs;

use super::asker::{Answer, ok};
use super::{Context, names};

/// More do not fit into a line.
const MOST: u32 = 500;

pub(super) fn answer(context: &Context, name: Option<&str>, limit: u32) -> Answer {
    if let Some(name) = name {
        names::chosen(context, &[name.to_owned()])?;
    }
    let limit = usize::try_from(limit.min(MOST)).unwrap_or_default();
    let mut runs = context.supervisor.history(name, limit);
    // That is `status`'s to tell.
    runs.iter_mut().for_each(|run| run.finished.summary.fidelity = None);
    ok(&Runs { runs, ..Runs::default() })
}
