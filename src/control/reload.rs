//! `reload`: read the configuration again; a broken one is refused and the old one stays.

use context_sync_protocol::error::{ErrorBody, ErrorKind};
use tokio::sync::oneshot;

use super::Context;
use super::asker::{Answer, ok};

pub(super) async fn answer(context: &Context) -> Answer {
    let (wish, came) = oneshot::channel();
    let stopping = || ErrorBody::new(ErrorKind::Busy, "The daemon is about to stop.", "Try again when it has started.");
    context.reload.send(wish).await.map_err(|_| stopping())?;
    ok(&came.await.map_err(|_| stopping())??)
}
