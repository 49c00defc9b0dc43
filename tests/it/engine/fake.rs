//! A service that exists only in memory: the engine's rules are tested against it, without HTTP and without a vendor.
//!
//! A body is lines: `link KEY`, `image KEY`, `person KEY`; `include KEY`, `excerpt-of KEY`, `below DEPTH`, `labelled LABEL`, `report LABEL`, `files`; `excerpt TEXT` and
//! `property NAME VALUE` are parts that others may show; `lost WHAT` is something that cannot be expressed, `hidden LINE` something that only a better
//! reader sees; anything else is a paragraph.
//! A body that begins with the line `!markdown` is Markdown of its author, one with `!verbatim` is kept as it is, and of one with `!nothing` there is nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use context_syncd::connectors::connector::{
    AssetStream, Completion, Connector, Depth, Fetched, Listed, Presence, ReadError, SourceError, Traffic, Validation, Wanted,
};
use context_syncd::markdown::insert::{Insert, Part, PartKind, Piece, Root, Selection};
use context_syncd::markdown::{Authored, Block, Cell, Inline, Table, Target, Tree, Use, own_front_matter};
use context_syncd::model::{
    AssetRef, Body, ConnectorName, Cursor, Diagnostic, Document, Fact, Facts, Key, Owner, Place, Raw, RemoteId, Revision, Scope, Treatment,
};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

/// A document at the service.
#[derive(Clone, Debug)]
pub(super) struct Doc {
    pub scope: String,
    pub parent: Option<String>,
    pub title: String,
    pub revision: u64,
    pub body: String,
    pub labels: Vec<String>,
    pub author: Option<String>,
}

/// An attachment of a scope.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    pub scope: String,
    pub folder: Vec<String>,
    pub name: String,
    pub revision: u64,
    pub bytes: Vec<u8>,
}

/// Called with a document's id.
pub(super) type Hook = Box<dyn FnMut(&str) + Send>;

/// What the service holds, and how it misbehaves.
#[derive(Default)]
pub(super) struct Service {
    pub docs: BTreeMap<String, Doc>,
    pub scopes: BTreeMap<String, Completion>,
    pub people: BTreeMap<String, String>,
    /// Attachment id -> (owner, name, revision, bytes).
    pub assets: BTreeMap<String, (String, String, u64, Vec<u8>)>,
    /// What `confirm` says of documents that are not there; [`Presence::Gone`] where nothing is said.
    pub presence: BTreeMap<String, Presence>,
    /// Documents that the listing leaves out although they are there.
    pub unlisted: BTreeSet<String>,
    /// Documents whose body cannot be had.
    pub broken: BTreeMap<String, SourceError>,
    /// All attachments are wanted, shown or not.
    pub always_assets: bool,
    /// Documents of which all attachments are listed, whatever is said of their scope.
    pub own_assets_done: BTreeSet<String>,
    /// Where documents lie that are files of a repository: folder, stem, ending. `path:<name>` means them then.
    pub files: BTreeMap<String, (Vec<String>, String, String)>,
    /// Where the listing says to go on; `c` where nothing is said.
    pub cursor: Option<String>,
    /// What is closed to us, by scope.
    pub denied: BTreeMap<String, String>,
    /// With which cursors the last listing began.
    pub since: BTreeMap<String, String>,
    /// What the listing says of documents that are no more.
    pub gone: BTreeMap<String, Presence>,
    /// Attachments of scopes by their ids.
    pub scope_assets: BTreeMap<String, Picture>,
    /// Attachments of which there is nothing to mirror.
    pub empty_assets: BTreeSet<String>,
    /// Attachments whose bytes cannot be had.
    pub broken_assets: BTreeSet<String>,
    /// The listing fails after so many items.
    pub listing_fails_after: Option<(usize, SourceError)>,
    /// Called at each fetched body.
    pub on_fetch: Option<Hook>,
    /// How far the machine's clock is ahead of the service's, where it tells.
    pub ahead_ms: Option<i64>,
    /// The reader is another one, which writes text in capitals.
    pub shouts: bool,
    /// The reader is another one, which sees hidden lines.
    pub reveals: bool,
    /// What was asked: `fetch 1`, `asset a1`, `confirm 3`, `people 2`.
    pub asked: Vec<String>,
}

