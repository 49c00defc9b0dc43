//! Kill it anywhere, and the next run heals it: the tree is that of an undisturbed sync, byte for byte, no temporary file stays, and the trash loses
//! nothing. `cargo run --release --example soak` does the same some hundred times.

use std::path::Path;
use std::time::Duration;

use crate::home::{Home, wait_for};
use crate::soak::{HubSoak, Soak, can_trace, wait_until_ended};
use crate::support::Site;

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");

/// Kills until so many have struck, with a fixed seed, so that a failure can be repeated.
fn soak(kills: usize, seed: u64) {
    let mut soak = Soak::new(Path::new(DAEMON), 30, seed);
    let mut round = 0;
    while soak.tally.kills() < kills {
        round += 1;
        assert!(round < kills * 4, "only {} kills struck a living process", soak.tally.kills());
        soak.round(&format!("seed {seed}, round {round}"));
    }
    soak.finish();
}

#[test]
fn sigkill_at_random_instants_loses_nothing_whoever_is_killed() {
    soak(8, 1);
}

#[test]
fn sigkill_at_other_random_instants_loses_nothing_either() {
    soak(8, 2);
}

#[test]
fn sigkill_while_repositories_are_synced_loses_nothing() {
    let mut soak = HubSoak::new(Path::new(DAEMON), 20, 5);
    let mut round = 0;
    while soak.tally.kills() < 8 {
        round += 1;
        assert!(round < 32, "only {} kills struck a living process", soak.tally.kills());
        soak.round(&format!("seed 5, round {round}"));
    }
}

#[test]
fn sigkill_right_at_a_system_call_that_changes_the_disk_loses_nothing() {
    if !can_trace() {
        assert!(std::env::var_os("CI").is_none(), "strace is missing, or may not trace");
        return println!("NOT RUN: strace is missing, or may not trace");
    }
    let mut soak = Soak::new(Path::new(DAEMON), 20, 3);
    let mut died = 0;
    let calls = [
        ("renameat", 1),
        ("renameat", 5),
        ("syncfs", 1),
        ("syncfs", 2),
        ("pwrite64", 1),
        ("pwrite64", 3),
        ("fsync", 1),
        ("unlinkat", 1),
        ("renameat2", 1),
    ];
    for (call, count) in calls {
        died += usize::from(soak.round_at(call, count, &format!("killed at {call} {count}")));
    }
    assert!(died >= 6, "only {died} runs died");
    soak.finish();
}

#[test]
fn the_daemon_dies_and_its_worker_does_not_outlive_it() {
    let site = Site::cloud();
    site.edit(|m| {
        m.add_space("ENG", "Engineering");
        for n in 0..60 {
            m.add_page("ENG", None, &format!("Page {n}"), "<p>text</p>");
        }
    });
    let home = Home::for_site(DAEMON, &site, "");
    site.latency(Duration::from_millis(300));
    let daemon = home.start();
    wait_for("a worker", || !daemon.workers().is_empty(), || daemon.log());
    let workers = daemon.workers();
    daemon.kill();
    wait_until_ended(&workers);
    site.latency(Duration::ZERO);
    home.synced();
    let fresh = Home::for_site(DAEMON, &site, "");
    fresh.synced();
    assert_eq!(home.living(), fresh.living());
}
