//! The state as a whole, in temporary folders: reopening, locks, versions, damage, kills.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::model::{Cursor, Revision};

mod cursors;
mod memory;

const NO_WAIT: Duration = Duration::ZERO;

fn place(n: u32) -> Place {
    Place {
        scope: Scope::new("65011"),
        container: vec!["ENG".to_owned()].into(),
        kind: "page".into(),
        title: format!("Page {n}"),
        parent: n.checked_sub(1).map(|parent| RemoteId::new(parent.to_string())),
        stem: format!("page-{n}--{n}"),
        ending: ".md".into(),
        transparent: false,
        url: format!("https://example.net/{n}"),
        aliases: vec![Key::new(format!("title:ENG:page {n}"))],
    }
}

fn document(n: u32) -> DocRecord {
    DocRecord { revision: Some(Revision::new("1")), context: u64::from(n), ..DocRecord::unwritten(place(n)) }
}

fn id(n: u32) -> RemoteId {
    RemoteId::new(n.to_string())
}

/// A folder with a state of `count` documents, closed again.
fn filled(count: u32) -> (tempfile::TempDir, PathBuf) {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("wiki/.sync_state");
    let (state, opened) = State::open(&folder, NO_WAIT).unwrap();
    assert_eq!(opened, Opened::Fresh);
    for n in 0..count {
        state.put_raw(&id(n), b"body").unwrap();
    }
    for chunk in (0..count).collect::<Vec<_>>().chunks(50) {
        state.commit(chunk.iter().map(|n| Change::PutDocument(id(*n), document(*n))).collect()).unwrap();
    }
    (above, folder)
}

fn count(state: &State) -> usize {
    state.documents().map(Result::unwrap).count()
}

fn put_file(path: &Path, bytes: &[u8]) {
    OpenOptions::new().create(true).truncate(true).write(true).open(path).unwrap().write_all(bytes).unwrap();
}

#[test]
fn every_kind_of_record_survives_reopening_and_can_be_dropped() {
    let (_above, folder) = filled(3);
    let scope = ScopeRecord { name: "ENG".to_owned(), cursor: Some(Cursor::new("c")), unwanted: false, ..ScopeRecord::default() };
    let site = SiteRecord { runs: 4, ..SiteRecord::default() };
    {
        let (state, opened) = State::open(&folder, NO_WAIT).unwrap();
        assert_eq!(opened, Opened::Existing);
        assert_eq!(state.site().unwrap(), SiteRecord::default());
        state
            .commit(vec![
                Change::PutNode(id(9), place(9)),
                Change::PutPerson(Key::new("user:a"), "Ann".to_owned()),
                Change::PutScope(Scope::new("65011"), scope.clone()),
                Change::PutScope(Scope::new(""), ScopeRecord::default()),
                Change::PutSite(site.clone()),
                Change::DropDocument(id(1)),
            ])
            .unwrap();
    }
    let (state, _) = State::open(&folder, NO_WAIT).unwrap();
    assert_eq!(state.site().unwrap(), site);
    assert_eq!(state.scopes().unwrap(), vec![(Scope::new(""), ScopeRecord::default()), (Scope::new("65011"), scope)]);
    assert_eq!(state.nodes().unwrap(), vec![(id(9), place(9))]);
    assert_eq!(state.people().unwrap(), vec![(Key::new("user:a"), "Ann".to_owned())]);
    assert_eq!(state.documents().map(Result::unwrap).collect::<Vec<_>>(), vec![(id(0), document(0)), (id(2), document(2))]);
    assert_eq!(state.document(&id(1)).unwrap(), None);
    assert_eq!(state.raw(&id(1)).unwrap(), None);
    assert_eq!(state.raw(&id(2)).unwrap().unwrap(), b"body");
    state.commit(vec![Change::DropNode(id(9)), Change::DropScope(Scope::new(""))]).unwrap();
    assert!(state.nodes().unwrap().is_empty() && state.scopes().unwrap().len() == 1 && state.assets().count() == 0);
}

