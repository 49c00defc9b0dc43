//! Which bells are due: a plain function of the configuration, of what has rung, and of the time that is handed in.
//!
//! Guarantees that a time that was slept through rings once, that a clock that was set back does not silence a bell, and that the jitter never swallows one.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher};

use chrono::{DateTime, TimeDelta, Utc};
use context_sync_protocol::event::Outcome;

use super::spec::{Spec, Zone};
use super::{ScheduleError, Why};
use crate::config::Config;

/// After a failure of the network: again after so many minutes, then at the schedule.
const RETRY_MINUTES: [i64; 4] = [1, 2, 5, 15];
/// The first sync comes within so many seconds after the start.
const START_SECS: u64 = 10;

/// All bells.
#[derive(Debug)]
pub(super) struct Timetable {
    /// Differs between machines and lives of the daemon, so that a fleet does not strike at once.
    seed: u64,
    bells: BTreeMap<String, Clapper>,
}

/// One connector's bell.
#[derive(Debug)]
struct Clapper {
    spec: Spec,
    zone: Zone,
    jitter_secs: u64,
    /// For this connector alone.
    seed: u64,
    /// Next time by the schedule, jitter included.
    next: Option<DateTime<Utc>>,
    start: Option<DateTime<Utc>>,
    retry: Option<DateTime<Utc>>,
    failures: usize,
}

impl Timetable {
    /// # Errors
    /// When a schedule or time zone means nothing.
    pub(super) fn new(config: &Config, now: DateTime<Utc>, seed: u64) -> Result<Self, ScheduleError> {
        let mut timetable = Self { seed, bells: BTreeMap::new() };
        timetable.replace(config, now)?;
        Ok(timetable)
    }

    /// Goes by another configuration; bells whose times did not change go on as they were, new ones ring soon.
    ///
    /// # Errors
    /// When a schedule or time zone means nothing; all bells stay as they were.
    pub(super) fn replace(&mut self, config: &Config, now: DateTime<Utc>) -> Result<(), ScheduleError> {
        let zone = Zone::parse(&config.schedule.time_zone).map_err(|source| ScheduleError { key: "schedule.time_zone".to_owned(), source })?;
        // Even if no connector goes by it now.
        Spec::parse(&config.schedule.every).map_err(|source| ScheduleError { key: "schedule.every".to_owned(), source })?;
        let mut parsed = Vec::new();
        for instance in &config.connectors {
            let name = &instance.config.name;
            let spec = Spec::parse(&instance.every).map_err(|source| ScheduleError { key: format!("connectors.{name}.every"), source })?;
            if instance.enabled {
                parsed.push((name.clone(), spec));
            }
        }
        let mut old = std::mem::take(&mut self.bells);
        for (name, spec) in parsed {
            let jitter_secs = u64::from(config.schedule.jitter_secs);
            let bell = match old.remove(&name) {
                Some(bell) if bell.spec == spec && bell.zone == zone && bell.jitter_secs == jitter_secs => bell,
                Some(bell) => Clapper { spec, zone, jitter_secs, ..bell }.planned(now),
                None => Clapper::new(spec, zone, jitter_secs, spread(self.seed, &name), now),
            };
            self.bells.insert(name, bell);
        }
        Ok(())
    }

    /// What is due now; it will not be due again.
    pub(super) fn ring(&mut self, now: DateTime<Utc>) -> Vec<(String, Why)> {
        self.bells.iter_mut().filter_map(|(name, bell)| Some((name.clone(), bell.ring(now)?))).collect()
    }

    /// The clock was set: what was planned by the old one is planned anew.
    pub(super) fn clock_stepped(&mut self, now: DateTime<Utc>) {
        for bell in self.bells.values_mut() {
            bell.clock_stepped(now);
        }
    }

    /// How a sync of `name` ended.
    pub(super) fn ended(&mut self, name: &str, outcome: Outcome, now: DateTime<Utc>) {
        let Some(bell) = self.bells.get_mut(name) else { return };
        // Whoever asked for a sync before the start's bell rang has had it.
        bell.start = None;
        if outcome == Outcome::Unreachable {
            bell.retry = RETRY_MINUTES.get(bell.failures).and_then(|minutes| now.checked_add_signed(TimeDelta::minutes(*minutes)));
            bell.failures += 1;
        } else {
            (bell.retry, bell.failures) = (None, 0);
        }
    }

    /// When `name` rings next, and why.
    pub(super) fn next(&self, name: &str) -> Option<(DateTime<Utc>, Why)> {
        self.bells.get(name)?.soonest()
    }

    /// When any bell rings next.
    pub(super) fn soonest(&self) -> Option<DateTime<Utc>> {
        self.bells.values().filter_map(|bell| Some(bell.soonest()?.0)).min()
    }
}

