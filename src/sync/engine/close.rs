//! The end of a run: attachments, what leaves for the trash, and at last the cursors.

use std::sync::Arc;

use context_sync_protocol::event::{Level, Summary};
use rustc_hash::FxHashSet;

use super::{Engine, Rest};
use crate::connectors::connector::{Completion, Presence};
use crate::model::{DocPath, Owner, RemoteId, Scope};
use crate::state::{Change, DocRecord, ScopeRecord, SiteRecord};
use crate::sync::assets::Porter;
use crate::sync::book::{Book, Entry};
use crate::sync::fidelity;
use crate::sync::view::View;
use crate::sync::{Abort, assets};

impl Engine {
    pub(super) async fn bring_assets(
        &self,
        book: &mut Book,
        view: &mut Arc<View>,
        rest: &mut Rest,
        referenced: Option<FxHashSet<RemoteId>>,
        touched: &FxHashSet<RemoteId>,
        summary: &mut Summary,
    ) -> Result<(), Abort> {
        for (id, entry) in &mut book.assets {
            entry.referenced = match &referenced {
                Some(referenced) => referenced.contains(id),
                None => entry.kept.as_ref().is_some_and(|k| k.path.is_some() || k.deferred.is_some()),
            };
        }
        let porter = Porter {
            connector: self.connector.as_ref(),
            state: &self.state,
            mirror: &self.mirror,
            reporter: self.reporter.as_ref(),
            progressed: &self.progressed,
            cancel: &self.cancel,
            day: self.day.clone(),
            now_ms: self.now_ms,
            daily: self.rules.daily,
        };
        let brought = porter.bring(book).await?;
        summary.downloaded = brought.downloaded;
        if brought.changed {
            // A document that showed a path before the download failed must not keep a dead link.
            book.site.unclean = true;
            self.look_around(book, view);
            self.settle(book, view, rest, touched, summary).await?;
        }
        Ok(())
    }

    pub(super) async fn drop_gone_assets(&self, book: &mut Book) -> Result<(), Abort> {
        let found = assets::lacking(book, self.options.max_delete_percent, self.now_ms, self.reporter.as_ref());
        let mut marked = Vec::new();
        for (id, missing_ms) in found.marks {
            if let Some(kept) = book.assets.get_mut(&id).and_then(|entry| entry.kept.as_mut()) {
                kept.missing_ms = missing_ms;
                marked.push(Change::PutAsset(id, kept.clone()));
            }
        }
        if !found.gone.is_empty() {
            // Who shows them is written again, in this run or, if that is killed, in the next.
            book.site.unclean = true;
            marked.push(Change::PutSite(book.site.clone()));
        }
        self.commit(marked).await?;
        let records: Vec<_> = found.gone.iter().filter_map(|id| book.assets.remove(id)).filter_map(|e| e.kept).collect();
        self.trash_assets(records.into_iter().map(|r| (r.asset.id, r.path)).collect()).await
    }

    pub(super) async fn trash_assets(&self, assets: Vec<(RemoteId, Option<DocPath>)>) -> Result<(), Abort> {
        if assets.is_empty() {
            return Ok(());
        }
        let (mirror, state, day) = (Arc::clone(&self.mirror), Arc::clone(&self.state), self.day.clone());
        tokio::task::spawn_blocking(move || {
            for path in assets.iter().filter_map(|(_, path)| path.as_ref()) {
                mirror.trash(path, &day)?;
            }
            mirror.sync()?;
            Ok(state.commit(assets.into_iter().map(|(id, _)| Change::DropAsset(id)).collect())?)
        })
        .await?
    }

