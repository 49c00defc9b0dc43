//! One run from end to end, step by step; each step's rule lives in the file of its name.

use std::sync::Arc;

use context_sync_protocol::event::{Level, Summary};
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::assets::{self, Porter, deferred_again};
use super::book::{Book, Kept};
use super::fetch::{Arrival, fetch};
use super::listing::{self, Rules};
use super::press::{Ask, Leftover, News, press};
use super::progress::Progressed;
use super::render::Desk;
use super::sweep::{self, Limits};
use super::view::View;
use super::writer::{self, Writer};
use super::{Abort, Run, hand, settle};
use crate::connectors::connector::{Completion, Connector, Depth, Presence, SourceError, Wanted};
use crate::mirror::Mirror;
use crate::model::{DocPath, Key, RemoteId};
use crate::state::{Change, DocRecord, ScopeRecord, SiteRecord, State};

/// Labels and attachments that change without a new version are looked for at least so often.
const EVERYTHING_MS: u64 = 24 * 60 * 60 * 1000 - 30 * 60 * 1000;
/// Documents that one rendering thread takes at a time.
const PRESS_CHUNK: usize = 48;
/// Rendering threads at once.
const PRESSES: usize = 2;

struct Engine {
    connector: Arc<dyn Connector>,
    state: Arc<State>,
    mirror: Arc<Mirror>,
    reporter: Arc<dyn super::report::Reporter>,
    progressed: Arc<Progressed>,
    cancel: CancellationToken,
    source: String,
    options: super::Options,
    day: String,
    now_ms: u64,
    rules: Rules,
}

/// What is left over for later steps.
#[derive(Default)]
struct Rest {
    /// Fetched documents that wait for people's names.
    postponed: Vec<Ask>,
    /// Those people.
    unknown: Vec<Key>,
    /// Documents whose kept body is of no use.
    bodiless: Vec<RemoteId>,
    /// Documents that the service no longer showed when it was asked for the body.
    vanished: Vec<Wanted>,
    /// Why documents could not be had.
    failures: Vec<(RemoteId, String)>,
    /// Labels that came with bodies.
    labels: FxHashMap<RemoteId, Vec<String>>,
    /// Documents whose files are as they should be.
    settled: FxHashSet<RemoteId>,
}

/// Runs.
///
/// # Errors
/// Why it ended early; everything committed until then stays.
pub(super) async fn go(run: Run, summary: &mut Summary) -> Result<(), Abort> {
    let state = Arc::clone(&run.state);
    let mut book = tokio::task::spawn_blocking(move || Book::load(&state)).await??;
    let now_ms = run.clock.now_ms();
    let full = run.options.full || book.site.full_wanted;
    let first = book.site.last_everything_ms == 0;
    let due = now_ms.saturating_sub(book.site.last_everything_ms) >= EVERYTHING_MS || book.site.last_everything_ms > now_ms;
    let depth = if full || first || due || book.site.settings != run.options.settings { Depth::Everything } else { Depth::Changes };
    summary.full = full || first;
    let engine = Engine {
        progressed: Arc::new(Progressed::new(Arc::clone(&run.reporter), Arc::clone(&run.connector))),
        connector: run.connector,
        state: run.state,
        mirror: run.mirror,
        reporter: run.reporter,
        cancel: run.cancel,
        source: run.source,
        options: run.options,
        day: run.clock.day(),
        now_ms,
        rules: Rules { depth, full },
    };
    if full && !book.site.full_wanted {
        book.site.full_wanted = true;
        engine.commit(vec![Change::PutSite(book.site.clone())]).await?;
    }
    engine.go(&mut book, summary).await
}

