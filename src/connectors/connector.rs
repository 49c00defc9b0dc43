//! The seam between the engine and the services: the [`Connector`] trait, and what its methods say. What failures make the engine do stands in `failure`.
//!
//! Knows no vendor, no mirror, no state.

mod failure;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;

pub use failure::{Consequence, SourceError};

use crate::model::{AssetRef, ConnectorName, Cursor, Document, Key, Place, Raw, RemoteId, Revision, Scope};

/// A place documents come from. It only reads: it touches neither mirror, nor state, nor clock; what it must remember travels in its cursors and in
/// the raw bodies that it is handed back. Dropping any future or stream that it returns leaves nothing behind.
#[async_trait]
pub trait Connector: Send + Sync {
    /// The instance's name.
    fn name(&self) -> &ConnectorName;

    /// Asks the live service whether credentials and scopes work; what is wrong, and how to mend it.
    async fn validate(&self) -> Result<Validation, SourceError>;

    /// Lists what exists, scope by scope. `since` holds the cursors of the last time (none on a first sync), and for scopes of which no listing ever came to
    /// its end an empty one. [`Depth::Everything`] also lists what may change without a new revision: labels, all attachments, names of folders.
    ///
    /// An `Err` item ends the listing of everything that has not reported [`Listed::ScopeDone`]; what one forbidden scope does is said by its own
    /// `ScopeDone`.
    fn changes(&self, since: Vec<(Scope, Cursor)>, depth: Depth) -> BoxStream<'_, Result<Listed, SourceError>>;

    /// Whether the service rewrites links in bodies when what they lead to gets another name or place, without a new revision of these: then a kept body may
    /// name it as it was called before. Where it does not, an earlier name means nothing in a body of today either.
    fn rewrites_links(&self) -> bool {
        true
    }

    /// How many documents one `fetch` call should name, so that its requests are full.
    fn batch_size(&self) -> usize;

    /// Fetches raw bodies, as many in one request as the service allows: one outcome per id, in any order.
    fn fetch(&self, batch: Vec<Wanted>) -> BoxStream<'_, (RemoteId, Result<Fetched, SourceError>)>;

    /// Which of these still exist, and if not, why: asked before anything is removed that only a listing's silence speaks against. One outcome per
    /// id; an `Err` means that nothing may be removed in this run.
    async fn confirm(&self, ids: Vec<Wanted>) -> Result<Vec<(RemoteId, Presence)>, SourceError>;

    /// The scope that a document is of, where its id tells; none: the scope that is called as the document's container. Asked for where only the file of a
    /// document is left, because the records were lost.
    fn scope_of(&self, id: &RemoteId) -> Option<Scope> {
        let _ = id;
        None
    }

    /// Display names of people, as many in one request as the service allows. Missing answers are simply absent.
    async fn people(&self, keys: Vec<Key>) -> Result<Vec<(Key, String)>, SourceError>;

    /// Reads a raw body into a document; `place` is where it stands today, so that what it says of its own address needs no request after a rename. Pure, so that a better reader can be applied to all kept raw bodies without a request. Bounded in depth, time
    /// and memory; never fails for what is in the body, only for a raw body that this version cannot open at all (it is fetched again then).
    fn read(&self, raw: &Raw, place: &Place) -> Result<Document, ReadError>;

    /// Streams one attachment or image.
    async fn asset(&self, asset: &AssetRef) -> Result<AssetStream, SourceError>;

    /// Requests so far, and the moment until which the service told us to wait, if it did.
    fn traffic(&self) -> Traffic;
}

/// How much a listing looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What is there, with revisions and places; new attachments.
    Changes,
    /// Also labels, every attachment, folders' names: at a full sync and once a day.
    Everything,
    /// What is new everywhere, and of the whole so much, in percent, as [`Depth::Everything`] lists it: the scopes that have waited longest. Each scope says
    /// how it was listed. For sites that are too large to be listed at each run.
    Rolling(u8),
}

/// One item of a listing. The same id may come twice (pages shift while they are listed): the last word counts.
#[derive(Clone, Debug, PartialEq)]
pub enum Listed {
    /// A document exists, with this revision and place.
    Seen {
        /// Its id.
        id: RemoteId,
        /// Its revision.
        revision: Revision,
        /// Its place.
        place: Place,
        /// People that its facts name (authors), so that their names can be asked in one go.
        people: Vec<Key>,
    },
    /// Something that is no document but stands in the tree: as a folder (a Confluence folder), or, transparent and without a title, as a document that
    /// we may not see.
    Node {
        /// Its id.
        id: RemoteId,
        /// Its place; `kind` and `aliases` mean nothing.
        place: Place,
    },
    /// A document's labels, sorted.
    Labels {
        /// The document.
        id: RemoteId,
        /// Its labels.
        labels: Vec<String>,
    },
    /// An attachment exists.
    Asset(AssetRef),
    /// All attachments of a scope have been listed: one that is known and was not listed is gone.
    AssetsDone {
        /// The scope.
        scope: Scope,
    },
    /// All attachments of one document have been listed, likewise.
    OwnAssetsDone {
        /// The document.
        owner: RemoteId,
    },
    /// Something that people should know, and that changes nothing.
    Warning(String),
    /// The service says itself that a document is gone.
    Gone {
        /// Its id.
        id: RemoteId,
        /// Why.
        why: Presence,
    },
    /// Something of a scope is there, but a permission or a login is wanted that we do not have: what is mirrored of it stays as it is, and no more thorough
    /// listing would bring more. Counted at each run, said when it is news; [`Listed::ScopeDone`] tells of the rest.
    Denied {
        /// The scope.
        scope: Scope,
        /// What is closed to us and why, for people.
        why: String,
    },
    /// This scope has been listed.
    ScopeDone {
        /// The scope.
        scope: Scope,
        /// Its name for people (`ENG`).
        name: String,
        /// How well.
        completion: Completion,
        /// Where to go on next time; of an unwanted scope, where to go on when it is wanted again. With `Scope::new("")`: what the connector remembers of
        /// the whole site.
        cursor: Option<Cursor>,
    },
}

