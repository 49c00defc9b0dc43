//! Links planted inside the folder: with openat2 and without.

use super::*;

/// Runs with both ways of opening folders; whatever happens, `outside` stays as it was.
fn attacked(attack: impl Fn(&Place, &Path)) {
    for has_openat2 in [true, false] {
        let mut place = Place::new();
        if !has_openat2 {
            place.mirror.fence = place.mirror.fence.without_openat2();
        }
        let outside = place.above.path().join("outside");
        put(&outside.join("x/victim.md"), "untouched");
        put(&outside.join("victim.md"), "untouched");
        fs::create_dir(outside.join("empty")).unwrap();
        let before = tree(&outside);
        attack(&place, &outside);
        assert_eq!(tree(&outside), before);
        assert_eq!(fs::read_to_string(outside.join("victim.md")).unwrap(), "untouched");
        assert_eq!(fs::read_to_string(outside.join("x/victim.md")).unwrap(), "untouched");
    }
}

#[test]
fn a_folder_swapped_for_a_link_before_a_write() {
    attacked(|place, outside| {
        symlink(outside, place.at("ENG")).unwrap();
        place.write("ENG/x/victim.md", "ours", None);
        place.write("ENG/victim.md", "ours", Some("untouched"));
        assert_eq!(place.tree(), [".trash/2025-08-22/ENG", "ENG/victim.md", "ENG/x/victim.md"]);
        assert_eq!(fs::read_link(place.at(".trash/2025-08-22/ENG")).unwrap(), outside);
    });
}

#[test]
fn a_folder_swapped_for_a_link_between_staging_and_placing() {
    attacked(|place, outside| {
        let mut batch = place.mirror.batch(DAY);
        for name in ["ENG/victim.md", "OPS/fine.md"] {
            batch.write(&doc(name), b"ours", None).unwrap();
        }
        fs::rename(place.at("ENG"), place.at("moved")).unwrap();
        symlink(outside, place.at("ENG")).unwrap();
        assert!(matches!(batch.place(), Err(MirrorError::Moved { .. })));
        assert_eq!(place.text("OPS/fine.md"), "ours");
        // The next run.
        place.write("ENG/victim.md", "ours", None);
        assert_eq!(place.text("ENG/victim.md"), "ours");
        assert_eq!(place.mirror.sweep_temporary().unwrap(), 1);
        assert_eq!(place.tree(), [".trash/2025-08-22/ENG", "ENG/victim.md", "OPS/fine.md"]);
    });
}

#[test]
fn a_file_replaced_by_a_link() {
    attacked(|place, outside| {
        fs::create_dir(place.at("ENG")).unwrap();
        for (name, target) in [("a.md", outside.join("victim.md")), ("b.md", PathBuf::from("/nowhere")), ("c.md", outside.join("empty"))] {
            let path = format!("ENG/{name}");
            symlink(&target, place.at(&path)).unwrap();
            assert_eq!(place.mirror.find(&doc(&path)).unwrap(), Found::Other);
            assert_eq!(place.mirror.hash(&doc(&path)).unwrap(), None);
            // Even where the bytes behind the link are the wanted ones.
            assert_eq!(place.write(&path, "untouched", Some("untouched")), Written::Staged);
            assert!(fs::symlink_metadata(place.at(&path)).unwrap().is_file());
            assert_eq!(fs::read_link(place.at(&format!(".trash/2025-08-22/{path}"))).unwrap(), target);
        }
    });
}

#[test]
fn reading_and_removing_do_not_look_behind_links() {
    attacked(|place, outside| {
        symlink(outside, place.at("ENG")).unwrap();
        symlink("..", place.at("UP")).unwrap();
        for path in ["ENG/victim.md", "ENG/x/victim.md", "UP/outside/victim.md"] {
            assert_eq!(place.mirror.find(&doc(path)).unwrap(), Found::Nothing);
            assert_eq!(place.mirror.hash(&doc(path)).unwrap(), None);
            assert!(!place.mirror.discard(&doc(path)).unwrap());
            assert_eq!(place.mirror.trash(&doc(path), DAY).unwrap(), None);
        }
        put(&outside.join("_assets/1/a.png"), "x");
        put(&outside.join("_assets/1/.context-sync-0000000000000000.tmp"), "x");
        assert!(place.mirror.strangers(&HashSet::new()).unwrap().is_empty());
        assert_eq!(place.mirror.sweep_temporary().unwrap(), 0);
        fs::remove_dir_all(outside.join("_assets")).unwrap();
    });
}

