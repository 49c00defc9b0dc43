//! What a database keeps in memory does not grow with its records.

use super::*;

const PART: &str = "CONTEXT_SYNC_TEST_MEMORY_PART";
const FOLDER: &str = "CONTEXT_SYNC_TEST_MEMORY_FOLDER";
/// 60 MB of values, in 12 pages for each part of sled's cache.
const RECORDS: u32 = 30_000;
const VALUE_BYTES: usize = 2000;
/// So much of them may stay, with what a batch takes while it is written: all of them would be more.
const MOST_BYTES: u64 = 50 << 20;
/// A database without records.
const EMPTY_BYTES: u64 = 6 << 20;

/// What this process holds besides its program.
fn held() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}

fn well<T>(done: Result<T, Refused>) -> T {
    done.unwrap_or_else(|refused| panic!("{refused:?}"))
}

/// All records, neighbours far apart.
fn scattered() -> Vec<String> {
    (0..RECORDS).map(|n| format!("{:08}", n * 7919 % RECORDS)).collect()
}

fn in_a_process_of_its_own(part: &str, folder: &Path) {
    let begun = held();
    let holds = |most: u64| {
        let grown = held().saturating_sub(begun);
        assert!(grown < most, "{part}: {grown} bytes");
    };
    if part == "write" {
        let database = well(Database::create(folder));
        holds(EMPTY_BYTES);
        let value = |id: &str| format!("{{\"v\":1,\"r\":\"{}\"}}", id.repeat(VALUE_BYTES / id.len())).into_bytes();
        for ids in scattered().chunks(500) {
            let mut writes = Writes::default();
            ids.iter().for_each(|id| writes.put(DOCUMENT, id, value(id)));
            well(database.commit(writes));
            holds(MOST_BYTES);
        }
        return;
    }
    let database = well(Database::open(folder));
    holds(MOST_BYTES);
    match part {
        "pass" => assert_eq!(database.scan(DOCUMENT).map(|entry| drop(well(entry))).count(), RECORDS as usize),
        _ => scattered().iter().for_each(|id| assert!(well(database.get(DOCUMENT, id)).is_some())),
    }
    holds(MOST_BYTES);
}

#[test]
fn what_is_written_and_read_does_not_stay_in_memory() {
    if let (Some(part), Some(folder)) = (std::env::var_os(PART), std::env::var_os(FOLDER)) {
        return in_a_process_of_its_own(part.to_str().unwrap(), Path::new(&folder));
    }
    let above = tempfile::tempdir().unwrap();
    for part in ["write", "pass", "read"] {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "state::tests::memory::what_is_written_and_read_does_not_stay_in_memory", "--nocapture"])
            .env(PART, part)
            .env(FOLDER, above.path().join("db"))
            // As the daemon starts a worker.
            .env("MALLOC_ARENA_MAX", "1")
            .env("MALLOC_MMAP_THRESHOLD_", "131072")
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
        assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
    }
}
