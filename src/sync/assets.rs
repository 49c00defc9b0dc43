//! Brings the attachments that documents show, or all of them: moved ones are renamed, known ones adopted, only what is new is downloaded, streamed to disk.

use std::sync::Arc;

use bytes::Bytes;
use context_sync_protocol::event::Level;
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Abort;
use super::book::Book;
use super::progress::Progressed;
use super::report::Reporter;
use crate::connectors::connector::{Connector, Consequence, SourceError};
use crate::mirror::{Found, Mirror};
use crate::model::{AssetRef, ContentHash, DocPath, Owner, RemoteId, Scope, Stamp};
use crate::state::{AssetRecord, Change, Deferred, State};

/// Downloads at once; the HTTP room bounds the requests of the whole worker.
const AT_ONCE: usize = 4;
/// Records committed together.
const COMMIT_EVERY: usize = 64;
/// See the documents' rule of the same name.
const EAGER_TRIES: u32 = 3;
/// Listings so far apart must agree that an attachment is gone; those of everything come once a day.
const MISSING_MS: u64 = 20 * 60 * 60 * 1000;

/// What bringing attachments needs.
pub(super) struct Porter<'r> {
    /// Streams them.
    pub connector: &'r dyn Connector,
    /// Keeps their records.
    pub state: &'r Arc<State>,
    /// Writes them.
    pub mirror: &'r Arc<Mirror>,
    /// Hears of failures.
    pub reporter: &'r dyn Reporter,
    /// Counts.
    pub progressed: &'r Progressed,
    /// Stops between two of them.
    pub cancel: &'r CancellationToken,
    /// Today's trash.
    pub day: String,
    /// Now.
    pub now_ms: u64,
    /// What failed often is tried again as well: once a day.
    pub daily: bool,
}

/// What was brought.
#[derive(Debug, Default)]
pub(super) struct Brought {
    /// Downloaded.
    pub downloaded: u64,
    /// Attachments that became available, or unavailable.
    pub changed: bool,
}

enum Task {
    Rename(DocPath),
    /// With where an earlier revision lies, if elsewhere: it goes to the new place first, so that it is replaced there and none stays behind.
    Download(Option<DocPath>),
}

