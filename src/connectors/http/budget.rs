//! Manners towards hosts: so many requests at a time, a token bucket that shrinks when a host complains and slowly grows back, and one gate for all
//! requests of the worker that opens when the service said.
//!
//! What the time is comes from outside the reckoning, so that tests turn it. No clock that anybody sets counts: the wait that a service asked for is measured
//! by one that goes on while the machine sleeps, and the moment that is shown to people is reckoned from it when it is asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::ClockId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The smallest share of the allowance.
const FLOOR: f64 = 1.0 / 16.0;
/// Complaints closer together than this are one.
const ONE_COMPLAINT: Duration = Duration::from_secs(10);
/// While the gate is shut, it is looked at so often: the machine may have slept meanwhile.
const LOOK: Duration = Duration::from_secs(20);
/// A moment that is shown moves only if it is wrong by so much, or every look would be news.
const SHOWN_MS: u64 = 2000;
/// After so long without complaint, a tenth of the allowance comes back.
const HEALS_EVERY: Duration = Duration::from_secs(30);

/// A place among the requests at a time.
pub(super) struct Permit {
    _held: Option<OwnedSemaphorePermit>,
}

pub(super) struct Budget {
    concurrency: usize,
    burst: f64,
    per_second: f64,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
    gate: Mutex<Gate>,
}

#[derive(Default)]
struct Gate {
    opens: Option<Instant>,
    /// How long the machine had slept when that was reckoned, since it started.
    slept: Duration,
    /// As it was shown last.
    shown_ms: u64,
}

impl Gate {
    /// How long it stays shut; none: it is open.
    fn shut_for(&self, now: Instant, slept: Duration) -> Option<Duration> {
        let left = self.opens?.saturating_duration_since(now).saturating_sub(slept.saturating_sub(self.slept));
        Some(left).filter(|left| !left.is_zero())
    }
}

struct Host {
    places: Arc<Semaphore>,
    bucket: Mutex<Bucket>,
}

struct Bucket {
    tokens: f64,
    counted: Instant,
    share: f64,
    changed: Instant,
}

impl Budget {
    pub(super) fn new(concurrency: usize, burst: u32, per_second: u32) -> Self {
        Self {
            concurrency: concurrency.max(1),
            burst: f64::from(burst.max(1)),
            per_second: f64::from(per_second.max(1)),
            hosts: Mutex::default(),
            gate: Mutex::default(),
        }
    }

    /// Returns when a request to `host` may be sent.
    pub(super) async fn enter(&self, host: &str) -> Permit {
        let host = self.host(host);
        // The semaphore is never closed; were it, requests would pass one by one through the bucket all the same.
        let held = Arc::clone(&host.places).acquire_owned().await.ok();
        while let Some(wait) = self.wait(&host, Instant::now(), slept()) {
            tokio::time::sleep(wait.min(LOOK)).await;
        }
        Permit { _held: held }
    }

    /// How long a request to `host` has to wait; none: its token is taken.
    fn wait(&self, host: &Host, now: Instant, slept: Duration) -> Option<Duration> {
        let shut = locked(&self.gate).shut_for(now, slept);
        shut.or_else(|| self.take(host, now))
    }

    /// Keeps every request of this client back for `wait`.
    pub(super) fn hold(&self, wait: Duration) {
        self.hold_from(Instant::now(), slept(), wait);
    }

    fn hold_from(&self, now: Instant, slept: Duration, wait: Duration) {
        let mut gate = locked(&self.gate);
        // A service's number may be beyond every clock.
        if let Some(opens) = now.checked_add(wait).filter(|_| gate.shut_for(now, slept).is_none_or(|left| left < wait)) {
            *gate = Gate { opens: Some(opens), slept, shown_ms: 0 };
        }
    }

    /// The wall clock's moment at which the gate opens, while it is shut.
    pub(super) fn waiting_until_ms(&self) -> Option<u64> {
        self.waiting_at(Instant::now(), slept(), SystemTime::now())
    }

