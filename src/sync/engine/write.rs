//! Rendering and writing: bodies as they come, documents in bulk, and what cannot be had written down as deferred.

use std::sync::Arc;

use context_sync_protocol::event::{Level, Summary};
use tokio::sync::mpsc;

use super::{Engine, PRESS_CHUNK, PRESSES, Rest};
use crate::connectors::connector::{Presence, SourceError};
use crate::state::{Change, DocRecord};
use crate::sync::Abort;
use crate::sync::assets::deferred_again;
use crate::sync::book::Book;
use crate::sync::fetch::Arrival;
use crate::sync::press::{Ask, Leftover, News, press};
use crate::sync::render::Round;
use crate::sync::sweep::ALWAYS_ALLOWED;
use crate::sync::view::View;
use crate::sync::writer::Writer;

impl Engine {
    /// Renders and writes bodies as they come.
    pub(super) async fn write_arrivals(
        &self,
        book: &mut Book,
        view: &Arc<View>,
        mut arrivals: mpsc::UnboundedReceiver<Arrival>,
        summary: &mut Summary,
    ) -> Result<Rest, Abort> {
        let mut rest = Rest::default();
        // Most runs fetch nothing, and then need no writer.
        let Some(first) = arrivals.recv().await else { return Ok(rest) };
        let desk = self.desk(view);
        let writer = self.writer(view);
        let mut presses = tokio::task::JoinSet::new();
        let mut asks = Vec::new();
        let mut next = Some(first);
        while let Some(arrival) = next {
            if let Some(ask) = take_arrival(book, arrival, &mut rest) {
                asks.push(ask);
            }
            next = match arrivals.try_recv() {
                Ok(arrival) if asks.len() < PRESS_CHUNK => Some(arrival),
                waiting => {
                    if presses.len() >= PRESSES
                        && let Some(done) = presses.join_next().await
                    {
                        keep_leftovers(done??, &mut rest);
                    }
                    if !asks.is_empty() {
                        let job = press(
                            Arc::clone(&desk),
                            std::mem::take(&mut asks),
                            Round::Patient,
                            writer.jobs(),
                            Arc::clone(&self.progressed),
                            self.cancel.clone(),
                        );
                        presses.spawn(job);
                    }
                    match waiting {
                        Ok(arrival) => Some(arrival),
                        Err(_) => arrivals.recv().await,
                    }
                }
            };
        }
        if !asks.is_empty() {
            presses.spawn(press(desk, asks, Round::Patient, writer.jobs(), Arc::clone(&self.progressed), self.cancel.clone()));
        }
        let pressed = drain(&mut presses, &mut rest).await;
        self.end_writer(writer, pressed, &mut rest, summary).await?;
        Ok(rest)
    }

    /// The writer's own error is the cause of any other, so it is looked at first.
    pub(super) async fn end_writer(&self, writer: Writer, pressed: Result<(), Abort>, rest: &mut Rest, summary: &mut Summary) -> Result<(), Abort> {
        let tally = writer.finish().await?;
        pressed?;
        summary.written += tally.written;
        summary.moved += tally.moved;
        rest.settled.extend(tally.settled);
        Ok(())
    }

    /// What fetching left over: documents that vanished under our hands, and failures.
    pub(super) async fn after_fetch(&self, book: &mut Book, view: &mut Arc<View>, rest: &mut Rest) -> Result<(), Abort> {
        let learnt = !rest.vanished.is_empty() || !rest.labels.is_empty() || !rest.failures.is_empty() || !rest.nothing.is_empty();
        if !rest.vanished.is_empty() {
            let vanished = std::mem::take(&mut rest.vanished);
            let found = self.connector.confirm(vanished).await.map_err(Abort::Source)?;
            // That it may not be read, or that nothing is said of it, is one voice against the listing's: it waits until they agree.
            let is_word = |presence: Presence| matches!(presence, Presence::Trashed | Presence::Archived | Presence::OutOfScope);
            // Many at once are the sweep's to judge, when a listing lacks them.
            let many = found.iter().filter(|(_, presence)| is_word(*presence)).count() > ALWAYS_ALLOWED;
            for (id, presence) in found {
                let Some(entry) = book.docs.get_mut(&id) else { continue };
                if is_word(presence) && !many {
                    entry.leaves = Some(presence);
                    entry.seen = None;
                } else {
                    rest.failures.push((id, "the service lists it, but does not give its body".to_owned()));
                }
            }
            book.site.unclean = true;
        }
        for (id, labels) in std::mem::take(&mut rest.labels) {
            if let Some(entry) = book.docs.get_mut(&id) {
                entry.labels = Some(labels.into());
            }
        }
        self.defer(book, rest).await?;
        self.leave_out(book, rest).await?;
        if learnt {
            self.look_around(book, view);
        }
        Ok(())
    }