/// The connector to it.
#[derive(Clone)]
pub(super) struct Fake {
    name: ConnectorName,
    service: Arc<Mutex<Service>>,
    requests: Arc<AtomicU64>,
    /// Bytes of fetched bodies that the engine holds.
    pub held: Arc<Gauge>,
    /// Bodies being read.
    pub reading: Arc<Gauge>,
}

/// How much there is at once, and the most that there ever was.
#[derive(Default)]
pub(super) struct Gauge {
    now: AtomicU64,
    most: AtomicU64,
}

impl Gauge {
    fn add(&self, amount: u64) {
        let now = self.now.fetch_add(amount, Ordering::SeqCst) + amount;
        self.most.fetch_max(now, Ordering::SeqCst);
    }

    fn take(&self, amount: u64) {
        self.now.fetch_sub(amount, Ordering::SeqCst);
    }

    /// The most since the last call.
    pub(super) fn most(&self) -> u64 {
        self.most.swap(self.now.load(Ordering::SeqCst), Ordering::SeqCst)
    }
}

/// A body that is counted until the last who holds it lets go.
struct Counted {
    body: Vec<u8>,
    held: Arc<Gauge>,
}

impl Counted {
    fn raw(body: String, held: &Arc<Gauge>) -> Raw {
        held.add(body.len() as u64);
        Raw(bytes::Bytes::from_owner(Self { body: body.into_bytes(), held: Arc::clone(held) }))
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.held.take(self.body.len() as u64);
    }
}

impl Fake {
    pub(super) fn new() -> Self {
        Self {
            name: ConnectorName::new("fake").unwrap(),
            service: Arc::default(),
            requests: Arc::default(),
            held: Arc::default(),
            reading: Arc::default(),
        }
    }

    /// Looks at or edits the service.
    pub(super) fn at<T>(&self, edit: impl FnOnce(&mut Service) -> T) -> T {
        edit(&mut self.service.lock().unwrap())
    }

    /// What was asked since the last call.
    pub(super) fn asked(&self) -> Vec<String> {
        self.at(|s| std::mem::take(&mut s.asked))
    }

    /// Adds or replaces a document of scope `scope`.
    pub(super) fn put(&self, scope: &str, id: &str, parent: Option<&str>, title: &str, body: &str) {
        self.at(|s| {
            s.scopes.entry(scope.to_owned()).or_insert(Completion::Complete);
            let revision = s.docs.get(id).map_or(1, |d| d.revision + 1);
            let (labels, author) = s.docs.get(id).map_or((Vec::new(), None), |d| (d.labels.clone(), d.author.clone()));
            let doc = Doc {
                scope: scope.to_owned(),
                parent: parent.map(str::to_owned),
                title: title.to_owned(),
                revision,
                body: body.to_owned(),
                labels,
                author,
            };
            s.docs.insert(id.to_owned(), doc);
        });
    }

    /// Renames without a new revision, and rewrites the links of others to the new title, without a new revision of theirs: so does Confluence.
    pub(crate) fn rename(&self, id: &str, title: &str) {
        self.at(|s| {
            let doc = s.docs.get_mut(id).unwrap();
            let key = |title: &str| format!("title:{}:{}", doc.scope, title.to_lowercase());
            let (old, new) = (key(&doc.title), key(title));
            doc.title = title.to_owned();
            for other in s.docs.values_mut() {
                let rewritten: Vec<String> =
                    other.body.lines().map(|l| if l.ends_with(&old) { l.replace(&old, &new) } else { l.to_owned() }).collect();
                other.body = rewritten.join("\n");
            }
        });
    }

    fn ask(&self, what: String) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.at(|s| s.asked.push(what));
    }
}

fn place(id: &str, doc: &Doc) -> Place {
    Place {
        scope: Scope::new(&doc.scope),
        container: vec![doc.scope.to_uppercase()].into(),
        kind: "page".into(),
        title: doc.title.clone(),
        parent: doc.parent.as_deref().map(RemoteId::new),
        stem: format!("{}--{id}", doc.title.to_lowercase().replace(' ', "-")),
        ending: ".md".into(),
        transparent: false,
        url: format!("https://fake.example/{id}"),
        aliases: vec![Key::new(format!("title:{}:{}", doc.scope, doc.title.to_lowercase()))],
    }
}

