//! No room: for any byte, for any further file, for the logs, for the daemon's own memory.

use super::*;

const FULL: &str = "The disk or quota is full: make room, the next run goes on by itself";

fn free(at: &Path) -> u64 {
    let stat = nix::sys::statvfs::statvfs(at).unwrap();
    stat.blocks_available() * stat.fragment_size()
}

/// Leaves so many bytes.
fn fill(at: &Path, leave: u64) {
    let zeroes = vec![0_u8; usize::try_from(free(at).saturating_sub(leave)).unwrap()];
    std::fs::write(at.join("filler"), zeroes).unwrap();
}

fn make_room(at: &Path) {
    std::fs::remove_file(at.join("filler")).unwrap();
}

#[test]
fn a_disk_that_fills_up_at_any_stage_of_a_first_sync_is_named_and_the_next_run_goes_on() {
    with_mounts("disk::full::a_disk_that_fills_up_at_any_stage_of_a_first_sync_is_named_and_the_next_run_goes_on", || {
        let small = Small::new();
        let fresh = small.fresh();
        // From no byte at all over the state, the kept bodies and the documents to the attachments, and beyond.
        let mut named = std::collections::BTreeSet::new();
        for leave_kb in [0, 8, 12, 28, 60, 100, 140, 180, 220, 600] {
            let story = format!("{leave_kb} KB left");
            let home = small.home();
            mount(&home.output(), "size=8m");
            fill(&home.output(), leave_kb << 10);
            small.site.clear_requests();
            let said = home.once();
            let requests = small.site.requests().len();
            assert!(requests < 20, "{story}: {requests} requests");
            if said.code != Some(0) {
                assert_refused(&said, &[FULL, &home.output().display().to_string(), "No space left on device"], &story);
            }
            let stage = ["database", "format.new", "/raw/", ".md`", "_assets", ".sync_state`"].into_iter().find(|part| said.stdout.contains(part));
            named.insert(stage.unwrap_or("nothing"));
            assert_whole(&home, &BTreeMap::new(), &fresh, &story);
            make_room(&home.output());
            small.assert_heals(&home, &story);
        }
        let stages: Vec<&str> = named.into_iter().collect();
        for stage in ["database", "/raw/", ".md`", "_assets", "nothing"] {
            assert!(stages.contains(&stage), "no run was stopped at {stage}, but at {stages:?}");
        }
    });
}

#[test]
fn a_disk_that_is_full_when_changes_come_keeps_what_is_there() {
    with_mounts("disk::full::a_disk_that_is_full_when_changes_come_keeps_what_is_there", || {
        let small = Small::new();
        for leave_kb in [0, 4, 8, 12, 20] {
            let story = format!("{leave_kb} KB left");
            let home = small.home();
            mount(&home.output(), "size=8m");
            home.synced();
            small.edit();
            let (before, fresh) = (home.living(), small.fresh());
            fill(&home.output(), leave_kb << 10);
            let said = home.once();
            if said.code != Some(0) {
                assert_refused(&said, &[FULL], &story);
            }
            assert_whole(&home, &before, &fresh, &story);
            assert!(before.keys().all(|path| home.mirror().join(path).exists() || said.code == Some(0) || !fresh.contains_key(path)), "{story}");
            make_room(&home.output());
            small.assert_heals(&home, &story);
        }
    });
}

#[test]
fn a_file_system_without_inodes_left_is_named_and_the_next_run_goes_on() {
    with_mounts("disk::full::a_file_system_without_inodes_left_is_named_and_the_next_run_goes_on", || {
        let small = Small::new();
        let fresh = small.fresh();
        for inodes in [3, 8, 14, 24, 36, 50] {
            let story = format!("{inodes} inodes");
            let home = small.home();
            mount(&home.output(), &format!("size=8m,nr_inodes={inodes}"));
            let said = home.once();
            assert_refused(&said, &["The disk or quota is full: make room"], &story);
            assert_whole(&home, &BTreeMap::new(), &fresh, &story);
            let more = Command::new("mount").args(["-o", "remount,nr_inodes=10000"]).arg(home.output()).status().unwrap();
            assert!(more.success());
            small.assert_heals(&home, &story);
        }
    });
}

#[test]
fn no_room_for_logs_and_history_keeps_no_document_away_and_is_said() {
    with_mounts("disk::full::no_room_for_logs_and_history_keeps_no_document_away_and_is_said", || {
        let small = Small::new();
        let home = small.home();
        let (logs, memory) = (home.output().join("logs"), home.path().join("state"));
        for folder in [&logs, &memory] {
            mount(folder, "size=64k");
            fill(folder, 0);
        }
        let said = small.assert_heals(&home, "logs and memory are full");
        assert!(said.stderr.contains("The history cannot be written: No space left on device"), "{said:#?}");
        assert!(said.stderr.contains("cannot be written: No space left on device") && said.stderr.contains("The log files in "), "{said:#?}");
    });
}

#[test]
fn a_full_cache_is_named_and_costs_the_wiki_alone() {
    with_mounts("disk::full::a_full_cache_is_named_and_costs_the_wiki_alone", || {
        let site = crate::support::github::GitHub::new();
        let noise = (0_u32..2 << 20).scan(1_u32, |seed, _| {
            *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some((*seed >> 24) as u8)
        });
        let noise: Vec<u8> = noise.collect();
        site.edit(|m| {
            let mut app = m.add_repository("acme/app");
            app.commit("main", &[("README.md", "# App\n")]);
            app.commit_wiki(&[("Home.md", &b"hello\n"[..]), ("images/a.png", &noise)]);
        });
        let home = Home::for_github(DAEMON, &site, "repos = [\"acme/app\"]\nmax_file_bytes = 8388608\nretry_base_ms = 5\n");
        let cache = home.path().join("cache");
        mount(&cache, "size=8m");
        for leave_kb in [0, 500] {
            fill(&cache, leave_kb << 10);
            let said = home.once();
            assert_eq!(said.code, Some(8), "{leave_kb}: {said:#?}");
            let names_it = said.stderr.contains("the disk of the cache folder is full") || said.stderr.contains("No space left on device");
            assert!(names_it && said.stderr.contains("the wiki of acme/app"), "{leave_kb}: {said:#?}");
            assert_eq!(home.living().into_keys().collect::<Vec<_>>(), ["acme/app/README.md"], "{leave_kb}: {said:#?}");
            make_room(&cache);
        }
        let said = home.once();
        assert_eq!(said.code, Some(0), "{said:#?}");
        assert_eq!(home.living().into_keys().collect::<Vec<_>>(), ["acme/app/README.md", "acme/app/_wiki/Home.md"]);
    });
}
