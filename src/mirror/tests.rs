//! The mirror in temporary folders: finding, trash, restoring, sweeping. Writing and attacks have files of their own.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use super::*;

mod attacks;
mod races;
mod writing;

const DAY: &str = "2025-08-22";

/// A mirror in a folder of its own, with room beside it.
struct Place {
    above: tempfile::TempDir,
    mirror: Mirror,
}

impl Place {
    fn new() -> Self {
        let above = tempfile::tempdir().unwrap();
        let mirror = Mirror::open(&above.path().join("wiki")).unwrap();
        Self { above, mirror }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.above.path().join("wiki").join(path)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// All that is no folder, and `folder/` for empty ones, sorted.
    fn tree(&self) -> Vec<String> {
        tree(&self.at(""))
    }

    fn write(&self, path: &str, text: &str, known: Option<&str>) -> Written {
        let mut batch = self.mirror.batch(DAY);
        let written = batch.write(&doc(path), text.as_bytes(), known.map(hashed)).unwrap();
        batch.place().unwrap();
        written
    }
}

fn tree(root: &Path) -> Vec<String> {
    fn collect(root: &Path, folder: &Path, found: &mut Vec<String>) {
        let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in &entries {
            if fs::symlink_metadata(path).unwrap().is_dir() {
                collect(root, path, found);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
            }
        }
        if entries.is_empty() && folder != root {
            found.push(format!("{}/", folder.strip_prefix(root).unwrap().to_string_lossy()));
        }
    }
    let mut found = Vec::new();
    collect(root, root, &mut found);
    found
}

fn doc(path: &str) -> DocPath {
    DocPath::new(path).unwrap()
}

fn hashed(text: &str) -> ContentHash {
    ContentHash::of(text.as_bytes())
}

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    OpenOptions::new().create(true).truncate(true).write(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn what_is_there_is_found_and_hashed() {
    let place = Place::new();
    place.write("ENG/a--1.md", "text", None);
    fs::create_dir(place.at("ENG/b--2.md")).unwrap();
    let Found::File(stamp) = place.mirror.find(&doc("ENG/a--1.md")).unwrap() else { panic!() };
    assert_eq!(stamp.size, 4);
    assert_eq!(place.mirror.find(&doc("ENG/b--2.md")).unwrap(), Found::Other);
    for nothing in ["ENG/c.md", "NO/c.md", "ENG/a--1.md/c.md"] {
        assert_eq!(place.mirror.find(&doc(nothing)).unwrap(), Found::Nothing);
        assert_eq!(place.mirror.hash(&doc(nothing)).unwrap(), None);
    }
    assert_eq!(place.mirror.hash(&doc("ENG/a--1.md")).unwrap(), Some(hashed("text")));
    assert_eq!(place.mirror.hash(&doc("ENG/b--2.md")).unwrap(), None);
}

#[test]
fn a_trashed_file_keeps_its_path_and_its_empty_folders_go() {
    let place = Place::new();
    place.write("ENG/a--1/b--2/c--3.md", "gone", None);
    place.write("ENG/a--1.md", "stays", None);
    let to = place.mirror.trash(&doc("ENG/a--1/b--2/c--3.md"), DAY).unwrap().unwrap();
    assert_eq!(to, Path::new(".trash/2025-08-22/ENG/a--1/b--2/c--3.md"));
    assert_eq!(place.tree(), [to.to_str().unwrap(), "ENG/a--1.md"]);
    assert_eq!(place.mirror.trash(&doc("ENG/a--1/b--2/c--3.md"), DAY).unwrap(), None);
    assert!(matches!(place.mirror.trash(&doc("ENG/a--1.md"), "today"), Err(MirrorError::Refused { .. })));
}

#[test]
fn the_trash_overwrites_nothing() {
    let place = Place::new();
    for text in ["one", "two", "three"] {
        place.write("ENG/a.md", text, None);
        place.mirror.trash(&doc("ENG/a.md"), DAY).unwrap();
    }
    // A file where an earlier entry has a folder, and a folder where it has a file.
    place.write("ENG", "a file", None);
    place.mirror.trash(&doc("ENG"), DAY).unwrap();
    place.write("ENG/a.md/b.md", "deep", None);
    place.mirror.trash(&doc("ENG/a.md/b.md"), DAY).unwrap();
    let texts: HashSet<String> = place.tree().iter().map(|path| place.text(path)).collect();
    assert_eq!(texts, ["one", "two", "three", "a file", "deep"].map(str::to_owned).into());
    let entries = place.mirror.list_trash().unwrap();
    assert_eq!(entries.len(), 5);
    assert!(entries.iter().all(|entry| entry.day == DAY && place.at(entry.location().to_str().unwrap()).is_file()));
    assert_eq!(place.mirror.trash_usage().unwrap(), (5, 21));
}

#[test]
fn restoring_puts_back_and_overwrites_nothing() {
    let place = Place::new();
    place.write("ENG/a.md", "old", None);
    place.mirror.trash(&doc("ENG/a.md"), DAY).unwrap();
    let entry = place.mirror.list_trash().unwrap().remove(0);
    place.write("ENG/a.md", "new", None);
    let error = place.mirror.restore(&entry).unwrap_err();
    assert!(matches!(error, MirrorError::Taken { .. }) && error.kind() == MirrorErrorKind::Conflict);
    assert!(error.to_string().contains("not overwritten"));
    assert_eq!(place.text("ENG/a.md"), "new");

    fs::remove_dir_all(place.at("ENG")).unwrap();
    put(&place.at("ENG"), "a file in the way of the folder");
    assert!(matches!(place.mirror.restore(&entry), Err(MirrorError::Taken { .. })));
    fs::remove_file(place.at("ENG")).unwrap();

    assert_eq!(place.mirror.restore(&entry).unwrap(), doc("ENG/a.md"));
    assert_eq!(place.tree(), ["ENG/a.md"]);
    assert_eq!(place.text("ENG/a.md"), "old");
    assert!(place.mirror.restore(&entry).is_err(), "twice");
}

#[test]
fn restoring_never_reaches_the_state_or_the_trash_itself() {
    let place = Place::new();
    put(&place.at(".trash/2025-08-22/.sync_state/format"), "forged");
    put(&place.at(".trash/mine/x"), "mine");
    let entries = place.mirror.list_trash().unwrap();
    assert_eq!(entries.len(), 1, "a folder that is no day is not ours");
    assert!(matches!(place.mirror.restore(&entries[0]), Err(MirrorError::Refused { .. })));
    let forged = TrashEntry { folder: "../..".to_owned(), ..entries[0].clone() };
    assert!(place.mirror.restore(&forged).is_err());
}

#[test]
fn the_trash_is_emptied_by_day_and_only_when_told() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    for (day, path) in [("2025-07-01", "ENG/a.md"), ("2025-07-01", "ENG/a.md"), ("2025-08-21", "ENG/b.md"), (DAY, "ENG/c.md")] {
        place.write(path, "text", None);
        place.mirror.trash(&doc(path), day).unwrap();
    }
    // What came there inside somebody's folder.
    let odd = place.at(".trash/2025-07-01/ENG").join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    put(&odd, "latin");
    fs::create_dir(place.at(".trash/2025-07-01/empty")).unwrap();
    put(&place.at(".trash/notes.txt"), "mine");
    symlink("/etc/passwd", place.at(".trash/2025-07-01/link")).unwrap();

    let would = place.mirror.empty_trash_before("2025-08-22", false).unwrap();
    assert_eq!(would.len(), 5);
    assert_eq!(place.mirror.list_trash().unwrap().len(), 6);
    let odd_entry = would.iter().find(|entry| entry.path.to_str().is_none()).unwrap();
    assert!(matches!(place.mirror.restore(odd_entry), Err(MirrorError::Refused { .. })));

    assert_eq!(place.mirror.empty_trash_before("2025-08-22", true).unwrap(), would);
    assert_eq!(place.tree(), [".trash/2025-08-22/ENG/c.md", ".trash/notes.txt"]);
    assert!(Path::new("/etc/passwd").exists());
}

#[test]
fn discarding_prunes_and_leaves_what_is_not_ours() {
    let place = Place::new();
    place.write("ENG/a/b.md", "ours", None);
    put(&place.at("ENG/a/notes.txt"), "the user's");
    place.write("OPS/x/y.md", "ours", None);
    fs::create_dir_all(place.at("ENG/folder.md")).unwrap();
    symlink("notes.txt", place.at("ENG/a/link.md")).unwrap();
    assert!(place.mirror.discard(&doc("ENG/a/b.md")).unwrap());
    assert!(place.mirror.discard(&doc("OPS/x/y.md")).unwrap());
    for not_ours in ["ENG/folder.md", "ENG/a/link.md", "ENG/a/b.md", "NO/x.md"] {
        assert!(!place.mirror.discard(&doc(not_ours)).unwrap(), "{not_ours}");
    }
    assert_eq!(place.tree(), ["ENG/a/link.md", "ENG/a/notes.txt", "ENG/folder.md/"]);
}

#[test]
fn a_sweep_takes_temporary_files_of_ours_only() {
    let place = Place::new();
    for mine in ["ENG/x.tmp", "ENG/.context-sync-notes.tmp", ".context-sync-0000000000000000.txt"] {
        put(&place.at(mine), "the user's");
    }
    let before = place.tree();
    let mut batch = place.mirror.batch(DAY);
    for n in 0..20 {
        batch.write(&doc(&format!("ENG/{n}/page.md")), b"text", None).unwrap();
    }
    // As a kill would have it.
    std::mem::forget(batch);
    let mut asset = place.mirror.asset(&doc("ENG/_assets/1/a.png")).unwrap();
    asset.write(b"half").unwrap();
    std::mem::forget(asset);
    assert!(place.tree().iter().all(|path| !path.ends_with("page.md") && !path.ends_with("a.png")));
    assert_eq!(place.mirror.sweep_temporary().unwrap(), 21);
    assert_eq!(place.tree(), before);
    assert_eq!(place.mirror.sweep_temporary().unwrap(), 0);
}

#[test]
fn strangers_are_attachments_that_nobody_knows() {
    let place = Place::new();
    for path in [
        "ENG/_assets/1/known.png",
        "ENG/_assets/1/stranger.png",
        "ENG/_assets/notes.txt",
        "ENG/_assets/1/.hidden",
        "ENG/_assets/1/deep/x.png",
        "x.md",
    ] {
        put(&place.at(path), "12345");
    }
    put(&place.at(".trash/2025-08-22/ENG/_assets/1/old.png"), "x");
    put(&place.at(".sync_state.broken-1/_assets/1/x.png"), "x");
    symlink("known.png", place.at("ENG/_assets/1/link.png")).unwrap();
    let known = HashSet::from([doc("ENG/_assets/1/known.png")]);
    assert_eq!(place.mirror.strangers(&known).unwrap(), [Stranger { path: doc("ENG/_assets/1/stranger.png"), bytes: 5 }]);
}

#[test]
fn the_folders_of_trash_and_state_are_nobody_s_documents() {
    let place = Place::new();
    for path in [".trash/2025-08-22/x.md", ".sync_state/format", ".sync_state.broken-1/format"] {
        assert!(matches!(place.mirror.batch(DAY).write(&doc(path), b"x", None), Err(MirrorError::Refused { .. })));
        assert!(matches!(place.mirror.asset(&doc(path)), Err(MirrorError::Refused { .. })));
        assert!(matches!(place.mirror.trash(&doc(path), DAY), Err(MirrorError::Refused { .. })));
        assert!(matches!(place.mirror.discard(&doc(path)), Err(MirrorError::Refused { .. })));
    }
    assert!(place.tree().is_empty());
}

#[test]
fn several_threads_may_share_it() {
    fn is_shared<T: Send + Sync>() {}
    fn is_sent<T: Send>() {}
    is_shared::<Mirror>();
    is_sent::<Batch<'_>>();
    is_sent::<AssetWriter<'_>>();
    let place = Place::new();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let mirror = &place.mirror;
            scope.spawn(move || {
                for n in 0..100 {
                    let path = doc(&format!("ENG/{}/{thread}-{n}.md", n % 3));
                    let mut batch = mirror.batch(DAY);
                    batch.write(&path, b"text", None).unwrap();
                    batch.place().unwrap();
                    // The folder may vanish under another thread's hands.
                    assert!(mirror.trash(&path, DAY).unwrap().is_some());
                    let mut asset = mirror.asset(&path).unwrap();
                    asset.write(b"text").unwrap();
                    asset.finish(None, DAY).unwrap();
                    assert!(mirror.discard(&path).unwrap());
                }
            });
        }
    });
    assert_eq!(place.mirror.trash_usage().unwrap().0, 400);
}
