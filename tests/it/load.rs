//! Load: many connectors, documents and attachments of any size, and clients that misbehave. What is asserted are counts and memory, which is the most that
//! the process ever had as the kernel counts it (`VmHWM`); how long things take is measured by `cargo bench --bench load`.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

pub mod crowd;

use crate::home::{Home, children, site_config, wait_for};
use crate::support::{EMAIL, Fault, Site, TOKEN};
use crowd::{Crowd, MANNERS, patience, peak};

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");
const MB: u64 = 1_000_000;

/// Runs `--once` to its end; returns the most memory that a worker and that the daemon had, what it wrote, and its exit code.
fn watched(home: &Home) -> (u64, u64, String, Option<i32>) {
    let log = home.path().join("once.log");
    let file = std::fs::File::create(&log).unwrap();
    let mut command = home.daemon_command(&["--once"]);
    let mut child: Child = command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
    let (mut worker, mut daemon) = (0, 0);
    loop {
        daemon = peak(child.id()).max(daemon);
        worker = children(child.id()).into_iter().map(peak).max().unwrap_or(0).max(worker);
        if let Some(status) = child.try_wait().unwrap() {
            return (worker, daemon, std::fs::read_to_string(&log).unwrap(), status.code());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn twenty_connectors_at_once_are_all_brought_up_to_date() {
    const CONNECTORS: usize = 20;
    const PAGES: usize = 5;
    let site = Site::cloud();
    site.edit(|model| {
        for space in 0..CONNECTORS {
            let key = format!("S{space}");
            model.add_space(&key, &key);
            for page in 1..PAGES {
                model.add_page(&key, None, &format!("Page {page}"), "<p>Hello.</p>");
            }
        }
    });
    let home = Home::new(DAEMON);
    let mut config = "max_parallel = 20\n[schedule]\nevery = \"daily\"\njitter_secs = 0\n".to_owned();
    for space in 0..CONNECTORS {
        let (url, login) = (site.base_url(), format!("username = \"{EMAIL}\"\napi_token = \"{TOKEN}\""));
        config.push_str(&format!("[connectors.c{space}]\ntype = \"confluence\"\nurl = \"{url}\"\n{login}\ncloud = true\nspaces = [\"S{space}\"]\n"));
    }
    home.configure(&config);
    let daemon = home.start();
    let mut peaks = BTreeMap::new();
    let ended = || -> usize {
        let history = crowd::ask(&home.socket(), "{\"op\":\"history\",\"limit\":100}");
        history["ok"]["runs"].as_array().unwrap().iter().filter(|run| run["outcome"] == "done").count()
    };
    wait_for(
        "the end of all",
        || {
            for worker in daemon.workers() {
                // Of a process that has ended there is no peak any more.
                let before = peaks.entry(worker).or_default();
                *before = peak(worker).max(*before);
            }
            ended() == CONNECTORS
        },
        || daemon.log(),
    );
    let status = crowd::ask(&home.socket(), "{\"op\":\"status\"}");
    let documents: Vec<u64> = status["ok"]["connectors"].as_array().unwrap().iter().map(|c| c["documents"].as_u64().unwrap()).collect();
    assert_eq!(documents, [PAGES as u64; CONNECTORS]);
    let (most, daemons) = (peaks.values().max().copied().unwrap_or_default(), peak(daemon.pid()));
    println!("a worker had {} MB at most, the daemon {} MB", most / MB, daemons / MB);
    assert!(most > 0 && most < 100 * MB && daemons < 60 * MB, "{most} {daemons}");
}

#[test]
fn a_page_of_200_mb_is_deferred_and_never_held_whole() {
    for announced in [false, true] {
        let site = Site::cloud();
        let large = site.edit(|model| {
            model.add_space("ENG", "Engineering");
            for page in 0..20 {
                model.add_page("ENG", None, &format!("Page {page}"), "<p>Hello.</p>");
            }
            model.add_page("ENG", None, "Large", &format!("<p>{}</p>", Fault::MARK))
        });
        site.habits(|habits| habits.always("/api/v2/pages", Fault::Swollen { bytes: 200 * MB, announced }));
        let home = Home::for_site(DAEMON, &site, "");
        let (worker, _, said, code) = watched(&home);
        assert_eq!(code, Some(8), "{said}");
        assert!(said.contains(&large.to_string()) && said.contains("max_body_bytes"), "{said}");
        assert_eq!(home.living().keys().filter(|path| path.contains("page-")).count(), 20, "{said}");
        assert!(!home.living().keys().any(|path| path.contains("large")), "{said}");
        println!("announced: {announced}; the worker had {} MB at most", worker / MB);
        // The limit is twice 33 MB, for every character may have been escaped; what announces itself is not begun.
        assert!(worker < if announced { 60 } else { 180 } * MB, "{worker}");
    }
}

#[test]
fn an_attachment_of_300_mb_streams_through_a_worker_that_stays_small() {
    let bytes = 300 * MB;
    let site = Site::cloud();
    site.edit(|model| {
        model.add_space("ENG", "Engineering");
        let page = model.add_page("ENG", None, "Film", "<p>Look.</p>");
        model.add_large_attachment(page, "film.mp4", bytes)
    });
    site.habits(|habits| habits.always("/binary", Fault::Swollen { bytes, announced: true }));
    let home = Home::for_site(DAEMON, &site, "attachments = \"all\"\nmax_asset_bytes = 4000000000\n");
    let (worker, _, said, code) = watched(&home);
    assert_eq!(code, Some(0), "{said}");
    let there = crate::home::files(&home.mirror()).into_iter().find(|path| path.ends_with("film.mp4")).unwrap();
    assert_eq!(std::fs::metadata(home.mirror().join(there)).unwrap().len(), bytes);
    println!("the worker had {} MB at most", worker / MB);
    assert!(worker > 0 && worker < 90 * MB, "{worker}");
}

#[test]
fn sixty_four_clients_that_misbehave_keep_nobody_else_waiting() {
    let site = Site::cloud();
    site.edit(|model| model.add_space("ENG", "Engineering"));
    let home = Home::new(DAEMON);
    home.configure(&site_config(&site, ""));
    let daemon = home.start();
    let crowd = Crowd::gather(&home.socket(), 64);
    wait_for("everybody", || crowd.done().iter().all(|(_, done)| *done > 0), || format!("{:?}\n{}", crowd.done(), daemon.log()));
    let took = patience(&home.socket(), 200, Duration::from_millis(5));
    let done: BTreeMap<_, _> = crowd.done().into_iter().collect();
    let (median, worst) = (took[took.len() / 2], took[took.len() - 1]);
    println!("median {median:?}, worst {worst:?}; {done:?}; the daemon had {} MB at most", peak(daemon.pid()) / MB);
    assert!(median < Duration::from_millis(50), "{median:?} {worst:?}");
    assert!(peak(daemon.pid()) < 100 * MB, "{}", peak(daemon.pid()));
    drop(crowd);
    // All places are free again, and it still does what it is there for.
    let (descriptors, alone) = (|| std::fs::read_dir(format!("/proc/{}/fd", daemon.pid())).unwrap().count(), 40);
    wait_for("the end of the last one", || descriptors() < alone, || format!("{} descriptors; {:?}", descriptors(), MANNERS));
    let synced: Value = crowd::ask(&home.socket(), "{\"op\":\"sync\"}");
    assert_eq!(synced["ok"]["runs"][0]["outcome"], "done", "{synced}\n{}", daemon.log());
}
