//! Rings bells at their times: tokio-cron-scheduler strikes every minute in UTC, and the timetable says whose bell that is.
//!
//! Guarantees that steps of the clock, suspend and daylight saving neither lose nor double a bell: the scheduler is set up anew when the clocks disagree.
//! Does not know what a bell starts.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};
use context_sync_protocol::event::Outcome;
use tokio::sync::{Notify, mpsc};

mod spec;
mod striker;
mod timetable;

pub use spec::SpecError;

use crate::config::Config;
use striker::Striker;
use timetable::Timetable;

/// How often the clocks are compared.
const BEAT: Duration = Duration::from_secs(20);
/// Clocks that differ by less than this were not set.
const STEP: Duration = Duration::from_secs(2);
/// How far ahead of its time a bell is waited for to the second: until the next strike, and a little more.
const AHEAD: Duration = Duration::from_secs(61);

/// A schedule of the configuration that means nothing.
#[derive(Debug, thiserror::Error)]
#[error("`{key}` in the configuration cannot work")]
pub struct ScheduleError {
    /// The dotted key.
    pub key: String,
    /// What is wrong with it.
    #[source]
    pub source: SpecError,
}

/// Why a bell rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its time has come.
    Schedule,
    /// The daemon, or this connector, is new.
    Start,
    /// The network failed last time.
    Retry,
}

/// One ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bell {
    /// The connector.
    pub name: String,
    /// Why.
    pub why: Why,
}

/// The bells; cheap to clone.
#[derive(Clone)]
pub struct Schedule {
    timetable: Arc<Mutex<Timetable>>,
    changed: Arc<Notify>,
}

impl Schedule {
    /// The bells of the connectors that are on.
    ///
    /// # Errors
    /// When a schedule or time zone means nothing.
    pub fn new(config: &Config) -> Result<Self, ScheduleError> {
        // What differs between machines and starts is random enough for jitter.
        let seed = std::process::id().into();
        let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(seed, |since| seed ^ u64::from(since.subsec_nanos()) << 16);
        let timetable = Timetable::new(config, Utc::now(), seed)?;
        Ok(Self { timetable: Arc::new(Mutex::new(timetable)), changed: Arc::default() })
    }

    /// Goes by another configuration.
    ///
    /// # Errors
    /// When a schedule or time zone means nothing; everything stays as it was.
    pub fn replace(&self, config: &Config) -> Result<(), ScheduleError> {
        self.lock().replace(config, Utc::now())?;
        self.changed.notify_one();
        Ok(())
    }

    /// How a sync of `name` ended.
    pub fn ended(&self, name: &str, outcome: Outcome) {
        self.lock().ended(name, outcome, Utc::now());
        self.changed.notify_one();
    }

    /// When the bell of `name` rings next, in milliseconds since 1970, and why.
    #[must_use]
    pub fn next(&self, name: &str) -> Option<(u64, Why)> {
        let (at, why) = self.lock().next(name)?;
        Some((u64::try_from(at.timestamp_millis()).unwrap_or(0), why))
    }

    /// Rings until whoever hears the bells is gone.
    ///
    /// # Errors
    /// When the scheduler cannot be set up, or failed.
    pub async fn run(self, bells: mpsc::Sender<Bell>) -> io::Result<()> {
        let (strike, mut strikes) = mpsc::channel(1);
        let striker = Striker::start(strike)?;
        let mut clocks = Clocks::now();
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            // What comes later than the next strike is waited for then.
            let wait = self.until_next();
            tokio::select! {
                struck = strikes.recv() => struck.ok_or_else(|| io::Error::other("the scheduler stopped"))?,
                () = self.changed.notified() => {}
                () = tokio::time::sleep(wait.unwrap_or(AHEAD)), if wait.is_some() => {}
                _ = beat.tick() => {}
            }
            // Whatever woke us: what was planned by another clock is not to be gone by.
            if clocks.stepped() {
                tracing::info!("The clock was set, or the machine slept: the schedule is set up anew.");
                self.lock().clock_stepped(Utc::now());
                striker.set_up_anew();
            }
            let due = self.lock().ring(Utc::now());
            for (name, why) in due {
                if bells.send(Bell { name, why }).await.is_err() {
                    return Ok(());
                }
            }
        }
    }

    /// How long until the next bell, if that is before the next strike.
    fn until_next(&self) -> Option<Duration> {
        let next: DateTime<Utc> = self.lock().soonest()?;
        Some((next - Utc::now()).to_std().unwrap_or_default()).filter(|wait| *wait <= AHEAD)
    }

    fn lock(&self) -> MutexGuard<'_, Timetable> {
        // Whoever panicked with the lock left plain data that is whole between any two statements.
        self.timetable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The wall's clock and one that nobody can set, which stands still while the machine sleeps.
struct Clocks {
    wall: SystemTime,
    steady: Instant,
}

impl Clocks {
    fn now() -> Self {
        Self { wall: SystemTime::now(), steady: Instant::now() }
    }

    /// Whether they disagree about the time since the last call.
    fn stepped(&mut self) -> bool {
        let before = std::mem::replace(self, Self::now());
        let expected = before.wall + (self.steady - before.steady);
        let apart = self.wall.duration_since(expected).unwrap_or_else(|behind| behind.duration());
        apart > STEP
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Instance, Schedule as Words};

    pub(super) fn config(connectors: &[(&str, &str)], jitter_secs: u32) -> Config {
        let instance = |(name, every): &(&str, &str)| Instance::nowhere(name, every);
        Config {
            path: "/nowhere/config.toml".into(),
            output_dir: "/nowhere".into(),
            state_dir: "/nowhere/state".into(),
            max_parallel: 2,
            trash_days: 30,
            log_days: 14,
            log_level: "info".to_owned(),
            schedule: Words { every: "hourly".to_owned(), time_zone: "UTC".to_owned(), jitter_secs },
            worker: Default::default(),
            connectors: connectors.iter().map(instance).collect(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_set_clock_is_noticed_and_a_slow_one_is_not() {
        let mut clocks = Clocks::now();
        assert!(!clocks.stepped());
        clocks.wall += Duration::from_secs(60);
        assert!(clocks.stepped());
        clocks.wall -= Duration::from_secs(60);
        assert!(clocks.stepped());
        assert!(!clocks.stepped());
    }

    #[tokio::test]
    async fn the_first_bell_rings_soon_and_the_end_is_noticed() {
        let schedule = Schedule::new(&config(&[("wiki", "hourly")], 0)).unwrap();
        let (sender, mut bells) = mpsc::channel(4);
        let running = tokio::spawn(schedule.clone().run(sender));
        let bell = tokio::time::timeout(Duration::from_secs(5), bells.recv()).await.unwrap().unwrap();
        assert_eq!(bell, Bell { name: "wiki".to_owned(), why: Why::Start });
        assert_eq!(schedule.next("wiki").unwrap().1, Why::Schedule);
        drop(bells);
        running.abort();
    }
}
