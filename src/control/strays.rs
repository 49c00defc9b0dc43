//! What lies in the output folder and belongs to no connector: logs that have run out, folders of connectors that are configured no more.
//!
//! Such a folder is moved to a trash beside the mirrors first, whole, because its user may have put files there; what has lain in that trash long enough
//! goes. Only folders that hold a connector's state are looked at. Blocking.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use chrono::{Local, NaiveDate};
use context_sync_protocol::event::Item;

use crate::config::Config;
use crate::logging::past;

/// Lists what belongs to nobody; with `apply`, removes it.
pub(super) fn look(config: &Config, apply: bool) -> Vec<Item> {
    let today = Local::now().date_naive();
    let mut items = Vec::new();
    for old in past::expired(&config.logs(), config.log_days, today) {
        let item =
            Item { kind: "log".to_owned(), path: shown(config, &old.path), bytes: old.bytes, reason: format!("older than {} days", config.log_days) };
        items.push(done(item, apply, || std::fs::remove_file(&old.path)));
    }
    let trash = config.output_dir.join(".trash");
    for folder in folders(&trash) {
        let day = folder.file_name().and_then(|name| NaiveDate::parse_from_str(name.to_str()?, "%Y-%m-%d").ok());
        if day.is_some_and(|day| (today - day).num_days() > i64::from(config.trash_days)) {
            let item = Item {
                kind: "trash".to_owned(),
                path: shown(config, &folder),
                bytes: size(&folder),
                reason: format!("in the trash for more than {} days", config.trash_days),
            };
            items.push(done(item, apply, || std::fs::remove_dir_all(&folder)));
        }
    }
    for folder in folders(&config.output_dir) {
        // One that holds a connector's folder somewhere below stays as well.
        let known = config.connectors.iter().any(|instance| instance.config.folder.starts_with(&folder));
        if known || !folder.join(".sync_state").is_dir() {
            continue;
        }
        let reason = match apply {
            true => format!("its connector is not configured any more; moved to {}", shown(config, &trash)),
            false => "its connector is not configured any more".to_owned(),
        };
        let item = Item { kind: "folder".to_owned(), path: shown(config, &folder), bytes: size(&folder), reason };
        items.push(done(item, apply, || discard(&folder, &trash, today)));
    }
    items
}

fn done(mut item: Item, apply: bool, remove: impl FnOnce() -> io::Result<()>) -> Item {
    if apply && let Err(error) = remove() {
        "problem".clone_into(&mut item.kind);
        item.reason = format!("cannot be removed: {error}");
    }
    item
}

fn discard(folder: &Path, trash: &Path, today: NaiveDate) -> io::Result<()> {
    let day = trash.join(today.to_string());
    DirBuilder::new().recursive(true).mode(0o700).create(&day)?;
    let name = folder.file_name().unwrap_or_default();
    // A second one of that name on that day gets a number: a rename would fail, for the place is not empty.
    let free = (1..100).map(|n| if n == 1 { day.join(name) } else { day.join(format!("{}.{n}", name.display())) }).find(|place| !place.exists());
    std::fs::rename(folder, free.ok_or(io::ErrorKind::AlreadyExists)?)
}

/// The folders in a folder, by name; links are none.
fn folders(of: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(of) else { return Vec::new() };
    let mut found: Vec<_> = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect();
    found.sort();
    found
}

fn size(folder: &Path) -> u64 {
    let mut bytes = 0;
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => left.push(entry.path()),
                Ok(meta) => bytes += meta.len(),
                // It vanished meanwhile.
                Err(_) => {}
            }
        }
    }
    bytes
}

fn shown(config: &Config, path: &Path) -> String {
    path.strip_prefix(&config.output_dir).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connectors_folder_that_belongs_to_nobody_goes_to_the_trash_and_no_other() {
        let home = tempfile::tempdir().unwrap();
        let around = crate::config::Surroundings {
            environment: [("HOME", home.path().to_str().unwrap()), ("CONFLUENCE_URL", "https://wiki.example")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..Default::default()
        };
        let config = crate::config::load(&around).unwrap();
        let output = &config.output_dir;
        for folder in ["confluence/.sync_state", "old/.sync_state", "old/ENG", "mine", "logs", ".trash/2020-01-01/older"] {
            std::fs::create_dir_all(output.join(folder)).unwrap();
        }
        for file in ["old/ENG/a.md", "logs/sync_20200101.log"] {
            std::io::Write::write_all(&mut std::fs::File::create(output.join(file)).unwrap(), b"12345").unwrap();
        }
        let found = |items: Vec<Item>| items.into_iter().map(|item| (item.kind, item.path, item.bytes)).collect::<Vec<_>>();
        let expected = [("log", "logs/sync_20200101.log", 5), ("trash", ".trash/2020-01-01", 0), ("folder", "old", 5)]
            .map(|(kind, path, bytes)| (kind.to_owned(), path.to_owned(), bytes));
        assert_eq!(found(look(&config, false)), expected);
        assert!(output.join("old/ENG/a.md").exists(), "a preview removed something");
        assert_eq!(found(look(&config, true)), expected);
        assert!(look(&config, true).is_empty());
        assert!(output.join("confluence").exists() && output.join("mine").exists() && !output.join("old").exists());
        let today = Local::now().date_naive().to_string();
        assert!(output.join(".trash").join(today).join("old/ENG/a.md").exists());
    }
}