impl Engine {
    async fn go(&self, book: &mut Book, summary: &mut Summary) -> Result<(), Abort> {
        self.heal(book).await?;
        let (wanted, queue) = mpsc::unbounded_channel();
        let (arrived, arrivals) = mpsc::unbounded_channel();
        let stop = self.cancel.child_token();
        // Listing and fetching go on side by side; writing begins when the listing is whole, for only then all paths are known.
        let fetching = fetch(&self.connector, &self.state, queue, arrived, &self.progressed, &stop);
        let writing = async {
            let done = self.list_and_write(book, wanted, arrivals, summary).await;
            if done.is_err() {
                stop.cancel();
            }
            done
        };
        let (fetched, written) = tokio::join!(fetching, writing);
        // What made the fetching stop is the cause; that the writing then ended too is the consequence.
        let (mut view, mut rest, touched) = match (fetched, written) {
            (Err(Abort::Cancelled), Err(cause)) => return Err(cause),
            (Err(cause), _) | (Ok(()), Err(cause)) => return Err(cause),
            (Ok(()), Ok(done)) => done,
        };
        self.after_fetch(book, &mut view, &mut rest).await?;
        let referenced = self.settle(book, &mut view, &mut rest, &touched, summary).await?;
        self.bring_assets(book, &mut view, &mut rest, referenced, &touched, summary).await?;
        self.remove(book, summary).await?;
        self.finish(book, &rest, summary).await
    }

    /// Mends what a killed run may have left: temporary files, and old copies of moved documents.
    async fn heal(&self, book: &Book) -> Result<(), Abort> {
        let movers: Vec<RemoteId> = book.docs.iter().filter(|(_, e)| e.kept.as_ref().is_some_and(|k| k.leaving)).map(|(id, _)| id.clone()).collect();
        let taken: FxHashSet<DocPath> =
            if movers.is_empty() { FxHashSet::default() } else { book.docs.values().filter_map(|e| e.kept.as_ref()?.path()).collect() };
        // Looking into every folder is for runs that follow a bad end, and once a day.
        let sweeps = book.site.unclean || self.rules.depth == Depth::Everything;
        let (mirror, state, day) = (Arc::clone(&self.mirror), Arc::clone(&self.state), self.day.clone());
        tokio::task::spawn_blocking(move || {
            if sweeps {
                mirror.sweep_temporary()?;
            }
            let mut records = Vec::new();
            for id in movers {
                if let Some(record) = state.document(&id)? {
                    records.push((id, record));
                }
            }
            writer::leave_behind(&mirror, &state, records, &day, &|path| taken.contains(path))
        })
        .await?
    }

    async fn list_and_write(
        &self,
        book: &mut Book,
        wanted: mpsc::UnboundedSender<Wanted>,
        arrivals: mpsc::UnboundedReceiver<Arrival>,
        summary: &mut Summary,
    ) -> Result<(Arc<View>, Rest, FxHashSet<RemoteId>), Abort> {
        let looking = self.look_for_hands(book);
        let asked = listing::list(self.connector.as_ref(), book, self.rules, wanted, &self.progressed, &self.cancel).await?;
        let touched = looking.await??;
        for id in &touched.assets {
            if let Some(asset) = book.assets.get_mut(id) {
                asset.touched = true;
            }
        }
        self.progressed.rename_phase("fetching");
        let limits = Limits { max_delete_percent: self.options.max_delete_percent, accept_deletions: self.options.accept_deletions };
        let swept = sweep::sweep(self.connector.as_ref(), book, limits, self.now_ms, self.reporter.as_ref()).await.map_err(Abort::Source)?;
        summary.held = swept.held;
        summary.scopes.extend(swept.missing);
        self.note_incomplete(book, summary);
        self.drop_gone_assets(book).await?;
        self.ask_people(book).await?;
        let view = Arc::new(book.view(self.rules.full));
        let work = asked > 0 || !touched.documents.is_empty() || structural(book, &view);
        if work && !book.site.unclean {
            book.site.unclean = true;
            self.commit(vec![Change::PutSite(book.site.clone())]).await?;
        }
        let rest = self.write_arrivals(book, &view, arrivals, summary).await?;
        Ok((view, rest, touched.documents))
    }