impl Porter<'_> {
    /// Brings every attachment that is wanted of `book` that is not as it should be, and writes down what the listing said of the others.
    ///
    /// # Errors
    /// When the run cannot go on. A single attachment's failure defers it.
    pub(super) async fn bring(&self, book: &mut Book) -> Result<Brought, Abort> {
        let mut brought = Brought::default();
        let mut changes = self.note_unreferenced(book);
        let tasks = self.tasks(book);
        self.progressed.phase("attachments", tasks.len() as u64);
        let mut results =
            stream::iter(tasks.into_iter().map(|(asset, path, task, known)| self.one(asset, path, task, known))).buffer_unordered(AT_ONCE);
        loop {
            let next = tokio::select! {
                biased;
                () = self.cancel.cancelled() => { self.commit(std::mem::take(&mut changes)).await?; return Err(Abort::Cancelled) }
                next = results.next() => next,
            };
            let Some((asset, outcome)) = next else { break };
            let entry = book.assets.get_mut(&asset.id);
            let before = entry.as_ref().is_some_and(|e| e.available());
            let old = entry.as_ref().and_then(|e| e.kept.clone());
            let record = match outcome {
                Ok((path, stamp, hash, fresh)) => {
                    brought.downloaded += u64::from(fresh);
                    AssetRecord {
                        revision: Some(asset.revision.clone()),
                        path: Some(path),
                        stamp: Some(stamp),
                        hash: Some(hash),
                        deferred: None,
                        // One that moves with its document may be missing all the same.
                        missing_ms: old.as_ref().and_then(|old| old.missing_ms),
                        asset,
                    }
                }
                Err(Abort::Source(error)) if error.consequence() == Consequence::Defer => self.defer(asset, old, &error),
                Err(Abort::Source(error)) if error.consequence() == Consequence::Skip => self.skip(asset, old, &error).await?,
                Err(abort) => {
                    self.commit(changes).await?;
                    return Err(abort);
                }
            };
            if let Some(entry) = entry {
                entry.kept = Some(record.clone());
                entry.touched = false;
                brought.changed |= entry.available() != before;
            }
            self.progressed.done();
            changes.push(Change::PutAsset(record.asset.id.clone(), record));
            if changes.len() >= COMMIT_EVERY {
                self.commit(std::mem::take(&mut changes)).await?;
            }
        }
        self.commit(changes).await?;
        Ok(brought)
    }

    /// Attachments that no document shows are remembered, so that a page may come to show them without a new listing.
    fn note_unreferenced(&self, book: &mut Book) -> Vec<Change> {
        let mut changes = Vec::new();
        for (id, entry) in book.assets.iter_mut().filter(|(_, e)| e.listed && !e.wanted()) {
            if entry.kept.as_ref().is_none_or(|k| k.asset != entry.asset) {
                let record = AssetRecord { asset: entry.asset.clone(), ..entry.kept.clone().unwrap_or_else(|| blank(&entry.asset)) };
                entry.kept = Some(record.clone());
                changes.push(Change::PutAsset(id.clone(), record));
            }
        }
        changes
    }

    fn tasks(&self, book: &Book) -> Vec<(AssetRef, DocPath, Task, Option<ContentHash>)> {
        let mut tasks: Vec<(AssetRef, DocPath, Task, Option<ContentHash>)> = Vec::new();
        let scopes = book.inhabited();
        let stays = |owner: &Owner| match owner {
            Owner::Document(id) => book.docs.get(id).is_some_and(|owner| owner.leaves.is_none()),
            Owner::Scope(scope) => scopes.contains(scope),
        };
        for entry in book.assets.values().filter(|e| e.referenced || (e.asset.always && stays(&e.asset.owner))) {
            let Ok(path) = book.asset_path(entry) else { continue };
            let kept = entry.kept.as_ref();
            let waits = kept
                .and_then(|k| k.deferred.as_ref())
                .is_some_and(|d| d.revision.as_ref() == Some(&entry.asset.revision) && (d.nothing || (d.tries >= EAGER_TRIES && !self.daily)));
            if waits {
                continue;
            }
            let lies = kept.and_then(|k| k.path.clone()).filter(|lies| *lies != path);
            if entry.stale() {
                tasks.push((entry.asset.clone(), path, Task::Download(lies), kept.and_then(|k| k.hash)));
            } else if let Some(lies) = lies {
                tasks.push((entry.asset.clone(), path, Task::Rename(lies), kept.and_then(|k| k.hash)));
            }
        }
        tasks.sort_by(|a, b| a.1.cmp(&b.1));
        tasks
    }

    async fn one(
        &self,
        asset: AssetRef,
        path: DocPath,
        task: Task,
        known: Option<ContentHash>,
    ) -> (AssetRef, Result<(DocPath, Stamp, ContentHash, bool), Abort>) {
        let outcome = match task {
            Task::Rename(from) => match self.rename(from, path.clone()).await {
                Ok(Some((stamp, hash))) => Ok((path, stamp, hash, false)),
                Ok(None) => self.download(&asset, path, known).await,
                Err(abort) => Err(abort),
            },
            Task::Download(lies) => self.renew(&asset, path, lies, known).await,
        };
        (asset, outcome)
    }

    async fn renew(
        &self,
        asset: &AssetRef,
        path: DocPath,
        lies: Option<DocPath>,
        known: Option<ContentHash>,
    ) -> Result<(DocPath, Stamp, ContentHash, bool), Abort> {
        if let Some((stamp, hash)) = self.adopt(asset, path.clone()).await? {
            return Ok((path, stamp, hash, false));
        }
        if let Some(lies) = lies {
            self.rename(lies, path.clone()).await?;
        }
        self.download(asset, path, known).await
    }

    async fn rename(&self, from: DocPath, to: DocPath) -> Result<Option<(Stamp, ContentHash)>, Abort> {
        let mirror = Arc::clone(self.mirror);
        let day = self.day.clone();
        tokio::task::spawn_blocking(move || {
            if !mirror.relocate(&from, &to, &day)? {
                return Ok(None);
            }
            looks(&mirror, &to)
        })
        .await?
    }

    /// A file of the right size and time at the right place is the attachment: the state was lost, not the file.
    async fn adopt(&self, asset: &AssetRef, path: DocPath) -> Result<Option<(Stamp, ContentHash)>, Abort> {
        let (Some(size), Some(modified)) = (asset.size, asset.modified_secs) else { return Ok(None) };
        let mirror = Arc::clone(self.mirror);
        tokio::task::spawn_blocking(move || match mirror.find(&path)? {
            Found::File(stamp) if stamp.size == size && i128::from(stamp.mtime_ns) == i128::from(modified) * 1_000_000_000 => looks(&mirror, &path),
            _ => Ok(None),
        })
        .await?
    }

    async fn download(&self, asset: &AssetRef, path: DocPath, known: Option<ContentHash>) -> Result<(DocPath, Stamp, ContentHash, bool), Abort> {
        let mut stream = self.connector.asset(asset).await.map_err(Abort::Source)?;
        let (chunks, mut queue) = mpsc::channel::<Bytes>(4);
        let mirror = Arc::clone(self.mirror);
        let (modified, day, place) = (asset.modified_secs, self.day.clone(), path.clone());
        let (ended, whole) = tokio::sync::oneshot::channel::<()>();
        let writing = tokio::task::spawn_blocking(move || {
            let mut file = mirror.asset(&place)?;
            file.replaces(known);
            while let Some(chunk) = queue.blocking_recv() {
                file.write(&chunk)?;
            }
            // Without the word that the stream ended well, the file is dropped and its temporary form with it.
            match whole.blocking_recv() {
                Ok(()) => Ok(Some(file.finish(modified, &day)?)),
                Err(_) => Ok::<_, Abort>(None),
            }
        });
        let mut failure = None;
        while let Some(chunk) = stream.bytes.next().await {
            match chunk {
                Ok(chunk) => {
                    if chunks.send(chunk).await.is_err() {
                        break;
                    }
                }
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        if failure.is_none() {
            let _ = ended.send(());
        } else {
            drop(ended);
        }
        drop(chunks);
        let written = writing.await??;
        match (failure, written) {
            (Some(error), _) => Err(Abort::Source(error)),
            (None, Some((stamp, hash))) => Ok((path, stamp, hash, true)),
            (None, None) => Err(Abort::WriterGone),
        }
    }

    fn defer(&self, asset: AssetRef, old: Option<AssetRecord>, error: &SourceError) -> AssetRecord {
        self.reporter.log(
            Level::Warn,
            &format!("An attachment is deferred: {error}. {}", error.hint()),
            &[("asset", asset.id.as_str()), ("doc", &asset.owner.to_string()), ("name", &asset.name)],
        );
        let old = old.unwrap_or_else(|| blank(&asset));
        let deferred = deferred_again(old.deferred.clone(), error.to_string(), self.now_ms, Some(asset.revision.clone()));
        AssetRecord { asset, deferred: Some(deferred), ..old }
    }

    /// Of this revision there is nothing to mirror: a file of an earlier one leaves for the trash.
    async fn skip(&self, asset: AssetRef, old: Option<AssetRecord>, error: &SourceError) -> Result<AssetRecord, Abort> {
        self.reporter.log(Level::Info, &format!("An attachment is left out: {error}."), &[("asset", asset.id.as_str()), ("name", &asset.name)]);
        if let Some(path) = old.as_ref().and_then(|old| old.path.clone()) {
            let (mirror, day) = (Arc::clone(self.mirror), self.day.clone());
            tokio::task::spawn_blocking(move || mirror.trash(&path, &day)).await??;
        }
        let deferred = Some(nothing(error.to_string(), self.now_ms, Some(asset.revision.clone())));
        Ok(AssetRecord { deferred, missing_ms: old.and_then(|old| old.missing_ms), ..blank(&asset) })
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), Abort> {
        if changes.is_empty() {
            return Ok(());
        }
        let (mirror, state) = (Arc::clone(self.mirror), Arc::clone(self.state));
        tokio::task::spawn_blocking(move || {
            mirror.sync()?;
            Ok(state.commit(changes)?)
        })
        .await?
    }
}

fn looks(mirror: &Mirror, path: &DocPath) -> Result<Option<(Stamp, ContentHash)>, Abort> {
    let (Found::File(stamp), Some(hash)) = (mirror.find(path)?, mirror.hash(path)?) else { return Ok(None) };
    Ok(Some((stamp, hash)))
}

fn blank(asset: &AssetRef) -> AssetRecord {
    AssetRecord { asset: asset.clone(), path: None, revision: None, stamp: None, hash: None, deferred: None, missing_ms: None }
}

/// There is nothing to mirror of that revision.
pub(super) fn nothing(reason: String, now_ms: u64, revision: Option<crate::model::Revision>) -> Deferred {
    Deferred { reason, since_ms: now_ms, tries: 1, revision, nothing: true }
}

/// One more failure of the same thing, or the first.
pub(super) fn deferred_again(old: Option<Deferred>, reason: String, now_ms: u64, revision: Option<crate::model::Revision>) -> Deferred {
    match old {
        Some(old) if old.revision == revision && !old.nothing => {
            Deferred { reason, since_ms: old.since_ms, tries: old.tries.saturating_add(1), ..old }
        }
        _ => Deferred { reason, since_ms: now_ms, tries: 1, revision, nothing: false },
    }
}

/// What listings say of attachments that are known.
#[derive(Default)]
pub(super) struct Lacking {
    /// Those that leave.
    pub gone: Vec<RemoteId>,
    /// Since when others are missing; none: they are there again.
    pub marks: Vec<(RemoteId, Option<u64>)>,
}

/// Judges the attachments that a listing of everything lacks. One such listing is no word: a search index that is being rebuilt answers just so. They leave
/// when a listing about a day later lacks them, too; and too many at once stay in any case.
pub(super) fn lacking(book: &Book, max_delete_percent: u8, now_ms: u64, reporter: &dyn Reporter) -> Lacking {
    let done = |scope: &Scope| book.scopes.get(scope).is_some_and(|scope| scope.assets_done);
    let of_done_scope = |owner: &Owner| {
        let id = match owner {
            Owner::Document(id) => id,
            Owner::Scope(scope) => return done(scope),
        };
        // What is listed no more has its attachments listed no more; they go where it goes.
        let Some((entry, seen)) = book.docs.get(id).and_then(|entry| Some((entry, entry.seen.as_ref()?))) else { return false };
        entry.assets_done || done(seen.place.scope())
    };
    let known = || book.assets.iter().filter_map(|(id, e)| Some((id, e, e.kept.as_ref()?)));
    let judged: Vec<_> = known().filter(|(_, e, _)| of_done_scope(&e.asset.owner)).collect();
    let missing = judged.iter().filter(|(_, e, _)| !e.listed).count();
    let again = known().filter(|(_, e, kept)| e.listed && kept.missing_ms.is_some()).map(|(id, ..)| (id.clone(), None));
    let mut found = Lacking { gone: Vec::new(), marks: again.collect() };
    if missing > 10 && missing * 100 > judged.len() * usize::from(max_delete_percent) {
        reporter.log(Level::Warn, &format!("The listing lacks {missing} of {} attachments; none is removed on such doubt.", judged.len()), &[]);
        return found;
    }
    for (id, _, kept) in judged.into_iter().filter(|(_, e, _)| !e.listed) {
        match kept.missing_ms.filter(|since| *since <= now_ms) {
            Some(since) if now_ms - since >= MISSING_MS => found.gone.push(id.clone()),
            Some(_) => {}
            None => found.marks.push((id.clone(), Some(now_ms))),
        }
    }
    found
}