#[test]
fn the_last_word_of_a_commit_counts() {
    let (_above, folder) = filled(1);
    let (state, _) = State::open(&folder, NO_WAIT).unwrap();
    state.commit(vec![Change::DropDocument(id(0)), Change::PutDocument(id(0), document(7))]).unwrap();
    assert_eq!(state.document(&id(0)).unwrap(), Some(document(7)));
    assert!(state.raw(&id(0)).unwrap().is_some());
}

#[test]
fn one_run_at_a_time() {
    let (_above, folder) = filled(1);
    let (state, _) = State::open(&folder, NO_WAIT).unwrap();
    assert!(matches!(State::open(&folder, Duration::from_millis(60)), Err(StateError::Locked { .. })));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| State::open(&folder, Duration::from_secs(20)).map(|(_, opened)| opened));
        drop(state);
        assert_eq!(waiting.join().unwrap().unwrap(), Opened::Existing);
    });
}

#[test]
fn nobody_else_can_look_in() {
    let (_above, folder) = filled(1);
    for path in [&folder, &folder.join("raw"), &folder.join("db"), &folder.join("tmp")] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o700, "{}", path.display());
    }
}

#[test]
fn unknown_versions_are_set_aside_whole() {
    for (n, format) in ["context-sync state 2\n", "", "\u{1b}[31m"].into_iter().enumerate() {
        let (_above, folder) = filled(2);
        put_file(&folder.join("format"), format.as_bytes());
        let (state, opened) = State::open(&folder, NO_WAIT).unwrap();
        let Opened::SetAside { to, why } = opened else { panic!("{n}: {opened:?}") };
        assert!(why.contains("this program knows") && !why.contains('\u{1b}'), "{why}");
        assert_eq!(to, folder.with_extension("broken-1"));
        assert!(to.join("db/db").exists() && to.join("raw").exists());
        assert_eq!(count(&state), 0);
        assert_eq!(state.raw(&id(0)).unwrap(), None);
    }
}

#[test]
fn broken_states_are_numbered_listed_and_removed() {
    let (_above, folder) = filled(1);
    for n in 1..=3 {
        put_file(&folder.join("format"), b"?");
        let Opened::SetAside { to, .. } = State::open(&folder, NO_WAIT).unwrap().1 else { panic!() };
        assert!(to.ends_with(format!(".sync_state.broken-{n}")));
    }
    fs::create_dir(folder.with_extension("broken-by-hand")).unwrap();
    let broken = broken_states(&folder).unwrap();
    assert_eq!(broken.len(), 3);
    broken.iter().for_each(|path| remove_broken_state(path).unwrap());
    assert!(broken_states(&folder).unwrap().is_empty());
    assert!(folder.with_extension("broken-by-hand").exists());
}

#[test]
fn a_link_in_place_of_the_folder_is_not_followed() {
    let above = tempfile::tempdir().unwrap();
    let (folder, elsewhere) = (above.path().join(".sync_state"), above.path().join("elsewhere"));
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &folder).unwrap();
    let (_state, opened) = State::open(&folder, NO_WAIT).unwrap();
    assert!(matches!(opened, Opened::SetAside { .. }));
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    assert!(fs::symlink_metadata(&folder).unwrap().is_dir());
}

#[test]
fn deleting_the_folder_starts_afresh() {
    let (_above, folder) = filled(2);
    fs::remove_dir_all(&folder).unwrap();
    let (state, opened) = State::open(&folder, NO_WAIT).unwrap();
    assert_eq!((opened, count(&state)), (Opened::Fresh, 0));
}

#[test]
fn a_first_start_that_was_killed_leaves_nothing_to_complain_of() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join(".sync_state");
    for leftovers in [&["db"][..], &["db", "raw"], &["db", "raw", "tmp"]] {
        let _ = fs::remove_dir_all(&folder);
        leftovers.iter().for_each(|name| fs::create_dir_all(folder.join(name)).unwrap());
        put_file(&folder.join("db/db"), b"half a database");
        put_file(&folder.join("format.new"), b"cont");
        let (state, opened) = State::open(&folder, NO_WAIT).unwrap();
        assert_eq!((opened, count(&state)), (Opened::Fresh, 0));
    }
    assert_eq!(State::open(&folder, NO_WAIT).unwrap().1, Opened::Existing);
}

