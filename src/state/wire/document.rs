//! Stored forms of places and documents, and of what they share with assets: stamps, hashes, deferrals.

use serde::{Deserialize, Serialize};

use super::Stored;
use crate::model::{ContentHash, Diagnostic, DocPath, Key, Place, RemoteId, Revision, Scope, Stamp, Treatment};
use crate::state::records::{Deferred, DocRecord, Leaving};

#[derive(Serialize, Deserialize)]
pub(in crate::state) struct PlaceWire {
    #[serde(rename = "s")]
    scope: String,
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    container: Vec<String>,
    #[serde(rename = "k")]
    kind: String,
    #[serde(rename = "t")]
    title: String,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    #[serde(rename = "n")]
    stem: String,
    #[serde(rename = "e", default = "markdown", skip_serializing_if = "is_markdown")]
    ending: String,
    #[serde(rename = "x", default, skip_serializing_if = "is_false")]
    transparent: bool,
    #[serde(rename = "u")]
    url: String,
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
}

impl Stored for Place {
    type Wire = PlaceWire;

    fn to_wire(&self) -> PlaceWire {
        PlaceWire {
            scope: self.scope.as_str().to_owned(),
            container: self.container.to_vec(),
            kind: self.kind.as_ref().to_owned(),
            title: self.title.clone(),
            parent: self.parent.as_ref().map(|id| id.as_str().to_owned()),
            stem: self.stem.clone(),
            ending: self.ending.as_ref().to_owned(),
            transparent: self.transparent,
            url: self.url.clone(),
            aliases: texts(&self.aliases),
        }
    }

    fn from_wire(wire: PlaceWire) -> Result<Self, String> {
        Ok(Self {
            scope: Scope::new(wire.scope),
            container: wire.container.into(),
            kind: wire.kind.into(),
            title: wire.title,
            parent: wire.parent.map(RemoteId::new),
            stem: wire.stem,
            ending: wire.ending.into(),
            transparent: wire.transparent,
            url: wire.url,
            aliases: keys(wire.aliases),
        })
    }
}

/// The ending that all files had once.
fn markdown() -> String {
    ".md".to_owned()
}

fn is_markdown(ending: &str) -> bool {
    ending == ".md"
}

#[derive(Serialize, Deserialize)]
pub(in crate::state) struct DocWire {
    #[serde(rename = "p")]
    place: PlaceWire,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    stamp: Option<StampWire>,
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    #[serde(rename = "b", default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
    #[serde(rename = "l", default, skip_serializing_if = "Vec::is_empty")]
    links_to: Vec<String>,
    #[serde(rename = "i", default, skip_serializing_if = "Vec::is_empty")]
    includes_from: Vec<String>,
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    former: Vec<String>,
    #[serde(rename = "c", default)]
    context: u64,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    leaving: Option<LeavingWire>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    deferred: Option<DeferredWire>,
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    diagnostics: Vec<DiagnosticWire>,
    #[serde(rename = "w", default, skip_serializing_if = "is_false")]
    unwanted: bool,
}

impl Stored for DocRecord {
    type Wire = DocWire;

    fn to_wire(&self) -> DocWire {
        DocWire {
            place: self.place.to_wire(),
            revision: self.revision.as_ref().map(|revision| revision.as_str().to_owned()),
            path: self.path.as_ref().map(|path| path.as_str().to_owned()),
            stamp: self.stamp.map(StampWire::from),
            hash: self.hash.map(hash_to_hex),
            labels: self.labels.clone(),
            links_to: texts(&self.links_to),
            includes_from: texts(&self.includes_from),
            former: texts(&self.former),
            context: self.context,
            leaving: self.leaving.as_ref().map(|old| LeavingWire(old.path.as_str().to_owned(), old.hash.map(hash_to_hex))),
            deferred: self.deferred.as_ref().map(DeferredWire::from),
            diagnostics: self.diagnostics.iter().map(DiagnosticWire::from).collect(),
            unwanted: self.unwanted,
        }
    }

    fn from_wire(wire: DocWire) -> Result<Self, String> {
        Ok(Self {
            place: Place::from_wire(wire.place)?,
            revision: wire.revision.map(Revision::new),
            path: path_from(wire.path)?,
            stamp: wire.stamp.map(Stamp::from),
            hash: wire.hash.as_deref().map(hash_from_hex).transpose()?,
            labels: wire.labels,
            links_to: keys(wire.links_to),
            includes_from: keys(wire.includes_from),
            former: keys(wire.former),
            context: wire.context,
            leaving: wire.leaving.map(leaving_from).transpose()?,
            deferred: wire.deferred.map(Deferred::from),
            diagnostics: wire.diagnostics.into_iter().map(Diagnostic::from).collect(),
            unwanted: wire.unwanted,
        })
    }
}

