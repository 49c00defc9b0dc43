//! Kills syncs at random instants, hundreds of times, while the simulated site changes and people write into the mirror; after each kill the next run must
//! end in the tree of a fresh sync, byte for byte, with nothing lost from the trash.
//!
//! `cargo run --release --example soak` kills 500 times with a random seed; `-- KILLS SEED` says both. It stops at the first finding.

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

fn main() {
    let mut arguments = std::env::args().skip(1);
    let number = |text: String| text.parse().unwrap_or_else(|_| panic!("`{text}` is no number; usage: soak [-- KILLS [SEED]]"));
    let kills = arguments.next().map_or(500, number);
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let seed = arguments.next().map_or_else(|| u64::try_from(now() % 1_000_000).unwrap(), number);
    println!("{kills} kills, seed {seed}");
    let began = Instant::now();
    let mut soak = soak::Soak::new(&program(), PAGES, seed);
    let mut round = 0;
    while (soak.tally.kills() as u64) < kills {
        round += 1;
        soak.round(&format!("seed {seed}, round {round}"));
        if round % 50 == 0 {
            println!("{:>5} s, round {round}: {} kills", began.elapsed().as_secs(), soak.tally.kills());
        }
    }
    let tally = soak.finish();
    println!("{tally:#?}");
    println!("{} kills in {} s, seed {seed}: everything healed", tally.kills(), began.elapsed().as_secs());
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
