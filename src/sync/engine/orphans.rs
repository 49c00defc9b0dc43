//! After the first complete run on a new state: files that an earlier state knew, and that nothing knows any more, go to the trash.

use std::collections::HashSet;
use std::sync::Arc;

use context_sync_protocol::event::{Level, Summary};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Engine;
use crate::connectors::connector::Presence;
use crate::model::{DocPath, RemoteId};
use crate::sync::book::Book;
use crate::sync::sweep::too_many;
use crate::sync::{Abort, orphans};

/// What the records know.
struct Known {
    orphans: Vec<orphans::Orphan>,
    written: FxHashSet<RemoteId>,
    /// Attachments that no record knows, and the names of those that one does.
    strangers: Vec<DocPath>,
    names: FxHashSet<String>,
}

impl Engine {
    /// Whether that is done: else the next run looks again. What nothing certain can be said of stays where it is.
    pub(super) async fn clear_orphans(&self, book: &Book, summary: &mut Summary) -> Result<bool, Abort> {
        if book.site.last_everything_ms != 0 {
            return Ok(true);
        }
        let Known { orphans, written, strangers, names } = self.find_orphans().await?;
        let known = book.docs.len();
        let orphans::Sorted { duplicates: mut leaving, silent } = orphans::sort(book, &written, orphans, |id| self.connector.scope_of(id));
        let mut done = true;
        let mut gone: FxHashSet<RemoteId> = FxHashSet::default();
        if !silent.is_empty() {
            let asked = silent.iter().map(|(_, wanted)| wanted.clone()).collect();
            let answers: FxHashMap<RemoteId, Presence> = self.connector.confirm(asked).await.map_err(Abort::Source)?.into_iter().collect();
            // The listing missed it; the next one may not.
            done &= !answers.values().any(|presence| *presence == Presence::Present);
            // What lies outside of what is asked for may do so because the configuration changed: it stays.
            let leaves =
                |presence| matches!(presence, Presence::Archived | Presence::Trashed | Presence::Gone | Presence::Forbidden | Presence::Renamed);
            gone.extend(answers.into_iter().filter(|(_, presence)| leaves(*presence)).map(|(id, _)| id));
            if too_many(gone.len(), known + gone.len(), self.options.max_delete_percent) && !self.options.accept_deletions {
                summary.held += gone.len() as u64;
                done = false;
                gone.clear();
            }
            leaving.extend(silent.into_iter().filter(|(_, wanted)| gone.contains(&wanted.id)).map(|(path, _)| path));
        }
        summary.removed += leaving.len() as u64;
        for path in &leaving {
            self.reporter.log(Level::Info, "A file of a state that is lost leaves the mirror for the trash.", &[("path", path.as_str())]);
        }
        // Those that lie elsewhere now, and those of what is gone: before the documents, without which they would be nobody's if we died in between.
        let is_of_gone = |path: &DocPath| path.components().rev().nth(1).is_some_and(|owner| gone.contains(&RemoteId::new(owner)));
        let mut files: Vec<DocPath> = strangers.into_iter().filter(|path| names.contains(path.file_name()) || is_of_gone(path)).collect();
        files.extend(leaving);
        let (mirror, day) = (Arc::clone(&self.mirror), self.day.clone());
        tokio::task::spawn_blocking(move || {
            for path in &files {
                mirror.trash(path, &day)?;
            }
            if !files.is_empty() {
                mirror.sync()?;
            }
            Ok(done)
        })
        .await?
    }

    async fn find_orphans(&self) -> Result<Known, Abort> {
        let (mirror, state, source) = (Arc::clone(&self.mirror), Arc::clone(&self.state), self.source.clone());
        tokio::task::spawn_blocking(move || {
            let (mut written, mut paths, mut files) = (FxHashSet::default(), HashSet::new(), HashSet::new());
            for document in state.documents() {
                let (id, record) = document?;
                if let Some(path) = record.path {
                    paths.insert(path);
                    written.insert(id);
                }
            }
            for asset in state.assets() {
                files.extend(asset?.1.path);
            }
            let mut orphans = Vec::new();
            mirror.unknown_documents(&paths, |path, head| orphans.extend(orphans::recognise(&source, path, head)))?;
            let strangers = mirror.strangers(&files)?.into_iter().map(|stranger| stranger.path).collect();
            let names = files.iter().map(|path| path.file_name().to_owned()).collect();
            Ok(Known { orphans, written, strangers, names })
        })
        .await?
    }
}
