//! The listing: spaces, then pages and posts of several spaces at once; labels, folders' names and attachments beside them. One order of things for both
//! flavours.
//!
//! One space that is closed or broken says so in its own `ScopeDone` and harms no other; a dead network or refused credentials end all.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use rustc_hash::FxHashMap;
use tokio::sync::mpsc;
use tokio::try_join;

use super::api::Stop;
use super::cards::Card;
use super::comments::{self, Head, Keeps};
use super::hidden::{Orphan, Step};
use super::labels::Labels;
use super::rolling::Plan;
use super::site::{Memory, Site};
use super::spaces::{Asked, Known};
use super::{Confluence, cloud, data_center, locked, nodes, rolling};
use crate::connectors::connector::{Completion, Depth, Listed, SourceError};
use crate::model::{Cursor, Key, Place, RemoteId, Revision, Scope};

/// Spaces read at once; the HTTP room bounds the requests.
const SPACES_AT_ONCE: usize = 8;
/// Items that may wait for the engine.
const WAITING: usize = 512;

/// A space that is mirrored.
#[derive(Clone, Debug)]
pub(super) struct Space {
    /// By its id, which survives a new key.
    pub(super) scope: Scope,
    /// Its id.
    pub(super) id: String,
    /// Its key.
    pub(super) key: String,
    /// Its home page.
    pub(super) home: Option<String>,
    /// Somebody's own.
    pub(super) personal: bool,
    /// Archived as a whole: search does not look into it.
    pub(super) archived: bool,
}

/// Page or post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// In the tree.
    Page,
    /// Blog post.
    Post,
}

impl Kind {
    /// The service's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Post => "blogpost",
        }
    }

    /// The kind of a place.
    pub(super) fn of(place: &Place) -> Self {
        if &*place.kind == "blogpost" { Self::Post } else { Self::Page }
    }
}

/// A document as a listing shows it.
pub(super) struct Item {
    pub(super) id: RemoteId,
    pub(super) revision: Revision,
    pub(super) place: Place,
    pub(super) people: Vec<Key>,
    /// When its version was made, in milliseconds since 1970.
    pub(super) modified_ms: i64,
    /// Where the listing brings them.
    pub(super) labels: Option<Vec<String>>,
    /// A parent that is no page.
    pub(super) node: Option<String>,
    /// All that is above it, from the top, where the listing tells.
    pub(super) above: Option<Vec<Step>>,
}

/// The way to the engine.
#[derive(Clone)]
pub(super) struct Outlet(mpsc::Sender<Result<Listed, SourceError>>);

impl Outlet {
    /// Hands an item over. A receiver that is gone means that the whole stream was dropped, this future with it.
    pub(super) async fn send(&self, item: Listed) {
        let _ = self.0.send(Ok(item)).await;
    }
}

/// A listing under way.
pub(super) struct Listing<'c> {
    pub(super) conn: &'c Confluence,
    pub(super) site: Site,
    pub(super) depth: Depth,
    pub(super) out: Outlet,
    /// The spaces that are listed.
    pub(super) spaces: Vec<Space>,
    /// What is known of each.
    pub(super) known: Vec<Known>,
    /// How much of each is listed.
    pub(super) plan: Plan,
    /// How many documents were seen in each.
    counts: Vec<AtomicU64>,
    /// The newest document's moment.
    newest_ms: AtomicI64,
    /// The number of this run.
    pub(super) turn: u64,
    /// In which of them each document is.
    pub(super) owners: Mutex<FxHashMap<RemoteId, u32>>,
    /// Parents that are no pages, and the space that showed them.
    pub(super) parents: Mutex<BTreeMap<String, usize>>,
    /// Children of pages that were not named yet, by these.
    pub(super) orphans: Mutex<BTreeMap<String, Orphan>>,
    /// What could not be had beside the documents; why, for people.
    pub(super) lacking: Mutex<Vec<String>>,
    /// Cards among what was selected.
    pub(super) selected_cards: Mutex<Vec<Card>>,
    /// Whose heads are kept.
    pub(super) keeps: Mutex<Keeps>,
    /// What their comments need of documents, by id.
    pub(super) heads: Mutex<FxHashMap<Box<str>, Head>>,
}

