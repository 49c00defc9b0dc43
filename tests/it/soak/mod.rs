//! Syncs that are killed at random instants while the site changes, and the judge of what is left: shared by `crash` and by `examples/soak.rs`.
//!
//! A seed says all that can be said before: which edits, whom to kill, and when. Only the instant that a kill strikes is the machine's.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test's furniture stops its test when it breaks"
)]

mod hub;
mod judge;
mod kill;
mod repositories;
mod upstream;

use std::path::{Path, PathBuf};

use crate::home::{Home, site_config};
pub use hub::HubSoak;
pub use judge::Kept;
#[allow(unused_imports, reason = "each user takes a part")]
pub use kill::{Victim, Way, ask, can_trace, kill, usual_ms, wait_until_ended};
pub use repositories::Repositories;
pub use upstream::Upstream;

/// A deterministic sequence, so that a failure can be repeated.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    /// Once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.roll(times) == 0
    }

    /// One of these.
    pub fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }
}

/// What a soak did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Kills that struck a living process: of workers, of the supervising process, of both.
    pub workers: usize,
    pub supervisors: usize,
    pub both: usize,
    /// Of these, in runs that a daemon had started.
    pub daemons: usize,
    /// Of these, in first syncs, full syncs, and syncs whose state was lost; the others were incremental.
    pub firsts: usize,
    pub fulls: usize,
    pub stateless: usize,
    /// Kills that came too late.
    pub missed: usize,
    /// Times that everything was compared.
    pub judged: usize,
    /// Files that were changed or deleted by hand.
    pub hands: usize,
    /// Edits upstream.
    pub edits: usize,
}

impl Tally {
    pub fn kills(&self) -> usize {
        self.workers + self.supervisors + self.both
    }
}

/// What is killed.
#[derive(Clone, Copy, Debug)]
enum Kind {
    First,
    Full,
    Stateless,
    Incremental,
}

/// A site, one mirror of it that lives through everything, and the dice.
pub struct Soak {
    pub upstream: Upstream,
    pub tally: Tally,
    dice: Dice,
    daemon: PathBuf,
    home: Home,
    kept: Kept,
    settings: u32,
    full_ms: u64,
    run_ms: u64,
    /// Who was killed last, after how many milliseconds.
    last: Option<(Victim, u64)>,
}

impl Soak {
    /// A mirror of a new site of so many pages, synced once.
    pub fn new(daemon: &Path, pages: usize, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut upstream = Upstream::new(pages, &mut dice);
        let home = Home::for_site(daemon, &upstream.site, "");
        let full_ms = usual_ms(&home);
        upstream.disturb(&mut dice, 5);
        let run_ms = usual_ms(&home);
        let kept = Kept::new(&home);
        Self { upstream, tally: Tally::default(), dice, daemon: daemon.to_owned(), home, kept, settings: 0, full_ms, run_ms, last: None }
    }

    /// Changes the site and the mirror, kills a run (some rounds: two in a row), lets the next one end, and judges.
    pub fn round(&mut self, story: &str) {
        let some = if self.dice.once_in(8) { 30 } else { 1 + self.dice.roll(6) };
        self.tally.edits += self.upstream.disturb(&mut self.dice, some);
        match self.dice.roll(6) {
            0 => self.tally.hands += self.kept.change_by_hand(&self.home, &mut self.dice),
            1 => self.tally.hands += self.kept.delete_by_hand(&self.home, &mut self.dice),
            _ => {}
        }
        let (way, usual, kind) = match self.dice.roll(10) {
            0 => {
                self.home = Home::for_site(&self.daemon, &self.upstream.site, "");
                self.kept = Kept::new(&self.home);
                (Way::Once, self.full_ms, Kind::First)
            }
            1 => {
                self.kept.lose_state(&self.home);
                (Way::Once, self.full_ms, Kind::Stateless)
            }
            2 => (Way::Full, self.full_ms, Kind::Full),
            3 | 4 => (Way::Daemon, self.run_ms, Kind::Incremental),
            _ => (Way::Once, self.run_ms, Kind::Incremental),
        };
        self.strike(way, usual, kind);
        if self.dice.once_in(5) {
            self.tally.edits += self.upstream.disturb(&mut self.dice, 2);
            self.strike(Way::Once, usual, kind);
        }
        let story = format!("{story}, {kind:?} by {way:?}, {:?}", self.last);
        self.judge(&story);
    }

