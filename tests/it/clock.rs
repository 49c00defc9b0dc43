//! The real daemon while its clock is set, by days and both ways: it goes on syncing, once for each time that came, and neither spins nor floods.
//!
//! The clock is libfaketime's, which the daemon and its workers are started with; the machine's own is never touched. Without the package `faketime` the
//! test says NOT RUN and passes; with `CI` set it fails.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::home::{Daemon, Home, wait_for};
use crate::support::{Class, Site};

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");
const HOUR_MS: u64 = 3_600_000;

/// The library, as the wrapper of its package finds it.
fn library() -> Option<String> {
    let output = Command::new("faketime").args(["-f", "+0d", "printenv", "LD_PRELOAD"]).output().ok()?;
    let found = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    found.contains("libfaketime").then_some(found)
}

/// From now on the clock is off by so many seconds.
fn set_clock(home: &Home, seconds: i64) {
    let (path, next) = (clock(home), home.path().join("clock.next"));
    std::fs::write(&next, format!("{seconds:+}\n")).unwrap();
    std::fs::rename(next, path).unwrap();
}

fn clock(home: &Home) -> std::path::PathBuf {
    home.path().join("clock")
}

/// Each sync asks for the spaces once.
fn syncs(site: &Site) -> usize {
    site.count(Class::Spaces)
}

fn wait_for_sync(site: &Site, daemon: &Daemon<'_>, number: usize) {
    wait_for(
        &format!("sync {number}"),
        || syncs(site) >= number && daemon.workers().is_empty(),
        || format!("{}\n{}", daemon.log(), site.transcript()),
    );
}

fn ask(home: &Home, request: &Value) -> Value {
    use std::io::{BufRead as _, BufReader, Write as _};
    let mut stream = std::os::unix::net::UnixStream::connect(home.socket()).unwrap();
    writeln!(stream, "{request}").unwrap();
    let lines = BufReader::new(stream).lines().map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    lines.into_iter().find(|line| line.get("event").is_none()).unwrap()
}

fn next_bell_ms(home: &Home) -> u64 {
    let status = ask(home, &json!({"v": 1, "id": 1, "op": "status"}));
    status["ok"]["connectors"][0]["next_run_ms"].as_u64().unwrap_or_else(|| panic!("{status}"))
}

fn request_a_sync(home: &Home) {
    let ended = ask(home, &json!({"v": 1, "id": 1, "op": "sync", "names": ["confluence"], "full": false}));
    assert!(ended.get("ok").is_some(), "{ended}");
}

/// Clock ticks (hundredths of a second) that the process has worked.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn a_clock_that_jumps_by_days_both_ways_neither_stops_the_bells_nor_lets_them_flood() {
    let Some(library) = library() else {
        assert!(std::env::var_os("CI").is_none(), "the package `faketime` is missing");
        println!("NOT RUN: the package `faketime` is missing");
        return;
    };
    let site = Site::cloud();
    site.edit(|m| {
        m.add_space("ENG", "Engineering");
        m.add_page("ENG", None, "Guide", "<p>Hi</p>");
    });
    let home = Home::for_site(DAEMON, &site, "");
    home.configure(&std::fs::read_to_string(home.config()).unwrap().replace("every = \"hourly\"", "every = \"hourly\"\njitter_secs = 0"));
    let real_ms = || u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    // Half past, by the daemon's clock, so that no bell rings but those that the jumps bring.
    let to_half_past = 1800 - i64::try_from(real_ms() / 1000 % 3600).unwrap();
    set_clock(&home, to_half_past);
    let daemon = home.start_with(|command| {
        command.env("LD_PRELOAD", &library).env("FAKETIME_TIMESTAMP_FILE", clock(&home));
        for switch in ["FAKETIME_NO_CACHE", "FAKETIME_DONT_FAKE_MONOTONIC", "DONT_FAKE_MONOTONIC", "FAKETIME_DISABLE_SHM"] {
            command.env(switch, "1");
        }
    });
    wait_for_sync(&site, &daemon, 1);
    let before = home.looks();

    // Three days ahead: what was passed over rings, once, without anybody's doing.
    let day = 86_400;
    set_clock(&home, to_half_past + 3 * day);
    wait_for_sync(&site, &daemon, 2);
    assert!(next_bell_ms(&home) > real_ms() + 3 * 86_000_000, "the next bell is reckoned by the new clock");

    // Five days back: bells go on by the clock that there is, not in five days. Whoever asks makes the daemon look at the clock at once.
    set_clock(&home, to_half_past - 2 * day);
    request_a_sync(&home);
    wait_for_sync(&site, &daemon, 3);
    let back_ms = || real_ms().checked_add_signed((to_half_past - 2 * day) * 1000).unwrap();
    wait_for("a bell within the hour", || (back_ms()..=back_ms() + HOUR_MS).contains(&next_bell_ms(&home)), || daemon.log());
    assert_eq!(syncs(&site), 3, "a step back brings no bell\n{}", daemon.log());

    // And an hour later it rings.
    set_clock(&home, to_half_past - 2 * day + 3600);
    request_a_sync(&home);
    wait_for_sync(&site, &daemon, 5);

    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(syncs(&site), 5, "{}", daemon.log());
    assert!(ticks(daemon.pid()) < 500, "it worked for {} hundredths of a second", ticks(daemon.pid()));
    assert_eq!(home.looks(), before, "no clock changes a file");
    assert!(daemon.stop().success());
}
