//! Lists, and with `apply` removes, what has run out or belongs to nobody in one connector's folder.
//!
//! What leaves the mirror goes to the trash; gone for good is only what lay there longer than the user wants, and what this program keeps for itself.
//! A file goes before its record, so that a stop in between leaves a record, which the next cleanup finishes. What a user put below the folder stays: only
//! what the state knows, or what bears a name that we alone give, is ours.

use std::path::{Path, PathBuf};

use context_sync_protocol::event::{Finished, Outcome};
use tokio_util::sync::CancellationToken;

use super::super::error::WorkerError;
use super::items::Items;
use super::open::{Both, STATE};
use crate::model::{DocPath, RemoteId};
use crate::state::{Change, broken_states, remove_broken_state};
use plan::Leaving;

pub(super) mod expiry;
mod plan;
mod strangers;

/// Files that go to the trash between two waits for the disk.
const BATCH: usize = 500;

/// How to clean up.
pub(super) struct Wishes {
    /// Remove, not only list.
    pub(super) apply: bool,
    /// What came to the trash before this day (`YYYY-MM-DD`) has run out; none: nothing, because the clock may be wrong.
    pub(super) keep_from: Option<String>,
    /// Where removed files go in the trash (`YYYY-MM-DD`).
    pub(super) today: String,
}

/// Cleans up below `folder`. Blocking.
pub(super) fn run(folder: &Path, both: &Both, wishes: &Wishes, cancel: &CancellationToken) -> Result<Finished, WorkerError> {
    let mut items = Items::default();
    // Before anything new comes to the trash.
    match &wishes.keep_from {
        Some(day) => {
            for entry in both.mirror.empty_trash_before(day, wishes.apply)? {
                items.push("trash", entry.location().display().to_string(), entry.bytes, format!("in the trash since {}", entry.day));
            }
        }
        None if both.mirror.trash_usage()?.0 > 0 => {
            items.note("the trash stays as it is until a sync has gone well again, because this machine's clock may be wrong");
        }
        None => {}
    }
    for broken in broken_states(&folder.join(STATE))? {
        let name = broken.file_name().unwrap_or_default().to_string_lossy().into_owned();
        items.push("quarantine", name, size_of(&broken), "a state that could not be used and was set aside");
        if wishes.apply {
            remove_broken_state(&broken)?;
        }
    }
    for (path, bytes) in both.mirror.temporary()? {
        items.push("temporary", path.display().to_string(), bytes, "a run that was killed left it behind");
    }
    let bodies = both.state.stray_raw()?;
    if !bodies.is_empty() {
        let bytes = bodies.iter().map(|path| size_of(path)).sum();
        items.push("temporary", STATE, bytes, format!("{} kept bodies of documents that a run which was killed did not write", bodies.len()));
    }
    if wishes.apply {
        both.mirror.sweep_temporary()?;
        both.state.sweep_raw()?;
    }
    let plan = plan::plan(&both.state)?;
    let strangers = strangers::look(both)?;
    list(&mut items, "unwanted", &plan.documents);
    list(&mut items, "unreferenced", &plan.assets);
    list(&mut items, "unreferenced", &strangers);
    if wishes.apply {
        remove(both, &plan.documents, Some(Change::DropDocument), wishes, cancel)?;
        remove(both, &plan.assets, Some(Change::DropAsset), wishes, cancel)?;
        remove(both, &strangers, None, wishes, cancel)?;
        let nodes = plan.nodes.into_iter().map(Change::DropNode);
        both.state.commit(nodes.chain(plan.scopes.into_iter().map(Change::DropScope)).collect())?;
    }
    Ok(finished(items, wishes.apply))
}

fn list(items: &mut Items, kind: &str, leaving: &[Leaving]) {
    for thing in leaving {
        items.push(kind, thing.path.as_ref().map_or(String::new(), DocPath::to_string), thing.bytes, thing.reason.as_str());
    }
}