/// `[construct, "rendered" | "kept" | "lost", detail, count]`.
#[derive(Serialize, Deserialize)]
struct DiagnosticWire(String, TreatmentWire, String, u32);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TreatmentWire {
    Rendered,
    Kept,
    Lost,
}

impl From<&Diagnostic> for DiagnosticWire {
    fn from(diagnostic: &Diagnostic) -> Self {
        let treatment = match diagnostic.treatment {
            Treatment::Rendered => TreatmentWire::Rendered,
            Treatment::Kept => TreatmentWire::Kept,
            Treatment::Lost => TreatmentWire::Lost,
        };
        Self(diagnostic.what.clone(), treatment, diagnostic.detail.clone().into_owned(), diagnostic.count)
    }
}

impl From<DiagnosticWire> for Diagnostic {
    fn from(DiagnosticWire(what, treatment, detail, count): DiagnosticWire) -> Self {
        let treatment = match treatment {
            TreatmentWire::Rendered => Treatment::Rendered,
            TreatmentWire::Kept => Treatment::Kept,
            TreatmentWire::Lost => Treatment::Lost,
        };
        Self { what, treatment, detail: detail.into(), count }
    }
}

/// `[path, hash]`.
#[derive(Serialize, Deserialize)]
struct LeavingWire(String, Option<String>);

fn leaving_from(LeavingWire(path, hash): LeavingWire) -> Result<Leaving, String> {
    let path = DocPath::new(&path).map_err(|error| error.to_string())?;
    Ok(Leaving { path, hash: hash.as_deref().map(hash_from_hex).transpose()? })
}

/// `[size, mtime_ns]`.
#[derive(Serialize, Deserialize)]
pub(super) struct StampWire(u64, i64);

impl From<Stamp> for StampWire {
    fn from(stamp: Stamp) -> Self {
        Self(stamp.size, stamp.mtime_ns)
    }
}

impl From<StampWire> for Stamp {
    fn from(StampWire(size, mtime_ns): StampWire) -> Self {
        Self { size, mtime_ns }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct DeferredWire {
    #[serde(rename = "w")]
    reason: String,
    #[serde(rename = "s")]
    since_ms: u64,
    #[serde(rename = "n")]
    tries: u32,
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    #[serde(rename = "o", default, skip_serializing_if = "is_false")]
    nothing: bool,
}

impl From<&Deferred> for DeferredWire {
    fn from(deferred: &Deferred) -> Self {
        Self {
            reason: deferred.reason.clone(),
            since_ms: deferred.since_ms,
            tries: deferred.tries,
            revision: deferred.revision.as_ref().map(|r| r.as_str().to_owned()),
            nothing: deferred.nothing,
        }
    }
}

impl From<DeferredWire> for Deferred {
    fn from(wire: DeferredWire) -> Self {
        Self { reason: wire.reason, since_ms: wire.since_ms, tries: wire.tries, revision: wire.revision.map(Revision::new), nothing: wire.nothing }
    }
}

pub(super) fn texts(keys: &[Key]) -> Vec<String> {
    keys.iter().map(|key| key.as_str().to_owned()).collect()
}

pub(super) fn keys(texts: Vec<String>) -> Vec<Key> {
    texts.into_iter().map(Key::new).collect()
}

pub(super) fn path_from(path: Option<String>) -> Result<Option<DocPath>, String> {
    path.map(|path| DocPath::new(&path).map_err(|error| error.to_string())).transpose()
}

pub(super) fn hash_to_hex(hash: ContentHash) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    hash.0.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}

pub(super) fn hash_from_hex(hex: &str) -> Result<ContentHash, String> {
    let digits: Option<Vec<u8>> = hex.chars().map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok())).collect();
    let bytes: Vec<u8> = digits.unwrap_or_default().chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, digit| sum << 4 | digit)).collect();
    bytes.try_into().map(ContentHash).map_err(|_| "its hash is no SHA-256 in hexadecimal".to_owned())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
pub(super) fn is_false(value: &bool) -> bool {
    !value
}
