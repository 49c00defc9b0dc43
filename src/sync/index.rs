//! What lists of documents are made of: who lies below whom, who bears which label, which files hang on whom. Made once from a view, when a document first
//! asks.
//!
//! Pure. Orders are by title and id, so that equal views give equal lists.

use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHasher};

use super::layout::Places as _;
use super::packed::Packed;
use super::view::View;
use crate::model::{Key, RemoteId};

/// How deep the tree is followed; deeper documents are in no list.
const MAX_LEVELS: u8 = 100;

/// The index of a view.
#[derive(Default)]
pub(super) struct Index {
    below: FxHashMap<RemoteId, Vec<RemoteId>>,
    labelled: FxHashMap<String, Vec<RemoteId>>,
    files: FxHashMap<RemoteId, Vec<RemoteId>>,
    /// What was computed already, see [`Index::once`].
    hashes: Mutex<FxHashMap<Key, u64>>,
}

impl Index {
    /// Reads a view.
    pub(super) fn of(view: &View) -> Self {
        let mut index = Self::default();
        // What lies below a document that we may not see lies below the next one, as on disk.
        let seen = |place: &Packed| {
            let mut parent = place.parent();
            for _ in 0..MAX_LEVELS {
                let hidden =
                    parent.filter(|id| !view.docs.contains_key(*id)).and_then(|id| view.nodes.get(id)).filter(|node| node.title().is_empty());
                let Some(hidden) = hidden else { break };
                parent = hidden.parent();
            }
            parent.cloned()
        };
        // What accompanies a document is no document of the tree.
        for (id, doc) in view.docs.iter().filter(|(id, _)| id.accompanies().is_none()) {
            if let Some(parent) = seen(&doc.place) {
                index.below.entry(parent).or_default().push(id.clone());
            }
            for label in doc.labels.iter() {
                index.labelled.entry(label.clone()).or_default().push(id.clone());
            }
        }
        for (id, node) in view.nodes.iter().filter(|(id, node)| !node.title().is_empty() && !view.docs.contains_key(*id)) {
            if let Some(parent) = seen(node) {
                index.below.entry(parent).or_default().push(id.clone());
            }
        }
        for (id, asset) in &view.assets {
            let Some(owner) = asset.owner.document() else { continue };
            index.files.entry(owner.clone()).or_default().push(id.clone());
        }
        let title = |id: &RemoteId| view.place(id).map(|place| place.title().to_lowercase());
        index.below.values_mut().chain(index.labelled.values_mut()).for_each(|ids| ids.sort_by_cached_key(|id| (title(id), id.clone())));
        let name = |id: &RemoteId| view.assets.get(id).map(|asset| asset.name.to_lowercase());
        index.files.values_mut().for_each(|ids| ids.sort_by_cached_key(|id| (name(id), id.clone())));
        index
    }

    /// What lies directly below a document or node.
    pub(super) fn below(&self, id: &RemoteId) -> &[RemoteId] {
        self.below.get(id).map_or(&[], Vec::as_slice)
    }

    /// Documents with a label.
    pub(super) fn labelled(&self, label: &str) -> &[RemoteId] {
        self.labelled.get(label).map_or(&[], Vec::as_slice)
    }

    /// Attachments of a document.
    pub(super) fn files(&self, id: &RemoteId) -> &[RemoteId] {
        self.files.get(id).map_or(&[], Vec::as_slice)
    }

    /// The number that `key` stands for, computed once however many documents ask: a site's template may put one list on every page.
    pub(super) fn once(&self, key: &Key, compute: impl FnOnce() -> u64) -> u64 {
        let known = || self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hash) = known().get(key) {
            return *hash;
        }
        let hash = compute();
        known().insert(key.clone(), hash);
        hash
    }

    /// Walks what lies below `root`, so many levels deep (0 = all), each before what is below it. Ends where `visit` says false.
    pub(super) fn walk_below<'i>(&'i self, root: &'i RemoteId, depth: u8, visit: &mut dyn FnMut(u8, &'i RemoteId) -> bool) {
        let last = if depth == 0 { MAX_LEVELS } else { depth.min(MAX_LEVELS) };
        let mut open: Vec<(u8, &RemoteId)> = self.below(root).iter().rev().map(|id| (1, id)).collect();
        while let Some((level, id)) = open.pop() {
            // Where two moves cross, the tree may bite its tail.
            if id == root {
                continue;
            }
            if !visit(level, id) {
                return;
            }
            if level < last {
                open.extend(self.below(id).iter().rev().map(|id| (level + 1, id)));
            }
        }
    }
}

/// What a list shows of a document or node.
pub(super) fn hash_listed(view: &View, id: &RemoteId, hasher: &mut FxHasher) {
    view.place(id).map(|place| (place.title(), place.url())).hash(hasher);
    view.docs.get(id).filter(|doc| doc.available).and_then(super::view::DocView::path).hash(hasher);
}
