//! Lists the trash, or moves files from it back to their places. Overwrites nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use context_sync_protocol::event::{Finished, Outcome};
use tokio_util::sync::CancellationToken;

use super::super::error::WorkerError;
use super::items::Items;
use crate::mirror::{Mirror, MirrorError, TrashEntry};

/// Restores what `paths` name, a file or all below a folder, as listed or by their original places; with no path, lists what there is. Blocking.
pub(super) fn run(mirror: &Mirror, paths: &[String], cancel: &CancellationToken) -> Result<Finished, WorkerError> {
    let trash = mirror.list_trash()?;
    let mut items = Items::default();
    if paths.is_empty() {
        for entry in &trash {
            items.push("trash", listed(entry).display().to_string(), entry.bytes, "");
        }
        return Ok(Finished { outcome: Outcome::Done, items: items.into_vec(), ..Finished::default() });
    }
    let (mut restored, mut missing, mut failed) = (0_u64, 0_u64, 0_u64);
    for path in paths {
        let chosen = choose(&trash, Path::new(path));
        if chosen.is_empty() {
            missing += 1;
            items.push("problem", path.as_str(), 0, "there is nothing of this name in the trash; `context-syncctl restore` lists what there is");
        }
        for entry in chosen {
            if cancel.is_cancelled() {
                return Err(WorkerError::Cancelled);
            }
            match mirror.restore(entry) {
                Ok(place) => {
                    restored += 1;
                    items.push("restored", place.to_string(), entry.bytes, format!("from {}", listed(entry).display()));
                }
                Err(error @ (MirrorError::Taken { .. } | MirrorError::Refused { .. })) => {
                    failed += 1;
                    items.push("problem", listed(entry).display().to_string(), entry.bytes, error.to_string());
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    mirror.sync()?;
    let outcome = match (restored, missing, failed) {
        (_, 0, 0) => Outcome::Done,
        (0, _, 0) => Outcome::NotFound,
        (0, _, _) => Outcome::Failed,
        _ => Outcome::Partial,
    };
    let message = if outcome == Outcome::Done { String::new() } else { format!("{restored} restored, {missing} not found, {failed} not possible.") };
    Ok(Finished { outcome, message, items: items.into_vec(), ..Finished::default() })
}

/// As it is shown: `2026-11-25/ENG/x.md`.
fn listed(entry: &TrashEntry) -> PathBuf {
    Path::new(&entry.folder).join(&entry.path)
}

/// What `path` names: all that is listed below it; or, of everything that once was below it, the latest of each place.
fn choose<'t>(trash: &'t [TrashEntry], path: &Path) -> Vec<&'t TrashEntry> {
    let as_listed: Vec<&TrashEntry> = trash.iter().filter(|entry| listed(entry).starts_with(path)).collect();
    if !as_listed.is_empty() {
        return as_listed;
    }
    let mut latest: BTreeMap<&Path, &TrashEntry> = BTreeMap::new();
    for entry in trash.iter().filter(|entry| entry.path.starts_with(path)) {
        let chosen = latest.entry(&entry.path).or_insert(entry);
        if age(chosen) < age(entry) {
            *chosen = entry;
        }
    }
    latest.into_values().collect()
}

/// Day, and number within the day: the tenth of a day is later than the ninth.
fn age(entry: &TrashEntry) -> (&str, u32) {
    let number = entry.folder.strip_prefix(entry.day.as_str()).and_then(|rest| rest.strip_prefix('.'));
    (&entry.day, number.and_then(|number| number.parse().ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DocPath;

    const CONTENT: [&str; 3] = ["first", "second", "third"];

    fn write(mirror: &Mirror, path: &str, text: &str) {
        let mut batch = mirror.batch("2026-01-01");
        batch.write(&DocPath::new(path).unwrap(), text.as_bytes(), None).unwrap();
        batch.place().unwrap();
    }

    /// A mirror whose trash holds `ENG/a.md` from three days, and `ENG/b.md`.
    fn mirror(root: &Path) -> Mirror {
        let mirror = Mirror::open(root).unwrap();
        for (day, text) in ["2026-01-01", "2026-01-02", "2026-01-02"].iter().zip(CONTENT) {
            write(&mirror, "ENG/a.md", text);
            mirror.trash(&DocPath::new("ENG/a.md").unwrap(), day).unwrap().unwrap();
        }
        write(&mirror, "ENG/b.md", "b");
        mirror.trash(&DocPath::new("ENG/b.md").unwrap(), "2026-01-03").unwrap().unwrap();
        mirror
    }

    fn restore(mirror: &Mirror, paths: &[&str]) -> Finished {
        let paths: Vec<String> = paths.iter().map(|&p| p.to_owned()).collect();
        run(mirror, &paths, &CancellationToken::new()).unwrap()
    }

    #[test]
    fn the_list_names_what_restore_takes() {
        let root = tempfile::tempdir().unwrap();
        let mirror = mirror(root.path());
        let list = restore(&mirror, &[]);
        let paths: Vec<&str> = list.items.iter().map(|item| item.path.as_str()).collect();
        assert_eq!(paths, ["2026-01-01/ENG/a.md", "2026-01-02/ENG/a.md", "2026-01-02.1/ENG/a.md", "2026-01-03/ENG/b.md"]);
        assert_eq!(restore(&mirror, &["2026-01-01/ENG/a.md"]).outcome, Outcome::Done);
        assert_eq!(std::fs::read_to_string(root.path().join("ENG/a.md")).unwrap(), "first");
    }

    #[test]
    fn a_place_takes_back_its_latest_and_a_folder_all_of_them() {
        let root = tempfile::tempdir().unwrap();
        let mirror = mirror(root.path());
        let finished = restore(&mirror, &["ENG"]);
        assert_eq!((finished.outcome, finished.items.len()), (Outcome::Done, 2));
        assert_eq!(std::fs::read_to_string(root.path().join("ENG/a.md")).unwrap(), "third");
        assert_eq!(std::fs::read_to_string(root.path().join("ENG/b.md")).unwrap(), "b");
    }

    #[test]
    fn nothing_is_overwritten_and_what_is_missing_is_said() {
        let root = tempfile::tempdir().unwrap();
        let mirror = mirror(root.path());
        assert_eq!(restore(&mirror, &["ENG/none.md"]).outcome, Outcome::NotFound);
        write(&mirror, "ENG/a.md", "in the way");
        assert_eq!(restore(&mirror, &["ENG/a.md"]).outcome, Outcome::Failed);
        assert_eq!(std::fs::read_to_string(root.path().join("ENG/a.md")).unwrap(), "in the way");
        assert_eq!(restore(&mirror, &["ENG/a.md", "ENG/b.md"]).outcome, Outcome::Partial);
    }
}
