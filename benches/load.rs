//! Measures what `tests/it/load.rs` bounds: how soon the daemon answers among 64 clients that misbehave, and the memory of a worker that meets a page of
//! 200 MB or streams an attachment of 2 GB, and of twenty workers at once.
//!
//! `cargo bench --bench load` prints all, `cargo bench --bench load -- clients` one part of it (`clients`, `page`, `attachment`, `connectors`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a measurement stops where it cannot go on, and prints")]

#[path = "../tests/it/load/crowd.rs"]
mod crowd;
#[path = "../tests/it/home.rs"]
mod home;
#[path = "../tests/it/support/mod.rs"]
mod support;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crowd::{Crowd, patience, peak};
use home::{Home, children, site_config};
use support::{EMAIL, Fault, Site, TOKEN};

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");
const CLIENTS: usize = 64;
const CONNECTORS: usize = 20;

fn main() {
    // `cargo test --benches` runs this too, and must not take minutes.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|name| name == part);
    if wants("clients") {
        clients();
    }
    if wants("page") {
        page();
    }
    if wants("attachment") {
        attachment();
    }
    if wants("connectors") {
        connectors();
    }
}

fn clients() {
    let site = Site::cloud();
    site.edit(|model| model.add_space("ENG", "Engineering"));
    let home = Home::new(DAEMON);
    home.configure(&site_config(&site, ""));
    let daemon = home.start();
    std::thread::sleep(Duration::from_secs(2));
    print("nobody else", &home.socket());
    let crowd = Crowd::gather(&home.socket(), CLIENTS);
    std::thread::sleep(Duration::from_secs(2));
    print(&format!("{CLIENTS} that misbehave"), &home.socket());
    println!("    {:?}", crowd.done());
    println!("    the daemon had {:.1} MB at most", megabytes(peak(daemon.pid())));
}

fn print(label: &str, socket: &Path) {
    let took = patience(socket, 2000, Duration::from_millis(5));
    let ms = |at: usize| took[at.min(took.len() - 1)].as_secs_f64() * 1000.0;
    let (median, most, worst) = (ms(took.len() / 2), ms(took.len() * 99 / 100), ms(took.len() - 1));
    println!("`status` beside {label}, {} times: median {median:.2} ms, 99 of 100 within {most:.2} ms, worst {worst:.2} ms", took.len());
}

fn page() {
    for announced in [false, true] {
        let site = Site::cloud();
        site.edit(|model| {
            model.add_space("ENG", "Engineering");
            for page in 0..20 {
                model.add_page("ENG", None, &format!("Page {page}"), "<p>Hello.</p>");
            }
            model.add_page("ENG", None, "Large", &format!("<p>{}</p>", Fault::MARK))
        });
        site.habits(|habits| habits.always("/api/v2/pages", Fault::Swollen { bytes: 200_000_000, announced }));
        let home = Home::for_site(DAEMON, &site, "");
        once(&format!("a page of 200 MB, its length announced: {announced}"), &home);
    }
}

fn attachment() {
    for bytes in [20_000_000, 2_000_000_000] {
        let site = Site::cloud();
        site.edit(|model| {
            model.add_space("ENG", "Engineering");
            let page = model.add_page("ENG", None, "Film", "<p>Look.</p>");
            model.add_large_attachment(page, "film.mp4", bytes)
        });
        site.habits(|habits| habits.always("/binary", Fault::Swollen { bytes, announced: true }));
        let home = Home::for_site(DAEMON, &site, "attachments = \"all\"\nmax_asset_bytes = 4000000000\n");
        once(&format!("an attachment of {} MB", bytes / 1_000_000), &home);
    }
}

/// One run, and the most memory that its worker had.
fn once(label: &str, home: &Home) {
    let begun = Instant::now();
    let mut child = home.daemon_command(&["--once"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut most = 0;
    let status = loop {
        most = children(child.id()).into_iter().map(peak).max().unwrap_or(0).max(most);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    println!("{label}: the worker had {:.1} MB at most; {status}, {:.1} s", megabytes(most), begun.elapsed().as_secs_f64());
}

fn connectors() {
    let site = Site::cloud();
    site.edit(|model| {
        for space in 0..CONNECTORS {
            let key = format!("S{space}");
            model.add_space(&key, &key);
            for page in 0..100 {
                model.add_page(&key, None, &format!("Page {page}"), &support::prose::body(page, 5000));
            }
        }
    });
    let home = Home::new(DAEMON);
    let mut config = format!("max_parallel = {CONNECTORS}\n[schedule]\nevery = \"daily\"\njitter_secs = 0\n");
    for space in 0..CONNECTORS {
        let (url, login) = (site.base_url(), format!("username = \"{EMAIL}\"\napi_token = \"{TOKEN}\""));
        config.push_str(&format!("[connectors.c{space}]\ntype = \"confluence\"\nurl = \"{url}\"\n{login}\ncloud = true\nspaces = [\"S{space}\"]\n"));
    }
    home.configure(&config);
    let begun = Instant::now();
    let daemon = home.start();
    let mut most = 0;
    while crowd::ask(&home.socket(), "{\"op\":\"history\",\"limit\":100}")["ok"]["runs"].as_array().is_none_or(|runs| runs.len() < CONNECTORS) {
        most = daemon.workers().into_iter().map(peak).max().unwrap_or(0).max(most);
        std::thread::sleep(Duration::from_millis(2));
    }
    let (took, daemons) = (begun.elapsed().as_secs_f64(), megabytes(peak(daemon.pid())));
    println!("{CONNECTORS} connectors of 100 pages at once: {took:.1} s; a worker had {:.1} MB at most, the daemon {daemons:.1} MB", megabytes(most));
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
