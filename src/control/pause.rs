//! `pause`: ring no bells until `resume`.

use context_sync_protocol::error::{ErrorBody, ErrorKind};
use context_sync_protocol::reply::Touched;

use super::asker::{Answer, ok};
use super::{Context, names};

pub(super) async fn answer(context: &Context, names: &[String]) -> Answer {
    set(context, names, true).await
}

/// Pauses or resumes.
pub(super) async fn set(context: &Context, names: &[String], paused: bool) -> Answer {
    let chosen = names::chosen(context, names)?;
    let connectors = context.supervisor.pause(&chosen, paused).await.map_err(|error| {
        let message = format!("That holds until the daemon ends, because it cannot be remembered: {error}.");
        ErrorBody::new(ErrorKind::Failed, message, "Check the space and the permissions of the state folder.")
    })?;
    ok(&Touched { connectors })
}
