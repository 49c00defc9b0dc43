//! The file of limits: who recalls what, by clocks that the tests turn, and what becomes of a damaged one.

#![allow(clippy::disallowed_methods, reason = "they are somebody else, who writes what and where he likes")]

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use super::*;
use crate::model::Secret;

const TOKEN: &str = "Bearer one-token-that-a-machine-made";
const OTHER: &str = "Bearer another-that-a-machine-made";

fn limits(folder: &Path, header: &str) -> Limits {
    Limits::new(Some(folder), Account::of(Some(&Secret::new(header.to_owned())), None, false))
}

fn core() -> Option<Resource> {
    Some(Resource { host: "a:443".to_owned(), name: "core".to_owned() })
}

fn rest(left: u64, secs: u64) -> Rest {
    Rest { left, of: 5000, renews_in: Duration::from_secs(secs) }
}

/// In the first start of the machine, so many seconds after what all tests take for the beginning.
fn clock(secs: u64) -> Clock {
    Clock { wall_ms: 1_700_000_000_000 + secs * 1000, boot: "first".to_owned(), since_start_ms: 5_000_000 + secs * 1000 }
}

/// The waits that a worker with these credentials finds, in seconds.
fn found(folder: &Path, header: &str, clock: &Clock) -> Vec<(Option<String>, u64, u64)> {
    let found = limits(folder, header).recall_at(clock);
    found.into_iter().map(|(kind, rest)| (kind.map(|kind| kind.name), rest.left, rest.renews_in.as_secs())).collect()
}

#[test]
fn the_next_worker_of_the_account_knows_and_another_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let ours = limits(dir.path(), TOKEN);
    assert!(ours.recall_at(&clock(0)).is_empty());
    ours.keep_at(&clock(0), core().as_ref(), rest(0, 3000));
    ours.keep_at(&clock(0), None, rest(0, 60));
    assert_eq!(found(dir.path(), TOKEN, &clock(10)), [(Some("core".to_owned()), 0, 2990), (None, 0, 50)]);
    assert_eq!(found(dir.path(), TOKEN, &clock(60)), [(Some("core".to_owned()), 0, 2940)]);
    assert_eq!(found(dir.path(), TOKEN, &clock(3000)), []);
    assert_eq!(found(dir.path(), OTHER, &clock(10)), []);
    // Both stand side by side.
    limits(dir.path(), OTHER).keep_at(&clock(20), core().as_ref(), rest(400, 100));
    assert_eq!(found(dir.path(), OTHER, &clock(20)), [(Some("core".to_owned()), 400, 100)]);
    assert_eq!(found(dir.path(), TOKEN, &clock(20)).len(), 2);
}

#[test]
fn the_file_is_its_owners_and_tells_nothing_of_the_token() {
    let dir = tempfile::tempdir().unwrap();
    limits(dir.path(), TOKEN).keep_at(&clock(0), core().as_ref(), rest(0, 3000));
    let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, [NAME], "nothing else is left");
    let path = dir.path().join(NAME);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("machine") && text.len() < 1000, "{text}");
    let once = serde_json::from_str::<Form>(&text).unwrap().limits[0].account.clone();
    std::fs::remove_file(&path).unwrap();
    limits(dir.path(), TOKEN).keep_at(&clock(0), core().as_ref(), rest(0, 3000));
    let twice = serde_json::from_str::<Form>(&std::fs::read_to_string(&path).unwrap()).unwrap().limits[0].account.clone();
    assert_ne!(once, twice, "each file has a salt of its own");
}

#[test]
fn what_is_known_is_not_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(NAME);
    let written = || std::fs::metadata(&path).map(|meta| meta.ino()).ok();
    limits(dir.path(), TOKEN).recall();
    assert_eq!(written(), None, "without a limit there is no file");
    let first = limits(dir.path(), TOKEN);
    first.keep(core().as_ref(), rest(0, 3000));
    let before = written();
    assert!(before.is_some());
    first.keep(core().as_ref(), rest(0, 3001));
    let next = limits(dir.path(), TOKEN);
    assert_eq!(next.recall().len(), 1);
    next.keep(core().as_ref(), rest(0, 2999));
    assert_eq!(written(), before, "a moment that differs by the way of an answer is no news");
    next.keep(None, rest(0, 60));
    let held = written();
    next.keep(None, rest(0, 30));
    assert_eq!(written(), held, "the longer wait holds");
    assert_ne!(held, before);
    next.keep(core().as_ref(), rest(0, 3600));
    assert_ne!(written(), held, "renewed, and spent again");
}

