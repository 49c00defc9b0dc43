//! The state's own files: cut, flipped, deleted, locked by somebody else, and lost while the site changed.

use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::*;
use crate::soak::Dice;

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.file_name().unwrap() != "lock" {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn a_damaged_state_heals_by_itself_and_neither_orphans_nor_duplicates_anything() {
    let small = Small::new();
    let mut dice = Dice(7);
    let home = small.home();
    home.synced();
    let state = home.mirror().join(".sync_state");
    for round in 0..12 {
        small.edit();
        let files: Vec<PathBuf> = below(&state).into_iter().filter(|path| round % 3 == 2 || !path.starts_with(state.join("raw"))).collect();
        let file = dice.pick(&files).clone();
        let size = std::fs::metadata(&file).unwrap().len().max(1);
        let how = match round % 3 {
            0 => {
                let kept = dice.roll(size);
                std::fs::File::options().write(true).open(&file).unwrap().set_len(kept).unwrap();
                format!("cut at {kept} of {size}")
            }
            1 => {
                let open = std::fs::File::options().read(true).write(true).open(&file).unwrap();
                for _ in 0..20 {
                    let (at, mut byte) = (dice.roll(size), [0]);
                    let _ = open.read_at(&mut byte, at).unwrap();
                    open.write_at(&[byte[0] ^ 0x10], at).unwrap();
                }
                "20 bits flipped".to_owned()
            }
            _ => {
                std::fs::remove_file(&file).unwrap();
                "deleted".to_owned()
            }
        };
        let story = format!("round {round}: {} {how}", file.strip_prefix(&state).unwrap().display());
        let first = home.once();
        assert!(!first.stdout.contains("crashed"), "{story}: {first:#?}");
        if first.code != Some(0) {
            println!("{story}: {}", first.stdout);
            assert_refused(&first, &["The next run sets the state aside and rebuilds it; nothing is lost"], &story);
        }
        if first.stderr.contains("panicked") {
            println!("{story}: {}", first.stderr);
        }
        small.assert_heals(&home, &story);
    }
}

#[test]
fn a_state_that_was_lost_while_pages_moved_leaves_no_file_of_ours_behind() {
    let small = Small::new();
    let home = small.home();
    home.synced();
    let own = home.mirror().join("ENG/my copy.md");
    std::fs::copy(home.mirror().join(home.living().keys().find(|path| path.ends_with(".md")).unwrap()), &own).unwrap();
    let before = home.living();
    small.edit();
    std::fs::remove_dir_all(home.mirror().join(".sync_state")).unwrap();
    home.synced();
    let mut living = home.living();
    assert!(living.remove("ENG/my copy.md").is_some(), "a copy under a name of its owner's is its owner's");
    assert!(living == small.fresh(), "{:#?}", living.keys());
    // The renamed and the deleted one.
    let trash: Vec<Vec<u8>> = home.tree().into_iter().filter(|(path, _)| path.starts_with(".trash/")).map(|(_, bytes)| bytes).collect();
    let left: Vec<&String> = before.keys().filter(|path| !living.contains_key(*path) && *path != "ENG/my copy.md").collect();
    assert!(left.len() >= 2, "{left:?}");
    assert!(left.iter().all(|path| trash.contains(&before[*path])), "{left:?}");
}

#[test]
fn a_state_that_was_lost_with_most_of_the_site_deletes_nothing_without_a_word() {
    let small = Small::new();
    let home = small.home();
    small.site.edit(|m| {
        (0..20).for_each(|n| {
            m.add_page("ENG", None, &format!("More {n}"), "<p>More</p>");
        })
    });
    home.synced();
    let before = home.living();
    small.site.edit(|m| {
        let more: Vec<Id> = m.content.values().filter(|content| content.title.starts_with("More")).map(|content| content.id).collect();
        more.into_iter().for_each(|page| m.delete(page));
    });
    std::fs::remove_dir_all(home.mirror().join(".sync_state")).unwrap();
    for _ in 0..2 {
        let said = home.once();
        assert_eq!(said.code, Some(10), "{said:#?}");
        assert!(said.stdout.contains("--accept-deletions"), "{said:#?}");
        assert_eq!(home.living(), before);
    }
}

#[test]
fn a_state_that_was_lost_while_the_selection_became_narrower_deletes_nothing() {
    let small = Small::new();
    let home = small.home();
    home.synced();
    let before: Vec<String> = home.living().into_keys().collect();
    home.configure(&crate::home::site_config(&small.site, &format!("pages = [\"{}\"]", small.pages[0])));
    std::fs::remove_dir_all(home.mirror().join(".sync_state")).unwrap();
    home.synced();
    assert_eq!(home.living().into_keys().collect::<Vec<_>>(), before);
}

#[test]
fn a_state_in_use_by_another_process_is_named_and_its_holder_left_alone() {
    let small = Small::new();
    let home = small.home();
    home.synced();
    small.edit();
    let lock = std::fs::File::options().write(true).open(home.mirror().join(".sync_state/lock")).unwrap();
    let held = nix::fcntl::Flock::lock(lock, nix::fcntl::FlockArg::LockExclusive).unwrap();
    small.site.clear_requests();
    let said = home.once();
    assert_eq!(said.code, Some(7), "{said:#?}");
    assert!(said.stdout.contains("is in use by another run of this connector. Wait for it, or stop it"), "{said:#?}");
    assert_eq!(small.site.requests().len(), 0);
    drop(held);
    small.assert_heals(&home, "the lock is free again");
}
