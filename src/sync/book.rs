//! What one run knows: what the state kept from earlier runs, and what this one learnt. Loaded once, bounded by the number of documents, never by their
//! bodies.

use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::layout::{self, Spot};
use super::packed::{Commons, Packed};
use super::view::View;
use crate::connectors::connector::{Completion, Presence};
use crate::model::{AssetRef, ContentHash, Cursor, DocPath, Key, Place, RemoteId, Revision, Scope, Stamp};
use crate::state::{AssetRecord, Deferred, DocRecord, ScopeRecord, SiteRecord, State, StateError};

/// The book of a run.
#[derive(Default)]
pub(super) struct Book {
    /// Documents by id.
    pub docs: FxHashMap<RemoteId, Entry>,
    /// Folders of the tree that are no documents.
    pub nodes: FxHashMap<RemoteId, Arc<Packed>>,
    /// Nodes that this run learnt or that changed.
    pub new_nodes: Vec<RemoteId>,
    /// Attachments by id.
    pub assets: FxHashMap<RemoteId, AssetEntry>,
    /// Display names.
    pub people: FxHashMap<Key, String>,
    /// People that this run's listing named.
    pub named: FxHashSet<Key>,
    /// Scopes.
    pub scopes: FxHashMap<Scope, ScopeEntry>,
    /// Facts of the whole connector.
    pub site: SiteRecord,
    /// Nothing can be downloaded in this run, so that there is no attachment but those that are there.
    pub offline: bool,
    /// What many places have in common, and lists of labels that many documents have, each held once.
    commons: Commons,
    lists: FxHashSet<Arc<[String]>>,
}

/// A document.
#[derive(Default)]
pub(super) struct Entry {
    /// What the state has of it. Apart, because a first sync of a large site has as many entries and none of these; shared with those who look at files.
    pub kept: Option<Arc<Kept>>,
    /// What this run's listing says of it.
    pub seen: Option<Seen>,
    /// Labels that this run learnt.
    pub labels: Option<Arc<[String]>>,
    /// Set when it leaves the mirror in this run.
    pub leaves: Option<Presence>,
    /// Why it could not be had in this run.
    pub failed: Option<Box<str>>,
    /// It is there, and the configuration does not ask for it any more.
    pub unwanted: bool,
    /// There is nothing of it to mirror, as this run found.
    pub nothing: bool,
    /// All its attachments were listed in this run.
    pub assets_done: bool,
}

/// What the listing said.
pub(super) struct Seen {
    /// Its revision at the service.
    pub revision: Revision,
    /// Its place.
    pub place: Arc<Packed>,
}

/// What the state has of a document, without its links.
#[derive(Clone)]
pub(super) struct Kept {
    /// Place as last written.
    pub place: Arc<Packed>,
    /// Revision of the raw body that is kept.
    pub revision: Option<Revision>,
    /// Where its file is; see [`Kept::path`].
    pub spot: Option<Spot>,
    /// Size and time of that file.
    pub stamp: Option<Stamp>,
    /// Its bytes' hash.
    pub hash: Option<ContentHash>,
    /// Labels as last known.
    pub labels: Arc<[String]>,
    /// Aliases of earlier titles and places.
    pub former: Box<[Key]>,
    /// An earlier path whose file has yet to be removed.
    pub leaving: bool,
    /// Why it waits, if it does.
    pub deferred: Option<Box<Deferred>>,
    /// The configuration does not ask for it any more.
    pub unwanted: bool,
}

/// An attachment.
pub(super) struct AssetEntry {
    /// What the state has of it.
    pub kept: Option<AssetRecord>,
    /// What it is, as last listed.
    pub asset: AssetRef,
    /// This run's listing named it.
    pub listed: bool,
    /// The file is not as we left it.
    pub touched: bool,
    /// A document of the mirror shows it.
    pub referenced: bool,
}

/// A scope.
#[derive(Default)]
pub(super) struct ScopeEntry {
    /// What the state has of it, and what this run makes of that.
    pub kept: Option<ScopeRecord>,
    /// What the state has of it.
    pub stored: Option<ScopeRecord>,
    /// What this run's listing said of it.
    pub listed: Option<(String, Completion, Option<Cursor>)>,
    /// All its attachments were listed in this run.
    pub assets_done: bool,
    /// What of it is closed to us, and why.
    pub denied: Vec<String>,
    /// It has been missing so often, and for so long, that what is mirrored of it leaves.
    pub lost: bool,
}