/// How well a scope was listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// Everything in it was named.
    Complete,
    /// Everything that the configuration asks for in it was named, which may be nothing.
    CompleteSelection,
    /// Only what is new in it was named: silence means nothing.
    News,
    /// What is new in it was named, and all documents whose ids, read as numbers, lie between these (the first excluded, the last included): silence about one of
    /// them means what it means in a whole listing. An id counts by the digits that it begins with.
    Stretch {
        /// Above this.
        above: u64,
        /// Up to this.
        up_to: u64,
    },
    /// Something was not; why, for people.
    Incomplete(String),
    /// The whole scope is not there, or closed to us; why, for people.
    Missing(String),
    /// It is there, but the configuration does not ask for it any more: its documents become `cleanup`'s.
    Unwanted,
}

impl Completion {
    /// Whether all that was asked for was named.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete | Self::CompleteSelection)
    }

    /// Whether the next listing goes on from here.
    #[must_use]
    pub fn advances(&self) -> bool {
        self.is_complete() || matches!(self, Self::News | Self::Stretch { .. })
    }

    /// Whether all would have been named that have such ids.
    #[must_use]
    pub fn covers(&self, id: &RemoteId) -> bool {
        match self {
            Self::Stretch { above, up_to } => {
                let digits = id.as_str().split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
                digits.parse().is_ok_and(|number: u64| number > *above && number <= *up_to)
            }
            _ => self.is_complete(),
        }
    }
}

/// A document to fetch or to ask after.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Its id.
    pub id: RemoteId,
    /// Its place as last listed.
    pub place: Arc<Place>,
    /// Whether its labels are wanted too: false where this run's listing brings them.
    pub labels: bool,
}

/// A fetched body.
#[derive(Clone, Debug, PartialEq)]
pub struct Fetched {
    /// The body.
    pub raw: Raw,
    /// The revision that it has, in the form that `changes` lists.
    pub revision: Revision,
    /// Labels, sorted, where asked for and known.
    pub labels: Option<Vec<String>>,
}

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// It is there, in a scope that we mirror: the listing missed it.
    Present,
    /// This run did not look where it is, or may not: silence about it means nothing.
    Unasked,
    /// Archived.
    Archived,
    /// In the service's trash.
    Trashed,
    /// Deleted, or no longer visible to us: the service does not tell these apart.
    Gone,
    /// It is there, and we may no longer read it.
    Forbidden,
    /// It is there, in a scope that we do not mirror.
    OutOfScope,
    /// It is there, and the configuration does not ask for it any more: it becomes `cleanup`'s.
    Unwanted,
    /// It lives on under another id, which the listing that says so names too: a file that was renamed. It leaves, but does not count for the limit of mass
    /// deletions, as far as as many documents of its scope are new.
    Renamed,
}

/// Why a raw body cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// This version cannot open it: it is fetched again.
    #[error("the kept body cannot be read by this version: {0}")]
    Unreadable(String),
    /// There is nothing of it to mirror, as [`SourceError::Nothing`] says.
    #[error("there is nothing of {what} to mirror: {why}")]
    Nothing {
        /// The thing.
        what: String,
        /// Why, for people (`it is a pointer to a large file`).
        why: String,
    },
}

/// An attachment's bytes.
pub struct AssetStream {
    /// Length in bytes where the service announced one.
    pub length: Option<u64>,
    /// The bytes.
    pub bytes: BoxStream<'static, Result<Bytes, SourceError>>,
}

/// What the HTTP room counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests sent, retries included.
    pub requests: u64,
    /// Bytes received after decompression.
    pub bytes: u64,
    /// Milliseconds since 1970 until which the service told us to wait.
    pub waiting_until_ms: Option<u64>,
    /// Requests a second that we allow ourselves at the moment; 0 where nothing bounds them.
    pub requests_per_second: u32,
    /// How far this machine's clock is ahead of the service's, in milliseconds, where its answers tell; behind is negative.
    pub ahead_ms: Option<i64>,
    /// What is left of each allowance that the service told us of.
    pub allowances: Vec<Allowance>,
}

/// What a service lets us do within a span of time, for one kind of request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// The service's name for the kind (`core`, `graphql`).
    pub name: String,
    /// What is left of it.
    pub left: u64,
    /// How much it is.
    pub of: u64,
    /// Milliseconds since 1970 at which it is whole again.
    pub renews_ms: u64,
    /// What this run took of it, where that is known.
    pub used: u64,
}

/// What `validate` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validation {
    /// Who we are there (`Ann (Cloud, API token)`).
    pub account: String,
    /// Findings for people, best first: `12 spaces visible`.
    pub notes: Vec<String>,
    /// What will not work, with the way out; empty is good.
    pub problems: Vec<String>,
}