    /// The same with a run that dies at its `count`th `call`, where it makes so many; whether it did.
    pub fn round_at(&mut self, call: &str, count: u32, story: &str) -> bool {
        self.tally.edits += self.upstream.disturb(&mut self.dice, 10);
        self.tally.hands += self.kept.change_by_hand(&self.home, &mut self.dice);
        let died = kill::kill_at(&self.home, call, count);
        self.judge(story);
        died
    }

    /// What is left over is `cleanup`'s: after it, the mirror is a fresh one, and the trash is as it was.
    pub fn finish(mut self) -> Tally {
        self.judge("at the end");
        let _ = std::fs::remove_file(self.home.socket());
        let daemon = self.home.start();
        let cleaned = ask(&self.home, r#"{"v":1,"id":1,"op":"cleanup","names":["confluence"],"apply":true}"#);
        assert!(cleaned["ok"].is_object(), "{cleaned}");
        assert!(daemon.stop().success());
        let fresh = Home::for_site(&self.daemon, &self.upstream.site, "");
        fresh.synced();
        self.kept.judge_cleaned(&self.home, &fresh);
        self.tally
    }

    fn strike(&mut self, way: Way, usual: u64, kind: Kind) {
        let victim = *self.dice.pick(&[Victim::Worker, Victim::Worker, Victim::Supervisor, Victim::Both]);
        let delay = 1 + self.dice.roll(usual);
        self.last = Some((victim, delay));
        if !kill(&self.home, way, victim, std::time::Duration::from_millis(delay)) {
            self.tally.missed += 1;
            return;
        }
        self.tally.daemons += usize::from(way != Way::Once);
        match kind {
            Kind::First => self.tally.firsts += 1,
            Kind::Full => self.tally.fulls += 1,
            Kind::Stateless => self.tally.stateless += 1,
            Kind::Incremental => {}
        }
        match victim {
            Victim::Worker => self.tally.workers += 1,
            Victim::Supervisor => self.tally.supervisors += 1,
            Victim::Both => self.tally.both += 1,
        }
    }

    /// What no feed tells (a label, a deleted comment) is found once a day, and where the settings changed.
    fn look_at_everything(&mut self) {
        self.settings += 1;
        self.home.configure(&site_config(&self.upstream.site, &format!("burst = {}", 100 + self.settings % 800)));
    }

    /// One undisturbed run, and then everything is as a fresh mirror would have it.
    fn judge(&mut self, story: &str) {
        if self.upstream.unseen() {
            self.look_at_everything();
        }
        let began = std::time::Instant::now();
        let said = self.home.once();
        // As fast as the machine is now.
        self.run_ms = u64::try_from(began.elapsed().as_millis()).unwrap().max(10);
        assert_eq!(said.code, Some(0), "{story}: {said:#?}");
        // An attachment leaves when the listings of two days lack it.
        if judge::a_day_later(&self.home) {
            self.look_at_everything();
            let said = self.home.once();
            assert_eq!(said.code, Some(0), "{story}, a day later: {said:#?}");
        }
        assert!(!said.stderr.contains("panicked"), "{story}: {said:#?}");
        self.upstream.seen_all();
        let fresh = Home::for_site(&self.daemon, &self.upstream.site, "");
        self.full_ms = usual_ms(&fresh);
        self.kept.judge(&self.home, &fresh, &self.upstream, story);
        self.tally.judged += 1;
    }
}
