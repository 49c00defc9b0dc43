//! Batches and attachments: nothing touched without need, nothing of others lost.

use super::*;

fn identity(path: &Path) -> (u64, i64, i64) {
    let found = fs::symlink_metadata(path).unwrap();
    (found.ino(), found.mtime(), found.mtime_nsec())
}

#[test]
fn equal_bytes_touch_nothing() {
    let place = Place::new();
    let mut batch = place.mirror.batch(DAY);
    for n in 0..20 {
        assert_eq!(batch.write(&doc(&format!("ENG/{n}.md")), format!("text {n}").as_bytes(), None).unwrap(), Written::Staged);
    }
    assert_eq!(batch.len(), 20);
    let placed = batch.place().unwrap();
    let before: Vec<_> = placed.iter().map(|(path, _)| identity(&place.at(path.as_str()))).collect();
    let mut batch = place.mirror.batch(DAY);
    for (n, (path, stamp)) in placed.iter().enumerate() {
        assert_eq!(place.mirror.find(path).unwrap(), Found::File(*stamp));
        let known = (n % 2 == 0).then(|| hashed("something else"));
        assert_eq!(batch.write(path, format!("text {n}").as_bytes(), known).unwrap(), Written::Unchanged(*stamp));
    }
    assert!(batch.is_empty());
    assert!(batch.place().unwrap().is_empty());
    let after: Vec<_> = placed.iter().map(|(path, _)| identity(&place.at(path.as_str()))).collect();
    assert_eq!(before, after);
    assert_eq!(place.tree().len(), 20);
}

#[test]
fn our_own_old_version_is_replaced_and_a_changed_one_kept() {
    let place = Place::new();
    place.write("ENG/a.md", "version 1", None);
    assert_eq!(place.write("ENG/a.md", "version 2", Some("version 1")), Written::Staged);
    assert_eq!((place.tree(), place.mirror.displaced()), (vec!["ENG/a.md".to_owned()], 0));

    put(&place.at("ENG/a.md"), "by hand!!");
    place.write("ENG/a.md", "version 3", Some("version 2"));
    assert_eq!(place.text("ENG/a.md"), "version 3");
    assert_eq!(place.text(".trash/2025-08-22/ENG/a.md"), "by hand!!");

    // A stranger: nothing is known of it.
    put(&place.at("ENG/b.md"), "stranger");
    place.write("ENG/b.md", "ours", None);
    assert_eq!((place.text("ENG/b.md").as_str(), place.text(".trash/2025-08-22/ENG/b.md").as_str()), ("ours", "stranger"));
    assert_eq!(place.mirror.displaced(), 2);
}

#[test]
fn what_is_changed_between_staging_and_placing_is_kept_too() {
    let place = Place::new();
    place.write("ENG/a.md", "version 1", None);
    let mut batch = place.mirror.batch(DAY);
    batch.write(&doc("ENG/a.md"), b"version 2", Some(hashed("version 1"))).unwrap();
    batch.write(&doc("ENG/new.md"), b"new", None).unwrap();
    put(&place.at("ENG/a.md"), "by hand, just now");
    put(&place.at("ENG/new.md"), "created just now");
    assert_eq!(batch.place().unwrap().len(), 2);
    assert_eq!((place.text("ENG/a.md").as_str(), place.text("ENG/new.md").as_str()), ("version 2", "new"));
    assert_eq!(place.text(".trash/2025-08-22/ENG/a.md"), "by hand, just now");
    assert_eq!(place.text(".trash/2025-08-22/ENG/new.md"), "created just now");
}

#[test]
fn a_batch_that_is_dropped_leaves_nothing() {
    let place = Place::new();
    place.write("ENG/a.md", "old", None);
    {
        let mut batch = place.mirror.batch(DAY);
        for n in 0..12 {
            batch.write(&doc(&format!("ENG/{n}/deep/x.md")), b"text", None).unwrap();
        }
        batch.write(&doc("ENG/a.md"), b"new", Some(hashed("old"))).unwrap();
    }
    assert_eq!(place.tree(), ["ENG/a.md"]);
    assert_eq!(place.text("ENG/a.md"), "old");
}

#[test]
fn the_last_word_on_a_path_counts() {
    let place = Place::new();
    let mut batch = place.mirror.batch(DAY);
    for (path, text) in [("b.md", "b1"), ("a.md", "a1"), ("c.md", "c1"), ("a.md", "a2"), ("c.md", "c2")] {
        batch.write(&doc(path), text.as_bytes(), None).unwrap();
    }
    let placed: Vec<String> = batch.place().unwrap().into_iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(placed, ["b.md", "a.md", "c.md"]);
    assert_eq!(place.tree(), ["a.md", "b.md", "c.md"]);
    assert_eq!((place.text("a.md").as_str(), place.text("c.md").as_str()), ("a2", "c2"));

    // Back to what the file has: nothing is left to do.
    let mut batch = place.mirror.batch(DAY);
    assert_eq!(batch.write(&doc("a.md"), b"a3", Some(hashed("a2"))).unwrap(), Written::Staged);
    assert!(matches!(batch.write(&doc("a.md"), b"a2", Some(hashed("a2"))).unwrap(), Written::Unchanged(_)));
    assert!(batch.place().unwrap().is_empty());
    assert_eq!(place.tree(), ["a.md", "b.md", "c.md"]);
}

#[test]
fn many_folders_do_not_use_up_the_descriptors() {
    let place = Place::new();
    let mut batch = place.mirror.batch(DAY);
    for n in 0..1500 {
        batch.write(&doc(&format!("ENG/{n}/page.md")), b"text", None).unwrap();
    }
    assert_eq!(batch.place().unwrap().len(), 1500);
    assert_eq!(place.tree().len(), 1500);
}