impl Confluence {
    /// The listing as a stream: it makes requests only while it is polled, and leaves nothing behind when it is dropped.
    pub(super) fn listing(&self, since: Vec<(Scope, Cursor)>, depth: Depth) -> BoxStream<'_, Result<Listed, SourceError>> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let driver = async move {
            if let Err(error) = self.list(since, depth, Outlet(sender.clone())).await {
                let _ = sender.send(Err(error)).await;
            }
        };
        let driver = stream::once(driver).filter_map(|()| async { None });
        let items = stream::unfold(receiver, |mut receiver| async { receiver.recv().await.map(|item| (item, receiver)) });
        stream::select(driver, items).boxed()
    }

    async fn list(&self, mut since: Vec<(Scope, Cursor)>, depth: Depth, out: Outlet) -> Result<(), SourceError> {
        // What was never listed to its end has not told its key.
        since.retain(|(_, cursor)| !cursor.as_str().is_empty());
        let memory = since.iter().find(|(scope, _)| scope.as_str().is_empty()).and_then(|(_, cursor)| self.recall(cursor));
        let commented = since.iter().find(|(scope, _)| scope.as_str() == comments::SCOPE).map(|(_, cursor)| cursor);
        let is_space = |scope: &Scope| !scope.as_str().is_empty() && scope.as_str() != comments::SCOPE;
        let known: Vec<Known> = since.iter().filter(|(scope, _)| is_space(scope)).map(|(scope, cursor)| Known::read(scope, cursor)).collect();
        self.were_archived_wanted.store(memory.as_ref().is_some_and(|memory| memory.archived), Ordering::Relaxed);
        let narrowed = memory.as_ref().is_some_and(|memory| memory.filter != self.config.filter());
        self.was_filter_other.store(narrowed, Ordering::Relaxed);
        let (site, asked) = self.begin(memory.as_ref(), &known).await?;
        for (scope, name, completion) in asked.others {
            // Who comes back is listed whole.
            let cursor = (completion == Completion::Unwanted).then(|| Known { key: name.clone(), ..Known::read(&scope, &Cursor::new("")) }.cursor());
            out.send(Listed::ScopeDone { scope, name, completion, cursor }).await;
        }
        locked(&self.spaces).extend(asked.spaces.iter().map(|space| (space.id.clone(), space.key.clone())));
        let turn = memory.as_ref().map_or(0, |memory| memory.turn) + 1;
        let depth = if self.config.filter().is_some() { rolling::of_selection(depth, turn) } else { depth };
        let of = |space: &Space| known.iter().find(|known| known.scope == space.scope).cloned().unwrap_or_else(|| Known::new(space));
        let each: Vec<Known> = asked.spaces.iter().map(of).collect();
        let listing = Listing {
            plan: rolling::plan(depth, &asked.spaces, &each, memory.as_ref(), site.cloud || !site.no_scan),
            known: each,
            counts: asked.spaces.iter().map(|_| AtomicU64::new(0)).collect(),
            newest_ms: AtomicI64::new(memory.as_ref().and_then(|memory| memory.documents_ms).unwrap_or_default()),
            turn,
            conn: self,
            site,
            depth,
            out,
            spaces: asked.spaces,
            owners: Mutex::default(),
            parents: Mutex::default(),
            orphans: Mutex::default(),
            lacking: Mutex::default(),
            selected_cards: Mutex::default(),
            keeps: Mutex::new(Keeps::Nothing),
            heads: Mutex::default(),
        };
        let course = listing.new_comments(commented).await?;
        let until = memory.as_ref().and_then(|memory| memory.documents_ms);
        let (complete, unfed, mut course) = try_join!(listing.documents(), listing.news(until), listing.all_comments(course))?;
        let rounds = listing.stretches(unfed, &mut course).await?;
        listing.unlisted_with_news(&course).await?;
        listing.name_comments(course).await;
        let hidden = listing.hidden(memory.as_ref(), &complete).await?;
        let nodes = listing.nodes(memory.as_ref(), hidden).await?;
        let attachments_ms = listing.attachments(memory.as_ref(), &known, &complete).await?;
        let short = listing.compare_counts(memory.as_ref(), &complete, &rounds).await?;
        listing.done(nodes, attachments_ms, listing.broke_off(memory.as_ref(), &complete), short).await;
        Ok(())
    }

    /// The site and its spaces. A remembered way in that is refused is probed anew, once: tokens change.
    async fn begin(&self, memory: Option<&Memory>, known: &[Known]) -> Result<(Site, Asked), SourceError> {
        let Some(memory) = memory else {
            let site = self.site().await?;
            let asked = self.ask_spaces(&site, known).await?;
            return Ok((site, asked));
        };
        *self.known.lock().await = Some(memory.site.clone());
        match self.ask_spaces(&memory.site, known).await {
            Err(SourceError::Unauthorized { .. }) => {
                *self.known.lock().await = None;
                let site = self.site().await?;
                let asked = self.ask_spaces(&site, known).await?;
                Ok((site, asked))
            }
            asked => Ok((memory.site.clone(), asked?)),
        }
    }

    fn recall(&self, cursor: &Cursor) -> Option<Memory> {
        let memory: Memory = serde_json::from_str(cursor.as_str()).ok()?;
        (memory.of == self.memory_of()).then_some(memory)
    }
}

