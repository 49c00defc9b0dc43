//! Somebody who swaps files and folders for links to elsewhere all the while, as fast as the kernel can, and the mirror that goes on working.

use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use nix::fcntl::{RenameFlags, renameat2};
use nix::sys::stat::SFlag;

use super::*;

/// What is swapped: folders and files that are written, the trash, and a day of it.
const SWAPPED: [&str; 6] = ["ENG", "ENG/x", "ENG/x/victim.md", "ENG/_assets", ".trash", ".trash/2025-08-22"];
/// What stands outside at each of their places, and must stay.
const OUTSIDE: &str = "outside, and not to be read";

/// Exchanges each of [`SWAPPED`] for a link to the same place outside, and back, until it is told to stop; how often.
fn swap(place: &Place, outside: &Path, stop: &AtomicBool) -> u64 {
    let mut swaps = 0;
    while !stop.load(Ordering::Relaxed) {
        // In, and out again, with a little time for the mirror to get somewhere.
        for (n, plant) in (0..SWAPPED.len()).flat_map(|n| [(n, true), (n, false)]) {
            std::thread::sleep(std::time::Duration::from_micros(30));
            let (path, swap, root) = (doc(SWAPPED[n]), format!("swap-{n}"), place.mirror.fence.root());
            // Not by way of a link that hangs there already: who attacks from inside does not change what is outside.
            let Ok(Some(above)) = place.mirror.fence.folder_of(&path) else { continue };
            let is_link = |folder: &std::os::fd::OwnedFd, name: &str| look(folder, name).is_ok_and(|stat| stat.is_some_and(|stat| is_link(&stat)));
            if !is_link(root, &swap) && !is_link(&above, path.file_name()) {
                // The first time; or the mirror has taken the link away.
                let link = place.at(&swap);
                let _ = fs::remove_dir_all(&link);
                let _ = fs::remove_file(&link);
                let _ = symlink(outside.join(SWAPPED[n]), &link);
            }
            if is_link(&above, path.file_name()) != plant
                && renameat2(&above, path.file_name(), root, swap.as_str(), RenameFlags::RENAME_EXCHANGE).is_ok()
            {
                swaps += 1;
            }
        }
    }
    swaps
}

fn is_link(stat: &nix::sys::stat::FileStat) -> bool {
    fence::is_kind(stat, SFlag::S_IFLNK)
}

/// Stops the swapping also where the work panics, which would else be waited for for ever.
struct Stop<'s>(&'s AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// All of a tree: kind, inode, times and bytes.
fn looks(root: &Path) -> Vec<(String, u64, i64, i64, String)> {
    let look = |path: String| {
        let meta = fs::symlink_metadata(root.join(&path)).unwrap();
        let text = fs::read_to_string(root.join(&path)).unwrap_or_default();
        (path, meta.ino(), meta.ctime(), meta.ctime_nsec(), text)
    };
    tree(root).into_iter().map(look).collect()
}

/// Runs `work` again and again while everything is swapped, until it was both done and prevented `often`; nothing outside may have been touched or read.
fn while_swapped(often: u64, work: impl Fn(&Mirror) -> Result<bool, MirrorError>) {
    for has_openat2 in [true, false] {
        let mut place = Place::new();
        if !has_openat2 {
            place.mirror.fence = place.mirror.fence.without_openat2();
        }
        let outside = place.above.path().join("outside");
        for path in ["ENG/a.md", "ENG/x/b.md", "ENG/x/victim.md", "ENG/_assets/1/a.bin", "ENG/_assets/1/.context-sync-0000000000000000.tmp"] {
            put(&outside.join(path), OUTSIDE);
            put(&outside.join(".trash/2025-08-22").join(path), OUTSIDE);
            put(&outside.join(".trash/2000-01-01").join(path), OUTSIDE);
        }
        fs::create_dir(outside.join("ENG/x/empty")).unwrap();
        let before = looks(&outside);
        let (stop, done, prevented) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
        let swaps = std::thread::scope(|scope| {
            let swapping = scope.spawn(|| swap(&place, &outside, &stop));
            let stopped = Stop(&stop);
            for _ in 0..3_000 {
                match work(&place.mirror) {
                    Ok(true) => done.fetch_add(1, Ordering::Relaxed),
                    Ok(false) | Err(_) => prevented.fetch_add(1, Ordering::Relaxed),
                };
                if done.load(Ordering::Relaxed) >= often && prevented.load(Ordering::Relaxed) >= often {
                    break;
                }
            }
            drop(stopped);
            swapping.join().unwrap()
        });
        assert_eq!(looks(&outside), before);
        let (done, prevented) = (done.into_inner(), prevented.into_inner());
        assert!(done > 0 && prevented > 0 && swaps > 0, "done {done}, prevented {prevented}, swapped {swaps} times: this was no attack");
        // What lies inside was never brought from outside, not even into the trash.
        for path in tree(&place.at("")) {
            let is_file = fs::symlink_metadata(place.at(&path)).is_ok_and(|meta| meta.is_file());
            assert!(!is_file || place.text(&path) != OUTSIDE, "{path}");
        }
    }
}