#[test]
fn a_record_that_cannot_be_read_ends_this_run_and_is_gone_in_the_next() {
    let (_above, folder) = filled(3);
    {
        let (state, _) = State::open(&folder, NO_WAIT).unwrap();
        let mut writes = Writes::default();
        writes.put(DOCUMENT, "1", b"{\"v\":1,\"r\":{}}".to_vec());
        state.database.commit(writes).unwrap_or_else(|_| panic!());
        let error = state.documents().find_map(Result::err).unwrap();
        assert!(matches!(error, StateError::Damaged { .. }) && error.to_string().contains("document 1"), "{error}");
    }
    let (state, opened) = State::open(&folder, NO_WAIT).unwrap();
    assert!(matches!(opened, Opened::SetAside { why, .. } if why.contains("document 1")));
    assert_eq!(count(&state), 0);
}

#[test]
fn a_record_of_a_newer_version_sets_the_state_aside() {
    let (_above, folder) = filled(3);
    {
        let (state, _) = State::open(&folder, NO_WAIT).unwrap();
        let mut writes = Writes::default();
        writes.put(DOCUMENT, "1", b"{\"v\":2,\"r\":{}}".to_vec());
        state.database.commit(writes).unwrap_or_else(|_| panic!());
    }
    let opened = State::open(&folder, NO_WAIT).unwrap().1;
    assert!(matches!(&opened, Opened::SetAside { why, .. } if why.contains("version 2")), "{opened:?}");
}

#[test]
fn raw_bodies_without_a_record_are_swept() {
    let (_above, folder) = filled(3);
    let (state, _) = State::open(&folder, NO_WAIT).unwrap();
    state.put_raw(&RemoteId::new("98411#comments"), b"orphan").unwrap();
    assert_eq!(state.sweep_raw().unwrap(), 1);
    assert!(state.raw(&id(2)).unwrap().is_some());
}

/// Copies a state as a kill would leave it: while it is open, with nothing closed properly.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn what_was_committed_is_there_after_a_kill() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join(".sync_state");
    let (state, _) = State::open(&folder, NO_WAIT).unwrap();
    for round in 0..8_u32 {
        state.commit((0..40).map(|n| Change::PutDocument(id(n), document(round))).collect()).unwrap();
        let killed = above.path().join(format!("killed-{round}"));
        copy(&folder, &killed);
        let (copy, opened) = State::open(&killed, NO_WAIT).unwrap();
        assert_eq!(opened, Opened::Existing);
        let contexts: Vec<u64> = copy.documents().map(|entry| entry.unwrap().1.context).collect();
        assert_eq!(contexts, vec![u64::from(round); 40]);
    }
}

/// Opens what damage left; either it is set aside, or what it says is true of some moment of its past.
fn open_damaged(folder: &Path, what: &str) -> bool {
    let (state, opened) = State::open(folder, NO_WAIT).unwrap_or_else(|error| panic!("{what}: {error}"));
    let found: Vec<(RemoteId, DocRecord)> = state.documents().map(|entry| entry.unwrap_or_else(|error| panic!("{what}: {error}"))).collect();
    let set_aside = matches!(opened, Opened::SetAside { .. });
    assert!(!set_aside || found.is_empty(), "{what}");
    for (key, record) in found {
        assert_eq!(key.as_str(), record.context.to_string(), "{what}");
    }
    state.commit(vec![Change::PutDocument(id(1), document(1))]).unwrap_or_else(|error| panic!("{what}: {error}"));
    set_aside
}