#[test]
fn a_folder_that_vanishes_between_two_writes_is_made_again() {
    let place = Place::new();
    let mut batch = place.mirror.batch(DAY);
    batch.write(&doc("ENG/a.md"), b"a", None).unwrap();
    fs::remove_dir_all(place.at("ENG")).unwrap();
    batch.write(&doc("ENG/b.md"), b"b", None).unwrap();
    let error = batch.place().unwrap_err();
    assert!(matches!(&error, MirrorError::Moved { path } if path.ends_with("ENG/a.md")), "{error}");
    assert_eq!(place.tree(), ["ENG/b.md"]);
}

#[test]
fn files_and_folders_in_the_way_go_to_the_trash() {
    let place = Place::new();
    put(&place.at("ENG/a.md/users-file.txt"), "mine");
    put(&place.at("OPS"), "a file where a folder has to be");
    place.write("ENG/a.md", "ours", None);
    place.write("OPS/x/b.md", "ours", None);
    assert_eq!(place.tree(), [".trash/2025-08-22/ENG/a.md/users-file.txt", ".trash/2025-08-22/OPS", "ENG/a.md", "OPS/x/b.md"]);
    nix::unistd::mkfifo(&place.at("ENG/fifo.md"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    place.write("ENG/fifo.md", "ours", None);
    assert_eq!(place.text("ENG/fifo.md"), "ours");
}

#[test]
fn attachments_are_streamed_dated_and_left_alone_when_equal() {
    let place = Place::new();
    let path = doc("ENG/_assets/1/att1-a.bin");
    let store = |parts: &[&str], known: Option<&str>, secs: Option<i64>| {
        let mut asset = place.mirror.asset(&path).unwrap();
        asset.replaces(known.map(hashed));
        parts.iter().for_each(|part| asset.write(part.as_bytes()).unwrap());
        assert_eq!(asset.bytes(), parts.concat().len() as u64);
        asset.finish(secs, DAY).unwrap()
    };
    let (stamp, hash) = store(&["one", "two"], None, Some(1_700_000_000));
    assert_eq!((stamp, hash), (Stamp::new(6, 1_700_000_000, 0), hashed("onetwo")));
    assert_eq!(place.mirror.find(&path).unwrap(), Found::File(stamp));
    assert_eq!((mode(&place.at(path.as_str())), mode(&place.at("ENG/_assets/1"))), (0o600, 0o700));

    let before = identity(&place.at(path.as_str()));
    assert_eq!(store(&["onetwo"], None, Some(1_700_000_000)), (stamp, hash));
    assert_eq!(identity(&place.at(path.as_str())), before);
    // Only its time is wrong.
    assert_eq!(store(&["onetwo"], None, Some(-5)).0, Stamp::new(6, -5, 0));
    assert_eq!(identity(&place.at(path.as_str())).0, before.0);

    store(&["three"], Some("onetwo"), None);
    assert_eq!((place.text(path.as_str()).as_str(), place.tree().len()), ("three", 1));
    store(&["four"], Some("onetwo"), None);
    assert_eq!(place.text(path.as_str()), "four");
    assert_eq!(place.text(".trash/2025-08-22/ENG/_assets/1/att1-a.bin"), "three");
    store(&[], Some("four"), None);
    assert_eq!(place.text(path.as_str()), "");
}

#[test]
fn an_attachment_that_is_given_up_leaves_nothing() {
    let place = Place::new();
    let path = doc("ENG/_assets/1/a.bin");
    let mut asset = place.mirror.asset(&path).unwrap();
    asset.write(b"half").unwrap();
    assert_eq!(place.tree().len(), 1);
    drop(asset);
    let asset = place.mirror.asset(&path).unwrap();
    assert!(asset.finish(None, "../../etc").is_err());
    assert!(place.tree().is_empty());
}

#[test]
fn modes_hold_under_any_umask() {
    const FOLDER: &str = "CONTEXT_SYNC_TEST_UMASK_FOLDER";
    if let Some(folder) = std::env::var_os(FOLDER) {
        // The child: its umask takes the owner's own rights away.
        let mirror = Mirror::open(Path::new(&folder)).unwrap();
        let mut batch = mirror.batch(DAY);
        batch.write(&doc("ENG/x/a.md"), b"a", None).unwrap();
        batch.place().unwrap();
        let mut asset = mirror.asset(&doc("ENG/_assets/1/a.bin")).unwrap();
        asset.write(b"b").unwrap();
        asset.finish(None, DAY).unwrap();
        mirror.trash(&doc("ENG/_assets/1/a.bin"), DAY).unwrap();
        return;
    }
    for umask in ["0", "0277", "0777"] {
        let above = tempfile::tempdir().unwrap();
        let root = above.path().join("wiki");
        let test = "mirror::tests::writing::modes_hold_under_any_umask";
        let script = format!("umask {umask}; exec \"$0\" --exact {test}");
        let output =
            std::process::Command::new("sh").arg("-c").arg(script).arg(std::env::current_exe().unwrap()).env(FOLDER, &root).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        for folder in ["", "ENG", "ENG/x", ".trash", ".trash/2025-08-22/ENG/_assets/1"] {
            assert_eq!(mode(&root.join(folder)), 0o700, "{umask} {folder}");
        }
        for file in ["ENG/x/a.md", ".trash/2025-08-22/ENG/_assets/1/a.bin"] {
            assert_eq!(mode(&root.join(file)), 0o600, "{umask} {file}");
        }
    }
}
