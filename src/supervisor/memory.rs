//! What the daemon remembers across its lives: which connectors are paused or suspended, and how runs ended.
//!
//! Files below `$XDG_STATE_HOME/context-sync/`, replaced whole, so that a crash leaves the old or the new one. A file that cannot be read is as good as
//! none. Blocking.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::DirBuilder;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use context_sync_protocol::reply::RunRecord;

use super::suspension::Suspension;

/// Runs that are kept per connector.
pub(super) const MOST_RUNS: usize = 200;

/// The folder of the memory.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    folder: PathBuf,
    /// Held by the one who writes.
    pen: Arc<Mutex<()>>,
}

impl Memory {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, pen: Arc::default() }
    }

    /// The connectors that are paused.
    pub(super) fn paused(&self) -> BTreeSet<String> {
        let text = std::fs::read(self.folder.join("paused.json")).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// `paused` is asked when it is this caller's turn to write, so that the last word is the newest.
    pub(super) fn keep_paused(&self, paused: impl FnOnce() -> BTreeSet<String>) -> io::Result<()> {
        let _pen = self.pen.lock().unwrap_or_else(PoisonError::into_inner);
        replace(&self.folder, "paused.json", &serde_json::to_vec(&paused())?)
    }

    /// The connectors that are suspended, and why.
    pub(super) fn suspended(&self) -> BTreeMap<String, Suspension> {
        let text = std::fs::read(self.folder.join("suspended.json")).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// `suspended` is asked when it is this caller's turn to write; it says nothing where all is remembered already.
    pub(super) fn keep_suspended(&self, suspended: impl FnOnce() -> Option<BTreeMap<String, Suspension>>) -> io::Result<()> {
        let _pen = self.pen.lock().unwrap_or_else(PoisonError::into_inner);
        suspended().map_or(Ok(()), |suspended| replace(&self.folder, "suspended.json", &serde_json::to_vec(&suspended)?))
    }

    /// How runs ended, the newest last.
    pub(super) fn runs(&self, connector: &str) -> VecDeque<RunRecord> {
        let text = std::fs::read_to_string(self.folder.join("history").join(format!("{connector}.jsonl"))).unwrap_or_default();
        let mut runs: VecDeque<RunRecord> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        runs.drain(..runs.len().saturating_sub(MOST_RUNS));
        runs
    }

    /// `runs` is asked when it is this caller's turn to write, and says nothing of a connector that is gone.
    pub(super) fn keep_runs(&self, connector: &str, runs: impl FnOnce() -> Option<VecDeque<RunRecord>>) -> io::Result<()> {
        let _pen = self.pen.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(runs) = runs() else { return Ok(()) };
        let mut text = Vec::new();
        for run in &runs {
            serde_json::to_writer(&mut text, run)?;
            text.push(b'\n');
        }
        replace(&self.folder.join("history"), &format!("{connector}.jsonl"), &text)
    }
}

fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let temporary = folder.join(format!(".{name}.{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    std::fs::rename(&temporary, folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_and_forgets_the_oldest() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(folder.path().join("state"));
        assert!(memory.paused().is_empty() && memory.runs("wiki").is_empty());
        memory.keep_paused(|| ["wiki".to_owned()].into()).unwrap();
        assert!(memory.paused().contains("wiki"));
        let suspension = Suspension { finished: Default::default(), basis: Some("0123".to_owned()) };
        let suspended: BTreeMap<_, _> = [("wiki".to_owned(), suspension)].into();
        memory.keep_suspended(|| Some(suspended.clone())).unwrap();
        memory.keep_suspended(|| None).unwrap();
        assert_eq!(memory.suspended(), suspended);
        let run = |n: u64| RunRecord { connector: "wiki".to_owned(), started_ms: n, ..RunRecord::default() };
        memory.keep_runs("wiki", || Some((0..250).map(run).collect())).unwrap();
        let runs = memory.runs("wiki");
        assert_eq!((runs.len(), runs.front().unwrap().started_ms, runs.back().unwrap().started_ms), (MOST_RUNS, 50, 249));
    }
}
