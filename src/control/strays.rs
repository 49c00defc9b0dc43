//! What lies in the output folder and belongs to no connector: logs that have run out, folders of connectors that are configured no more.
//!
//! Such a folder is moved to a trash beside the mirrors first, whole, because its user may have put files there; what has lain in that trash long enough
//! goes. Only folders that hold a connector's state are looked at. Nothing is removed or moved by way of a link, also not of one that appears meanwhile. Blocking.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use chrono::{Local, NaiveDate};
use context_sync_protocol::event::Item;

use crate::config::Config;
use crate::logging::held::Held;
use crate::logging::past;

/// Lists what belongs to nobody; with `apply`, removes it.
pub(super) fn look(config: &Config, apply: bool) -> Vec<Item> {
    let today = Local::now().date_naive();
    let mut items = Vec::new();
    for old in past::expired(&config.logs(), config.log_days, today) {
        let item =
            Item { kind: "log".to_owned(), path: shown(config, &old.path), bytes: old.bytes, reason: format!("older than {} days", config.log_days) };
        items.push(done(item, apply, || old.remove()));
    }
    let trash = config.output_dir.join(".trash");
    // Its user may have put the output folder itself elsewhere by a link.
    let Ok(output) = std::fs::canonicalize(&config.output_dir).and_then(|path| Held::open(&path)) else { return items };
    if let Ok(held) = output.within(Path::new(".trash")) {
        for name in folders(&held) {
            let day = NaiveDate::parse_from_str(&name.to_string_lossy(), "%Y-%m-%d").ok();
            if day.is_some_and(|day| (today - day).num_days() > i64::from(config.trash_days)) {
                let item = Item {
                    kind: "trash".to_owned(),
                    path: shown(config, &trash.join(&name)),
                    bytes: size(&held, &name),
                    reason: format!("in the trash for more than {} days", config.trash_days),
                };
                items.push(done(item, apply, || std::fs::remove_dir_all(held.path().join(&name))));
            }
        }
    }
    for name in folders(&output) {
        let folder = config.output_dir.join(&name);
        // One that holds a connector's folder somewhere below stays as well.
        let known = config.connectors.iter().any(|instance| instance.config.folder.starts_with(&folder));
        let holds_a_state = || output.within(name.as_ref()).is_ok_and(|held| held.within(Path::new(".sync_state")).is_ok());
        if known || !holds_a_state() {
            continue;
        }
        let reason = match apply {
            true => format!("its connector is not configured any more; moved to {}", shown(config, &trash)),
            false => "its connector is not configured any more".to_owned(),
        };
        let item = Item { kind: "folder".to_owned(), path: shown(config, &folder), bytes: size(&output, &name), reason };
        items.push(done(item, apply, || discard(&output, &name, today)));
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

fn discard(output: &Held, name: &OsStr, today: NaiveDate) -> io::Result<()> {
    let day = output.make(Path::new(".trash"))?.make(Path::new(&today.to_string()))?;
    let day = day.path();
    // A second one of that name on that day gets a number: a rename would fail, for the place is not empty.
    let mut places = (1..100).map(|n| if n == 1 { day.join(name) } else { day.join(format!("{}.{n}", name.display())) });
    let free = places.find(|place| place.symlink_metadata().is_err());
    std::fs::rename(output.path().join(name), free.ok_or(io::ErrorKind::AlreadyExists)?)
}

/// The folders in a folder, by name; links are none.
fn folders(of: &Held) -> Vec<OsString> {
    let Ok(entries) = std::fs::read_dir(of.path()) else { return Vec::new() };
    let mut found: Vec<_> =
        entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.file_name()).collect();
    found.sort();
    found
}

fn size(within: &Held, name: &OsStr) -> u64 {
    let mut bytes = 0;
    let mut left = vec![within.path().join(name)];
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
    fn nothing_is_removed_behind_a_link() {
        use std::os::unix::fs::symlink;
        let home = tempfile::tempdir().unwrap();
        let around =
            crate::config::Surroundings { environment: [("HOME".to_owned(), home.path().to_str().unwrap().to_owned())].into(), ..Default::default() };
        let config = crate::config::load(&around).unwrap();
        let (output, outside) = (&config.output_dir, home.path().join("outside"));
        for folder in ["2020-01-01/photos", "wiki/.sync_state"] {
            std::fs::create_dir_all(outside.join(folder)).unwrap();
        }
        std::fs::File::create(outside.join("sync_20200101.log")).unwrap();
        std::fs::create_dir_all(output.join("half")).unwrap();
        for (link, to) in [(".trash", ""), ("logs", ""), ("old", "wiki"), ("half/.sync_state", "wiki/.sync_state")] {
            symlink(outside.join(to), output.join(link)).unwrap();
        }
        assert!(look(&config, true).is_empty());
        // With the trash elsewhere, a folder that has to go there stays.
        std::fs::create_dir_all(output.join("forgotten/.sync_state")).unwrap();
        let items = look(&config, true);
        assert!(items.len() == 1 && items[0].kind == "problem" && items[0].reason.contains("is a link"), "{items:?}");
        for there in ["2020-01-01/photos", "wiki/.sync_state", "sync_20200101.log"] {
            assert!(outside.join(there).exists(), "{there}");
        }
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 3);
        assert!(output.join("forgotten/.sync_state").exists());
    }

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
