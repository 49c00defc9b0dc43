//! Puts pieces of other documents where a document names them: bodies, excerpts, lists of children, reports.
//!
//! Reads kept raw bodies and the view, never a service. What it drew on is returned as keys, and [`hash`] turns each into a number: so a record is stale when
//! anything that it shows has changed. Bounded in depth, documents and bytes; what is beyond leaves its marker.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::index::hash_listed;
use super::render::Desk;
use super::report_table;
use super::view::View;
use crate::markdown::insert::{Part, PartKind, Piece, Root, Selection, fill};
use crate::markdown::{Block, Inline, Item, List, Target, Tree};
use crate::model::{Body, Document, Key, Raw, RemoteId};
use crate::state::{State, StateError};

/// How deep pieces may stand in pieces.
const MAX_DEPTH: usize = 3;
/// So many bytes of other documents' bodies may go into one.
const MAX_BYTES: usize = 16 << 20;
/// So many documents or files may one list name.
const MAX_LISTED: usize = 1000;

/// A document whose pieces are in their places.
#[derive(Default)]
pub(super) struct Inserted {
    /// Its blocks.
    pub blocks: Vec<Block>,
    /// What it drew on, sorted.
    pub from: Vec<Key>,
    /// Documents that its lists name. What `from` says of a list covers them: how they are called and where they lie.
    pub listed: FxHashSet<Key>,
    /// How many pieces could not be had, by the construct that names them.
    pub missing: BTreeMap<String, u32>,
}

/// Puts every piece of the document `id` in its place.
///
/// # Errors
/// When the state cannot be read.
pub(super) fn insert(desk: &Desk, id: &RemoteId, document: Document) -> Result<Inserted, StateError> {
    let mut inserter = Inserter {
        desk,
        open: vec![id.clone()],
        read: FxHashMap::default(),
        bytes: 0,
        from: Vec::new(),
        listed: FxHashSet::default(),
        missing: BTreeMap::new(),
        failed: None,
    };
    let blocks = document.body.blocks();
    let own = Arc::new(Document { body: Body::Tree(Tree::default()), ..document });
    inserter.read.insert(id.clone(), Some(own));
    let blocks = inserter.fill(id, blocks);
    let Inserter { mut from, listed, missing, failed, .. } = inserter;
    from.sort();
    from.dedup();
    failed.map_or(Ok(Inserted { blocks, from, listed, missing }), Err)
}

/// One number for what a document shows of what `key` stands for.
///
/// # Errors
/// When the state cannot be read.
pub(super) fn hash(state: &State, view: &View, key: &Key) -> Result<u64, StateError> {
    let mut hasher = FxHasher::default();
    let (kind, rest) = key.as_str().split_once(':').unwrap_or_default();
    if !matches!(kind, BELOW | FILES | LABELLED) {
        let id = view.document(key);
        let revision = id.map(|id| state.document(id)).transpose()?.flatten().and_then(|record| record.revision);
        (id, revision).hash(&mut hasher);
        return Ok(hasher.finish());
    }
    Ok(view.index().once(key, || {
        match kind {
            BELOW => {
                let (depth, root) = rest.split_once(':').unwrap_or_default();
                let below = &mut |level, id: &RemoteId| {
                    (level, id).hash(&mut hasher);
                    hash_listed(view, id, &mut hasher);
                    true
                };
                if let Some(id) = view.document(&Key::new(root)) {
                    view.index().walk_below(id, depth.parse().unwrap_or(0), below);
                }
            }
            FILES => {
                let files = view.document(&Key::new(rest)).map_or(&[][..], |id| view.index().files(id));
                for asset in files.iter().filter_map(|id| view.assets.get(id)) {
                    (&asset.name, &asset.key, asset.image).hash(&mut hasher);
                }
            }
            _ => view.index().labelled(rest).iter().for_each(|id| {
                id.hash(&mut hasher);
                hash_listed(view, id, &mut hasher);
            }),
        }
        hasher.finish()
    }))
}

/// Kinds of keys that stand for more than one document or file.
const BELOW: &str = "below";
const FILES: &str = "files";
const LABELLED: &str = "labelled";

