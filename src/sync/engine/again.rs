//! Writing again what no longer says what it should, from kept bodies: names that were learnt, pieces of other documents, moved targets.

use std::sync::Arc;

use context_sync_protocol::event::Summary;
use rustc_hash::FxHashSet;
use tokio::sync::mpsc;

use super::{Engine, Rest};
use crate::model::RemoteId;
use crate::sync::book::Book;
use crate::sync::fetch::{Due, fetch};
use crate::sync::press::Ask;
use crate::sync::render::Round;
use crate::sync::view::View;
use crate::sync::{Abort, settle};

impl Engine {
    /// Writes again what is stale, from kept bodies; returns the attachments that documents show.
    pub(super) async fn settle(
        &self,
        book: &mut Book,
        view: &mut Arc<View>,
        rest: &mut Rest,
        touched: &FxHashSet<RemoteId>,
        summary: &mut Summary,
    ) -> Result<Option<FxHashSet<RemoteId>>, Abort> {
        let waiting = !rest.postponed.is_empty() || !rest.inserting.is_empty();
        let needed = book.site.unclean || !touched.is_empty() || !rest.settled.is_empty() || waiting;
        if !needed && book.site.settings == self.options.settings {
            return Ok(None);
        }
        let mut named = std::mem::take(&mut rest.postponed);
        let mut inserting = std::mem::take(&mut rest.inserting);
        let mut found = self.look(view, touched, rest).await?;
        let stale = besides(std::mem::take(&mut found.stale), &[&named, &inserting]);
        summary.relinked += stale.len() as u64;
        let again = !stale.is_empty();
        self.press_all(view, stale, Round::Patient, rest, summary).await?;
        let refetched = !rest.bodiless.is_empty();
        if refetched {
            self.fetch_again(book, view, rest, summary).await?;
        }
        named.append(&mut rest.postponed);
        inserting.append(&mut rest.inserting);
        if named.is_empty() && inserting.is_empty() && !refetched {
            // What is read from another place, or by a better reader, may show other attachments.
            let found = if again { self.look(view, touched, rest).await? } else { found };
            return Ok(Some(found.referenced));
        }
        // Names are asked for once, in full requests; those that stay unknown are written so. A name that was learnt may make others stale.
        let mut unknown = std::mem::take(&mut rest.unknown);
        unknown.sort();
        unknown.dedup();
        self.learn_people(book, unknown).await?;
        self.look_around(book, view);
        let stale = self.look(view, touched, rest).await?.stale;
        let stale = besides(stale, &[&named, &inserting]);
        named.extend(stale);
        self.press_all(view, named, Round::Named, rest, summary).await?;
        // Every body is in its place now, so that pieces of any can be shown.
        inserting.append(&mut rest.inserting);
        let shown: FxHashSet<RemoteId> = inserting.iter().map(|ask| ask.id.clone()).collect();
        self.press_all(view, inserting, Round::Last, rest, summary).await?;
        let found = self.look(view, touched, rest).await?;
        // A document may have been written before the record of one that it shows: its own record then names an old revision.
        let outdated: Vec<Ask> = found.stale.into_iter().filter(|ask| shown.contains(&ask.id)).collect();
        self.press_all(view, outdated, Round::Last, rest, summary).await?;
        Ok(Some(found.referenced))
    }

    pub(super) async fn look(&self, view: &Arc<View>, touched: &FxHashSet<RemoteId>, rest: &Rest) -> Result<settle::Found, Abort> {
        let (state, view) = (Arc::clone(&self.state), Arc::clone(view));
        let touched: FxHashSet<RemoteId> = touched.difference(&rest.settled).cloned().collect();
        Ok(tokio::task::spawn_blocking(move || settle::look(&state, &view, &touched)).await??)
    }

    /// Fetches bodies that we should have kept and have not.
    pub(super) async fn fetch_again(&self, book: &mut Book, view: &Arc<View>, rest: &mut Rest, summary: &mut Summary) -> Result<(), Abort> {
        let (wanted, queue) = mpsc::unbounded_channel();
        let (arrived, arrivals) = mpsc::unbounded_channel();
        for id in std::mem::take(&mut rest.bodiless) {
            if let Some(place) = book.docs.get(&id).and_then(|e| e.place()) {
                let _ = wanted.send(Due { id, place: Arc::clone(place), labels: false });
            }
        }
        drop(wanted);
        let fetching = fetch(&self.connector, &self.state, queue, arrived, &self.progressed, &self.cancel);
        let (fetched, written) = tokio::join!(fetching, self.write_arrivals(book, view, arrivals, summary));
        fetched?;
        let again = written?;
        rest.settled.extend(again.settled);
        rest.postponed.extend(again.postponed);
        rest.unknown.extend(again.unknown);
        rest.inserting.extend(again.inserting);
        rest.failures
            .extend(again.vanished.into_iter().map(|w| (w.id, "its kept body is damaged, and the service does not give it again".to_owned())));
        rest.failures.extend(again.failures);
        rest.nothing.extend(again.nothing);
        rest.failures.extend(again.bodiless.into_iter().map(|id| (id, "its body cannot be read by this version".to_owned())));
        self.defer(book, rest).await
    }
}

/// Those that are not among `others`.
fn besides(asks: Vec<Ask>, others: &[&[Ask]]) -> Vec<Ask> {
    let others: FxHashSet<&RemoteId> = others.iter().flat_map(|asks| asks.iter()).map(|ask| &ask.id).collect();
    asks.into_iter().filter(|ask| !others.contains(&ask.id)).collect()
}