impl Listing<'_> {
    /// Pages and posts of all spaces, labels beside them; true where a space came whole.
    async fn documents(&self) -> Result<Vec<bool>, SourceError> {
        if let Some(filter) = self.conn.config.filter() {
            return self.selected(&filter).await;
        }
        let labels = &Labels::new(self.site.cloud && self.depth != Depth::Changes);
        let listing = async {
            let each = (0..self.spaces.len())
                .filter(|at| self.is_whole(*at))
                .map(|at| async move { Ok::<_, SourceError>((at, self.space(at, &labels.intake()).await?)) });
            let done: Vec<(usize, bool)> = stream::iter(each).buffer_unordered(SPACES_AT_ONCE).try_collect().await?;
            labels.close();
            let mut complete = vec![false; self.spaces.len()];
            for (at, whole) in done {
                if let Some(slot) = complete.get_mut(at) {
                    *slot = whole;
                }
            }
            Ok(complete)
        };
        let (complete, ()) = try_join!(listing, labels.bring(self))?;
        Ok(complete)
    }

    async fn space(&self, at: usize, labels: &super::labels::Intake) -> Result<bool, SourceError> {
        let Some(space) = self.spaces.get(at) else { return Ok(false) };
        let pages = self.kind(at, space, Kind::Page, labels);
        let posts = async {
            match self.conn.config.blog_posts {
                true => self.kind(at, space, Kind::Post, labels).await,
                false => Ok(Completion::Complete),
            }
        };
        let completion = match try_join!(pages, posts)? {
            (Completion::Complete, Completion::Missing(why)) => Completion::Incomplete(format!("its blog posts: {why}")),
            (Completion::Complete, posts) => posts,
            (pages, _) => pages,
        };
        let whole = completion == Completion::Complete;
        let count = self.count(at);
        let cursor = whole.then(|| self.listed_whole(at, space, count));
        self.out.send(Listed::ScopeDone { scope: space.scope.clone(), name: space.key.clone(), completion, cursor }).await;
        Ok(whole)
    }

    /// What is remembered of a space that came whole.
    pub(super) fn listed_whole(&self, at: usize, space: &Space, count: u64) -> Cursor {
        let no_stretches = self.known.get(at).is_some_and(|known| known.no_stretches);
        Known { count, turn: self.turn, no_stretches, ..Known::new(space) }.cursor()
    }

    /// How many documents of a space were seen.
    pub(super) fn count(&self, at: usize) -> u64 {
        self.counts.get(at).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Pages, or posts, of one space.
    async fn kind(&self, at: usize, space: &Space, kind: Kind, labels: &super::labels::Intake) -> Result<Completion, SourceError> {
        let scan = !self.site.cloud && !self.conn.has_no_scan(&self.site);
        match self.walk(at, space, kind, scan, labels).await {
            // 404 can mean the space as well as `scan`, which older servers lack; the plain list tells which.
            Err(Stop::Failed(failed)) if scan && matches!(failed.status, Some(400 | 404)) => {
                let done = self.walk(at, space, kind, false, labels).await;
                if done.is_ok() {
                    self.conn.note_no_scan();
                }
                judged(done)
            }
            done => judged(done),
        }
    }

    async fn walk(&self, at: usize, space: &Space, kind: Kind, scan: bool, labels: &super::labels::Intake) -> Result<(), Stop> {
        let rest = self.conn.rest(&self.site);
        let what = format!("the list of {}s of the space {}", kind.name(), space.key);
        if self.site.cloud {
            let (path, query) = cloud::listing(space, kind, self.conn.config.archived);
            let mut list = rest.list::<cloud::PageV2>(path, query, what);
            while let Some(page) = list.next().await? {
                for found in page.iter().filter(|found| found.is_there(self.conn.config.archived)) {
                    self.seen(at, cloud::item(found, space, kind, &self.site.web), labels).await;
                }
            }
        } else {
            let (path, query) = data_center::listing(space, kind, scan);
            let mut list = rest.list::<super::v1::Content>(path, query, what);
            while let Some(page) = list.next().await? {
                for found in page.iter().filter(|found| found.status.as_deref().is_none_or(|status| status == "current")) {
                    self.conn.remember_people(found);
                    self.seen(at, data_center::item(found, space, kind, &self.site.web), labels).await;
                }
            }
        }
        Ok(())
    }

    pub(super) async fn seen(&self, at: usize, item: Item, labels: &super::labels::Intake) {
        let Item { id, revision, place, people, labels: found, node, above, modified_ms } = item;
        let first = locked(&self.owners).insert(id.clone(), u32::try_from(at).unwrap_or(u32::MAX)).is_none();
        match (node, &place.parent) {
            (Some(node), _) => {
                locked(&self.parents).insert(node, at);
            }
            (None, Some(parent)) => self.note_orphan(at, &id, parent.as_str(), above),
            (None, None) => {}
        }
        self.newest_ms.fetch_max(modified_ms, Ordering::Relaxed);
        if first {
            labels.add(id.as_str());
            if let Some(count) = self.counts.get(at) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.keep_head(at, &id, &place);
        self.out.send(Listed::Seen { id: id.clone(), revision, place, people }).await;
        if let Some(labels) = found {
            self.out.send(Listed::Labels { id, labels }).await;
        }
    }

    /// Whether this run lists the whole space.
    pub(super) fn is_whole(&self, at: usize) -> bool {
        self.plan.whole.get(at) == Some(&true)
    }

    /// Whether this run looks at everything in the space, and not at what is new only.
    pub(super) fn is_thorough(&self, space: &Space) -> bool {
        match self.depth {
            Depth::Changes => false,
            Depth::Everything => true,
            Depth::Rolling(_) => self.spaces.iter().position(|other| other.id == space.id).is_some_and(|at| self.is_whole(at)),
        }
    }

    /// The space in which a document was seen.
    pub(super) fn space_of(&self, document: &str) -> Option<&Space> {
        let at = *locked(&self.owners).get(document)?;
        self.spaces.get(usize::try_from(at).ok()?)
    }

    /// Notes what could not be had beside the documents; only what ends the run is given back.
    pub(super) fn lacks(&self, what: &str, stop: Stop) -> Result<(), SourceError> {
        let why = self.bears(what, stop)?;
        locked(&self.lacking).push(format!("{what}: {why}"));
        Ok(())
    }

    /// Why something beside the documents could not be had, for people; an error where that ends the run.
    pub(super) fn bears(&self, what: &str, stop: Stop) -> Result<String, SourceError> {
        match stop.into_error(&self.conn.host(), what) {
            error @ (SourceError::Network { .. }
            | SourceError::Untrusted { .. }
            | SourceError::RateLimited { .. }
            | SourceError::Misconfigured { .. }) => Err(error),
            error => Ok(error.to_string()),
        }
    }

    async fn done(&self, known: nodes::Known, attachments_ms: Option<i64>, tried: BTreeMap<String, u64>, short: BTreeMap<String, u64>) {
        let mut lacking = std::mem::take(&mut *locked(&self.lacking));
        lacking.dedup();
        let completion = if lacking.is_empty() { Completion::Complete } else { Completion::Incomplete(lacking.join("; ")) };
        let site = Site { no_scan: self.conn.has_no_scan(&self.site), ..self.site.clone() };
        let newest = self.newest_ms.load(Ordering::Relaxed);
        let memory = Memory {
            of: self.conn.memory_of(),
            site,
            attachments_ms,
            documents_ms: (newest > 0).then_some(newest),
            turn: self.turn,
            saved: self.plan.saved,
            tried,
            short,
            nodes: known.nodes,
            cards: known.cards,
            archived: self.conn.config.archived,
            filter: self.conn.config.filter(),
        };
        // Plain strings and numbers: writing them as JSON cannot fail.
        let cursor = serde_json::to_string(&memory).ok().map(Cursor::from);
        let name = "labels, attachments and folders".to_owned();
        self.out.send(Listed::ScopeDone { scope: Scope::new(""), name, completion, cursor }).await;
    }
}

/// What a list that ended means for its space.
pub(super) fn judged(done: Result<(), Stop>) -> Result<Completion, SourceError> {
    match done {
        Ok(()) => Ok(Completion::Complete),
        Err(Stop::Endless(how)) => Ok(Completion::Incomplete(how.to_owned())),
        Err(Stop::Failed(failed)) => match failed.error {
            SourceError::NotVisible { status, .. } => Ok(Completion::Missing(format!("the service answers {status}"))),
            error @ (SourceError::BadAnswer { .. } | SourceError::TooLarge { .. }) => Ok(Completion::Incomplete(error.to_string())),
            error => Err(error),
        },
    }
}