    fn waiting_at(&self, now: Instant, slept: Duration, wall: SystemTime) -> Option<u64> {
        let mut gate = locked(&self.gate);
        let until = wall.checked_add(gate.shut_for(now, slept)?).map_or(0, since_1970_ms);
        if gate.shown_ms.abs_diff(until) > SHOWN_MS {
            gate.shown_ms = until;
        }
        Some(gate.shown_ms)
    }

    /// Requests a second that we allow ourselves at the moment, at the host that has complained most.
    pub(super) fn per_second(&self) -> u32 {
        let hosts: Vec<Arc<Host>> = locked(&self.hosts).values().cloned().collect();
        let now = Instant::now();
        let share = hosts.iter().map(|host| {
            let mut bucket = locked(&host.bucket);
            self.heal(&mut bucket, now);
            bucket.share
        });
        // At least one, at most a thousand: the configuration's own bounds.
        (self.per_second * share.fold(1.0, f64::min)).round().clamp(1.0, 1000.0) as u32
    }

    /// Halves what we allow ourselves at `host`.
    pub(super) fn slow_down(&self, host: &str) {
        self.slow_down_at(&self.host(host), Instant::now());
    }

    fn slow_down_at(&self, host: &Host, now: Instant) {
        let mut bucket = locked(&host.bucket);
        self.heal(&mut bucket, now);
        if bucket.share >= 1.0 || now.saturating_duration_since(bucket.changed) >= ONE_COMPLAINT {
            bucket.share = (bucket.share / 2.0).max(FLOOR);
            bucket.changed = now;
            bucket.tokens = bucket.tokens.min(self.burst * bucket.share);
        }
    }

