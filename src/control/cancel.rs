//! `cancel`: stop what runs and waits, between two documents.

use context_sync_protocol::reply::Touched;

use super::asker::{Answer, ok};
use super::{Context, names};

pub(super) fn answer(context: &Context, names: &[String]) -> Answer {
    let connectors = context.supervisor.cancel(&names::chosen(context, names)?);
    ok(&Touched { connectors })
}