impl Clapper {
    fn new(spec: Spec, zone: Zone, jitter_secs: u64, seed: u64, now: DateTime<Utc>) -> Self {
        let soon = seed % jitter_secs.clamp(1, START_SECS);
        let start = i64::try_from(soon).ok().and_then(|secs| now.checked_add_signed(TimeDelta::seconds(secs)));
        Self { spec, zone, jitter_secs, seed, next: None, start, retry: None, failures: 0 }.planned(now)
    }

    /// With the next time after `now`.
    fn planned(mut self, now: DateTime<Utc>) -> Self {
        self.plan(now);
        self
    }

    fn plan(&mut self, now: DateTime<Utc>) {
        // Jitter moves a time into the future: the one before `now` may be still to come, and it must not ring twice.
        self.next = self.spec.next(now, self.zone).and_then(|time| {
            let gap = self.spec.gap(time, self.zone).map_or(0, |gap| gap.num_seconds().unsigned_abs());
            // Less than half the way to the next time, or bells that ring often would run into each other.
            let jitter = self.seed % (self.jitter_secs.min(gap / 2) + 1);
            time.checked_add_signed(TimeDelta::seconds(i64::try_from(jitter).ok()?))
        });
    }

    fn ring(&mut self, now: DateTime<Utc>) -> Option<Why> {
        let (at, why) = self.soonest()?;
        if at > now {
            return None;
        }
        // One sync does for all that is due.
        self.start = self.start.filter(|time| *time > now);
        self.retry = self.retry.filter(|time| *time > now);
        if self.next.is_some_and(|time| time <= now) {
            self.plan(now);
        }
        Some(why)
    }

    fn clock_stepped(&mut self, now: DateTime<Utc>) {
        // What is due rings; what lies ahead by the old clock is planned by the new one.
        if self.next.is_none_or(|time| time > now) {
            self.plan(now);
        }
        let longest = TimeDelta::minutes(RETRY_MINUTES[RETRY_MINUTES.len() - 1]);
        for time in [&mut self.start, &mut self.retry].into_iter().flatten() {
            *time = (*time).min(now + longest);
        }
    }

    fn soonest(&self) -> Option<(DateTime<Utc>, Why)> {
        let times = [(self.start, Why::Start), (self.retry, Why::Retry), (self.next, Why::Schedule)];
        times.into_iter().filter_map(|(time, why)| Some((time?, why))).min_by_key(|(time, _)| *time)
    }
}

/// A number for one connector out of the seed.
fn spread(seed: u64, name: &str) -> u64 {
    let mut hasher = rustc_hash::FxBuildHasher.build_hasher();
    hasher.write_u64(seed);
    hasher.write(name.as_bytes());
    hasher.finish() >> 7
}

