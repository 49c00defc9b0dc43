//! The records that the engine keeps: plain data in the model's words.
//!
//! Their form on disk is `wire`'s business alone, so that these may change freely. Times are milliseconds since 1970.

use crate::model::{AssetRef, ContentHash, Cursor, Diagnostic, DocPath, Key, Place, RemoteId, Revision, Scope, Stamp};

/// What is known of one document.
#[derive(Clone, Debug, PartialEq)]
pub struct DocRecord {
    /// Where it stands, as last listed.
    pub place: Place,
    /// Revision of the raw body that is kept; none = never fetched.
    pub revision: Option<Revision>,
    /// Its file; none = not written yet.
    pub path: Option<DocPath>,
    /// The file's stamp when it was placed.
    pub stamp: Option<Stamp>,
    /// The file's hash when it was placed.
    pub hash: Option<ContentHash>,
    /// Labels, sorted.
    pub labels: Vec<String>,
    /// Keys that its links and images point to, but for documents that its lists name: `includes_from` stands for these.
    pub links_to: Vec<Key>,
    /// Keys of documents whose text it includes.
    pub includes_from: Vec<Key>,
    /// Aliases that it had under earlier titles and places: kept bodies of others may still name it so.
    pub former: Vec<Key>,
    /// Hash of what besides the raw body went into the file.
    pub context: u64,
    /// Its copy at an earlier path, which has yet to be removed.
    pub leaving: Option<Leaving>,
    /// Why it could not be brought up to date, if so.
    pub deferred: Option<Deferred>,
    /// What its reader met, each kind once.
    pub diagnostics: Vec<Diagnostic>,
    /// True where the configuration does not ask for it any more.
    pub unwanted: bool,
}

impl DocRecord {
    /// What is known of a document that was listed and never fetched.
    #[must_use]
    pub fn unwritten(place: Place) -> Self {
        Self {
            place,
            revision: None,
            path: None,
            stamp: None,
            hash: None,
            labels: Vec::new(),
            links_to: Vec::new(),
            includes_from: Vec::new(),
            former: Vec::new(),
            context: 0,
            leaving: None,
            deferred: None,
            diagnostics: Vec::new(),
            unwanted: false,
        }
    }
}

/// A file that a move leaves behind, until it is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Where it is.
    pub path: DocPath,
    /// What we wrote there.
    pub hash: Option<ContentHash>,
}

/// A document or asset that waits for a better moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferred {
    /// Why, for people.
    pub reason: String,
    /// When it failed first.
    pub since_ms: u64,
    /// How often it was tried.
    pub tries: u32,
    /// The revision that failed: another one is tried at once.
    pub revision: Option<Revision>,
    /// It waits for nothing: there is nothing of that revision to mirror.
    pub nothing: bool,
}

/// What is known of one attachment.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetRecord {
    /// As last listed.
    pub asset: AssetRef,
    /// Its file; none = not downloaded.
    pub path: Option<DocPath>,
    /// Revision of the file on disk.
    pub revision: Option<Revision>,
    /// The file's stamp when it was placed.
    pub stamp: Option<Stamp>,
    /// The file's hash when it was placed.
    pub hash: Option<ContentHash>,
    /// Why it could not be downloaded, if so.
    pub deferred: Option<Deferred>,
    /// Since when listings of everything lack it, in milliseconds since 1970.
    pub missing_ms: Option<u64>,
}

/// What is known of one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeRecord {
    /// For people (`ENG`).
    pub name: String,
    /// Where its listing goes on.
    pub cursor: Option<Cursor>,
    /// Since when it is not to be seen, if so.
    pub missing: Option<Missing>,
    /// Why it was closed to us when it was listed last, if so.
    pub denied: Option<String>,
    /// True where the configuration does not ask for it any more.
    pub unwanted: bool,
}

/// A scope that complete listings lack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// How many complete listings in a row.
    pub listings: u32,
    /// The first of them.
    pub first_ms: u64,
    /// The first of them by the service's clock, where it told.
    pub first_service_ms: Option<u64>,
    /// The last of them.
    pub last_ms: u64,
    /// Why, for people.
    pub why: String,
}

/// What is known of the connector as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteRecord {
    /// End of the last run that succeeded; 0 = never.
    pub last_success_ms: u64,
    /// End of the last run that listed everything; 0 = never.
    pub last_everything_ms: u64,
    /// The mark that the next run must be a full one.
    pub full_wanted: bool,
    /// Fingerprint of the settings that the records were made with.
    pub settings: u64,
    /// How many runs there were.
    pub runs: u64,
    /// A run began to change things and has not ended well: the next one looks at every record again.
    pub unclean: bool,
    /// How far this machine's clock was ahead of the service's at the last run, in milliseconds; behind is negative.
    pub ahead_ms: i64,
}

/// One change for [`super::State::commit`].
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Adds or replaces a document's record.
    PutDocument(RemoteId, DocRecord),
    /// Forgets a document, and removes its raw body once that is durable.
    DropDocument(RemoteId),
    /// Adds or replaces a folder-like thing of the tree.
    PutNode(RemoteId, Place),
    /// Forgets it.
    DropNode(RemoteId),
    /// Adds or replaces an attachment's record.
    PutAsset(RemoteId, AssetRecord),
    /// Forgets it.
    DropAsset(RemoteId),
    /// Adds or replaces a person's display name.
    PutPerson(Key, String),
    /// Adds or replaces a scope's record.
    PutScope(Scope, ScopeRecord),
    /// Forgets it.
    DropScope(Scope),
    /// Replaces the site's record.
    PutSite(SiteRecord),
}