impl Book {
    /// Reads the state. Blocking.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub(super) fn load(state: &State) -> Result<Self, StateError> {
        let mut book = Self { site: state.site()?, ..Self::default() };
        let mut folders = FxHashSet::default();
        for document in state.documents() {
            let (id, mut record) = document?;
            let place = book.pack(record.place.clone());
            let labels = book.labels(std::mem::take(&mut record.labels));
            book.docs.insert(id, Entry { kept: Some(Arc::new(Kept::new(record, place, labels, &mut folders))), ..Entry::default() });
        }
        for asset in state.assets() {
            let (id, record) = asset?;
            let asset = record.asset.clone();
            book.assets.insert(id, AssetEntry { kept: Some(record), asset, listed: false, touched: false, referenced: false });
        }
        for (id, place) in state.nodes()? {
            let place = Arc::new(book.pack(place));
            book.nodes.insert(id, place);
        }
        book.people = state.people()?.into_iter().collect();
        for (scope, record) in state.scopes()? {
            book.scopes.insert(scope, ScopeEntry { kept: Some(record.clone()), stored: Some(record), ..ScopeEntry::default() });
        }
        Ok(book)
    }

    /// Lets a place share what it has in common with others, and be no larger than it must.
    pub(super) fn pack(&mut self, mut place: Place) -> Packed {
        if let Some((parent, _)) = place.parent.as_ref().and_then(|parent| self.docs.get_key_value(parent)) {
            place.parent = Some(parent.clone());
        }
        self.commons.pack(place)
    }

    /// Labels, of which most documents have none or the same as others.
    pub(super) fn labels(&mut self, labels: Vec<String>) -> Arc<[String]> {
        let mut labels = labels.into();
        share(&mut self.lists, &mut labels);
        labels
    }

    /// The cursors to list on with; an empty one where there is none yet.
    pub(super) fn cursors(&self) -> Vec<(Scope, Cursor)> {
        let cursor = |kept: &ScopeRecord| kept.cursor.clone().unwrap_or_else(|| Cursor::new(""));
        let mut cursors: Vec<_> = self.scopes.iter().filter_map(|(scope, s)| Some((scope.clone(), cursor(s.kept.as_ref()?)))).collect();
        cursors.sort();
        cursors
    }

    /// Where an attachment lies or would lie: below its owner's container, wherever its owner was moved since it was listed.
    ///
    /// # Errors
    /// When the connector gave an unsafe name.
    pub(super) fn asset_path(&self, entry: &AssetEntry) -> Result<DocPath, crate::model::PathError> {
        let owner = entry.asset.owner.document().and_then(|id| self.docs.get(id)).and_then(Entry::place);
        let container = owner.and_then(|place| place.container().first());
        let first = container.or(entry.asset.folder.first());
        let folders = first.into_iter().chain(entry.asset.folder.iter().skip(1));
        let mut path = String::new();
        for folder in folders {
            path.push_str(folder);
            path.push('/');
        }
        path.push_str(&entry.asset.file_name);
        layout::harmless(DocPath::new(&path)?)
    }

    /// Scopes of which documents stay.
    pub(super) fn inhabited(&self) -> FxHashSet<Scope> {
        self.docs.values().filter(|entry| entry.leaves.is_none()).filter_map(|entry| Some(entry.place()?.scope().clone())).collect()
    }

    /// A snapshot of everything that stays or comes. A full run fetches every body (`fresh`), so that earlier names are needed no more.
    pub(super) fn view(&self, fresh: bool) -> View {
        let mut view = View { nodes: self.nodes.clone(), people: self.people.clone(), ..View::default() };
        // A map that grows is there twice for a moment.
        view.docs.reserve(self.docs.len());
        view.keys.reserve(self.docs.len() + self.assets.len());
        for (scope, entry) in &self.scopes {
            let name = entry.listed.as_ref().map(|(name, ..)| name.clone()).or_else(|| entry.kept.as_ref().map(|k| k.name.clone()));
            view.scopes.insert(scope.clone(), name.unwrap_or_default());
        }
        for (id, entry) in &self.docs {
            if entry.leaves.is_none()
                && let Some(place) = entry.place()
            {
                view.add(id.clone(), Arc::clone(place), entry.current_labels(), entry.former(fresh), entry.available());
            }
        }
        for entry in self.assets.values() {
            if let Ok(path) = self.asset_path(entry) {
                let on_disk = entry.kept.as_ref().is_some_and(|kept| kept.path.is_some());
                view.add_asset(&entry.asset, path, if self.offline { on_disk } else { entry.available() });
            }
        }
        view.remember_former();
        view.lay_out(self.docs.values().filter_map(|entry| Some(entry.kept.as_ref()?.spot.as_ref()?.shared_folder())).collect());
        view
    }
}