#[cfg(test)]
mod tests {
    use super::super::tests::config;
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-05-04T{text}Z").parse().unwrap()
    }

    fn due(timetable: &mut Timetable, text: &str) -> Vec<Why> {
        timetable.ring(at(text)).into_iter().map(|(_, why)| why).collect()
    }

    fn started(every: &str, jitter_secs: u32) -> Timetable {
        let mut timetable = Timetable::new(&config(&[("wiki", every)], jitter_secs), at("10:20:00"), 7).unwrap();
        assert_eq!(due(&mut timetable, "10:20:10"), [Why::Start]);
        timetable
    }

    #[test]
    fn each_time_rings_once() {
        let mut timetable = started("hourly", 0);
        assert!(due(&mut timetable, "10:59:59").is_empty());
        assert_eq!(due(&mut timetable, "11:00:00"), [Why::Schedule]);
        assert!(due(&mut timetable, "11:00:01").is_empty());
        assert_eq!(timetable.next("wiki"), Some((at("12:00:00"), Why::Schedule)));
    }

    #[test]
    fn what_was_slept_through_rings_once() {
        let mut timetable = started("15m", 0);
        assert_eq!(due(&mut timetable, "17:50:00"), [Why::Schedule]);
        assert_eq!(timetable.next("wiki"), Some((at("18:00:00"), Why::Schedule)));
    }

    #[test]
    fn a_clock_set_back_does_not_silence_the_bell() {
        let mut timetable = started("hourly", 0);
        timetable.clock_stepped(at("03:30:00"));
        assert_eq!(timetable.next("wiki"), Some((at("04:00:00"), Why::Schedule)));
    }

    #[test]
    fn a_clock_set_forward_rings_what_was_passed_over() {
        let mut timetable = started("hourly", 0);
        timetable.clock_stepped(at("13:30:00"));
        assert_eq!(due(&mut timetable, "13:30:00"), [Why::Schedule]);
        assert_eq!(timetable.next("wiki"), Some((at("14:00:00"), Why::Schedule)));
    }

    #[test]
    fn jitter_differs_by_connector_and_never_reaches_the_next_time() {
        let names: Vec<String> = (0..20).map(|n| format!("wiki-{n}")).collect();
        let connectors: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "2m")).collect();
        let timetable = Timetable::new(&config(&connectors, 3600), at("10:20:00"), 7).unwrap();
        let next: Vec<DateTime<Utc>> = timetable.bells.values().map(|bell| bell.next.unwrap()).collect();
        assert!(next.iter().all(|time| (at("10:22:00")..=at("10:23:00")).contains(time)), "{next:?}");
        let different: std::collections::BTreeSet<_> = next.iter().collect();
        assert!(different.len() > 5, "{different:?}");
        assert!(timetable.bells.values().all(|bell| bell.start.unwrap() < at("10:20:10")));
    }

    #[test]
    fn a_failed_network_is_tried_again_after_growing_pauses_and_then_at_the_schedule() {
        let mut timetable = started("daily", 0);
        let mut now = at("10:30:00");
        for minutes in RETRY_MINUTES {
            timetable.ended("wiki", Outcome::Unreachable, now);
            let (next, why) = timetable.next("wiki").unwrap();
            assert_eq!((next - now, why), (TimeDelta::minutes(minutes), Why::Retry));
            now = next;
            assert_eq!(timetable.ring(now).len(), 1);
        }
        timetable.ended("wiki", Outcome::Unreachable, now);
        assert_eq!(timetable.next("wiki").unwrap().1, Why::Schedule);
        timetable.ended("wiki", Outcome::Done, now);
        timetable.ended("wiki", Outcome::Unreachable, now);
        assert_eq!(timetable.next("wiki").unwrap(), (now + TimeDelta::minutes(1), Why::Retry));
    }

    /// A day of ten-minute looks at a clock that somebody sets again and again, by up to three days, both ways.
    #[test]
    fn whatever_is_done_to_the_clock_bells_neither_stop_nor_flood() {
        for seed in 1_u64..200 {
            let mut timetable = started("hourly", 300);
            let (mut now, mut random, mut rings, mut jumps) = (at("10:20:10"), seed, 0, 0);
            let mut since = 0;
            for _ in 0..144 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                now += TimeDelta::minutes(10);
                since += 10;
                if random >> 61 == 0 {
                    jumps += 1;
                    now += TimeDelta::minutes(i64::try_from((random >> 33) % 8640).unwrap() - 4320);
                    timetable.clock_stepped(now);
                }
                let rang = timetable.ring(now).len();
                rings += rang;
                since = if rang > 0 || random >> 61 == 0 { 0 } else { since };
                assert!(since <= 60 + 10 + 10, "seed {seed}: no bell for {since} minutes of a clock that nobody set");
                assert!(
                    timetable.next("wiki").is_some_and(|(next, _)| next - now <= TimeDelta::minutes(66)),
                    "seed {seed}: the next bell is too far away"
                );
            }
            assert!(rings <= 24 + 1 + jumps, "seed {seed}: {rings} rings in a day with {jumps} jumps");
        }
    }

    #[test]
    fn a_retry_that_waits_is_not_lost_when_the_clock_is_set_back_nor_put_off_for_days() {
        let mut timetable = started("daily", 0);
        timetable.ended("wiki", Outcome::Unreachable, at("10:30:00"));
        timetable.clock_stepped(at("04:00:00"));
        let (next, why) = timetable.next("wiki").unwrap();
        assert!(why == Why::Retry && next <= at("04:15:00"), "{next}");
        timetable.clock_stepped(at("20:00:00"));
        assert_eq!(due(&mut timetable, "20:00:00"), [Why::Retry]);
        assert!(due(&mut timetable, "20:00:00").is_empty());
    }

    #[test]
    fn a_sync_that_somebody_asked_for_does_for_the_one_at_the_start() {
        let mut timetable = Timetable::new(&config(&[("wiki", "hourly")], 0), at("10:20:00"), 7).unwrap();
        timetable.ended("wiki", Outcome::Done, at("10:20:00"));
        assert_eq!(timetable.next("wiki"), Some((at("11:00:00"), Why::Schedule)));
    }

    #[test]
    fn a_new_configuration_keeps_the_bells_that_stay() {
        let mut timetable = started("hourly", 0);
        timetable.replace(&config(&[("wiki", "hourly"), ("docs", "2h")], 0), at("10:30:00")).unwrap();
        assert_eq!(timetable.next("wiki").unwrap().1, Why::Schedule);
        assert_eq!(timetable.next("docs").unwrap().1, Why::Start);
        let error = timetable.replace(&config(&[("wiki", "often")], 0), at("10:30:00")).unwrap_err();
        assert_eq!(error.key, "connectors.wiki.every");
        assert!(timetable.next("docs").is_some(), "the old bells are gone");
    }
}
