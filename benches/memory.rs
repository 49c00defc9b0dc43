//! How much memory a run of the engine takes for each document of a large space: `cargo bench --bench memory [-- DOCUMENTS ...]`.
//!
//! The service is made up as it is asked for and keeps nothing, so what grows with the number of documents is the engine's and the state's. Each run is a
//! process of its own, because a process's peak never sinks: a first sync, one without any change, one after the top of the tree was renamed (every path and
//! link changes), and a full one. Nothing is asserted.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement stops where it cannot go on, and prints")]

#[path = "memory/endless.rs"]
mod endless;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use context_sync_protocol::event::{Finished, Level, Outcome, Progress};
use context_syncd::mirror::Mirror;
use context_syncd::state::State;
use context_syncd::sync::clock::SystemClock;
use context_syncd::sync::report::Reporter;
use context_syncd::sync::{self, Options, Run};
use tokio_util::sync::CancellationToken;

use endless::Endless;

/// Sizes to compare where none are named.
const SIZES: [usize; 2] = [10_000, 100_000];
/// The runs: their names, the title of the document at the top, and whether they are full.
const RUNS: [(&str, &str, bool); 4] =
    [("first", "Handbook", false), ("no change", "Handbook", false), ("top renamed", "Manual", false), ("full", "Manual", true)];

struct Silent;

impl Reporter for Silent {
    fn log(&self, _: Level, _: &str, _: &[(&str, &str)]) {}

    fn progress(&self, _: Progress) {}
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [run, documents, number, folder] = &arguments[..]
        && run == "run"
    {
        return one(documents.parse().unwrap(), RUNS[number.parse::<usize>().unwrap()], Path::new(folder));
    }
    // `cargo test --benches` runs this too, and must not take minutes.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let mut sizes: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = SIZES.to_vec();
    }
    println!("{:>10} {:12} {:>8} {:>8} {:>9} {:>14}", "documents", "run", "wall s", "CPU s", "peak MB", "bytes/document");
    for documents in sizes {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..RUNS.len() {
            let this = std::env::current_exe().unwrap();
            let mut run = Command::new(this);
            // As the daemon starts a worker.
            run.env("MALLOC_ARENA_MAX", "1").env("MALLOC_MMAP_THRESHOLD_", "131072");
            let status = run.args(["run", &documents.to_string(), &number.to_string()]).arg(folder.path()).status().unwrap();
            assert!(status.success(), "{status}");
        }
    }
}

/// One run, and its line of the table.
fn one(documents: usize, (name, title, full): (&str, &str, bool), folder: &Path) {
    let at_rest = field("VmRSS:");
    let begun = Instant::now();
    let finished = sync(&Endless::new(documents, title), full, folder);
    assert_eq!(finished.outcome, Outcome::Done, "{finished:?}");
    assert_eq!(finished.summary.documents, documents as u64);
    let peak = field("VmHWM:");
    println!(
        "{documents:>10} {name:12} {:>8.2} {:>8.2} {:>9.1} {:>14.0}",
        begun.elapsed().as_secs_f64(),
        cpu().as_secs_f64(),
        peak as f64 / 1e6,
        peak.saturating_sub(at_rest) as f64 / documents as f64
    );
}

/// As a worker does it: one thread for the network, and a few for what blocks.
fn sync(service: &Endless, full: bool, folder: &Path) -> Finished {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(10).build().unwrap();
    let mirror = Arc::new(Mirror::open(folder).unwrap());
    let (state, _) = State::open(&folder.join(".sync_state"), Duration::from_secs(5)).unwrap();
    runtime.block_on(sync::run(Run {
        connector: Arc::new(service.clone()),
        source: "endless".to_owned(),
        state: Arc::new(state),
        mirror,
        clock: Arc::new(SystemClock),
        reporter: Arc::new(Silent),
        cancel: CancellationToken::new(),
        options: Options { rerender: false, full, accept_deletions: false, max_delete_percent: 20, whole_up_to: usize::MAX, settings: 1 },
    }))
}

/// A field of this process's status, in bytes.
fn field(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn cpu() -> Duration {
    nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID.now().map_or(Duration::ZERO, Duration::from)
}
