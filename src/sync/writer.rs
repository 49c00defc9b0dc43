//! The one writer of a run: takes rendered files in any order, writes them in large batches, and commits records only when their files are durable.
//!
//! Order per batch: stage all; make the data durable; rename all; and with the *next* batch's sync, which makes those renames durable too, commit the
//! records of this one. So a kill at any instant leaves files newer than the state, never a state newer than its files. Blocking: it has a thread of
//! its own.

use std::cell::LazyCell;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tokio::sync::mpsc;

use super::Abort;
use super::render::Rendered;
use super::view::View;
use crate::mirror::{Mirror, Written};
use crate::model::{ContentHash, DocPath, RemoteId, Revision, Stamp};
use crate::state::{Change, DocRecord, Leaving, State};

/// A batch is closed at so many files ...
const BATCH_FILES: usize = 512;
/// ... or so many bytes.
const BATCH_BYTES: usize = 8 << 20;

/// One file to write.
pub(super) struct Job {
    /// The file and its facts.
    pub rendered: Box<Rendered>,
    /// Revision of the raw body that it was made from.
    pub revision: Option<Revision>,
    /// Hash of what we last wrote for this document.
    pub known: Option<ContentHash>,
    /// Where it lay until now.
    pub old_path: Option<DocPath>,
}

/// What the writer did.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Files whose bytes changed.
    pub written: u64,
    /// Files that came to another path.
    pub moved: u64,
    /// Documents whose records were committed, with where their files are now.
    pub settled: Vec<RemoteId>,
}

/// The writer's thread and the way to it.
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    thread: tokio::task::JoinHandle<Result<Tally, Abort>>,
}

impl Writer {
    /// Starts the thread. `view` knows the paths of all documents of today, which a move must not remove.
    pub(super) fn start(mirror: Arc<Mirror>, state: Arc<State>, day: String, view: Arc<View>) -> Self {
        let (jobs, queue) = mpsc::channel(16);
        let thread = tokio::task::spawn_blocking(move || work(&mirror, &state, &day, &view, queue));
        Self { jobs, thread }
    }

    /// Where to send jobs. Sending fails when the writer has ended with an error, which [`Writer::finish`] tells.
    pub(super) fn jobs(&self) -> mpsc::Sender<Job> {
        self.jobs.clone()
    }

    /// Waits until everything sent is durable and committed. All other senders must be gone.
    ///
    /// # Errors
    /// When a file or the state could not be written.
    pub(super) async fn finish(self) -> Result<Tally, Abort> {
        drop(self.jobs);
        self.thread.await?
    }
}

struct Placed {
    id: RemoteId,
    record: DocRecord,
}

fn work(mirror: &Mirror, state: &State, day: &str, view: &View, mut queue: mpsc::Receiver<Job>) -> Result<Tally, Abort> {
    // Gathered only if something moves.
    let paths = LazyCell::new(|| view.paths());
    let taken = |path: &DocPath| paths.contains(&(path.folder(), path.file_name().into()));
    let mut tally = Tally::default();
    let mut lagging: Vec<Placed> = Vec::new();
    while let Some(first) = queue.blocking_recv() {
        let mut batch = mirror.batch(day);
        let mut placed: Vec<Placed> = Vec::new();
        let mut stamps: FxHashMap<DocPath, Stamp> = FxHashMap::default();
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(job) = next {
            bytes += job.rendered.bytes.len();
            match batch.write(&job.rendered.path, &job.rendered.bytes, job.known)? {
                Written::Unchanged(stamp) => {
                    stamps.insert(job.rendered.path.clone(), stamp);
                }
                Written::Staged => tally.written += 1,
            }
            placed.push(to_record(job));
            next = if placed.len() < BATCH_FILES && bytes < BATCH_BYTES { queue.blocking_recv() } else { None };
        }
        stamps.extend(batch.place()?);
        for item in &mut placed {
            item.record.stamp = item.record.path.as_ref().and_then(|p| stamps.get(p)).copied();
        }
        commit(mirror, state, day, &taken, &mut tally, std::mem::replace(&mut lagging, placed))?;
    }
    commit(mirror, state, day, &taken, &mut tally, lagging)?;
    Ok(tally)
}

fn to_record(job: Job) -> Placed {
    let Job { rendered, revision, known, old_path } = job;
    let leaving = old_path.filter(|old| *old != rendered.path).map(|path| Leaving { path, hash: known });
    let record = DocRecord {
        place: rendered.place,
        revision,
        hash: Some(ContentHash::of(&rendered.bytes)),
        path: Some(rendered.path),
        stamp: None,
        labels: rendered.labels,
        links_to: rendered.links_to,
        includes_from: rendered.includes_from,
        former: rendered.former,
        context: rendered.context,
        leaving,
        deferred: None,
        diagnostics: rendered.diagnostics,
        unwanted: false,
    };
    Placed { id: rendered.id, record }
}

fn commit(mirror: &Mirror, state: &State, day: &str, taken: &dyn Fn(&DocPath) -> bool, tally: &mut Tally, placed: Vec<Placed>) -> Result<(), Abort> {
    if placed.is_empty() {
        return Ok(());
    }
    mirror.sync()?;
    tally.settled.extend(placed.iter().map(|p| p.id.clone()));
    let movers: Vec<(RemoteId, DocRecord)> = placed.iter().filter(|p| p.record.leaving.is_some()).map(|p| (p.id.clone(), p.record.clone())).collect();
    state.commit(placed.into_iter().map(|p| Change::PutDocument(p.id, p.record)).collect())?;
    tally.moved += movers.len() as u64;
    if movers.is_empty() {
        return Ok(());
    }
    leave_behind(mirror, state, movers, day, taken)
}

/// Removes the copies that moved documents left at earlier paths, and then says so in their records: our own bytes vanish, anything else goes to the
/// trash; what is `taken` by another document stays. A run begins with this for what a killed run left behind.
///
/// # Errors
/// When the mirror or the state could not do it.
pub(super) fn leave_behind(
    mirror: &Mirror,
    state: &State,
    movers: Vec<(RemoteId, DocRecord)>,
    day: &str,
    taken: &dyn Fn(&DocPath) -> bool,
) -> Result<(), Abort> {
    if movers.is_empty() {
        return Ok(());
    }
    for old in movers.iter().filter_map(|(_, record)| record.leaving.as_ref()).filter(|old| !taken(&old.path)) {
        match mirror.hash(&old.path)? {
            None => {}
            hash if hash == old.hash => {
                mirror.discard(&old.path)?;
            }
            Some(_) => {
                mirror.trash(&old.path, day)?;
            }
        }
    }
    mirror.sync()?;
    state.commit(movers.into_iter().map(|(id, record)| Change::PutDocument(id, DocRecord { leaving: None, ..record })).collect())?;
    Ok(())
}