#[test]
fn the_trash_as_a_link() {
    attacked(|place, outside| {
        place.write("ENG/a.md", "ours", None);
        symlink(outside, place.at(".trash")).unwrap();
        let error = place.mirror.trash(&doc("ENG/a.md"), DAY).unwrap_err();
        assert!(matches!(&error, MirrorError::Taken { path } if path.ends_with(".trash")), "{error}");
        assert_eq!(place.text("ENG/a.md"), "ours");
        assert!(place.mirror.list_trash().unwrap().is_empty());
        assert!(place.mirror.empty_trash_before("2099-01-01", true).unwrap().is_empty());
        // A day's folder as a link is passed by.
        fs::remove_file(place.at(".trash")).unwrap();
        fs::create_dir(place.at(".trash")).unwrap();
        symlink(outside, place.at(".trash/2025-08-22")).unwrap();
        let to = place.mirror.trash(&doc("ENG/a.md"), DAY).unwrap().unwrap();
        assert_eq!(to, Path::new(".trash/2025-08-22.1/ENG/a.md"));
    });
}

#[test]
fn an_attachment_s_folder_swapped_while_it_is_streamed() {
    attacked(|place, outside| {
        place.write("ENG/_assets/1/b.bin", "there", None);
        let mut asset = place.mirror.asset(&doc("ENG/_assets/1/victim.md")).unwrap();
        asset.write(b"ours").unwrap();
        fs::rename(place.at("ENG"), place.at("moved")).unwrap();
        symlink(outside, place.at("ENG")).unwrap();
        asset.finish(None, DAY).unwrap();
        assert_eq!(place.text("ENG/_assets/1/victim.md"), "ours");
        assert_eq!(place.tree(), [".trash/2025-08-22/ENG", "ENG/_assets/1/victim.md", "moved/_assets/1/b.bin"]);
    });
}

#[test]
fn restoring_through_a_link() {
    attacked(|place, outside| {
        place.write("ENG/a.md", "ours", None);
        place.mirror.trash(&doc("ENG/a.md"), DAY).unwrap();
        symlink(outside, place.at("ENG")).unwrap();
        let entry = place.mirror.list_trash().unwrap().remove(0);
        assert!(matches!(place.mirror.restore(&entry), Err(MirrorError::Taken { .. })));
    });
}

#[test]
fn a_root_that_is_a_link_or_somebody_else_s_is_refused() {
    let above = tempfile::tempdir().unwrap();
    let (real, link, file) = (above.path().join("real"), above.path().join("link"), above.path().join("file"));
    fs::create_dir(&real).unwrap();
    symlink(&real, &link).unwrap();
    put(&file, "x");
    for refused in [link.clone(), link.join(""), file.clone(), file.join("below"), above.path().join("file/")] {
        let error = Mirror::open(&refused).err().unwrap_or_else(|| panic!("{}", refused.display()));
        assert!(matches!(error, MirrorError::Root { .. }), "{error}");
        assert_eq!(error.kind(), MirrorErrorKind::Denied);
    }
    assert!(Mirror::open(&link.join("below a link above")).is_ok());
    let foreign = if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(&real, Some(12_345), None).unwrap();
        real
    } else {
        PathBuf::from("/")
    };
    let error = Mirror::open(&foreign).err().unwrap();
    assert!(error.to_string().contains("another user"), "{error}");
}

#[test]
fn a_new_root_is_the_owner_s_alone() {
    let above = tempfile::tempdir().unwrap();
    let root = above.path().join("context-sync/wiki");
    Mirror::open(&root).unwrap().sync().unwrap();
    assert_eq!((mode(&root), mode(root.parent().unwrap())), (0o700, 0o700));
}