    /// Writes down which documents could not be had, and why.
    pub(super) async fn defer(&self, book: &mut Book, rest: &mut Rest) -> Result<(), Abort> {
        let mut changes = Vec::new();
        for (id, why) in std::mem::take(&mut rest.failures) {
            let Some(entry) = book.docs.get_mut(&id) else { continue };
            entry.failed = Some(why.as_str().into());
            let Some(place) = entry.place() else { continue };
            self.reporter.log(Level::Warn, &format!("A document is deferred: {why}."), &[("doc", id.as_str()), ("title", place.title())]);
            let revision = entry.seen.as_ref().map(|s| s.revision.clone());
            let state = Arc::clone(&self.state);
            let key = id.clone();
            let old = tokio::task::spawn_blocking(move || state.document(&key)).await??;
            let record = old.unwrap_or_else(|| DocRecord::unwritten(place.unpack()));
            let deferred = Some(deferred_again(record.deferred.clone(), why.clone(), self.now_ms, revision));
            changes.push(Change::PutDocument(id, DocRecord { deferred, ..record }));
        }
        self.commit(changes).await
    }

    pub(super) async fn press_all(
        &self,
        view: &Arc<View>,
        mut asks: Vec<Ask>,
        round: Round,
        rest: &mut Rest,
        summary: &mut Summary,
    ) -> Result<(), Abort> {
        if asks.is_empty() {
            return Ok(());
        }
        let (desk, writer) = (self.desk(view), self.writer(view));
        let mut presses = tokio::task::JoinSet::new();
        let share = asks.len().div_ceil(PRESSES);
        while !asks.is_empty() {
            let rest = asks.split_off(share.min(asks.len()));
            let chunk = std::mem::replace(&mut asks, rest);
            presses.spawn(press(Arc::clone(&desk), chunk, round, writer.jobs(), Arc::clone(&self.progressed), self.cancel.clone()));
        }
        drop(desk);
        let pressed = drain(&mut presses, rest).await;
        self.end_writer(writer, pressed, rest, summary).await
    }
}

fn take_arrival(book: &Book, arrival: Arrival, rest: &mut Rest) -> Option<Ask> {
    match arrival {
        Arrival::Body { id, revision, labels } => {
            let kept = book.docs.get(&id).and_then(|e| e.kept.as_ref());
            if let Some(labels) = &labels {
                rest.labels.insert(id.clone(), labels.as_ref().into());
            }
            let news = News {
                revision: Some(revision),
                labels: labels.map(Into::into),
                known: kept.and_then(|k| k.hash),
                old_path: kept.and_then(|k| k.path()),
            };
            Some(Ask { id, news: Some(Box::new(news)) })
        }
        Arrival::Failure(failure) => {
            match *failure {
                (wanted, SourceError::NotVisible { .. }) => rest.vanished.push(wanted),
                (wanted, SourceError::Nothing { why, .. }) => rest.nothing.push((wanted.id, why)),
                (wanted, error) => rest.failures.push((wanted.id, format!("{error}. {}", error.hint()).trim_end_matches('.').to_owned())),
            }
            None
        }
    }
}

fn keep_leftovers(leftovers: Vec<(Ask, Leftover)>, rest: &mut Rest) {
    for (ask, leftover) in leftovers {
        match leftover {
            Leftover::People(people) => {
                rest.unknown.extend(people);
                rest.postponed.push(ask);
            }
            Leftover::Inserts => rest.inserting.push(ask),
            Leftover::NoBody => rest.bodiless.push(ask.id),
            Leftover::Nothing(why) => rest.nothing.push((ask.id, why)),
            Leftover::Impossible(why) => rest.failures.push((ask.id, why)),
        }
    }
}

async fn drain(presses: &mut tokio::task::JoinSet<Result<Vec<(Ask, Leftover)>, Abort>>, rest: &mut Rest) -> Result<(), Abort> {
    let mut first = Ok(());
    while let Some(done) = presses.join_next().await {
        match done.map_err(Abort::from).and_then(|d| d) {
            Ok(leftovers) => keep_leftovers(leftovers, rest),
            Err(abort) if first.is_ok() => first = Err(abort),
            Err(_) => {}
        }
    }
    first
}
