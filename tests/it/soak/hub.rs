//! The same with repositories: a mirror of them whose syncs are killed, and what must be true after the next one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::judge::{Kept, MINE, Tree, a_day_later, pick, records};
use super::{Dice, Repositories, Tally, Victim, Way, kill, usual_ms};
use crate::home::Home;

/// What the repositories are mirrored with.
const SETTINGS: &str = "repos = [\"acme/app\", \"acme/lib\"]\nissues = true\npull_requests = true\nretry_base_ms = 5\nrequests_per_second = 1000\n";

/// Repositories, one mirror of them that lives through everything, and the dice.
pub struct HubSoak {
    pub upstream: Repositories,
    pub tally: Tally,
    dice: Dice,
    daemon: PathBuf,
    home: Home,
    /// As it was judged last.
    tree: Tree,
    by_hand: Vec<Vec<u8>>,
    deleted: BTreeSet<String>,
    settings: u32,
    full_ms: u64,
    run_ms: u64,
    last: Option<(Victim, u64)>,
}

impl HubSoak {
    /// A mirror of two new repositories with so many files, synced once.
    pub fn new(daemon: &Path, files: usize, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut upstream = Repositories::new(files, &mut dice);
        let home = Home::for_github(daemon, &upstream.site, SETTINGS);
        let full_ms = usual_ms(&home);
        upstream.disturb(&mut dice, 5);
        let run_ms = usual_ms(&home);
        let mut soak = Self {
            upstream,
            tally: Tally::default(),
            dice,
            daemon: daemon.to_owned(),
            home,
            tree: Tree::new(),
            by_hand: Vec::new(),
            deleted: BTreeSet::new(),
            settings: 0,
            full_ms,
            run_ms,
            last: None,
        };
        soak.begin();
        soak
    }

    /// Changes repositories and mirror, kills a run (some rounds: two in a row), lets the next one end, and judges.
    pub fn round(&mut self, story: &str) {
        let some = 1 + self.dice.roll(8);
        self.tally.edits += self.upstream.disturb(&mut self.dice, some);
        match self.dice.roll(6) {
            0 => self.write_by_hand(),
            1 => self.delete_by_hand(),
            _ => {}
        }
        let (way, usual) = match self.dice.roll(10) {
            0 => {
                self.home = Home::for_github(&self.daemon, &self.upstream.site, SETTINGS);
                self.begin();
                self.tally.firsts += 1;
                (Way::Once, self.full_ms)
            }
            1 => {
                std::fs::remove_dir_all(self.home.mirror().join(".sync_state")).unwrap();
                self.tally.stateless += 1;
                (Way::Once, self.full_ms)
            }
            2 => {
                self.tally.fulls += 1;
                (Way::Full, self.full_ms)
            }
            3 | 4 => (Way::Daemon, self.run_ms),
            _ => (Way::Once, self.run_ms),
        };
        self.strike(way, usual);
        if self.dice.once_in(5) {
            self.tally.edits += self.upstream.disturb(&mut self.dice, 2);
            self.strike(Way::Once, usual);
        }
        self.judge(&format!("{story}, {way:?}, {:?}", self.last));
    }

    fn begin(&mut self) {
        let mine = self.home.mirror().join(MINE.0);
        std::fs::create_dir_all(mine.parent().unwrap()).unwrap();
        std::fs::write(mine, MINE.1).unwrap();
        self.tree = self.home.tree();
        (self.by_hand, self.deleted) = (Vec::new(), BTreeSet::new());
    }

    fn write_by_hand(&mut self) {
        let Some(path) = pick(&self.home, &mut self.dice) else { return };
        let path = self.home.mirror().join(path);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(format!("\nBy hand: {}\n", self.dice.roll(1 << 30)).as_bytes());
        std::fs::write(path, &bytes).unwrap();
        self.by_hand.push(bytes);
        self.tally.hands += 1;
    }

    fn delete_by_hand(&mut self) {
        let Some(path) = pick(&self.home, &mut self.dice) else { return };
        std::fs::remove_file(self.home.mirror().join(&path)).unwrap();
        self.deleted.insert(path);
        self.tally.hands += 1;
    }

    fn strike(&mut self, way: Way, usual: u64) {
        let victim = *self.dice.pick(&[Victim::Worker, Victim::Worker, Victim::Supervisor, Victim::Both]);
        let delay = 1 + self.dice.roll(usual);
        self.last = Some((victim, delay));
        if !kill(&self.home, way, victim, Duration::from_millis(delay)) {
            self.tally.missed += 1;
            return;
        }
        self.tally.daemons += usize::from(way != Way::Once);
        match victim {
            Victim::Worker => self.tally.workers += 1,
            Victim::Supervisor => self.tally.supervisors += 1,
            Victim::Both => self.tally.both += 1,
        }
    }

    /// What no newest time tells is found once a day, and where the settings changed.
    fn look_at_everything(&mut self) {
        self.settings += 1;
        self.home.configure(&self.upstream.site.config(&format!("{SETTINGS}burst = {}", 100 + self.settings % 800)));
    }