/// The place of a file of a repository.
fn at(place: Place, file: Option<&(Vec<String>, String, String)>) -> Place {
    let Some((folder, stem, ending)) = file else { return place };
    Place {
        container: folder.clone().into(),
        kind: "file".into(),
        stem: stem.clone(),
        ending: ending.as_str().into(),
        aliases: vec![Key::new(format!("path:{stem}{ending}"))],
        ..place
    }
}

#[async_trait]
impl Connector for Fake {
    fn name(&self) -> &ConnectorName {
        &self.name
    }

    async fn validate(&self) -> Result<Validation, SourceError> {
        Ok(Validation { account: "fake".to_owned(), notes: Vec::new(), problems: Vec::new() })
    }

    fn changes(&self, since: Vec<(Scope, Cursor)>, depth: Depth) -> BoxStream<'_, Result<Listed, SourceError>> {
        self.ask(format!("list {depth:?}"));
        let items = self.at(|s| {
            s.since = since.into_iter().map(|(scope, cursor)| (scope.as_str().to_owned(), cursor.as_str().to_owned())).collect();
            let mut items = Vec::new();
            for (id, doc) in &s.docs {
                if s.unlisted.contains(id)
                    || !matches!(
                        s.scopes.get(&doc.scope),
                        Some(Completion::Complete | Completion::Incomplete(_) | Completion::News | Completion::Stretch { .. })
                    )
                {
                    continue;
                }
                let people = doc.author.iter().map(Key::new).collect();
                let revision = Revision::new(doc.revision.to_string());
                items.push(Ok(Listed::Seen { id: RemoteId::new(id), revision, place: at(place(id, doc), s.files.get(id)), people }));
                if depth == Depth::Everything {
                    items.push(Ok(Listed::Labels { id: RemoteId::new(id), labels: doc.labels.clone() }));
                }
            }
            for (id, (owner, name, revision, bytes)) in &s.assets {
                items.push(Ok(Listed::Asset(AssetRef {
                    always: s.always_assets,
                    id: RemoteId::new(id),
                    owner: Owner::Document(RemoteId::new(owner)),
                    revision: Revision::new(revision.to_string()),
                    keys: vec![Key::new(format!("file:{owner}:{name}"))],
                    name: name.clone(),
                    // The first folder is where the owner was once; the engine must know better.
                    folder: vec!["ELSEWHERE".to_owned(), "_assets".to_owned(), owner.clone()],
                    file_name: format!("{id}-{name}"),
                    size: Some(bytes.len() as u64),
                    media_type: None,
                    modified_secs: Some(1_700_000_000 + i64::try_from(*revision).unwrap()),
                    url: format!("https://fake.example/file/{id}"),
                    source: String::new(),
                })));
            }
            for (id, Picture { scope, folder, name, revision, bytes }) in &s.scope_assets {
                items.push(Ok(Listed::Asset(AssetRef {
                    always: s.always_assets,
                    id: RemoteId::new(id),
                    owner: Owner::Scope(Scope::new(scope)),
                    revision: Revision::new(revision.to_string()),
                    keys: vec![Key::new(format!("file:{name}"))],
                    name: name.clone(),
                    folder: folder.clone(),
                    file_name: name.clone(),
                    size: Some(bytes.len() as u64),
                    media_type: None,
                    modified_secs: None,
                    url: format!("https://fake.example/file/{id}"),
                    source: String::new(),
                })));
            }
            items.extend(s.gone.iter().map(|(id, why)| Ok(Listed::Gone { id: RemoteId::new(id), why: *why })));
            items.extend(s.own_assets_done.iter().map(|owner| Ok(Listed::OwnAssetsDone { owner: RemoteId::new(owner) })));
            items.extend(s.denied.iter().map(|(scope, why)| Ok(Listed::Denied { scope: Scope::new(scope), why: why.clone() })));
            for (scope, completion) in &s.scopes {
                if depth == Depth::Everything && *completion == Completion::Complete {
                    items.push(Ok(Listed::AssetsDone { scope: Scope::new(scope) }));
                }
                items.push(Ok(Listed::ScopeDone {
                    scope: Scope::new(scope),
                    name: scope.to_uppercase(),
                    completion: completion.clone(),
                    cursor: Some(Cursor::new(s.cursor.as_deref().unwrap_or("c"))),
                }));
            }
            if let Some((after, error)) = &s.listing_fails_after {
                items.truncate(*after);
                items.push(Err(error.clone()));
            }
            items
        });
        stream::iter(items).boxed()
    }

    fn batch_size(&self) -> usize {
        3
    }

    fn fetch(&self, batch: Vec<Wanted>) -> BoxStream<'_, (RemoteId, Result<Fetched, SourceError>)> {
        assert!(batch.len() <= self.batch_size());
        stream::iter(batch)
            .map(|wanted| {
                self.ask(format!("fetch {}", wanted.id));
                let outcome = self.at(|s| {
                    if let Some(hook) = &mut s.on_fetch {
                        hook(wanted.id.as_str());
                    }
                    if let Some(error) = s.broken.get(wanted.id.as_str()) {
                        return Err(error.clone());
                    }
                    let Some(doc) = s.docs.get(wanted.id.as_str()) else {
                        return Err(SourceError::NotVisible { what: wanted.id.to_string(), status: 404 });
                    };
                    Ok(Fetched {
                        raw: Counted::raw(format!("{}\n{}\n{}", doc.revision, doc.author.clone().unwrap_or_default(), doc.body), &self.held),
                        revision: Revision::new(doc.revision.to_string()),
                        labels: wanted.labels.then(|| doc.labels.clone()),
                    })
                });
                (wanted.id, outcome)
            })
            .boxed()
    }

    async fn confirm(&self, ids: Vec<Wanted>) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
        self.ask(format!("confirm {}", ids.len()));
        Ok(self.at(|s| {
            let say = |id: &RemoteId| match s.presence.get(id.as_str()) {
                Some(presence) => *presence,
                None if s.docs.contains_key(id.as_str()) => Presence::Present,
                None => Presence::Gone,
            };
            ids.iter().map(|w| (w.id.clone(), say(&w.id))).collect()
        }))
    }

    async fn people(&self, keys: Vec<Key>) -> Result<Vec<(Key, String)>, SourceError> {
        self.ask(format!("people {}", keys.len()));
        Ok(self.at(|s| keys.iter().filter_map(|k| Some((k.clone(), s.people.get(k.as_str())?.clone()))).collect()))
    }

    fn read(&self, raw: &Raw, _: &Place) -> Result<Document, ReadError> {
        self.reading.add(1);
        let (shouts, reveals) = self.at(|s| (s.shouts, s.reveals));
        let document = read(raw, shouts, reveals);
        self.reading.take(1);
        document
    }

    async fn asset(&self, asset: &AssetRef) -> Result<AssetStream, SourceError> {
        self.ask(format!("asset {}", asset.id));
        self.at(|s| {
            if s.empty_assets.contains(asset.id.as_str()) {
                return Err(SourceError::Nothing { what: asset.name.clone(), why: "it is a pointer to a large file".to_owned() });
            }
            let of_scope = s.scope_assets.get(asset.id.as_str()).map(|picture| picture.bytes.clone());
            let bytes = s.assets.get(asset.id.as_str()).map(|(_, _, _, bytes)| bytes.clone()).or(of_scope);
            let Some(bytes) = bytes else { return Err(SourceError::NotVisible { what: asset.id.to_string(), status: 404 }) };
            let half = bytes::Bytes::copy_from_slice(&bytes[..bytes.len() / 2]);
            let rest = bytes::Bytes::copy_from_slice(&bytes[bytes.len() / 2..]);
            let end = if s.broken_assets.contains(asset.id.as_str()) {
                Err(SourceError::BadAnswer { service: "fake".to_owned(), what: asset.id.to_string(), detail: "reset in mid-body".to_owned() })
            } else {
                Ok(rest)
            };
            Ok(AssetStream { length: Some(bytes.len() as u64), bytes: stream::iter([Ok(half), end]).boxed() })
        })
    }

    fn traffic(&self) -> Traffic {
        Traffic { requests: self.requests.load(Ordering::Relaxed), ahead_ms: self.at(|s| s.ahead_ms), ..Traffic::default() }
    }
}

