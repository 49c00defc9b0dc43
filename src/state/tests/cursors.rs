//! Long cursors: they come back whole, go without a trace, and do not let the folder grow.

use super::*;

/// One that names so many files: megabytes, of which the names of contents do not become smaller.
fn cursor(files: u64, round: u64) -> Cursor {
    let mut dice = round.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut content = |file: u64| {
        // Another round changes one file.
        let seed = if file == round { &mut dice } else { &mut (file ^ 0xD6E8_FEB8_6659_FD93) };
        (0..3)
            .map(|_| {
                *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                format!("{seed:016x}")
            })
            .collect::<String>()
    };
    Cursor::new((0..files).map(|file| format!("docs/page-{file}.md {},", content(file))).collect::<String>())
}

fn record(cursor: Option<Cursor>) -> ScopeRecord {
    ScopeRecord { name: "acme/app".to_owned(), cursor, ..ScopeRecord::default() }
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { size(&entry.path()) } else { entry.metadata().map_or(0, |found| found.len()) }).sum()
}

#[test]
fn a_long_cursor_comes_back_whole_shrinks_and_goes_without_a_trace() {
    let (_above, folder) = filled(1);
    let scope = Scope::new("7:files");
    for files in [20_000, 50, 5_000, 0] {
        let kept = record(Some(cursor(files, 1)));
        let (state, _) = State::open(&folder, NO_WAIT).unwrap();
        state.commit(vec![Change::PutScope(scope.clone(), kept.clone())]).unwrap();
        drop(state);
        let (state, _) = State::open(&folder, NO_WAIT).unwrap();
        assert_eq!(state.scopes().unwrap(), [(scope.clone(), kept)]);
        let pieces = state.all::<String>(CURSOR).count();
        assert_eq!(pieces > 0, files > 1_000, "{files}: {pieces}");
    }
    let (state, _) = State::open(&folder, NO_WAIT).unwrap();
    state.commit(vec![Change::PutScope(scope.clone(), record(Some(cursor(5_000, 1))))]).unwrap();
    state.commit(vec![Change::DropScope(scope)]).unwrap();
    assert_eq!((state.scopes().unwrap(), state.all::<String>(CURSOR).count()), (Vec::new(), 0));
}

#[test]
fn what_changes_in_a_long_cursor_is_written_and_little_besides() {
    let (_above, folder) = filled(1);
    let (state, _) = State::open(&folder, NO_WAIT).unwrap();
    let pieces = |text: &str| {
        state.commit(vec![Change::PutScope(Scope::new("s"), record(Some(Cursor::new(text))))]).unwrap();
        assert_eq!(state.scopes().unwrap()[0].1.cursor.as_ref().map(Cursor::as_str), Some(text));
        state.all::<String>(CURSOR).map(|entry| entry.unwrap().1).collect::<std::collections::HashSet<_>>()
    };
    let text = cursor(5_000, 1);
    let before = pieces(text.as_str());
    let changed = text.as_str().replacen("page-2500.md 0", "page-2500.md f", 1).replacen("page-2500.md", "page-2500.txt and more", 1);
    let new = pieces(&changed);
    assert!(before.len() > 20 && new.difference(&before).count() <= 3, "{} of {}", new.difference(&before).count(), before.len());
    // Letters of more than one byte may be cut nowhere.
    pieces(&"\u{1F600}\u{e4}".repeat(20_000));
}

#[test]
fn a_piece_that_is_lost_is_damage_and_no_other_cursor() {
    let (_above, folder) = filled(1);
    let (state, _) = State::open(&folder, NO_WAIT).unwrap();
    state.commit(vec![Change::PutScope(Scope::new("s"), record(Some(cursor(5_000, 1))))]).unwrap();
    let mut writes = Writes::default();
    writes.drop(CURSOR, &piece("s", 1));
    state.database.commit(writes).unwrap();
    assert!(matches!(state.scopes(), Err(StateError::Damaged { what, .. }) if what == "scope s"));
}

#[test]
fn a_long_cursor_that_changes_with_every_run_does_not_let_the_folder_grow() {
    let (_above, folder) = filled(1);
    let mut sizes = Vec::new();
    for round in 0..60 {
        let (state, _) = State::open(&folder, Duration::from_secs(5)).unwrap();
        state.commit(vec![Change::PutScope(Scope::new("7:files"), record(Some(cursor(5_000, round))))]).unwrap();
        drop(state);
        sizes.push(size(&folder));
    }
    // Some 180 KB each: kept one beside the other, they would be ten megabytes.
    assert!(sizes[59] < sizes[9].max(2 << 20) * 2, "{sizes:?}");
    assert!(fs::read_dir(folder.join("db/blobs")).map_or(0, Iterator::count) <= 1, "nothing lies beside the log");
}