struct Inserter<'d> {
    desk: &'d Desk,
    /// The document, and those whose pieces are being put in place, outermost first.
    open: Vec<RemoteId>,
    read: FxHashMap<RemoteId, Option<Arc<Document>>>,
    bytes: usize,
    from: Vec<Key>,
    listed: FxHashSet<Key>,
    missing: BTreeMap<String, u32>,
    failed: Option<StateError>,
}

impl Inserter<'_> {
    /// Fills blocks that stand in the document `owner`.
    fn fill(&mut self, owner: &RemoteId, blocks: Vec<Block>) -> Vec<Block> {
        fill(blocks, &mut |insert| {
            let found = self.piece(owner, &insert.piece);
            if found.is_none() {
                *self.missing.entry(insert.construct.clone()).or_default() += 1;
            }
            found
        })
    }

    fn piece(&mut self, owner: &RemoteId, piece: &Piece) -> Option<Vec<Block>> {
        match piece {
            Piece::Body(key) => {
                let id = self.follow(key)?;
                let document = self.other(&id)?;
                let mut blocks = vec![Block::Quote(vec![self.origin("Included from ", &id)])];
                blocks.extend(self.inside(&id, document.body.blocks()));
                Some(blocks)
            }
            Piece::Part { of, name, framed } => {
                let id = self.follow(of)?;
                let document = if id == self.open[0] { self.document(&id)? } else { self.other(&id)? };
                let body = excerpt(&document.parts, name.as_deref())?.body.clone();
                let mut body = self.inside(&id, body);
                point_home(&mut body, &id);
                Some(self.with_origin(body, &id, *framed))
            }
            Piece::Below { root, depth } => {
                let id = self.root(owner, root)?;
                let depth = depth.unwrap_or(0);
                self.from.push(Key::new(format!("{BELOW}:{depth}:{}", id.key())));
                Some(self.below(&id, depth))
            }
            Piece::Labelled(selection) => {
                let ids = self.select(owner, selection)?;
                self.listed.extend(ids.iter().map(RemoteId::key));
                let items: Vec<Item> = ids.iter().map(|id| item(vec![self.link(id)])).collect();
                Some(vec![list(items).unwrap_or_else(nothing_found)])
            }
            Piece::Report { selection, first, columns, name } => {
                let ids = self.select(owner, selection)?;
                let mut rows = Vec::new();
                for id in ids {
                    self.from.push(id.key());
                    let Some(document) = self.document(&id) else { continue };
                    let wanted = |part: &&Part| part.kind == PartKind::Properties && (name.is_none() || part.name == *name);
                    let properties: Vec<_> = document.parts.iter().filter(wanted).flat_map(|part| report_table::properties(&part.body)).collect();
                    if !properties.is_empty() {
                        rows.push((self.link(&id), properties));
                    }
                }
                Some(vec![report_table::table(first, columns, rows).unwrap_or_else(nothing_found)])
            }
            Piece::Files { root, images } => {
                let id = self.root(owner, root)?;
                self.from.push(Key::new(format!("{FILES}:{}", id.key())));
                self.files(&id, *images)
            }
        }
    }

    /// The document that a key means; it is noted either way, for it may come to mean another.
    fn follow(&mut self, key: &Key) -> Option<RemoteId> {
        self.from.push(key.clone());
        self.desk.view.document(key).cloned()
    }

    fn root(&mut self, owner: &RemoteId, root: &Root) -> Option<RemoteId> {
        match root {
            Root::This => Some(owner.clone()),
            Root::Parent => self.desk.view.docs.get(owner)?.place.parent().cloned(),
            Root::Key(key) => self.follow(key),
        }
    }

    /// A document that is not being filled already.
    fn other(&mut self, id: &RemoteId) -> Option<Arc<Document>> {
        if self.open.contains(id) || self.open.len() > MAX_DEPTH { None } else { self.document(id) }
    }

    fn document(&mut self, id: &RemoteId) -> Option<Arc<Document>> {
        if let Some(known) = self.read.get(id) {
            return known.clone();
        }
        let raw = match self.desk.state.raw(id) {
            Ok(raw) => raw?,
            Err(error) => {
                self.failed = Some(error);
                return None;
            }
        };
        self.bytes += raw.len();
        let document = if self.bytes > MAX_BYTES {
            None
        } else {
            self.desk.connector.read(&Raw(raw.into()), &self.desk.view.docs.get(id)?.place.unpack()).ok().map(Arc::new)
        };
        self.read.insert(id.clone(), document.clone());
        document
    }

    fn inside(&mut self, id: &RemoteId, blocks: Vec<Block>) -> Vec<Block> {
        self.open.push(id.clone());
        let filled = self.fill(id, blocks);
        self.open.pop();
        filled
    }

    fn with_origin(&self, mut body: Vec<Block>, id: &RemoteId, framed: bool) -> Vec<Block> {
        if framed {
            body.insert(0, self.origin("Excerpt from ", id));
            return vec![Block::Quote(body)];
        }
        if let [Block::Paragraph(content)] = &mut body[..] {
            content.extend([Inline::Text(" (".to_owned()), self.link(id), Inline::Text(")".to_owned())]);
        } else {
            body.insert(0, self.origin("Excerpt from ", id));
        }
        body
    }

    fn origin(&self, words: &str, id: &RemoteId) -> Block {
        Block::Paragraph(vec![Inline::Text(words.to_owned()), self.link(id)])
    }

    /// A link to a document or node, by its title of today.
    fn link(&self, id: &RemoteId) -> Inline {
        use super::layout::Places as _;
        let Some(place) = self.desk.view.place(id) else { return Inline::Text(id.to_string()) };
        let target = if self.desk.view.docs.contains_key(id) {
            Target::Remote { key: id.key(), anchor: None, fallback: Some(place.url()), name: place.title().to_owned() }
        } else {
            Target::Url(place.url())
        };
        Inline::Link { target, content: vec![Inline::Text(place.title().to_owned())] }
    }

    fn below(&mut self, root: &RemoteId, depth: u8) -> Vec<Block> {
        // Items of each level that is open, the root's first.
        let mut levels: Vec<Vec<Item>> = vec![Vec::new()];
        let mut left = MAX_LISTED;
        let close = |levels: &mut Vec<Vec<Item>>, to: usize| {
            while levels.len() > to.max(1) {
                let items = levels.pop().unwrap_or_default();
                if let Some(last) = levels.last_mut().and_then(|items| items.last_mut()) {
                    last.body.extend(list(items));
                }
            }
        };
        let mut listed = Vec::new();
        self.desk.view.index().walk_below(root, depth, &mut |level, id| {
            let level = usize::from(level);
            close(&mut levels, level);
            if left == 0 {
                return false;
            }
            left -= 1;
            levels.resize_with(level, Vec::new);
            if let Some(items) = levels.last_mut() {
                items.push(item(vec![self.link(id)]));
                listed.push(id.key());
            }
            true
        });
        self.listed.extend(listed);
        close(&mut levels, 1);
        let mut blocks: Vec<Block> = list(levels.pop().unwrap_or_default()).into_iter().collect();
        if left == 0 {
            blocks.push(Block::Marker(format!("a list of more than {MAX_LISTED} pages, cut here")));
        }
        blocks
    }

    fn select(&mut self, owner: &RemoteId, selection: &Selection) -> Option<Vec<RemoteId>> {
        let below: Option<FxHashSet<RemoteId>> = match &selection.below {
            None => None,
            Some(root) => {
                let id = self.root(owner, root)?;
                self.from.push(Key::new(format!("{BELOW}:0:{}", id.key())));
                let mut ids = FxHashSet::default();
                self.desk.view.index().walk_below(&id, 0, &mut |_, id| {
                    ids.insert(id.clone());
                    true
                });
                Some(ids)
            }
        };
        let view = &self.desk.view;
        for label in selection.labels.iter().flatten() {
            self.from.push(Key::new(format!("{LABELLED}:{label}")));
        }
        let mut ids: Vec<&RemoteId> = selection.labels.first()?.iter().flat_map(|label| view.index().labelled(label)).collect();
        ids.retain(|id| {
            let Some(doc) = view.docs.get(*id) else { return false };
            let space = view.scopes.get(doc.place.scope());
            selection.labels.iter().all(|group| group.iter().any(|label| doc.labels.contains(label)))
                && (selection.containers.is_empty() || space.is_some_and(|space| selection.containers.contains(space)))
                && (selection.kinds.is_empty() || selection.kinds.iter().any(|kind| **kind == **doc.place.kind()))
                && below.as_ref().is_none_or(|below| below.contains(*id))
        });
        // Documents of one label are in order already.
        if selection.labels.first().is_some_and(|group| group.len() > 1) {
            ids.sort_by_cached_key(|id| (view.docs.get(*id).map(|doc| doc.place.title().to_lowercase()), (*id).clone()));
            ids.dedup();
        }
        ids.truncate(selection.most.unwrap_or(MAX_LISTED).min(MAX_LISTED));
        Some(ids.into_iter().cloned().collect())
    }

    fn files(&self, id: &RemoteId, images: bool) -> Option<Vec<Block>> {
        let view = &self.desk.view;
        let files = view.index().files(id).iter().filter_map(|id| view.assets.get(id)).filter(|asset| asset.image || !images).take(MAX_LISTED);
        let targets = files.filter_map(|asset| {
            let target = Target::Remote { key: asset.key.clone()?, anchor: None, fallback: None, name: asset.name.clone() };
            Some((target, asset.name.clone()))
        });
        let blocks: Vec<Block> = if images {
            targets.map(|(target, alt)| Block::Paragraph(vec![Inline::Image { target, alt }])).collect()
        } else {
            list(targets.map(|(target, name)| item(vec![Inline::Link { target, content: vec![Inline::Text(name)] }])).collect()).into_iter().collect()
        };
        // Where attachments are not mirrored, the marker says more than silence.
        (!blocks.is_empty()).then_some(blocks)
    }
}

