//! Kill it anywhere, and the next run heals it: the tree is that of an undisturbed sync, byte for byte, no temporary file stays, and the trash loses
//! nothing.

use std::time::{Duration, Instant};

use crate::home::{Home, children, wait_for};
use crate::support::Site;

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");

/// A deterministic sequence, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

fn site() -> (Site, Vec<crate::support::Id>) {
    let site = Site::cloud();
    let ids = site.edit(|m| {
        m.add_space("ENG", "Engineering");
        m.add_space("OPS", "Operations");
        let mut ids = Vec::new();
        for n in 0..150 {
            let space = if n % 3 == 0 { "OPS" } else { "ENG" };
            let parent = if n % 5 == 4 { ids.last().copied().filter(|_| n % 3 != 0 && (n - 1) % 3 != 0) } else { None };
            ids.push(m.add_page(space, parent, &format!("Page {n}"), ""));
        }
        for n in 0..150 {
            // By id: a link by title is rewritten at the service without a new version, which a mirror cannot see.
            let target = ids[(n * 7) % 150];
            let words = "words and more words ".repeat(60);
            m.edit_page(ids[n], &format!("<p>Page {n}, see <ac:link><ri:content-entity ri:content-id=\"{target}\" /></ac:link>.</p><p>{words}</p>"));
        }
        for n in (0..150).step_by(10) {
            m.add_attachment(ids[n], "a.png", vec![u8::try_from(n).unwrap(); 20_000], "image/png");
            let body = format!("{}<ac:image><ri:attachment ri:filename=\"a.png\" /></ac:image>", m.body(ids[n]));
            m.edit_page(ids[n], &body);
        }
        ids
    });
    (site, ids)
}

/// Edits, renames, moves and deletes a little.
fn disturb(site: &Site, ids: &mut Vec<crate::support::Id>, dice: &mut Dice, round: usize) {
    site.edit(|m| {
        for _ in 0..3 {
            let id = ids[usize::try_from(dice.roll(ids.len() as u64)).unwrap()];
            // A picture that no page shows any more stays until `cleanup`, and a fresh mirror would not have it.
            let picture = if m.attachments_of(id).next().is_some() { "<ac:image><ri:attachment ri:filename=\"a.png\" /></ac:image>" } else { "" };
            m.edit_page(id, &format!("<p>Edited in round {round}, {}</p>{picture}", dice.roll(1000)));
        }
        let id = ids[usize::try_from(dice.roll(ids.len() as u64)).unwrap()];
        m.rename_page(id, &format!("Renamed {round} {}", dice.roll(1000)));
        let id = ids[usize::try_from(dice.roll(ids.len() as u64)).unwrap()];
        m.move_to_space(id, if round.is_multiple_of(2) { "ENG" } else { "OPS" });
        let gone = ids.swap_remove(usize::try_from(dice.roll(ids.len() as u64)).unwrap());
        m.delete(gone);
    });
}

/// How many milliseconds a run takes here that nobody kills.
fn usual_ms(home: &Home) -> u64 {
    let began = Instant::now();
    home.synced();
    u64::try_from(began.elapsed().as_millis()).unwrap().max(10)
}

/// Starts `--once` and kills its worker, or itself, after `delay`; true if it was still running.
fn kill_after(home: &Home, delay: Duration, worker: bool) -> bool {
    let mut child = home
        .daemon_command(&["--once"])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(delay);
    let victims = if worker { children(child.id()) } else { vec![child.id()] };
    let alive = child.try_wait().unwrap().is_none();
    for pid in &victims {
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(*pid).unwrap()), nix::sys::signal::Signal::SIGKILL);
    }
    let _ = child.wait();
    alive && !victims.is_empty()
}

/// What the state says of every document, apart from times and from the names that it had once.
fn records(home: &Home) -> std::collections::BTreeMap<String, context_syncd::state::DocRecord> {
    let (state, opened) = context_syncd::state::State::open(&home.mirror().join(".sync_state"), Duration::from_secs(10)).unwrap();
    assert_eq!(opened, context_syncd::state::Opened::Existing);
    let record = |entry: Result<(context_syncd::model::RemoteId, context_syncd::state::DocRecord), _>| {
        let (id, mut record) = entry.unwrap();
        record.stamp = None;
        record.former.clear();
        (id.to_string(), record)
    };
    state.documents().map(record).collect()
}

fn assert_healed(home: &Home, site: &Site, story: &str) {
    let said = home.once();
    assert_eq!(said.code, Some(0), "{story}: {said:#?}");
    let fresh = Home::for_site(DAEMON, site, "");
    fresh.synced();
    assert_eq!(records(home), records(&fresh), "{story}");
    let (healed, fresh) = (home.living(), fresh.living());
    let paths = |t: &std::collections::BTreeMap<String, Vec<u8>>| t.keys().cloned().collect::<Vec<_>>();
    assert_eq!(paths(&healed), paths(&fresh), "{story}");
    for (path, bytes) in &fresh {
        let (there, here) = (String::from_utf8_lossy(&healed[path]), String::from_utf8_lossy(bytes));
        let differs: Vec<_> = there.lines().zip(here.lines()).filter(|(a, b)| a != b).take(3).collect();
        assert!(healed[path] == *bytes, "{story}: {path} differs (healed, fresh): {differs:#?}");
    }
}

#[test]
fn sigkill_during_full_syncs_loses_nothing() {
    let (site, _) = site();
    let mut dice = Dice(1);
    let mut kills = 0;
    let usual = usual_ms(&Home::for_site(DAEMON, &site, ""));
    for round in 0..30 {
        let home = Home::for_site(DAEMON, &site, "");
        kills += usize::from(kill_after(&home, Duration::from_millis(1 + dice.roll(usual)), round % 2 == 0));
        kills += usize::from(kill_after(&home, Duration::from_millis(1 + dice.roll(usual * 3 / 4)), round % 2 == 1));
        if round % 5 == 4 {
            assert_healed(&home, &site, &format!("round {round}"));
        } else {
            home.synced();
        }
    }
    assert!(kills >= 25, "only {kills} kills struck a living process");
}

#[test]
fn sigkill_during_incremental_syncs_with_edits_between_loses_nothing() {
    let (site, mut ids) = site();
    let mut dice = Dice(2);
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    disturb(&site, &mut ids, &mut dice, 40);
    let usual = usual_ms(&home);
    let mut kills = 0;
    for round in 0..40 {
        disturb(&site, &mut ids, &mut dice, round);
        kills += usize::from(kill_after(&home, Duration::from_millis(1 + dice.roll(usual)), round % 2 == 0));
        if round % 8 == 7 {
            assert_healed(&home, &site, &format!("round {round}"));
        }
    }
    assert!(kills >= 25, "only {kills} kills struck a living process");
}

#[test]
fn the_daemon_dies_and_its_worker_does_not_outlive_it() {
    let (site, _) = site();
    let home = Home::for_site(DAEMON, &site, "");
    site.latency(Duration::from_millis(300));
    let daemon = home.start();
    wait_for("a worker", || !daemon.workers().is_empty(), || daemon.log());
    let workers = daemon.workers();
    daemon.kill();
    wait_for(
        "the worker's end",
        || workers.iter().all(|pid| !std::path::Path::new(&format!("/proc/{pid}/fd")).exists() || is_zombie(*pid)),
        || format!("{workers:?}"),
    );
    site.latency(Duration::ZERO);
    assert_healed(&home, &site, "after the daemon's death");
}

fn is_zombie(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| s.rsplit(')').next().is_some_and(|r| r.trim_start().starts_with('Z')))
}