/// Moves files to the trash, and forgets their records by `forget` once that is durable.
fn remove(
    both: &Both,
    leaving: &[Leaving],
    forget: Option<fn(RemoteId) -> Change>,
    wishes: &Wishes,
    cancel: &CancellationToken,
) -> Result<(), WorkerError> {
    for batch in leaving.chunks(BATCH) {
        for path in batch.iter().filter_map(|thing| thing.path.as_ref()) {
            if cancel.is_cancelled() {
                return Err(WorkerError::Cancelled);
            }
            both.mirror.trash(path, &wishes.today)?;
        }
        both.mirror.sync()?;
        if let Some(forget) = forget {
            both.state.commit(batch.iter().map(|gone| forget(gone.id.clone())).collect())?;
        }
    }
    Ok(())
}

fn finished(items: Items, applied: bool) -> Finished {
    let (count, bytes) = (items.count(), items.bytes());
    let (message, hint) = match (count, applied) {
        (0, _) => ("There is nothing to clean up.".to_owned(), String::new()),
        (_, true) => (format!("{count} things of {bytes} bytes were removed."), String::new()),
        (_, false) => (format!("{count} things of {bytes} bytes can be removed."), "Run it again with `--apply` to remove them.".to_owned()),
    };
    Finished { outcome: Outcome::Done, message, hint, items: items.into_vec(), ..Finished::default() }
}