    /// Moves to the trash what leaves, with the attachments that only it showed.
    pub(super) async fn remove(&self, book: &mut Book, summary: &mut Summary) -> Result<(), Abort> {
        self.trash_left_out(book, summary).await?;
        let leaving: Vec<(RemoteId, Option<DocPath>, Presence)> =
            book.docs.iter().filter_map(|(id, e)| Some((id.clone(), e.kept.as_ref().and_then(|k| k.path()), e.leaves?))).collect();
        if leaving.is_empty() {
            return Ok(());
        }
        self.progressed.phase("removing", leaving.len() as u64);
        for (id, path, presence) in &leaving {
            let path = path.as_ref().map_or("", DocPath::as_str);
            let why = format!("{presence:?}").to_lowercase();
            self.reporter.log(Level::Info, "A document leaves the mirror for the trash.", &[("doc", id.as_str()), ("path", path), ("why", &why)]);
        }
        let inhabited = book.inhabited();
        let left: FxHashSet<Scope> = leaving
            .iter()
            .filter_map(|(id, ..)| Some(book.docs.get(id)?.place()?.scope().clone()))
            .filter(|scope| !inhabited.contains(scope))
            .collect();
        let owners: FxHashSet<&RemoteId> = leaving.iter().map(|(id, ..)| id).collect();
        let goes = |owner: &Owner| match owner {
            Owner::Document(id) => owners.contains(id),
            Owner::Scope(scope) => left.contains(scope),
        };
        let orphans: Vec<(RemoteId, Option<DocPath>)> = book
            .assets
            .iter()
            .filter(|(_, e)| !e.referenced && goes(&e.asset.owner) && e.kept.is_some())
            .map(|(id, e)| (id.clone(), e.kept.as_ref().and_then(|k| k.path.clone())))
            .collect();
        summary.removed += leaving.iter().filter(|(_, path, _)| path.is_some()).count() as u64;
        let (mirror, state, day) = (Arc::clone(&self.mirror), Arc::clone(&self.state), self.day.clone());
        let gone: Vec<(RemoteId, Option<DocPath>)> = leaving.into_iter().map(|(id, path, _)| (id, path)).collect();
        for (id, _) in &gone {
            book.docs.remove(id);
        }
        for (id, _) in &orphans {
            book.assets.remove(id);
        }
        tokio::task::spawn_blocking(move || {
            for path in gone.iter().filter_map(|(_, path)| path.as_ref()) {
                mirror.trash(path, &day)?;
            }
            mirror.sync()?;
            Ok::<_, Abort>(state.commit(gone.into_iter().map(|(id, _)| Change::DropDocument(id)).collect())?)
        })
        .await??;
        self.trash_assets(orphans).await
    }

    /// Advances the cursors: everything before them is in place, or is written down as deferred.
    pub(super) async fn finish(&self, book: &mut Book, rest: &Rest, no_orphans: bool, summary: &mut Summary) -> Result<(), Abort> {
        let mut changes = self.wanted_again_or_no_more(book).await?;
        changes.extend(self.moved_without_a_file(book).await?);
        for id in &book.new_nodes {
            if let Some(place) = book.nodes.get(id) {
                changes.push(Change::PutNode(id.clone(), place.unpack()));
            }
        }
        let inhabited = book.inhabited();
        for (scope, entry) in &book.scopes {
            let Some((name, completion, cursor)) = &entry.listed else { continue };
            if entry.lost && !inhabited.contains(scope) {
                // All of it has left: what the service has no more is not missed for ever.
                changes.extend(entry.stored.as_ref().map(|_| Change::DropScope(scope.clone())));
                continue;
            }
            let old = entry.kept.clone().unwrap_or_default();
            // What is suddenly empty is listed from where it was not, so that three such listings can agree.
            let unwanted = *completion == Completion::Unwanted;
            let advances = completion.advances() && old.missing.is_none();
            let cursor = if advances || unwanted { cursor.clone().or(old.cursor) } else { old.cursor };
            let denied = entry.why_denied();
            let record = ScopeRecord { name: name.clone(), cursor, missing: old.missing, denied, unwanted };
            if entry.stored.as_ref() != Some(&record) {
                changes.push(Change::PutScope(scope.clone(), record));
            }
        }
        let everything = self.rules.daily && listed_all(book) && no_orphans;
        changes.push(Change::PutSite(SiteRecord {
            last_success_ms: self.now_ms,
            last_everything_ms: if everything { self.now_ms } else { book.site.last_everything_ms },
            full_wanted: false,
            settings: self.options.settings,
            runs: book.site.runs.saturating_add(1),
            unclean: false,
            ahead_ms: book.site.ahead_ms,
        }));
        self.progressed.rename_phase("finishing");
        let mirror = Arc::clone(&self.mirror);
        tokio::task::spawn_blocking(move || mirror.is_in_place()).await??;
        self.commit(changes).await?;
        self.tell(book, rest, summary).await
    }