    fn look_for_hands(&self, book: &Book) -> tokio::task::JoinHandle<Result<Touched, Abort>> {
        // Shared with the book; each is made to what is known of a file when its turn comes.
        let documents: Vec<(RemoteId, Arc<Kept>)> =
            book.docs.iter().filter_map(|(id, entry)| Some((id.clone(), Arc::clone(entry.kept.as_ref()?)))).collect();
        let mut files = Vec::new();
        for (id, entry) in &book.assets {
            if let Some((kept, path)) = entry.kept.as_ref().and_then(|k| Some((k, k.path.clone()?))) {
                files.push(hand::Known { whose: id.clone(), path, stamp: kept.stamp, hash: kept.hash });
            }
        }
        let mirror = Arc::clone(&self.mirror);
        tokio::task::spawn_blocking(move || {
            let documents = documents.into_iter().filter_map(|(whose, kept)| {
                let path = kept.path()?;
                Some(hand::Known { whose, path, stamp: kept.stamp, hash: kept.hash })
            });
            Ok(Touched {
                documents: hand::touched(&mirror, documents)?.into_iter().collect(),
                assets: hand::touched(&mirror, files)?.into_iter().collect(),
            })
        })
    }

    fn note_incomplete(&self, book: &Book, summary: &mut Summary) {
        for entry in book.scopes.values() {
            if let Some((name, Completion::Incomplete(why), _)) = &entry.listed {
                summary.scopes.insert(name.clone(), why.clone());
            }
        }
        for (scope, why) in &summary.scopes {
            self.reporter.log(Level::Warn, &format!("`{scope}` was not listed as a whole ({why}); nothing of it is removed."), &[("scope", scope)]);
        }
    }

    async fn drop_gone_assets(&self, book: &mut Book) -> Result<(), Abort> {
        let gone = assets::gone(book, self.options.max_delete_percent, self.reporter.as_ref());
        let records: Vec<_> = gone.iter().filter_map(|id| book.assets.remove(id)).filter_map(|e| e.kept).collect();
        self.trash_assets(records.into_iter().map(|r| (r.asset.id, r.path)).collect()).await
    }

    async fn trash_assets(&self, assets: Vec<(RemoteId, Option<DocPath>)>) -> Result<(), Abort> {
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

    /// Names that the listing calls for: those we never asked, and once a day all of them.
    async fn ask_people(&self, book: &mut Book) -> Result<(), Abort> {
        let mut keys: Vec<Key> = match self.rules.depth {
            Depth::Everything => book.named.iter().chain(book.people.keys()).cloned().collect(),
            Depth::Changes => book.named.iter().filter(|k| !book.people.contains_key(*k)).cloned().collect(),
        };
        keys.sort();
        keys.dedup();
        self.learn_people(book, keys).await
    }

    async fn learn_people(&self, book: &mut Book, keys: Vec<Key>) -> Result<(), Abort> {
        if keys.is_empty() {
            return Ok(());
        }
        let answers: FxHashMap<Key, String> = self.connector.people(keys.clone()).await.map_err(Abort::Source)?.into_iter().collect();
        let mut changes = Vec::new();
        for key in keys {
            // A name once known is not given up because the service is silent today.
            let name = answers.get(&key).or_else(|| book.people.get(&key)).cloned().unwrap_or_default();
            if book.people.get(&key) != Some(&name) {
                book.people.insert(key.clone(), name.clone());
                changes.push(Change::PutPerson(key, name));
                book.site.unclean = true;
            }
        }
        if !changes.is_empty() {
            changes.push(Change::PutSite(book.site.clone()));
        }
        self.commit(changes).await
    }

    /// Renders and writes bodies as they come.
    async fn write_arrivals(
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
                            false,
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
            presses.spawn(press(desk, asks, false, writer.jobs(), Arc::clone(&self.progressed), self.cancel.clone()));
        }
        let pressed = drain(&mut presses, &mut rest).await;
        self.end_writer(writer, pressed, &mut rest, summary).await?;
        Ok(rest)
    }

    /// The writer's own error is the cause of any other, so it is looked at first.
    async fn end_writer(&self, writer: Writer, pressed: Result<(), Abort>, rest: &mut Rest, summary: &mut Summary) -> Result<(), Abort> {
        let tally = writer.finish().await?;
        pressed?;
        summary.written += tally.written;
        summary.moved += tally.moved;
        rest.settled.extend(tally.settled);
        Ok(())
    }