/// The bytes of all files below `path`; what cannot be looked at counts nothing. Follows no link.
fn size_of(path: &Path) -> u64 {
    let mut waiting: Vec<PathBuf> = vec![path.to_owned()];
    let mut bytes = 0;
    while let Some(path) = waiting.pop() {
        match std::fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => waiting.extend(std::fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path())),
            Ok(found) => bytes += found.len(),
            Err(_) => {}
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::sync::Arc;
    use std::time::Duration;

    use super::plan::tests::{asset, document, scope};
    use super::*;
    use crate::mirror::Mirror;
    use crate::state::{SiteRecord, State};

    /// A name that only a run of ours gives.
    const TEMPORARY: &str = ".context-sync-0123456789abcdef.tmp";

    /// What a user might put beside what is ours.
    const USERS: [&str; 5] =
        ["ENG/_assets/1/20240501-photo.jpg", "ENG/_assets/1/notes.txt", "ENG/_assets/holiday/att7-x.png", "ENG/my.md", "mine/att7-x.png"];

    /// A mirror of two scopes, of which one is not wanted any more, with some of everything that runs out.
    fn furnish(root: &Path) -> Both {
        let both = Both { state: Arc::new(State::open(&root.join(STATE), Duration::ZERO).unwrap().0), mirror: Arc::new(Mirror::open(root).unwrap()) };
        let mut batch = both.mirror.batch("2026-01-01");
        for path in [
            "ENG/1.md",
            "OLD/2.md",
            "ENG/_assets/1/shown.png",
            "ENG/_assets/1/forgotten.png",
            "ENG/_assets/1/att7-stranger.png",
            "ENG/gone.md",
            "ENG/fresh.md",
        ] {
            batch.write(&DocPath::new(path).unwrap(), b"text", None).unwrap();
        }
        batch.place().unwrap();
        fs::copy("/proc/self/comm", root.join("ENG").join(TEMPORARY)).unwrap();
        both.state.put_raw(&RemoteId::new("never-written"), b"body").unwrap();
        for path in USERS {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::copy("/proc/self/comm", root.join(path)).unwrap();
        }
        both.mirror.trash(&DocPath::new("ENG/gone.md").unwrap(), "2026-01-01").unwrap().unwrap();
        both.mirror.trash(&DocPath::new("ENG/fresh.md").unwrap(), "2026-02-01").unwrap().unwrap();
        fs::create_dir_all(root.join(".sync_state.broken-1/db")).unwrap();
        fs::copy("/proc/self/comm", root.join(".sync_state.broken-1/db/data")).unwrap();
        both.state
            .commit(vec![
                scope("ENG", false),
                scope("OLD", true),
                document("1", "ENG", &["file:1:shown.png"]),
                document("2", "OLD", &[]),
                asset("shown", "1"),
                asset("forgotten", "1"),
                Change::PutSite(SiteRecord { last_everything_ms: 1, ..SiteRecord::default() }),
            ])
            .unwrap();
        both
    }

    fn clean(root: &Path, both: &Both, apply: bool) -> Vec<(String, String)> {
        let wishes = Wishes { apply, keep_from: Some("2026-01-15".to_owned()), today: "2026-02-14".to_owned() };
        let finished = run(root, both, &wishes, &CancellationToken::new()).unwrap();
        assert_eq!(finished.outcome, Outcome::Done);
        finished.items.into_iter().map(|item| (item.kind, item.path)).collect()
    }

    /// All files below the folder, the state's own left out.
    fn files(root: &Path) -> BTreeSet<String> {
        let mut waiting = vec![root.to_owned()];
        let mut files = BTreeSet::new();
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path == root.join(STATE) {
                } else if path.is_dir() {
                    waiting.push(path);
                } else {
                    files.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        files
    }

    #[test]
    fn a_preview_changes_nothing_and_lists_what_apply_removes() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let both = furnish(root);
        let before = files(root);
        let preview = clean(root, &both, false);
        assert_eq!(files(root), before);
        let expected = [
            ("trash", ".trash/2026-01-01/ENG/gone.md"),
            ("quarantine", ".sync_state.broken-1"),
            ("temporary", "ENG/TEMPORARY"),
            ("temporary", ".sync_state"),
            ("unwanted", "OLD/2.md"),
            ("unreferenced", "ENG/_assets/1/forgotten.png"),
            ("unreferenced", "ENG/_assets/1/att7-stranger.png"),
        ];
        assert_eq!(preview, expected.map(|(kind, path)| (kind.to_owned(), path.replace("TEMPORARY", TEMPORARY))));

        assert_eq!(clean(root, &both, true), preview);
        let left = [
            ".trash/2026-02-01/ENG/fresh.md",
            ".trash/2026-02-14/ENG/_assets/1/forgotten.png",
            ".trash/2026-02-14/ENG/_assets/1/att7-stranger.png",
            ".trash/2026-02-14/OLD/2.md",
            "ENG/1.md",
            "ENG/_assets/1/shown.png",
        ];
        assert_eq!(files(root), left.into_iter().chain(USERS).map(str::to_owned).collect());
        assert_eq!(both.state.documents().count(), 1);
        assert_eq!(both.state.assets().count(), 1);
        assert_eq!(both.state.scopes().unwrap().len(), 1);
        assert!(clean(root, &both, true).is_empty());
    }

    #[test]
    fn a_state_that_knows_too_little_makes_nobody_a_stranger() {
        let root = tempfile::tempdir().unwrap();
        let both = furnish(root.path());
        both.state.commit(vec![Change::PutSite(SiteRecord::default())]).unwrap();
        let paths: Vec<String> = clean(root.path(), &both, false).into_iter().map(|(_, path)| path).collect();
        assert!(!paths.iter().any(|path| path.contains("stranger")), "{paths:?}");
    }

    #[test]
    fn a_stop_leaves_what_the_next_cleanup_finishes() {
        let root = tempfile::tempdir().unwrap();
        let both = furnish(root.path());
        let cancel = CancellationToken::new();
        cancel.cancel();
        let wishes = Wishes { apply: true, keep_from: Some("2026-01-15".to_owned()), today: "2026-02-14".to_owned() };
        assert!(matches!(run(root.path(), &both, &wishes, &cancel), Err(WorkerError::Cancelled)));
        assert_eq!(both.state.documents().count(), 2);
        assert!(clean(root.path(), &both, true).iter().any(|(kind, _)| kind == "unwanted"));
    }
}
