//! Documents of which there is nothing to mirror: recorded with the reason, without a file, asked for again when their revision changes.
//!
//! The record says so first, then whoever links to one is written again, and at last a file of an earlier revision leaves for the trash: a run that is
//! killed in between leaves a record with a path, which the next run finishes.

use std::sync::Arc;

use context_sync_protocol::event::{Level, Summary};

use super::{Engine, Rest};
use crate::model::{DocPath, Place, RemoteId};
use crate::state::{Change, DocRecord};
use crate::sync::Abort;
use crate::sync::assets::nothing;
use crate::sync::book::Book;

impl Engine {
    /// Writes down of which documents there is nothing to mirror; whether there were any.
    pub(super) async fn leave_out(&self, book: &mut Book, rest: &mut Rest) -> Result<bool, Abort> {
        let found = std::mem::take(&mut rest.nothing);
        let any = !found.is_empty();
        let mut left: Vec<(RemoteId, Place, crate::state::Deferred)> = Vec::new();
        for (id, why) in found {
            let Some(entry) = book.docs.get_mut(&id) else { continue };
            entry.nothing = true;
            let Some(place) = entry.place() else { continue };
            self.reporter.log(
                Level::Info,
                &format!("There is nothing of a document to mirror: {why}."),
                &[("doc", id.as_str()), ("title", place.title())],
            );
            let kept = entry.kept.as_ref().and_then(|kept| kept.revision.clone());
            let revision = entry.seen.as_ref().map(|seen| seen.revision.clone()).or(kept);
            left.push((id, place.unpack(), nothing(why, self.now_ms, revision)));
        }
        if any {
            let state = Arc::clone(&self.state);
            tokio::task::spawn_blocking(move || {
                let mut changes = Vec::new();
                for (id, place, deferred) in left {
                    let old = state.document(&id)?.unwrap_or_else(|| DocRecord::unwritten(place.clone()));
                    // Without a revision it is written from no body that was kept earlier.
                    let record = DocRecord { path: old.path, stamp: old.stamp, hash: old.hash, leaving: old.leaving, ..DocRecord::unwritten(place) };
                    changes.push(Change::PutDocument(id, DocRecord { deferred: Some(deferred), ..record }));
                }
                state.commit(changes)
            })
            .await??;
            // Who links to them is looked at again, in this run or, if that is killed, in the next.
            book.site.unclean = true;
            self.commit(vec![Change::PutSite(book.site.clone())]).await?;
        }
        Ok(any)
    }

    /// Moves files of earlier revisions to the trash.
    pub(super) async fn trash_left_out(&self, book: &Book, summary: &mut Summary) -> Result<(), Abort> {
        let files: Vec<(RemoteId, DocPath)> = book
            .docs
            .iter()
            .filter(|(_, entry)| entry.leaves.is_none() && entry.is_nothing())
            .filter_map(|(id, entry)| Some((id.clone(), entry.kept.as_ref()?.path()?)))
            .collect();
        if files.is_empty() {
            return Ok(());
        }
        summary.removed += files.len() as u64;
        let (mirror, state, day) = (Arc::clone(&self.mirror), Arc::clone(&self.state), self.day.clone());
        tokio::task::spawn_blocking(move || {
            for (_, path) in &files {
                mirror.trash(path, &day)?;
            }
            mirror.sync()?;
            let mut changes = Vec::new();
            for (id, _) in files {
                if let Some(record) = state.document(&id)? {
                    changes.push(Change::PutDocument(id, DocRecord { path: None, stamp: None, hash: None, ..record }));
                }
            }
            Ok::<_, Abort>(state.commit(changes)?)
        })
        .await?
    }

    /// Where such documents stand now.
    pub(super) async fn moved_without_a_file(&self, book: &Book) -> Result<Vec<Change>, Abort> {
        let moved: Vec<(RemoteId, Place)> = book
            .docs
            .iter()
            .filter(|(_, entry)| entry.leaves.is_none() && entry.is_nothing())
            .filter_map(|(id, entry)| {
                let (seen, kept) = (entry.seen.as_ref()?, entry.kept.as_ref()?);
                (seen.place != kept.place).then(|| (id.clone(), seen.place.unpack()))
            })
            .collect();
        if moved.is_empty() {
            return Ok(Vec::new());
        }
        let state = Arc::clone(&self.state);
        tokio::task::spawn_blocking(move || {
            let mut changes = Vec::new();
            for (id, place) in moved {
                if let Some(record) = state.document(&id)? {
                    changes.push(Change::PutDocument(id, DocRecord { place, ..record }));
                }
            }
            Ok(changes)
        })
        .await?
    }
}
