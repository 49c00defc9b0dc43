//! What the last runs did: records in sled, and raw bodies as compressed files beside it, in one folder per connector.
//!
//! Guarantees: one process at a time; a commit is all or nothing and durable when it returns; a state that is damaged or of an unknown version is set
//! aside and begun anew, never a panic and never half read. It is a cache of what was done: losing it costs time, no document. Knows nothing of the
//! documents' files, and does not decide anything. All calls block; none belongs on an async thread.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::fcntl::Flock;

use crate::model::{Key, Place, RemoteId, Scope};
use database::{Database, Refused, Writes};
use folder::Condition;
use raw::RawFiles;
use wire::{Stored, StoredScope};

mod database;
mod error;
mod folder;
mod raw;
mod records;
mod wire;

pub use error::StateError;
pub use folder::{broken_states, remove_broken_state};
pub use raw::MAX_RAW_BYTES;
pub use records::{AssetRecord, Change, Deferred, DocRecord, Leaving, Missing, ScopeRecord, SiteRecord};

const DOCUMENT: u8 = b'd';
const NODE: u8 = b'n';
const ASSET: u8 = b'a';
const PERSON: u8 = b'p';
const SCOPE: u8 = b's';
const SITE: u8 = b'm';
/// Pieces of long cursors.
const CURSOR: u8 = b'c';

/// A connector's open state. Holds the lock on its folder until it is dropped.
pub struct State {
    // The order is that of dropping: the database before the lock.
    database: Database,
    raw: RawFiles,
    folder: PathBuf,
    written: AtomicU64,
    _lock: Flock<File>,
}