#[test]
fn damage_of_any_file_of_the_database_is_survived() {
    let (above, folder) = filled(60);
    let files: Vec<PathBuf> = fs::read_dir(folder.join("db")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    assert!(files.len() >= 2, "{files:?}");
    let mut tried = 0;
    let mut set_aside = 0;
    let mut damage = |name: &Path, what: String, change: &dyn Fn(&Path)| {
        let damaged = above.path().join(format!("damaged-{tried}"));
        copy(&folder, &damaged);
        change(&damaged.join("db").join(name));
        tried += 1;
        set_aside += u32::from(open_damaged(&damaged, &what));
        fs::remove_dir_all(&damaged).unwrap();
    };
    for file in &files {
        let name = Path::new(file.file_name().unwrap());
        let mut good = Vec::new();
        File::open(file).unwrap().read_to_end(&mut good).unwrap();
        // Sled fills its file up with zeros; what is worth damaging comes before.
        let used = good.iter().rposition(|byte| *byte != 0).unwrap_or(0) + 1;
        damage(name, format!("{} deleted", name.display()), &|path| fs::remove_file(path).unwrap());
        for part in 0..10 {
            let at = used * part / 10;
            damage(name, format!("{} cut at {at}", name.display()), &|path| put_file(path, &good[..at]));
            damage(name, format!("{} flipped at {at}", name.display()), &|path| {
                let mut bytes = good.clone();
                bytes[at] ^= 0x55;
                put_file(path, &bytes);
            });
            damage(name, format!("{} zeroed at {at}", name.display()), &|path| {
                let mut bytes = good.clone();
                bytes[at..used.min(at + 512)].fill(0);
                put_file(path, &bytes);
            });
        }
    }
    damage(Path::new("blobs"), "blobs deleted".to_owned(), &|path| fs::remove_dir_all(path).unwrap());
    assert!(set_aside > 3, "{set_aside} of {tried}: the damage did not reach the data");
}

#[test]
fn a_killed_run_keeps_every_commit_that_returned_and_no_half_of_another() {
    const FOLDER: &str = "CONTEXT_SYNC_TEST_KILLED_FOLDER";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let (state, _) = State::open(Path::new(&folder), Duration::from_secs(20)).unwrap();
        let mut out = std::io::stderr();
        for round in (state.site().unwrap().settings..).skip(1) {
            let n = u32::try_from(round).unwrap();
            let mut changes: Vec<Change> = (0..60).map(|at| Change::PutDocument(id(at), document(n))).collect();
            changes.push(Change::PutSite(SiteRecord { settings: round, ..SiteRecord::default() }));
            state.commit(changes).unwrap();
            writeln!(out, "round {round}").unwrap();
        }
    }
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join(".sync_state");
    let mut last = 0;
    for kill in 0..8_usize {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "state::tests::a_killed_run_keeps_every_commit_that_returned_and_no_half_of_another", "--nocapture"])
            .env(FOLDER, &folder)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap())).map(Result::unwrap);
        for _ in 0..kill * 3 {
            said.next().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        last = said.filter_map(|line| line.strip_prefix("round ").and_then(|round| round.parse().ok())).last().unwrap_or(last);
        let (state, opened) = State::open(&folder, Duration::from_secs(20)).unwrap();
        assert!(!matches!(opened, Opened::SetAside { .. }), "{opened:?}");
        let round = state.site().unwrap().settings;
        assert!(round >= last, "{round} of {last}");
        assert!(state.documents().all(|entry| entry.unwrap().1.context == round));
        last = round;
    }
    assert!(last > 40, "{last}");
}

#[test]
fn bodies_may_be_kept_by_several_threads() {
    let (_above, folder) = filled(0);
    let (state, _) = State::open(&folder, NO_WAIT).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            let state = &state;
            scope.spawn(move || (0..50).for_each(|n| state.put_raw(&id(thread * 50 + n), n.to_string().as_bytes()).unwrap()));
        }
    });
    assert!((0..200_u32).all(|n| state.raw(&id(n)).unwrap().unwrap() == (n % 50).to_string().as_bytes()));
}