fn read(raw: &Raw, shouts: bool, reveals: bool) -> Result<Document, ReadError> {
    let text = std::str::from_utf8(&raw.0).map_err(|e| ReadError::Unreadable(e.to_string()))?;
    let mut lines = text.lines();
    let version = lines.next().map(str::to_owned);
    let author = lines.next().filter(|a| !a.is_empty()).map(Key::new);
    let remote =
        |key: &str| Target::Remote { key: Key::new(key), anchor: None, fallback: Some(format!("https://fake.example/?{key}")), name: key.to_owned() };
    let body = text.splitn(3, '\n').nth(2).unwrap_or_default();
    if let Some(words) = body.strip_prefix("!markdown\n") {
        let (own, words) = own_front_matter(words);
        let aim = &mut |of: Use, to: &str| Some(remote(&format!("{}:{to}", if of == Use::Image { "file" } else { "path" })));
        let words = if shouts { words.to_uppercase() } else { words.to_owned() };
        let extra = own.map(|own| ("front_matter".to_owned(), Fact::Map(own))).into_iter().collect();
        let body = Body::Markdown(Authored::links(words, aim));
        return Ok(Document { facts: Facts { version, extra, ..Facts::default() }, body, parts: Vec::new(), diagnostics: Vec::new() });
    }
    if let Some(bytes) = body.strip_prefix("!verbatim\n") {
        let body = Body::Verbatim(bytes.to_owned().into());
        return Ok(Document { facts: Facts::default(), body, parts: Vec::new(), diagnostics: Vec::new() });
    }
    if body.starts_with("!nothing") || (reveals && body.starts_with("!late")) {
        return Err(ReadError::Nothing { what: "it".to_owned(), why: "it is a binary file".to_owned() });
    }
    let selection = |label: &str| Selection { labels: vec![vec![label.to_owned()]], ..Selection::default() };
    let insert = |piece| {
        Inline::Insert(Box::new(Insert { construct: "insert".to_owned(), piece, otherwise: vec![Inline::Marker("cannot be had".to_owned())] }))
    };
    let words = |text: &str| vec![Block::Paragraph(vec![Inline::Text(text.to_owned())])];
    let mut parts = Vec::new();
    let mut blocks = Vec::new();
    let mut diagnostics = Vec::new();
    for line in lines {
        let line = match line.strip_prefix("hidden ") {
            Some(hidden) if reveals => hidden,
            Some(_) => continue,
            None => line,
        };
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let inline = match verb {
            "link" => Inline::Link { target: remote(rest), content: Vec::new() },
            "image" => Inline::Image { target: remote(rest), alt: "picture".to_owned() },
            "person" => Inline::Person(Key::new(rest)),
            "include" => insert(Piece::Body(Key::new(rest))),
            "excerpt-of" => insert(Piece::Part { of: Key::new(rest), name: None, framed: true }),
            "below" => insert(Piece::Below { root: Root::This, depth: rest.parse().ok() }),
            "labelled" => insert(Piece::Labelled(selection(rest))),
            "report" => insert(Piece::Report { selection: selection(rest), first: "Page".to_owned(), columns: Vec::new(), name: None }),
            "files" => insert(Piece::Files { root: Root::This, images: false }),
            "excerpt" => {
                parts.push(Part { kind: PartKind::Excerpt, name: None, body: words(rest) });
                Inline::Text(rest.to_owned())
            }
            "property" => {
                let (name, value) = rest.split_once(' ').unwrap_or_default();
                let cell = |text: &str| Cell { header: false, colspan: 1, rowspan: 1, body: words(text) };
                let table = Block::Table(Table { rows: vec![vec![cell(name), cell(value)]] });
                parts.push(Part { kind: PartKind::Properties, name: None, body: vec![table] });
                Inline::Text(rest.to_owned())
            }
            "lost" => {
                diagnostics.push(Diagnostic { what: rest.to_owned(), treatment: Treatment::Lost, detail: "all of it".into(), count: 1 });
                Inline::Marker(rest.to_owned())
            }
            _ if shouts => Inline::Text(line.to_uppercase()),
            _ => Inline::Text(line.to_owned()),
        };
        blocks.push(Block::Paragraph(vec![inline]));
    }
    let facts = Facts { created_by: author.clone(), updated_by: author, version, ..Facts::default() };
    Ok(Document { facts, body: Body::Tree(Tree { blocks }), parts, diagnostics })
}