    /// One undisturbed run; then everything is as a fresh mirror would have it, and another run changes nothing.
    fn judge(&mut self, story: &str) {
        if self.upstream.unseen() {
            self.look_at_everything();
        }
        let began = std::time::Instant::now();
        let mut said = self.home.once();
        self.run_ms = u64::try_from(began.elapsed().as_millis()).unwrap().max(10);
        assert_eq!(said.code, Some(0), "{story}: {said:#?}\n{}", self.upstream.site.transcript());
        // An image leaves when the listings of two days lack it.
        if a_day_later(&self.home) {
            self.look_at_everything();
            said = self.home.once();
            assert_eq!(said.code, Some(0), "{story}, a day later: {said:#?}");
        }
        assert!(!said.stderr.contains("panicked"), "{story}: {said:#?}");
        self.upstream.seen_all();
        let looks = self.home.looks();
        assert_eq!(self.home.once().code, Some(0), "{story}, once more");
        assert_eq!(self.home.looks(), looks, "{story}: another run changed something");
        let fresh = Home::for_github(&self.daemon, &self.upstream.site, SETTINGS);
        self.full_ms = usual_ms(&fresh);
        self.compare(&fresh, &format!("{story}; {}", said.stderr));
        self.tally.judged += 1;
        // Hundreds of syncs are more than an hour allows.
        self.upstream.site.budgets(|budgets| *budgets = Default::default());
        let violations = self.upstream.site.take_violations();
        assert!(violations.is_empty(), "{story}: {violations:#?}");
        self.upstream.site.clear_requests();
    }

    fn compare(&mut self, fresh: &Home, story: &str) {
        let tree = self.home.tree();
        Kept::nothing_temporary(&self.home, &tree, story);
        let mut living: Tree = tree.iter().filter(|(path, _)| !path.starts_with(".trash/")).map(|(p, b)| (p.clone(), b.clone())).collect();
        assert_eq!(living.remove(MINE.0).as_deref(), Some(MINE.1.as_bytes()), "{story}: the user's own file");
        let new = fresh.living();
        // An image that nothing shows any more is `cleanup`'s.
        living.retain(|path, _| new.contains_key(path) || !path.ends_with(".png"));
        let paths = |tree: &Tree| tree.keys().cloned().collect::<BTreeSet<_>>();
        let (here, there) = (paths(&living), paths(&new));
        let asked = || self.upstream.site.transcript();
        assert!(here == there, "{story}: too much {:?}, missing {:?}\n{}", &here - &there, &there - &here, asked());
        for (path, bytes) in &new {
            let (there, here) = (String::from_utf8_lossy(&living[path]), String::from_utf8_lossy(bytes));
            let differs: Vec<_> = there.lines().zip(here.lines()).filter(|(a, b)| a != b).take(3).collect();
            assert!(living[path] == *bytes, "{story}: {path} differs (healed, fresh): {differs:#?}");
        }
        let (healed, new) = (records(&self.home).documents, records(fresh).documents);
        assert_eq!(healed.keys().collect::<Vec<_>>(), new.keys().collect::<Vec<_>>(), "{story}: records");
        for (id, record) in &new {
            assert_eq!(&healed[id], record, "{story}: the record of {id}, healed and fresh");
        }
        self.nothing_lost(&tree, story);
        (self.tree, self.by_hand, self.deleted) = (tree, Vec::new(), BTreeSet::new());
    }

    /// What was in the trash stays there; what a person wrote, and what left the mirror, is there.
    fn nothing_lost(&self, tree: &Tree, story: &str) {
        let trash: BTreeMap<&str, &[u8]> = tree.iter().filter_map(|(p, b)| Some((p.strip_prefix(".trash/")?, b.as_slice()))).collect();
        for (path, bytes) in self.tree.iter().filter_map(|(p, b)| Some((p.strip_prefix(".trash/")?, b))) {
            assert!(trash.get(path).is_some_and(|there| there == bytes), "{story}: {path} is no more in the trash, or is another");
        }
        let all: BTreeSet<&[u8]> = trash.values().copied().collect();
        for bytes in &self.by_hand {
            assert!(all.contains(bytes.as_slice()), "{story}: what was written by hand is lost: {}", String::from_utf8_lossy(bytes));
        }
        let here: BTreeSet<&str> = tree
            .iter()
            .filter(|(path, _)| !self.tree.contains_key(*path) || !path.starts_with(".trash/"))
            .filter_map(|(_, bytes)| identity(bytes))
            .collect();
        for (path, bytes) in self.tree.iter().filter(|(path, _)| !path.starts_with(".trash/") && !self.deleted.contains(*path)) {
            let Some(identity) = identity(bytes) else { continue };
            assert!(here.contains(identity), "{story}: {path} ({identity}) left, and is not in the trash");
        }
    }
}

/// The id that a file's front matter names.
fn identity(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()?.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix("id: "))
}
