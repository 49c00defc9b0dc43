//! Makes a document's file from its kept raw body and the view: read, resolve, write, all in memory. Pure but for reading the raw body.

use std::sync::Arc;

use crate::connectors::connector::{Connector, ReadError};
use crate::markdown::front_matter::FrontMatter;
use crate::markdown::{Tree, write};
use crate::model::{Body, Diagnostic, DocPath, Key, Place, Raw, RemoteId, Treatment};
use crate::state::{State, StateError};

use super::insert;
use super::view::View;

/// A file's bytes and what the record will say of it.
pub(super) struct Rendered {
    /// The document.
    pub id: RemoteId,
    /// Where it will lie.
    pub path: DocPath,
    /// The file.
    pub bytes: Vec<u8>,
    /// Its place.
    pub place: Place,
    /// Its labels.
    pub labels: Vec<String>,
    /// Aliases of earlier titles and places.
    pub(super) former: Vec<Key>,
    /// Every key that it names, sorted.
    pub links_to: Vec<Key>,
    /// Keys of what it shows of other documents, sorted.
    pub includes_from: Vec<Key>,
    /// See [`View::context`].
    pub context: u64,
    /// What the reader met.
    pub diagnostics: Vec<Diagnostic>,
}

/// What came of rendering.
pub(super) enum Outcome {
    /// A file.
    File(Box<Rendered>),
    /// The document names people whose names we have never asked for.
    UnknownPeople(Vec<Key>),
    /// The document shows pieces of others, whose bodies may still be on their way.
    Inserts,
    /// The raw body is missing, damaged or of another version: fetch it again.
    NoBody,
    /// There is nothing of it to mirror, and why.
    Nothing(String),
    /// It cannot have a file.
    Impossible(String),
}

/// What rendering needs besides the document's id.
pub(super) struct Desk {
    /// Reads raw bodies.
    pub connector: Arc<dyn Connector>,
    /// The connector's type: the front matter's `source`.
    pub source: String,
    /// Keeps raw bodies.
    pub state: Arc<State>,
    /// Where everything lies.
    pub view: Arc<View>,
}

/// What a document may still wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Round {
    /// For names of people, and for bodies of which it shows pieces.
    Patient,
    /// For such bodies: people who are still unknown are written as unknown.
    Named,
    /// For nothing: pieces are what the kept bodies have.
    Last,
}

/// Renders one document, with `labels` in place of the view's where this run learnt them later.
///
/// # Errors
/// When the state cannot be read.
pub(super) fn render(desk: &Desk, id: &RemoteId, labels: Option<&[String]>, round: Round) -> Result<Outcome, StateError> {
    let Desk { connector, source, state, view } = desk;
    let Some(doc) = view.docs.get(id) else { return Ok(Outcome::Impossible("it is not in the listing".to_owned())) };
    let path = match (&doc.spot, doc.path()) {
        (_, Some(path)) => path,
        (Err(why), _) => return Ok(Outcome::Impossible(why.to_string())),
        (Ok(_), None) => return Ok(Outcome::Impossible("it has no path".to_owned())),
    };
    let Some(raw) = state.raw(id)? else { return Ok(Outcome::NoBody) };
    let mut document = match connector.read(&Raw(raw.into()), &doc.place.unpack()) {
        Ok(document) => document,
        Err(ReadError::Unreadable(_)) => return Ok(Outcome::NoBody),
        Err(ReadError::Nothing { why, .. }) => return Ok(Outcome::Nothing(why)),
    };
    let inserts = matches!(&document.body, Body::Tree(tree) if tree.has_inserts());
    let mut inserted = insert::Inserted::default();
    if inserts && round == Round::Last {
        inserted = insert::insert(desk, id, document.clone())?;
        document.body = Body::Tree(Tree { blocks: std::mem::take(&mut inserted.blocks) });
    }
    let labels = labels.unwrap_or(&doc.labels);
    let mut links = document.body.keys();
    links.extend(document.facts.created_by.iter().chain(&document.facts.updated_by).cloned());
    links.sort();
    links.dedup();
    // A list may name a thousand others on each of a thousand pages.
    links.retain(|key| !inserted.listed.contains(key));
    if round == Round::Patient {
        let unknown: Vec<Key> = links.iter().filter(|k| k.is_person() && !view.people.contains_key(*k)).cloned().collect();
        if !unknown.is_empty() {
            return Ok(Outcome::UnknownPeople(unknown));
        }
    }
    if inserts && round < Round::Last {
        return Ok(Outcome::Inserts);
    }
    let hashes = inserted.from.iter().map(|key| insert::hash(state, view, key)).collect::<Result<Vec<u64>, _>>()?;
    let name = |key: &Option<Key>| key.as_ref().and_then(|k| view.people.get(k)).filter(|n| !n.is_empty()).map(String::as_str);
    let titles = view.titles(doc);
    let facts = &document.facts;
    let mut diagnostics = std::mem::take(&mut document.diagnostics);
    for (what, count) in std::mem::take(&mut inserted.missing) {
        if let Some(said) = diagnostics.iter_mut().find(|said| said.what == what && said.treatment == Treatment::Rendered) {
            said.count = said.count.saturating_sub(count);
        }
        diagnostics.push(Diagnostic { what, treatment: Treatment::Lost, detail: "what the mirror does not have".into(), count });
    }
    diagnostics.retain(|said| said.count > 0);
    let url = doc.place.url();
    let front = FrontMatter {
        title: doc.place.title(),
        source,
        id: id.as_str(),
        url: &url,
        kind: doc.place.kind(),
        container: view.scopes.get(doc.place.scope()).map_or("", String::as_str),
        parent: doc.place.parent().map(RemoteId::as_str),
        path: &titles,
        labels,
        created_at: facts.created_at.as_deref(),
        created_by: name(&facts.created_by),
        updated_at: facts.updated_at.as_deref(),
        updated_by: name(&facts.updated_by),
        version: facts.version.as_deref(),
        lossy: diagnostics.iter().any(|diagnostic| diagnostic.treatment == Treatment::Lost),
        extra_name: source,
        extra: &facts.extra,
    };
    let bytes = match document.body {
        Body::Tree(tree) => write::document(&front, &tree, &view.resolver(&path)).text.into_bytes(),
        Body::Markdown(text) => write::authored(&front, &text, &view.resolver(&path)).text.into_bytes(),
        Body::Verbatim(bytes) => bytes.into(),
    };
    Ok(Outcome::File(Box::new(Rendered {
        id: id.clone(),
        bytes,
        place: doc.place.unpack(),
        labels: labels.to_vec(),
        former: doc.former.to_vec(),
        context: view.context(doc, labels, &links, &hashes),
        links_to: links,
        includes_from: inserted.from,
        diagnostics,
        path,
    })))
}
