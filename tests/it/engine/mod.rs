//! The engine's promises, shown with a fake service, the real state and the real mirror in a temporary folder.

mod bounds;
mod clocks;
mod deletions;
mod fake;
mod faults;
mod files;
mod following;
mod hands;
mod inserts;
mod rerender;
mod scopes;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use context_sync_protocol::event::{Finished, Level, Outcome, Progress};
use context_syncd::mirror::Mirror;
use context_syncd::state::{Opened, State};
use context_syncd::sync::clock::Clock;
use context_syncd::sync::report::Reporter;
use context_syncd::sync::{self, Options, Run};
use tokio_util::sync::CancellationToken;

use fake::Fake;

/// A clock that moves when told.
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Keeps what a run says.
#[derive(Default)]
struct Notes(pub Mutex<Vec<String>>);

impl Reporter for Notes {
    fn log(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        self.0.lock().unwrap().push(format!("{level:?} {message} {fields:?}"));
    }

    fn progress(&self, _: Progress) {}
}

/// A mirror, its service and its clock.
struct House {
    fake: Fake,
    pub clock: Arc<Hands>,
    pub notes: Arc<Notes>,
    pub cancel: CancellationToken,
    pub options: Options,
    root: tempfile::TempDir,
}

impl House {
    pub(super) fn new() -> Self {
        Self {
            fake: Fake::new(),
            clock: Arc::new(Hands(AtomicU64::new(1_800_000_000_000))),
            notes: Arc::default(),
            cancel: CancellationToken::new(),
            options: Options { rerender: false, full: false, accept_deletions: false, max_delete_percent: 20, whole_up_to: 20_000, settings: 1 },
            root: tempfile::tempdir().unwrap(),
        }
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.root.path().join("fake")
    }

    pub(super) fn hours_later(&self, hours: u64) {
        self.clock.0.fetch_add(hours * 3_600_000, Ordering::Relaxed);
    }

    /// One run in a runtime of its own, so that nothing outlives it.
    pub(super) fn sync(&self) -> Finished {
        self.sync_counted().0
    }

    /// One run, and how many records it wrote.
    pub(super) fn sync_counted(&self) -> (Finished, u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mirror = Arc::new(Mirror::open(&self.folder()).unwrap());
        let (state, _): (State, Opened) = State::open(&self.folder().join(".sync_state"), Duration::from_secs(5)).unwrap();
        let state = Arc::new(state);
        let finished = runtime.block_on(sync::run(Run {
            connector: Arc::new(self.fake.clone()),
            source: "fake".to_owned(),
            state: Arc::clone(&state),
            mirror,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            reporter: Arc::clone(&self.notes) as Arc<dyn Reporter>,
            cancel: self.cancel.clone(),
            options: self.options,
        }));
        (finished, state.records_written())
    }

    /// A run that must go well.
    pub(super) fn synced(&self) -> Finished {
        let finished = self.sync();
        assert_eq!(finished.outcome, Outcome::Done, "{finished:?} {:?}", self.notes.0.lock().unwrap());
        finished
    }

    /// Every file but the state's, by path: its bytes.
    pub(super) fn tree(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        walk(&self.folder(), &self.folder(), &mut files);
        files
    }

    pub(super) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder().join(path)).unwrap_or_else(|e| panic!("{path}: {e}; there is {:?}", self.tree().keys()))
    }
}

fn walk(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap() == ".sync_state" {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(name, String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned());
        }
    }
}

/// Inode and modification time of every file of the mirror.
fn looks(house: &House) -> BTreeMap<String, (u64, i64, i64)> {
    use std::os::unix::fs::MetadataExt;
    let look = |path: &String| {
        let meta = std::fs::metadata(house.folder().join(path)).unwrap();
        (path.clone(), (meta.ino(), meta.mtime(), meta.mtime_nsec()))
    };
    house.tree().keys().map(look).collect()
}

#[test]
fn first_sync_writes_every_document_and_the_second_nothing() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Home", "hello");
    house.fake.put("eng", "2", Some("1"), "Child", "a child\nlink doc:1");
    house.fake.put("ops", "3", None, "Other", "elsewhere");
    let first = house.synced();
    assert_eq!((first.summary.documents, first.summary.written, first.summary.full), (3, 3, true));
    assert_eq!(house.tree().into_keys().collect::<Vec<_>>(), ["ENG/home--1.md", "ENG/home--1/child--2.md", "OPS/other--3.md"]);
    assert!(house.read("ENG/home--1/child--2.md").ends_with("# Child\n\na child\n\n[Home](../home--1.md)\n"));
    let before = looks(&house);
    house.fake.asked();
    let second = house.synced();
    assert_eq!((second.summary.written, second.summary.relinked, second.summary.full), (0, 0, false));
    assert_eq!(looks(&house), before);
    assert_eq!(house.fake.asked(), ["list Changes"]);
}

#[test]
fn only_what_changed_is_fetched() {
    let house = House::new();
    for id in 1..=10 {
        house.fake.put("eng", &id.to_string(), None, &format!("Page {id}"), "text");
    }
    house.synced();
    house.fake.asked();
    house.fake.put("eng", "4", None, "Page 4", "new text");
    let finished = house.synced();
    assert_eq!(house.fake.asked(), ["list Changes", "fetch 4"]);
    assert_eq!(finished.summary.written, 1);
    assert!(house.read("ENG/page-4--4.md").contains("new text"));
}

#[test]
fn a_full_sync_fetches_all_and_rewrites_nothing_that_is_equal() {
    let mut house = House::new();
    for id in 1..=10 {
        house.fake.put("eng", &id.to_string(), None, &format!("Page {id}"), "text");
    }
    house.synced();
    let before = looks(&house);
    house.fake.asked();
    house.options.full = true;
    let finished = house.synced();
    assert_eq!(house.fake.asked().iter().filter(|a| a.starts_with("fetch")).count(), 10);
    assert_eq!((finished.summary.written, finished.summary.full), (0, true));
    assert_eq!(looks(&house), before);
}

#[test]
fn a_lost_state_costs_requests_and_no_writes() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Home", "image file:1:a.png");
    house.fake.at(|s| s.assets.insert("a1".to_owned(), ("1".to_owned(), "a.png".to_owned(), 1, b"picture".to_vec())));
    house.synced();
    assert!(house.read("ENG/home--1.md").contains("![picture](_assets/1/a1-a.png)"));
    let before = looks(&house);
    house.fake.asked();
    std::fs::remove_dir_all(house.folder().join(".sync_state")).unwrap();
    house.synced();
    assert_eq!(looks(&house), before);
    assert!(!house.fake.asked().contains(&"asset a1".to_owned()), "an unchanged attachment is not downloaded again");
}