/// What [`State::open`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// Nothing: it is new.
    Fresh,
    /// The state of the last run.
    Existing,
    /// Something that cannot be used. It was moved, and a new state begun.
    SetAside {
        /// Where it is now.
        to: PathBuf,
        /// What is wrong with it, for people (`its file ... is missing`).
        why: String,
    },
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl State {
    /// Opens the state in `folder` (`.sync_state`), making it where it is missing, and waits up to `wait_for_lock` for another run to let go of it.
    /// A link in its place, an unknown version and damage make it start afresh beside what was there.
    ///
    /// # Errors
    /// [`StateError::Locked`] after the wait; else what the file system refuses.
    pub fn open(folder: &Path, wait_for_lock: Duration) -> Result<(State, Opened), StateError> {
        let mut opened = Opened::Existing;
        if folder::is_obstructed(folder)? {
            opened = Opened::SetAside { to: folder::set_aside(folder)?, why: "it is no folder".to_owned() };
        }
        let mut lock = folder::lock(folder, wait_for_lock)?;
        let path = folder.join("db");
        let why = match folder::condition(folder)? {
            Condition::Ours => match Database::open(&path) {
                Ok(database) => return Ok((Self::of(folder, database, lock)?, opened)),
                Err(Refused::Damaged(why)) => Some(why),
                Err(Refused::Io(error)) => return Err(StateError::io("open the database in", folder)(error)),
            },
            Condition::Foreign(why) => Some(why),
            Condition::Empty => None,
        };
        match why {
            Some(why) => {
                opened = Opened::SetAside { to: folder::set_aside(folder)?, why };
                lock = folder::lock(folder, wait_for_lock)?;
            }
            None if opened == Opened::Existing => opened = Opened::Fresh,
            None => {}
        }
        let database = Database::create(&path).map_err(|refused| match refused {
            Refused::Io(error) => StateError::io("make the database in", folder)(error),
            Refused::Damaged(why) => StateError::io("make the database in", folder)(std::io::Error::other(why)),
        })?;
        let state = Self::of(folder, database, lock)?;
        folder::write_format(folder)?;
        Ok((state, opened))
    }

    fn of(folder: &Path, database: Database, lock: Flock<File>) -> Result<Self, StateError> {
        Ok(Self { database, raw: RawFiles::open(folder)?, folder: folder.to_owned(), written: AtomicU64::new(0), _lock: lock })
    }

    /// The site's record; the default where there is none yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn site(&self) -> Result<SiteRecord, StateError> {
        Ok(self.one(SITE, "")?.unwrap_or_default())
    }

    /// All scopes.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn scopes(&self) -> Result<Vec<(Scope, ScopeRecord)>, StateError> {
        let whole = |entry: Result<(String, StoredScope), StateError>| {
            let (id, stored) = entry?;
            let pieces = (0..stored.pieces).map(|at| Ok(self.one::<String>(CURSOR, &piece(&id, at))?.unwrap_or_default()));
            let pieces = pieces.collect::<Result<Vec<_>, StateError>>()?;
            let record = stored.with(&pieces).map_err(|detail| self.failure(Refused::Damaged(detail), "read", || named(SCOPE, &id)))?;
            Ok((Scope::new(id), record))
        };
        self.all::<StoredScope>(SCOPE).map(whole).collect()
    }

    /// Streams all documents in the order of their ids' bytes; neighbours share the memory of scope and kind.
    pub fn documents(&self) -> impl Iterator<Item = Result<(RemoteId, DocRecord), StateError>> + '_ {
        let mut last: Option<(Scope, Arc<str>)> = None;
        self.all::<DocRecord>(DOCUMENT).map(move |entry| {
            let (id, mut record) = entry?;
            match &last {
                Some((scope, kind)) if *scope == record.place.scope && *kind == record.place.kind => {
                    record.place.scope = scope.clone();
                    record.place.kind = Arc::clone(kind);
                }
                _ => last = Some((record.place.scope.clone(), Arc::clone(&record.place.kind))),
            }
            Ok((RemoteId::new(id), record))
        })
    }

    /// One document's record.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn document(&self, id: &RemoteId) -> Result<Option<DocRecord>, StateError> {
        self.one(DOCUMENT, id.as_str())
    }

    /// All folder-like things of the tree.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn nodes(&self) -> Result<Vec<(RemoteId, Place)>, StateError> {
        self.all(NODE).map(|entry| entry.map(|(id, record)| (RemoteId::new(id), record))).collect()
    }

    /// Streams all attachments.
    pub fn assets(&self) -> impl Iterator<Item = Result<(RemoteId, AssetRecord), StateError>> + '_ {
        self.all(ASSET).map(|entry| entry.map(|(id, record)| (RemoteId::new(id), record)))
    }

    /// All people's display names.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn people(&self) -> Result<Vec<(Key, String)>, StateError> {
        self.all(PERSON).map(|entry| entry.map(|(id, record)| (Key::new(id), record))).collect()
    }

    /// How many records were written or dropped since it was opened.
    #[must_use]
    pub fn records_written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Applies `changes` in their order, all or none, and returns when they are on the disk. What they speak of (files, raw bodies) has to be durable
    /// before: the caller calls `Mirror::sync` first.
    ///
    /// # Errors
    /// When the file system refuses; then none of them counts.
    pub fn commit(&self, changes: Vec<Change>) -> Result<(), StateError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.written.fetch_add(changes.len() as u64, Ordering::Relaxed);
        let mut writes = Writes::default();
        let mut dropped = HashSet::new();
        for change in changes {
            match change {
                Change::PutDocument(id, record) => {
                    put(&mut writes, DOCUMENT, id.as_str(), &record)?;
                    dropped.remove(&id);
                }
                Change::DropDocument(id) => {
                    writes.drop(DOCUMENT, id.as_str());
                    dropped.insert(id);
                }
                Change::PutNode(id, place) => put(&mut writes, NODE, id.as_str(), &place)?,
                Change::DropNode(id) => writes.drop(NODE, id.as_str()),
                Change::PutAsset(id, record) => put(&mut writes, ASSET, id.as_str(), &record)?,
                Change::DropAsset(id) => writes.drop(ASSET, id.as_str()),
                Change::PutPerson(key, name) => put(&mut writes, PERSON, key.as_str(), &name)?,
                Change::PutScope(scope, record) => {
                    let (stored, pieces) = StoredScope::of(&record);
                    self.drop_pieces(&mut writes, scope.as_str(), stored.pieces)?;
                    put(&mut writes, SCOPE, scope.as_str(), &stored)?;
                    for (at, text) in (0..).zip(&pieces) {
                        let id = piece(scope.as_str(), at);
                        // Most of them are as they were.
                        if self.one::<String>(CURSOR, &id)?.as_ref() != Some(text) {
                            put(&mut writes, CURSOR, &id, text)?;
                        }
                    }
                }
                Change::DropScope(scope) => {
                    self.drop_pieces(&mut writes, scope.as_str(), 0)?;
                    writes.drop(SCOPE, scope.as_str());
                }
                Change::PutSite(record) => put(&mut writes, SITE, "", &record)?,
            }
        }
        self.database.commit(writes).map_err(|refused| self.failure(refused, "write", || "what was just written".to_owned()))?;
        dropped.iter().try_for_each(|id| self.raw.remove(id))
    }

    /// Drops those pieces of a scope's cursor that it has no more.
    fn drop_pieces(&self, writes: &mut Writes, scope: &str, from: u32) -> Result<(), StateError> {
        let before = self.one::<StoredScope>(SCOPE, scope)?.map_or(0, |stored| stored.pieces);
        (from..before).for_each(|at| writes.drop(CURSOR, &piece(scope, at)));
        Ok(())
    }

    /// Keeps a document's raw body, in place of the one before. It is durable only after the next `Mirror::sync` (or another `syncfs` of this file
    /// system), so that a batch of bodies costs one wait: commit its record after that. Several threads may call it at once.
    ///
    /// # Errors
    /// When it is beyond [`MAX_RAW_BYTES`], or the file system refuses.
    pub fn put_raw(&self, id: &RemoteId, raw: &[u8]) -> Result<(), StateError> {
        self.raw.put(id, raw)
    }

    /// A document's raw body; none where there is none, or it is damaged: fetch it again then.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn raw(&self, id: &RemoteId) -> Result<Option<Vec<u8>>, StateError> {
        self.raw.get(id)
    }

    /// Removes raw bodies that belong to no document's record (a run was killed between body and record); how many.
    ///
    /// # Errors
    /// When records cannot be read, or the file system refuses.
    pub fn sweep_raw(&self) -> Result<u64, StateError> {
        self.raw.sweep(&self.kept_raw()?)
    }

    /// What [`Self::sweep_raw`] would remove.
    ///
    /// # Errors
    /// When records or folders cannot be read.
    pub fn stray_raw(&self) -> Result<Vec<PathBuf>, StateError> {
        self.raw.strays(&self.kept_raw()?)
    }

    fn kept_raw(&self) -> Result<HashSet<PathBuf>, StateError> {
        self.all::<DocRecord>(DOCUMENT).map(|entry| entry.map(|(id, _)| self.raw.path(&RemoteId::new(id)))).collect()
    }

    fn one<R: Stored>(&self, prefix: u8, id: &str) -> Result<Option<R>, StateError> {
        let value = self.database.get(prefix, id).map_err(|refused| self.failure(refused, "read", || named(prefix, id)))?;
        value.map(|value| self.decoded(prefix, id, &value)).transpose()
    }

    fn all<R: Stored>(&self, prefix: u8) -> impl Iterator<Item = Result<(String, R), StateError>> + '_ {
        self.database.scan(prefix).map(move |entry| {
            let (id, value) = entry.map_err(|refused| self.failure(refused, "read", || named(prefix, "?")))?;
            let record = self.decoded(prefix, &id, &value)?;
            Ok((id, record))
        })
    }

    fn decoded<R: Stored>(&self, prefix: u8, id: &str, value: &[u8]) -> Result<R, StateError> {
        wire::decode(value).map_err(|detail| self.failure(Refused::Damaged(detail), "read", || named(prefix, id)))
    }

    fn failure(&self, refused: Refused, operation: &'static str, what: impl FnOnce() -> String) -> StateError {
        match refused {
            Refused::Io(error) => StateError::io(operation, &self.folder)(error),
            Refused::Damaged(detail) => {
                let what = what();
                folder::mark_suspect(&self.folder, &what);
                StateError::Damaged { what, detail }
            }
        }
    }
}

fn put<R: Stored>(writes: &mut Writes, prefix: u8, id: &str, record: &R) -> Result<(), StateError> {
    let value = wire::encode(record).map_err(|detail| StateError::Damaged { what: named(prefix, id), detail })?;
    writes.put(prefix, id, value);
    Ok(())
}

/// The id of a piece of a scope's cursor.
fn piece(scope: &str, at: u32) -> String {
    format!("{scope}\n{at:06}")
}

fn named(prefix: u8, id: &str) -> String {
    let kind = match prefix {
        DOCUMENT => "document",
        NODE => "folder",
        ASSET => "attachment",
        PERSON => "person",
        SCOPE => "scope",
        CURSOR => "cursor of scope",
        _ => return "the site".to_owned(),
    };
    format!("{kind} {id}")
}

#[cfg(test)]
mod tests;
