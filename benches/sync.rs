//! Measures whole syncs of a simulated 2,000-page site: time, requests, CPU and memory of all processes; how soon a busy daemon answers; and the idle daemon.
//!
//! `cargo bench --bench sync` prints all, `cargo bench --bench sync -- answers` one part of it (`rounds`, `answers`, `idle`); nothing is asserted by time.
//! The site's own work is done by this process and is not counted. With a number (`-- 100000`) it measures one space of so many small pages instead, and
//! the peak is the worker's alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a measurement stops where it cannot go on, and prints")]

#[path = "../tests/it/home.rs"]
mod home;
mod measure;
#[path = "../tests/it/support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use home::Home;
use measure::{Cost, field, megabytes, number};
use support::Site;
use support::corpus::{Options, populate};

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");
const PAGES: usize = 2000;

fn main() {
    // `cargo test --benches` runs this too, and must not take minutes.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    if let Some(pages) = std::env::args().find_map(|a| a.parse().ok()) {
        return large(pages);
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|name| name == part);
    if wants("rounds") {
        rounds();
    }
    if wants("answers") {
        answers();
    }
    if wants("idle") {
        idle();
    }
}

fn rounds() {
    println!("{PAGES} pages in 4 spaces; seconds of wall time, requests, CPU seconds, peak MB of all processes together\n");
    println!("{:34} {:>8} {:>9} {:>8} {:>8}", "", "wall s", "requests", "CPU s", "peak MB");
    for attachments in [false, true] {
        for latency_ms in [0, 50] {
            round(attachments, Duration::from_millis(latency_ms));
        }
    }
}

/// One space of so many pages of some 2 KB.
fn large(pages: usize) {
    let site = Site::cloud();
    let ids = site.edit(|m| populate(m, pages, 1, &Options { attachments: false, giants: 0, median_bytes: 2048, ..Options::default() }));
    let home = Home::for_site(DAEMON, &site, "attachments = \"none\"");
    println!("{pages} pages in one space; seconds of wall time, requests, CPU seconds, peak MB of the worker\n");
    for label in ["first", "no change"] {
        measure_by(label, &site, &home, |cost| cost.worker);
    }
    site.edit(|m| m.edit_page(ids[0], &support::prose::body(1, 2048)));
    measure_by("one edited", &site, &home, |cost| cost.worker);
}

fn round(attachments: bool, latency: Duration) {
    let site = Site::cloud();
    let ids = site.edit(|m| populate(m, PAGES, 4, &Options { attachments, ..Options::default() }));
    site.latency(latency);
    let home = Home::for_site(DAEMON, &site, if attachments { "" } else { "attachments = \"none\"" });
    let label = |what: &str| format!("{what}, {} ms, {}", latency.as_millis(), if attachments { "attachments" } else { "bare" });
    measure(&label("full"), &site, &home);
    measure(&label("no change"), &site, &home);
    site.edit(|m| {
        for (n, id) in ids.iter().step_by(100).enumerate() {
            m.edit_page(*id, &support::prose::body(n as u64, 5000));
        }
    });
    measure(&label("1 % edited"), &site, &home);
}

fn measure(label: &str, site: &Site, home: &Home) {
    measure_by(label, site, home, |cost| cost.together);
}

/// `memory` says whose memory is told.
fn measure_by(label: &str, site: &Site, home: &Home, memory: impl Fn(&Cost) -> u64) {
    site.clear_requests();
    let cost = measure::once(label, home);
    let (wall, cpu, peak) = (cost.wall.as_secs_f64(), cost.cpu.as_secs_f64(), megabytes(memory(&cost)));
    println!("{label:34} {wall:>8.2} {:>9} {cpu:>8.2} {peak:>8.1}", site.requests().len());
}

/// How long `status` takes while a full sync goes on, asked every 20 ms over one connection.
fn answers() {
    let site = Site::cloud();
    site.edit(|m| populate(m, PAGES, 4, &Options { attachments: true, ..Options::default() }));
    let home = Home::for_site(DAEMON, &site, "");
    let daemon = home.start();
    let stream = UnixStream::connect(home.socket()).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut took = Vec::new();
    let mut syncing = false;
    loop {
        let asked = Instant::now();
        (&stream).write_all(b"{\"op\":\"status\"}\n").unwrap();
        let line = lines.next().unwrap().unwrap();
        let taken = asked.elapsed();
        match (syncing, line.contains("\"state\":\"running\"")) {
            (_, true) => {
                syncing = true;
                took.push(taken);
            }
            (true, false) => break,
            (false, false) => {}
        }
        std::thread::sleep(Duration::from_millis(20).saturating_sub(taken));
    }
    took.sort();
    let ms = |at: usize| took[at.min(took.len() - 1)].as_secs_f64() * 1000.0;
    println!(
        "\n`status` during a full sync, {} times: median {:.2} ms, 99 of 100 within {:.2} ms, worst {:.2} ms",
        took.len(),
        ms(took.len() / 2),
        ms(took.len() * 99 / 100),
        ms(took.len() - 1)
    );
    drop(daemon);
}

/// The daemon with one synced connector, over a minute.
fn idle() {
    let site = Site::cloud();
    site.edit(|m| populate(m, 50, 1, &Options { attachments: false, ..Options::default() }));
    let home = Home::for_site(DAEMON, &site, "");
    let daemon = home.start();
    home::wait_for("the first sync's end", || daemon.log().contains("sync done") && daemon.workers().is_empty(), || daemon.log());
    std::thread::sleep(Duration::from_secs(5));
    let switches = || {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", daemon.pid())).unwrap();
        tasks.map(|t| number(&format!("{}/status", t.unwrap().path().display()), "voluntary_ctxt_switches:")).sum::<u64>()
    };
    let before = switches();
    std::thread::sleep(Duration::from_secs(60));
    let per_second = (switches() - before) as f64 / 60.0;
    let threads = std::fs::read_dir(format!("/proc/{}/task", daemon.pid())).unwrap().count();
    let (all, file) = (field(daemon.pid(), "VmRSS:"), field(daemon.pid(), "RssFile:"));
    println!(
        "\nidle daemon: {:.1} MB resident ({:.1} MB of it shared program text), {per_second:.2} voluntary context switches a second, {threads} threads",
        megabytes(all),
        megabytes(file)
    );
}