    /// Takes a token; none: taken, some: how long until there is one.
    fn take(&self, host: &Host, now: Instant) -> Option<Duration> {
        let mut bucket = locked(&host.bucket);
        self.heal(&mut bucket, now);
        let rate = self.per_second * bucket.share;
        let earned = now.saturating_duration_since(bucket.counted).as_secs_f64() * rate;
        bucket.tokens = (bucket.tokens + earned).min((self.burst * bucket.share).max(1.0));
        bucket.counted = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return None;
        }
        // A millisecond more than reckoned, so that rounding does not make it a second wait.
        Some(Duration::from_secs_f64((1.0 - bucket.tokens) / rate) + Duration::from_millis(1))
    }

    fn heal(&self, bucket: &mut Bucket, now: Instant) {
        while bucket.share < 1.0 && now.saturating_duration_since(bucket.changed) >= HEALS_EVERY {
            bucket.share = (bucket.share + 0.1).min(1.0);
            bucket.changed += HEALS_EVERY;
        }
    }

    fn host(&self, name: &str) -> Arc<Host> {
        let mut hosts = locked(&self.hosts);
        if let Some(host) = hosts.get(name) {
            return Arc::clone(host);
        }
        let now = Instant::now();
        let bucket = Bucket { tokens: self.burst, counted: now, share: 1.0, changed: now };
        let host = Arc::new(Host { places: Arc::new(Semaphore::new(self.concurrency)), bucket: Mutex::new(bucket) });
        hosts.insert(name.to_owned(), Arc::clone(&host));
        host
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

fn since_1970_ms(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Nothing that is done under these locks can leave them half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds that so many requests in a row take from `now` on, by reckoning; moves `now`.
    fn seconds_for(budget: &Budget, now: &mut Instant, requests: usize) -> f64 {
        let (host, began) = (budget.host("a:443"), *now);
        for _ in 0..requests {
            while let Some(wait) = budget.wait(&host, *now, Duration::ZERO) {
                *now += wait;
            }
        }
        now.saturating_duration_since(began).as_secs_f64()
    }

    #[test]
    fn a_burst_passes_then_the_rate_rules() {
        let (budget, mut now) = (Budget::new(4, 100, 50), Instant::now());
        assert!(seconds_for(&budget, &mut now, 100) < 0.05);
        let next = seconds_for(&budget, &mut now, 100);
        assert!((1.9..2.3).contains(&next), "{next}");
    }

    #[test]
    fn complaints_close_together_halve_once_and_heal_slowly() {
        let (budget, mut now) = (Budget::new(4, 10, 10), Instant::now());
        for _ in 0..4 {
            budget.slow_down_at(&budget.host("a:443"), now);
        }
        seconds_for(&budget, &mut now, 5);
        let slow = seconds_for(&budget, &mut now, 10);
        assert!((1.8..2.3).contains(&slow), "half of ten a second: {slow}");
        now += Duration::from_secs(31);
        seconds_for(&budget, &mut now, 6);
        let better = seconds_for(&budget, &mut now, 12);
        assert!((1.8..2.3).contains(&better), "six a second: {better}");
        now += Duration::from_secs(600);
        assert!(seconds_for(&budget, &mut now, 10) < 0.05);
        for _ in 0..100 {
            now += ONE_COMPLAINT;
            budget.slow_down_at(&budget.host("a:443"), now);
        }
        seconds_for(&budget, &mut now, 2);
        let least = seconds_for(&budget, &mut now, 10);
        assert!((15.0..17.0).contains(&least), "a sixteenth of ten a second: {least}");
    }

    #[test]
    fn the_gate_holds_every_host_until_the_second_and_is_told() {
        let (budget, now, awake, wall) = (Budget::new(4, 100, 50), Instant::now(), Duration::ZERO, UNIX_EPOCH);
        let hour = Duration::from_secs(3600);
        assert_eq!(budget.waiting_at(now, awake, wall), None);
        budget.hold_from(now, awake, hour);
        budget.hold_from(now, awake, Duration::from_secs(5));
        budget.hold_from(now, awake, Duration::MAX);
        assert_eq!(budget.waiting_at(now, awake, wall), Some(3_600_000));
        for host in ["a:443", "b:443"] {
            assert_eq!(budget.wait(&budget.host(host), now, awake), Some(hour));
        }
        let after = now + hour;
        assert_eq!((budget.wait(&budget.host("b:443"), after, awake), budget.waiting_at(after, awake, wall)), (None, None));
    }

    #[test]
    fn a_wait_is_neither_shortened_nor_prolonged_by_a_clock_that_is_set() {
        let (budget, now, awake) = (Budget::new(4, 100, 50), Instant::now(), Duration::ZERO);
        budget.hold_from(now, awake, Duration::from_secs(3600));
        for days in [0, 400, 1] {
            let wall = UNIX_EPOCH + Duration::from_secs(days * 86_400);
            assert_eq!(budget.waiting_at(now, awake, wall), Some(days * 86_400_000 + 3_600_000), "what is shown follows the clock");
            assert_eq!(budget.wait(&budget.host("a:443"), now, awake), Some(Duration::from_secs(3600)));
        }
        let later = now + Duration::from_millis(400);
        let wall = UNIX_EPOCH + Duration::from_secs(86_400);
        assert_eq!(budget.waiting_at(later, awake, wall), Some(86_400_000 + 3_600_000), "a moment is no news");
    }

    #[test]
    fn the_time_that_the_machine_slept_counts_as_waited() {
        let (budget, now) = (Budget::new(4, 100, 50), Instant::now());
        let before = Duration::from_secs(7000);
        budget.hold_from(now, before, Duration::from_secs(3600));
        assert_eq!(budget.wait(&budget.host("a:443"), now, before + Duration::from_secs(3000)), Some(Duration::from_secs(600)));
        assert_eq!(budget.wait(&budget.host("a:443"), now, before + Duration::from_secs(4000)), None);
        assert!(slept() < Duration::from_secs(10 * 365 * 86_400));
    }

    #[tokio::test]
    async fn at_most_so_many_at_a_time_per_host() {
        let budget = Budget::new(2, 100, 50);
        let (one, _two) = (budget.enter("a:443").await, budget.enter("a:443").await);
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, budget.enter("a:443")).await.is_err());
        budget.enter("b:443").await;
        drop(one);
        budget.enter("a:443").await;
    }
}