fn item(content: Vec<Inline>) -> Item {
    Item { done: None, body: vec![Block::Paragraph(content)] }
}

/// What a search that finds nothing shows.
fn nothing_found() -> Block {
    Block::Paragraph(vec![Inline::Emphasis(vec![Inline::Text("No pages found.".to_owned())])])
}

fn list(items: Vec<Item>) -> Option<Block> {
    (!items.is_empty()).then_some(Block::List(List { start: None, items }))
}

/// The excerpt called `name`; without a name the first that has none, or else the first.
fn excerpt<'p>(parts: &'p [Part], name: Option<&str>) -> Option<&'p Part> {
    let mut excerpts = parts.iter().filter(|part| part.kind == PartKind::Excerpt);
    match name {
        Some(name) => excerpts.find(|part| part.name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name))),
        None => excerpts.clone().find(|part| part.name.is_none()).or_else(|| excerpts.next()),
    }
}

/// Lets links to headings, which an excerpt leaves behind, lead to its document.
fn point_home(blocks: &mut [Block], id: &RemoteId) {
    for block in blocks {
        match block {
            Block::Heading { content, .. } | Block::Paragraph(content) => point_inlines_home(content, id),
            Block::Quote(body) => point_home(body, id),
            Block::Alert { title, body, .. } => {
                point_inlines_home(title, id);
                point_home(body, id);
            }
            Block::List(list) => list.items.iter_mut().for_each(|item| point_home(&mut item.body, id)),
            Block::Table(table) => table.rows.iter_mut().flatten().for_each(|cell| point_home(&mut cell.body, id)),
            Block::Code { .. } | Block::Rule | Block::Markdown(_) | Block::Authored(_) | Block::Marker(_) => {}
        }
    }
}

fn point_inlines_home(content: &mut [Inline], id: &RemoteId) {
    for inline in content {
        match inline {
            Inline::Link { target, content } => {
                if let Target::Anchor(anchor) = target {
                    let anchor = std::mem::take(anchor);
                    *target = Target::Remote { key: id.key(), name: anchor.clone(), anchor: Some(anchor), fallback: None };
                }
                point_inlines_home(content, id);
            }
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) | Inline::Subscript(inner) | Inline::Superscript(inner) => {
                point_inlines_home(inner, id);
            }
            Inline::Text(_)
            | Inline::Code(_)
            | Inline::Math(_)
            | Inline::Break
            | Inline::Image { .. }
            | Inline::Person(_)
            | Inline::Marker(_)
            | Inline::Anchor(_)
            | Inline::Insert(_) => {}
        }
    }
}