#[test]
fn what_is_no_file_of_ours_is_not_known_and_makes_room_for_one() {
    let good = {
        let dir = tempfile::tempdir().unwrap();
        limits(dir.path(), TOKEN).keep_at(&clock(0), core().as_ref(), rest(0, 3000));
        std::fs::read(dir.path().join(NAME)).unwrap()
    };
    let text = String::from_utf8(good.clone()).unwrap();
    let torn = [b"".to_vec(), b"\0\0\0\0".to_vec(), good[..good.len() / 2].to_vec(), text.replace("\"v\":1", "\"v\":2").into_bytes(), {
        let mut long = good.clone();
        long.extend(vec![b'x'; 1 << 20]);
        long
    }];
    for bytes in torn {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(NAME), &bytes).unwrap();
        let ours = limits(dir.path(), TOKEN);
        assert!(ours.recall_at(&clock(0)).is_empty());
        ours.keep_at(&clock(0), core().as_ref(), rest(0, 3000));
        assert_eq!(found(dir.path(), TOKEN, &clock(0)).len(), 1);
    }
    // Neither waits for a writer that never comes nor looks elsewhere.
    for stranger in ["fifo", "link", "folder"] {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join(NAME), dir.path().join("other"));
        std::fs::write(&other, &good).unwrap();
        match stranger {
            "fifo" => nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap(),
            "link" => std::os::unix::fs::symlink(&other, &path).unwrap(),
            _ => std::fs::create_dir(&path).unwrap(),
        }
        let ours = limits(dir.path(), TOKEN);
        assert!(ours.recall_at(&clock(0)).is_empty(), "{stranger}");
        ours.keep_at(&clock(0), core().as_ref(), rest(0, 3000));
        assert_eq!(found(dir.path(), TOKEN, &clock(0)).len(), usize::from(stranger != "folder"), "{stranger}");
        assert_eq!(std::fs::read(&other).unwrap(), good, "{stranger}");
    }
    // A folder that is not there is no reason to fail.
    limits(Path::new("/nowhere/at/all"), TOKEN).keep(core().as_ref(), rest(0, 3000));
}

#[test]
fn a_clock_that_is_set_neither_prolongs_nor_shortens_while_the_machine_runs() {
    let dir = tempfile::tempdir().unwrap();
    limits(dir.path(), TOKEN).keep_at(&clock(0), core().as_ref(), rest(0, 3000));
    for wall_ms in [0, 1_600_000_000_000, 1_900_000_000_000, u64::MAX] {
        let set = Clock { wall_ms, ..clock(1000) };
        assert_eq!(found(dir.path(), TOKEN, &set), [(Some("core".to_owned()), 0, 2000)], "{wall_ms}");
    }
}

#[test]
fn after_a_new_start_peoples_clock_counts_and_one_that_is_wrong_locks_nobody_out() {
    let dir = tempfile::tempdir().unwrap();
    limits(dir.path(), TOKEN).keep_at(&clock(0), core().as_ref(), rest(0, 3000));
    let again = |secs: i64| Clock { boot: "second".to_owned(), since_start_ms: 7, wall_ms: clock(0).wall_ms.saturating_add_signed(secs * 1000) };
    assert_eq!(found(dir.path(), TOKEN, &again(1000)), [(Some("core".to_owned()), 0, 2000)]);
    assert_eq!(found(dir.path(), TOKEN, &again(3000)), []);
    assert_eq!(found(dir.path(), TOKEN, &again(-1)), [], "it was set back: nothing is known");
    assert_eq!(found(dir.path(), TOKEN, &again(-400 * 86_400)), []);
    // The clock was years ahead when it was written.
    let ahead = Clock { wall_ms: 4_000_000_000_000, ..clock(0) };
    limits(dir.path(), TOKEN).keep_at(&ahead, None, rest(0, 3000));
    assert_eq!(found(dir.path(), TOKEN, &again(10)), [(Some("core".to_owned()), 0, 2990)]);
}

#[test]
fn nothing_that_is_kept_lasts_longer_than_an_hour() {
    let dir = tempfile::tempdir().unwrap();
    limits(dir.path(), TOKEN).keep_at(&clock(0), None, rest(0, 86_400));
    assert_eq!(found(dir.path(), TOKEN, &clock(0)), [(None, 0, LONGEST.as_secs())]);
    // Nor does what somebody else wrote.
    let path = dir.path().join(NAME);
    let mut form: Form = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    form.limits[0].until_ms += 86_400_000;
    form.limits[0].until_since_start_ms += 86_400_000;
    std::fs::write(&path, serde_json::to_vec(&form).unwrap()).unwrap();
    assert_eq!(found(dir.path(), TOKEN, &clock(0)), []);
}

#[test]
fn the_file_does_not_grow() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..100 {
        let kind = Resource { host: "a:443".to_owned(), name: format!("kind-{n}") };
        limits(dir.path(), TOKEN).keep_at(&clock(n), Some(&kind), rest(0, 3000));
    }
    let all = found(dir.path(), TOKEN, &clock(100));
    assert_eq!((all.len(), all.last().unwrap().0.as_deref()), (MOST, Some("kind-99")), "the oldest go");
    assert!(std::fs::metadata(dir.path().join(NAME)).unwrap().len() < MOST_BYTES / 2);
    limits(dir.path(), TOKEN).keep_at(&clock(3200), core().as_ref(), rest(0, 3000));
    assert_eq!(found(dir.path(), TOKEN, &clock(3200)).len(), 1, "what is over goes");
    assert!(std::fs::metadata(dir.path().join(NAME)).unwrap().len() < 1000);
}
