//! `config`: the configuration in force, without secrets.

use context_sync_protocol::reply::ConfigReport;

use super::Context;
use super::asker::{Answer, ok};

pub(super) fn answer(context: &Context) -> Answer {
    let config = context.supervisor.config();
    ok(&ConfigReport { path: config.path.display().to_string(), resolved: config.in_its_own_words() })
}
