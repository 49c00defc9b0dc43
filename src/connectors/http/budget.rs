//! Manners towards hosts: so many requests at a time, and a token bucket that shrinks when a host complains and slowly grows back. No request takes a place
//! while its gate is shut.
//!
//! What the time is comes from outside the reckoning, so that tests turn it. Knows nothing of why a gate is shut.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::gates::{Gates, Resource, UnderWay};

/// The smallest share of the allowance.
const FLOOR: f64 = 1.0 / 16.0;
/// Complaints closer together than this are one.
const ONE_COMPLAINT: Duration = Duration::from_secs(10);
/// After so long without complaint, a tenth of the allowance comes back.
const HEALS_EVERY: Duration = Duration::from_secs(30);

/// A place among the requests at a time.
pub(super) struct Permit {
    _held: Option<OwnedSemaphorePermit>,
    _under_way: UnderWay,
}

pub(super) struct Budget {
    concurrency: usize,
    burst: f64,
    per_second: f64,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
    pub(super) gates: Gates,
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
            gates: Gates::default(),
        }
    }

    /// Returns when a request of this kind may be sent to `host`.
    pub(super) async fn enter(&self, host: &str, kind: Option<&Resource>) -> Permit {
        let host = self.host(host);
        'anew: loop {
            self.gates.pass(kind).await;
            // The semaphore is never closed; were it, requests would pass one by one through the bucket all the same.
            let held = Arc::clone(&host.places).acquire_owned().await.ok();
            loop {
                // Somebody's answer shut it meanwhile: nobody stands for an hour in a place that requests of another kind could take.
                if self.gates.is_shut(kind) {
                    continue 'anew;
                }
                match self.take(&host, Instant::now()) {
                    None => return Permit { _held: held, _under_way: self.gates.under_way() },
                    Some(wait) => tokio::time::sleep(wait).await,
                }
            }
        }
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
            while let Some(wait) = budget.take(&host, *now) {
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

    #[tokio::test]
    async fn at_most_so_many_at_a_time_per_host() {
        let budget = Budget::new(2, 100, 50);
        let (one, _two) = (budget.enter("a:443", None).await, budget.enter("a:443", None).await);
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, budget.enter("a:443", None)).await.is_err());
        budget.enter("b:443", None).await;
        drop(one);
        budget.enter("a:443", None).await;
    }

    #[tokio::test]
    async fn who_waits_at_a_gate_takes_no_place_from_others() {
        let budget = Arc::new(Budget::new(1, 100, 50));
        let kind = |name: &str| Some(Resource { host: "a:443".to_owned(), name: name.to_owned() });
        let only = budget.enter("a:443", kind("core").as_ref()).await;
        let late = tokio::spawn({
            let (budget, graphql) = (Arc::clone(&budget), kind("graphql"));
            async move { budget.enter("a:443", graphql.as_ref()).await }
        });
        tokio::task::yield_now().await;
        // While it stands in the queue, its gate is shut.
        budget.gates.hold(kind("graphql").as_ref(), Duration::from_secs(3600));
        drop(only);
        let other = tokio::time::timeout(Duration::from_secs(30), budget.enter("a:443", kind("core").as_ref())).await;
        assert!(other.is_ok() && !late.is_finished());
        late.abort();
    }
}