    /// What fetching left over: documents that vanished under our hands, and failures.
    async fn after_fetch(&self, book: &mut Book, view: &mut Arc<View>, rest: &mut Rest) -> Result<(), Abort> {
        let learnt = !rest.vanished.is_empty() || !rest.labels.is_empty() || !rest.failures.is_empty();
        if !rest.vanished.is_empty() {
            let vanished = std::mem::take(&mut rest.vanished);
            for (id, presence) in self.connector.confirm(vanished.clone()).await.map_err(Abort::Source)? {
                let Some(entry) = book.docs.get_mut(&id) else { continue };
                if presence == Presence::Present {
                    rest.failures.push((id, "the service lists it, but does not give its body".to_owned()));
                } else {
                    entry.leaves = Some(presence);
                    entry.seen = None;
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
        if learnt {
            self.look_around(book, view);
        }
        Ok(())
    }

    /// Takes a new snapshot. The one before goes first: a large site is not to be held twice.
    fn look_around(&self, book: &Book, view: &mut Arc<View>) {
        *view = Arc::default();
        *view = Arc::new(book.view(self.rules.full));
    }

    /// Writes down which documents could not be had, and why.
    async fn defer(&self, book: &mut Book, rest: &mut Rest) -> Result<(), Abort> {
        let mut changes = Vec::new();
        for (id, why) in std::mem::take(&mut rest.failures) {
            let Some(entry) = book.docs.get_mut(&id) else { continue };
            entry.failed = Some(why.as_str().into());
            let Some(place) = entry.place() else { continue };
            self.reporter.log(Level::Warn, &format!("A document is deferred: {why}."), &[("doc", id.as_str()), ("title", &place.title)]);
            let revision = entry.seen.as_ref().map(|s| s.revision.clone());
            let state = Arc::clone(&self.state);
            let key = id.clone();
            let old = tokio::task::spawn_blocking(move || state.document(&key)).await??;
            let record = old.unwrap_or_else(|| DocRecord::unwritten((**place).clone()));
            let deferred = Some(deferred_again(record.deferred.clone(), why.clone(), self.now_ms, revision));
            changes.push(Change::PutDocument(id, DocRecord { deferred, ..record }));
        }
        self.commit(changes).await
    }

    /// Writes again what is stale, from kept bodies; returns the attachments that documents show.
    async fn settle(
        &self,
        book: &mut Book,
        view: &mut Arc<View>,
        rest: &mut Rest,
        touched: &FxHashSet<RemoteId>,
        summary: &mut Summary,
    ) -> Result<Option<FxHashSet<RemoteId>>, Abort> {
        let needed = book.site.unclean || !touched.is_empty() || !rest.settled.is_empty() || !rest.postponed.is_empty();
        if !needed && book.site.settings == self.options.settings {
            return Ok(None);
        }
        let mut asks = std::mem::take(&mut rest.postponed);
        let found = self.look(view, touched, rest).await?;
        let postponed: FxHashSet<RemoteId> = asks.iter().map(|a| a.id.clone()).collect();
        let stale: Vec<Ask> = found.stale.into_iter().filter(|a| !postponed.contains(&a.id)).collect();
        summary.relinked += stale.len() as u64;
        self.press_all(view, stale, false, rest, summary).await?;
        let refetched = !rest.bodiless.is_empty();
        if refetched {
            self.fetch_again(book, view, rest, summary).await?;
        }
        asks.append(&mut rest.postponed);
        if asks.is_empty() && !refetched {
            return Ok(Some(found.referenced));
        }
        // Names are asked for once, in full requests; those that stay unknown are written so. A name that was learnt may make others stale.
        let mut unknown = std::mem::take(&mut rest.unknown);
        unknown.sort();
        unknown.dedup();
        self.learn_people(book, unknown).await?;
        self.look_around(book, view);
        let postponed: FxHashSet<RemoteId> = asks.iter().map(|a| a.id.clone()).collect();
        asks.extend(self.look(view, touched, rest).await?.stale.into_iter().filter(|a| !postponed.contains(&a.id)));
        self.press_all(view, asks, true, rest, summary).await?;
        Ok(Some(self.look(view, touched, rest).await?.referenced))
    }

    async fn look(&self, view: &Arc<View>, touched: &FxHashSet<RemoteId>, rest: &Rest) -> Result<settle::Found, Abort> {
        let (state, view) = (Arc::clone(&self.state), Arc::clone(view));
        let touched: FxHashSet<RemoteId> = touched.difference(&rest.settled).cloned().collect();
        Ok(tokio::task::spawn_blocking(move || settle::look(&state, &view, &touched)).await??)
    }

    async fn press_all(&self, view: &Arc<View>, mut asks: Vec<Ask>, final_word: bool, rest: &mut Rest, summary: &mut Summary) -> Result<(), Abort> {
        if asks.is_empty() {
            return Ok(());
        }
        let (desk, writer) = (self.desk(view), self.writer(view));
        let mut presses = tokio::task::JoinSet::new();
        let share = asks.len().div_ceil(PRESSES);
        while !asks.is_empty() {
            let rest = asks.split_off(share.min(asks.len()));
            let chunk = std::mem::replace(&mut asks, rest);
            presses.spawn(press(Arc::clone(&desk), chunk, final_word, writer.jobs(), Arc::clone(&self.progressed), self.cancel.clone()));
        }
        drop(desk);
        let pressed = drain(&mut presses, rest).await;
        self.end_writer(writer, pressed, rest, summary).await
    }

    /// Fetches bodies that we should have kept and have not.
    async fn fetch_again(&self, book: &mut Book, view: &Arc<View>, rest: &mut Rest, summary: &mut Summary) -> Result<(), Abort> {
        let (wanted, queue) = mpsc::unbounded_channel();
        let (arrived, arrivals) = mpsc::unbounded_channel();
        for id in std::mem::take(&mut rest.bodiless) {
            if let Some(place) = book.docs.get(&id).and_then(|e| e.place()) {
                let _ = wanted.send(Wanted { id, place: Arc::clone(place), labels: false });
            }
        }
        drop(wanted);
        let fetching = fetch(&self.connector, &self.state, queue, arrived, &self.progressed, &self.cancel);
        let (fetched, written) = tokio::join!(fetching, self.write_arrivals(book, view, arrivals, summary));
        fetched?;
        let again = written?;
        rest.settled.extend(again.settled);
        rest.postponed.extend(again.postponed);
        rest.failures
            .extend(again.vanished.into_iter().map(|w| (w.id, "its kept body is damaged, and the service does not give it again".to_owned())));
        rest.failures.extend(again.failures);
        rest.failures.extend(again.bodiless.into_iter().map(|id| (id, "its body cannot be read by this version".to_owned())));
        self.defer(book, rest).await
    }

    async fn bring_assets(
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
            depth: self.rules.depth,
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

    /// Moves to the trash what leaves, with the attachments that only it showed.
    async fn remove(&self, book: &mut Book, summary: &mut Summary) -> Result<(), Abort> {
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
        let owners: FxHashSet<&RemoteId> = leaving.iter().map(|(id, ..)| id).collect();
        let orphans: Vec<(RemoteId, Option<DocPath>)> = book
            .assets
            .iter()
            .filter(|(_, e)| !e.referenced && owners.contains(&e.asset.owner) && e.kept.is_some())
            .map(|(id, e)| (id.clone(), e.kept.as_ref().and_then(|k| k.path.clone())))
            .collect();
        summary.removed = leaving.iter().filter(|(_, path, _)| path.is_some()).count() as u64;
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
    async fn finish(&self, book: &mut Book, rest: &Rest, summary: &mut Summary) -> Result<(), Abort> {
        let mut changes: Vec<Change> = Vec::new();
        for id in &book.new_nodes {
            if let Some(place) = book.nodes.get(id) {
                changes.push(Change::PutNode(id.clone(), (**place).clone()));
            }
        }
        for (scope, entry) in &book.scopes {
            let Some((name, completion, cursor)) = &entry.listed else { continue };
            let old = entry.kept.clone().unwrap_or_default();
            let advanced = if *completion == Completion::Complete { cursor.clone().or(old.cursor) } else { old.cursor };
            changes.push(Change::PutScope(
                scope.clone(),
                ScopeRecord { name: name.clone(), cursor: advanced, missing: old.missing, unwanted: *completion == Completion::Unwanted },
            ));
        }
        let everything = self.rules.depth == Depth::Everything && summary.scopes.is_empty();
        changes.push(Change::PutSite(SiteRecord {
            last_success_ms: self.now_ms,
            last_everything_ms: if everything { self.now_ms } else { book.site.last_everything_ms },
            full_wanted: false,
            settings: self.options.settings,
            runs: book.site.runs.saturating_add(1),
            unclean: false,
        }));
        self.progressed.rename_phase("finishing");
        let (mirror, state) = (Arc::clone(&self.mirror), Arc::clone(&self.state));
        let trash = tokio::task::spawn_blocking(move || {
            state.commit(changes)?;
            Ok::<_, Abort>(mirror.trash_usage()?)
        })
        .await??;
        (summary.trash_files, summary.trash_bytes) = trash;
        summary.documents = book.docs.values().filter(|e| e.available()).count() as u64;
        summary.assets = book.assets.values().filter(|e| e.kept.as_ref().is_some_and(|k| k.path.is_some())).count() as u64;
        let waits = |id: &RemoteId, e: &super::book::Entry| {
            e.failed.is_some() || (!rest.settled.contains(id) && e.kept.as_ref().is_some_and(|k| k.deferred.is_some()))
        };
        let documents = book.docs.iter().filter(|(id, e)| waits(id, e)).count();
        let attachments = book.assets.values().filter(|e| e.referenced && e.kept.as_ref().is_some_and(|k| k.deferred.is_some())).count();
        summary.deferred = (documents + attachments) as u64;
        Ok(())
    }

    fn desk(&self, view: &Arc<View>) -> Arc<Desk> {
        Arc::new(Desk { connector: Arc::clone(&self.connector), source: self.source.clone(), state: Arc::clone(&self.state), view: Arc::clone(view) })
    }

    fn writer(&self, view: &Arc<View>) -> Writer {
        Writer::start(Arc::clone(&self.mirror), Arc::clone(&self.state), self.day.clone(), Arc::clone(view))
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), Abort> {
        if changes.is_empty() {
            return Ok(());
        }
        let state = Arc::clone(&self.state);
        Ok(tokio::task::spawn_blocking(move || state.commit(changes)).await??)
    }
}

/// Files that people changed or deleted by hand.
struct Touched {
    documents: FxHashSet<RemoteId>,
    assets: FxHashSet<RemoteId>,
}

/// Whether anything but bodies changed, so that other documents' files may have to follow.
fn structural(book: &Book, view: &View) -> bool {
    let doc_changed = |id: &RemoteId, entry: &super::book::Entry| {
        let Some(kept) = &entry.kept else { return entry.seen.is_some() };
        let moved = view.docs.get(id).is_none_or(|doc| match (&doc.spot, &kept.spot) {
            (Ok(now), Some(before)) => !now.is(&doc.place, before, &kept.place),
            (now, before) => now.is_ok() || before.is_some(),
        });
        moved
            || entry.leaves.is_some()
            || entry.seen.as_ref().is_some_and(|s| s.place != kept.place)
            || entry.labels.as_ref().is_some_and(|l| *l != kept.labels)
    };
    !book.new_nodes.is_empty()
        || book.docs.iter().any(|(id, entry)| doc_changed(id, entry))
        || book.assets.values().any(|e| e.kept.as_ref().is_none_or(|k| k.asset != e.asset))
        || book.scopes.values().any(|s| s.listed.as_ref().is_some_and(|(name, ..)| s.kept.as_ref().is_none_or(|k| k.name != *name)))
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
            Leftover::NoBody => rest.bodiless.push(ask.id),
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
