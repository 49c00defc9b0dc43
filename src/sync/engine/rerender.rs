//! Writing every document again from its kept body, without one request: what a better reader or writer is applied with.
//!
//! Guarantees that nothing is lost by it: what would need the service (a name that nobody asked for, an attachment that was not needed before, a body that
//! was not kept) is left to the next run, which finds it marked.

use std::sync::Arc;

use context_sync_protocol::event::Summary;
use rustc_hash::FxHashSet;

use super::{Engine, Rest};
use crate::model::RemoteId;
use crate::state::{Change, DocRecord};
use crate::sync::Abort;
use crate::sync::book::Book;
use crate::sync::press::Ask;
use crate::sync::render::Round;

impl Engine {
    pub(super) async fn rerender(&self, book: &mut Book, summary: &mut Summary) -> Result<(), Abort> {
        self.heal(book).await?;
        // The next run looks at every record again, and brings what this one may not ask for.
        book.site.unclean = true;
        self.commit(vec![Change::PutSite(book.site.clone())]).await?;
        let all: FxHashSet<RemoteId> = book.docs.keys().cloned().collect();
        self.progressed.phase("writing again", all.len() as u64);
        let view = Arc::new(book.view(!self.connector.rewrites_links()));
        let mut rest = Rest::default();
        let mut asks = self.look(&view, &all, &rest).await?.stale;
        self.press_all(&view, asks.clone(), Round::Patient, &mut rest, summary).await?;
        let nameless = std::mem::take(&mut rest.postponed);
        let inserting = std::mem::take(&mut rest.inserting);
        self.press_all(&view, inserting, Round::Last, &mut rest, summary).await?;
        asks.retain(|ask| !rest.settled.contains(&ask.id));
        let left = asks.len();
        self.leave_to_the_next_run(asks).await?;
        if left > 0 {
            let (left, nameless) = (left.to_string(), nameless.len().to_string());
            let message = "Some documents stay as they are until the next sync, which may ask the service for what they lack.";
            self.reporter.log(context_sync_protocol::event::Level::Info, message, &[("documents", &left), ("for_names", &nameless)]);
        }
        summary.relinked = rest.settled.len() as u64;
        self.tell(book, &rest, summary).await
    }

    /// Makes their files stale.
    async fn leave_to_the_next_run(&self, asks: Vec<Ask>) -> Result<(), Abort> {
        let state = Arc::clone(&self.state);
        tokio::task::spawn_blocking(move || {
            let mut changes = Vec::new();
            for ask in asks {
                if let Some(record) = state.document(&ask.id)? {
                    changes.push(Change::PutDocument(ask.id, DocRecord { context: 0, ..record }));
                }
            }
            Ok(state.commit(changes)?)
        })
        .await?
    }
}