const PATHS: [&str; 3] = ["ENG/a.md", "ENG/x/b.md", "ENG/x/victim.md"];

#[test]
fn writing_while_everything_is_swapped() {
    let count = AtomicU64::new(0);
    while_swapped(12, |mirror| {
        let text = format!("ours, {}", count.fetch_add(1, Ordering::Relaxed));
        let mut batch = mirror.batch(DAY);
        for path in PATHS {
            batch.write(&doc(path), text.as_bytes(), None)?;
        }
        batch.place()?;
        let mut asset = mirror.asset(&doc("ENG/_assets/1/a.bin"))?;
        asset.write(text.as_bytes())?;
        asset.finish(Some(7), DAY)?;
        Ok(true)
    });
}

#[test]
fn reading_while_everything_is_swapped() {
    while_swapped(30, |mirror| {
        let mut batch = mirror.batch(DAY);
        batch.write(&doc("ENG/x/victim.md"), b"ours", None)?;
        batch.place()?;
        let mut found = true;
        for path in PATHS {
            let hash = mirror.hash(&doc(path))?;
            assert_ne!(hash, Some(hashed(OUTSIDE)), "{path}");
            if let Found::File(stamp) = mirror.find(&doc(path))? {
                assert_ne!(stamp.size, OUTSIDE.len() as u64, "{path}");
            }
            found &= hash.is_some() || path != "ENG/x/victim.md";
        }
        Ok(found)
    });
}

#[test]
fn removing_and_moving_while_everything_is_swapped() {
    while_swapped(12, |mirror| {
        let mut batch = mirror.batch(DAY);
        for path in PATHS {
            batch.write(&doc(path), b"ours", None)?;
        }
        batch.place()?;
        let moved = mirror.relocate(&doc("ENG/a.md"), &doc("ENG/x/moved.md"), DAY)?;
        let trashed = mirror.trash(&doc("ENG/x/victim.md"), DAY)?.is_some();
        mirror.discard(&doc("ENG/x/moved.md"))?;
        mirror.discard(&doc("ENG/x/b.md"))?;
        Ok(moved && trashed)
    });
}

#[test]
fn restoring_and_cleaning_up_while_everything_is_swapped() {
    while_swapped(15, |mirror| {
        let mut batch = mirror.batch(DAY);
        batch.write(&doc("ENG/a.md"), b"ours", None)?;
        batch.write(&doc("ENG/x/victim.md"), b"ours", None)?;
        batch.place()?;
        mirror.trash(&doc("ENG/a.md"), DAY)?;
        mirror.trash(&doc("ENG/x/victim.md"), "2000-01-01")?;
        let entries = mirror.list_trash()?;
        let restored = entries.iter().filter(|entry| mirror.restore(entry).is_ok()).count();
        mirror.sweep_temporary()?;
        for stranger in mirror.strangers(&HashSet::new())? {
            mirror.trash(&stranger.path, DAY)?;
        }
        mirror.empty_trash_before("2099-01-01", true)?;
        Ok(restored > 0)
    });
}