/// Puts the one that is held already in the place of an equal one.
fn share<T: ?Sized + Eq + Hash>(held: &mut FxHashSet<Arc<T>>, item: &mut Arc<T>) {
    match held.get(&*item) {
        Some(one) => *item = Arc::clone(one),
        None => drop(held.insert(Arc::clone(item))),
    }
}

impl Entry {
    /// Its place, as newly listed or as kept.
    pub(super) fn place(&self) -> Option<&Arc<Packed>> {
        self.seen.as_ref().map(|s| &s.place).or_else(|| self.kept.as_ref().map(|k| &k.place))
    }

    /// Its labels, as newly learnt or as kept.
    pub(super) fn current_labels(&self) -> Arc<[String]> {
        match (&self.labels, &self.kept) {
            (Some(labels), _) => Arc::clone(labels),
            (None, Some(kept)) => Arc::clone(&kept.labels),
            (None, None) => Arc::default(),
        }
    }

    /// Aliases that it has no more, newest last and not without end.
    fn former(&self, full: bool) -> Box<[Key]> {
        const MOST: usize = 16;
        let (Some(kept), Some(place)) = (&self.kept, self.place()) else { return Box::default() };
        if full {
            return Box::default();
        }
        let is_now = |alias: &str| place.aliases().any(|now| now == alias);
        let earlier = kept.former.iter().map(Key::as_str).chain(kept.place.aliases());
        let mut former: Vec<Key> = earlier.filter(|alias| !is_now(alias)).map(Key::new).collect();
        let surplus = former.len().saturating_sub(MOST);
        former.drain(..surplus);
        former.into()
    }

    /// Whether there is nothing of it to mirror, as far as this run knows.
    pub(super) fn is_nothing(&self) -> bool {
        let known = self.kept.as_ref().and_then(|kept| kept.deferred.as_ref()).filter(|deferred| deferred.nothing);
        self.nothing || known.is_some_and(|known| self.seen.as_ref().is_none_or(|seen| known.revision.as_ref() == Some(&seen.revision)))
    }

    /// Whether there is, or will be after this run, a file to link to.
    pub(super) fn available(&self) -> bool {
        if self.is_nothing() {
            return false;
        }
        let on_disk = self.kept.as_ref().is_some_and(|k| k.spot.is_some());
        on_disk || (self.seen.is_some() && self.failed.is_none())
    }
}

impl ScopeEntry {
    /// Why something of it is closed to us, if so.
    pub(super) fn why_denied(&self) -> Option<String> {
        (!self.denied.is_empty()).then(|| self.denied.join("; "))
    }
}

impl AssetEntry {
    /// Whether documents may link to it.
    pub(super) fn available(&self) -> bool {
        self.kept.as_ref().is_none_or(|k| k.deferred.is_none() || k.path.is_some())
    }

    /// Whether it belongs into the mirror.
    pub(super) fn wanted(&self) -> bool {
        self.referenced || self.asset.always
    }

    /// Whether its bytes are to be fetched: it is wanted, and what lies on disk is not its present revision at its present path.
    pub(super) fn stale(&self) -> bool {
        let Some(kept) = &self.kept else { return true };
        self.touched || kept.path.is_none() || kept.revision.as_ref() != Some(&self.asset.revision)
    }
}

impl Kept {
    /// Of its record; `folders` are those that are held already.
    fn new(record: DocRecord, place: Packed, labels: Arc<[String]>, folders: &mut FxHashSet<Arc<str>>) -> Self {
        Self {
            spot: record.path.map(|path| Spot::new(&path, &place, folders)),
            place: Arc::new(place),
            revision: record.revision,
            stamp: record.stamp,
            hash: record.hash,
            labels,
            former: record.former.into(),
            leaving: record.leaving.is_some(),
            deferred: record.deferred.map(Box::new),
            unwanted: record.unwanted,
        }
    }

    /// Where its file is.
    pub(super) fn path(&self) -> Option<DocPath> {
        self.spot.as_ref()?.path(&self.place)
    }
}
