//! Moments that a service names, by a clock that nobody sets and that goes on while the machine sleeps; and what people's clock says to them.
//!
//! What the time is comes from outside the reckoning, so that tests turn it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::ClockId;
use tokio::time::Instant;

/// What the time is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// By a clock that nobody sets.
    pub(super) at: Instant,
    /// How long the machine has slept since it started, which that clock does not count.
    pub(super) slept: Duration,
    /// As people have it.
    pub(super) wall: SystemTime,
}

impl Now {
    pub(super) fn read() -> Self {
        Self { at: Instant::now(), slept: slept(), wall: SystemTime::now() }
    }
}

/// A moment that is still to come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    at: Instant,
    /// How long the machine had slept when that was reckoned.
    slept: Duration,
}

impl Moment {
    /// None: a service's number may be beyond every clock.
    pub(super) fn after(now: &Now, wait: Duration) -> Option<Self> {
        Some(Self { at: now.at.checked_add(wait)?, slept: now.slept })
    }

    /// How long it is until then; nothing: it has come.
    pub(super) fn left(self, now: &Now) -> Duration {
        self.at.saturating_duration_since(now.at).saturating_sub(now.slept.saturating_sub(self.slept))
    }
}

/// How long the machine has slept since it started.
fn slept() -> Duration {
    let read = |clock: ClockId| clock.now().map_or(Duration::ZERO, Duration::from);
    // In this order, so that what passes between the two looks is no sleep.
    let awake = read(ClockId::CLOCK_MONOTONIC);
    let all = read(ClockId::CLOCK_BOOTTIME);
    // A moment between the looks is not worth telling either.
    Some(all.saturating_sub(awake)).filter(|slept| *slept > Duration::from_secs(1)).unwrap_or_default()
}

/// The time since the machine started, that asleep included.
pub(super) fn since_start() -> Duration {
    ClockId::CLOCK_BOOTTIME.now().map_or(Duration::ZERO, Duration::from)
}

pub(super) fn since_1970_ms(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, millis)
}

pub(super) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_the_machine_slept_counts_as_waited() {
        let before = Duration::from_secs(7000);
        let now = Now { slept: before, ..Now::read() };
        let moment = Moment::after(&now, Duration::from_secs(3600)).unwrap();
        let woke = |secs: u64| Now { slept: before + Duration::from_secs(secs), ..now };
        assert_eq!(moment.left(&woke(3000)), Duration::from_secs(600));
        assert_eq!(moment.left(&woke(4000)), Duration::ZERO);
        assert!(slept() < Duration::from_secs(10 * 365 * 86_400));
        assert!(Moment::after(&now, Duration::MAX).is_none());
    }
}
