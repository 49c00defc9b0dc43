//! Kills syncs at random instants, hundreds of times, while the simulated site changes and people write into the mirror; after each kill the next run must
//! end in the tree of a fresh sync, byte for byte, with nothing lost from the trash.
//!
//! `cargo run --release --example soak` kills 500 times with a random seed; `-- KILLS SEED` says both, and `-- github KILLS SEED` does it with the simulated
//! GitHub instead of the simulated Confluence site. It stops at the first finding.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "it stops where it cannot go on, and prints")]

#[path = "../tests/it/home.rs"]
mod home;
#[path = "../tests/it/soak/mod.rs"]
mod soak;
#[path = "../tests/it/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Large enough for a run of some hundred milliseconds, small enough to be compared hundreds of times.
const PAGES: usize = 80;
/// The same for repositories.
const FILES: usize = 60;

fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    let github = arguments.next_if_eq("github").is_some();
    let number = |text: String| text.parse().unwrap_or_else(|_| panic!("`{text}` is no number; usage: soak [-- [github] [KILLS [SEED]]]"));
    let kills = arguments.next().map_or(500, number);
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let seed = arguments.next().map_or_else(|| u64::try_from(now() % 1_000_000).unwrap(), number);
    println!("{kills} kills, seed {seed}");
    let tally = if github {
        let mut soak = soak::HubSoak::new(&program(), FILES, seed);
        rounds(kills, seed, &mut soak, |soak, story| {
            soak.round(story);
            soak.tally.kills()
        });
        soak.tally
    } else {
        let mut soak = soak::Soak::new(&program(), PAGES, seed);
        rounds(kills, seed, &mut soak, |soak, story| {
            soak.round(story);
            soak.tally.kills()
        });
        soak.finish()
    };
    println!("{tally:#?}");
}

/// Goes on until so many have been killed.
fn rounds<S>(kills: u64, seed: u64, soak: &mut S, one: impl Fn(&mut S, &str) -> usize) {
    let began = Instant::now();
    let (mut round, mut killed) = (0, 0);
    while (killed as u64) < kills {
        round += 1;
        killed = one(soak, &format!("seed {seed}, round {round}"));
        if round % 50 == 0 {
            println!("{:>5} s, round {round}: {killed} kills", began.elapsed().as_secs());
        }
    }
    println!("{killed} kills in {} s, seed {seed}: everything healed", began.elapsed().as_secs());
}

/// Builds the daemon as this example was built, and says where it is.
fn program() -> PathBuf {
    let folder = std::env::current_exe().unwrap().parent().and_then(Path::parent).unwrap().to_owned();
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--quiet", "--bin", "context-syncd", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    if folder.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo cannot be started").success(), "the program cannot be built");
    folder.join("context-syncd")
}