    /// What there is afterwards, in numbers.
    pub(super) async fn tell(&self, book: &Book, rest: &Rest, summary: &mut Summary) -> Result<(), Abort> {
        let changed = !rest.settled.is_empty() || summary.removed > 0;
        let (mirror, state) = (Arc::clone(&self.mirror), Arc::clone(&self.state));
        let (trash, fidelity) = tokio::task::spawn_blocking(move || {
            let fidelity = if changed { Some(fidelity::count(&state)?) } else { None };
            Ok::<_, Abort>((mirror.trash_usage()?, fidelity))
        })
        .await??;
        (summary.trash_files, summary.trash_bytes) = trash;
        summary.fidelity = fidelity;
        summary.documents = book.docs.values().filter(|e| e.available()).count() as u64;
        summary.assets = book.assets.values().filter(|e| e.kept.as_ref().is_some_and(|k| k.path.is_some())).count() as u64;
        let waits = |id: &RemoteId, e: &Entry| {
            !e.is_nothing() && (e.failed.is_some() || (!rest.settled.contains(id) && e.kept.as_ref().is_some_and(|k| k.deferred.is_some())))
        };
        // What nobody asks for any more does not wait.
        let asked_for = |e: &Entry| e.seen.is_some() || !(e.unwanted || e.kept.as_ref().is_some_and(|k| k.unwanted));
        let documents = book.docs.iter().filter(|(id, e)| waits(id, e) && asked_for(e)).count();
        let attachments =
            book.assets.values().filter(|e| e.wanted() && e.kept.as_ref().is_some_and(|k| k.deferred.as_ref().is_some_and(|d| !d.nothing))).count();
        summary.deferred = (documents + attachments) as u64;
        Ok(())
    }

    /// Documents that the configuration asks for no more, or asks for again.
    async fn wanted_again_or_no_more(&self, book: &Book) -> Result<Vec<Change>, Abort> {
        let turned: Vec<(RemoteId, bool)> = book
            .docs
            .iter()
            .filter_map(|(id, entry)| {
                let before = entry.kept.as_ref()?.unwanted;
                let now = entry.seen.is_none() && (before || entry.unwanted);
                (before != now).then(|| (id.clone(), now))
            })
            .collect();
        if turned.is_empty() {
            return Ok(Vec::new());
        }
        let state = Arc::clone(&self.state);
        tokio::task::spawn_blocking(move || {
            let mut changes = Vec::new();
            for (id, unwanted) in turned {
                if let Some(record) = state.document(&id)? {
                    changes.push(Change::PutDocument(id, DocRecord { unwanted, ..record }));
                }
            }
            Ok(changes)
        })
        .await?
    }
}

/// Whether a more thorough listing would bring no more. What is not there at all has been counted as that: it does not make every run a thorough one.
fn listed_all(book: &Book) -> bool {
    book.scopes.values().all(|entry| match &entry.listed {
        Some((_, Completion::Incomplete(_), _)) => false,
        // Suddenly empty: only listings of the whole can bear that out.
        Some((_, Completion::Complete, _)) => entry.kept.as_ref().is_none_or(|kept| kept.missing.is_none()),
        _ => true,
    })
}
