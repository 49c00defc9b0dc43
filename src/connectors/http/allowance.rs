//! What a service lets us do within a span of time, kind by kind, as its answers tell (`X-RateLimit-*`); and the share of it that is left to others.
//!
//! Guarantees that nothing is asked for which nothing is left; a service that tells nothing is not kept from anything.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::HeaderMap;
use tokio::time::Instant;

use super::wait;
use crate::connectors::connector::Allowance;

/// Kinds that are kept, however many a service names.
const MOST: usize = 16;

#[derive(Default)]
pub(super) struct Allowances {
    kept: Mutex<BTreeMap<String, Kept>>,
    reserve: AtomicU8,
}

#[derive(Clone, Copy)]
struct Kept {
    used: u64,
    left: u64,
    of: u64,
    renews: Instant,
    renews_ms: u64,
}

/// Whether a request may go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may.
    Go,
    /// Nothing is left for so long.
    Wait(Duration),
    /// What is left is for others, for so long.
    Spare(Duration),
}

impl Allowances {
    /// Leaves so many percent to others.
    pub(super) fn reserve(&self, percent: u8) {
        self.reserve.store(percent, Ordering::Relaxed);
    }

    /// Takes down what an answer tells. One that does not name the kind speaks of that of the request.
    pub(super) fn note(&self, resource: Option<&str>, headers: &HeaderMap) {
        let Some(name) = wait::text(headers, "x-ratelimit-resource").or(resource) else { return };
        let Some((left, of, until)) = wait::allowance(headers) else { return };
        let Some(renews) = Instant::now().checked_add(until) else { return };
        let wall = SystemTime::now().checked_add(until).and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST || kept.contains_key(name) {
            let renews_ms = u64::try_from(wall.as_millis()).unwrap_or(u64::MAX);
            let used = kept.get(name).map_or(0, |one| one.used);
            kept.insert(name.to_owned(), Kept { used, left, of, renews, renews_ms });
        }
    }

    /// Counts what this client took of one that is known.
    pub(super) fn took(&self, name: &str, much: u64) {
        if let Some(one) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get_mut(name) {
            one.used = one.used.saturating_add(much);
        }
    }

    /// Whether a request of this kind may go.
    pub(super) fn judge(&self, resource: &str) -> Verdict {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(one) = kept.get(resource) else { return Verdict::Go };
        let until = one.renews.saturating_duration_since(Instant::now());
        let reserve = u64::from(self.reserve.load(Ordering::Relaxed));
        match () {
            () if until.is_zero() => Verdict::Go,
            () if reserve > 0 && one.left.saturating_mul(100) < one.of.saturating_mul(reserve) => Verdict::Spare(until),
            // The moment is told in whole seconds.
            () if one.left == 0 => Verdict::Wait(until + Duration::from_secs(1)),
            () => Verdict::Go,
        }
    }

    /// All of them, for people.
    pub(super) fn told(&self) -> Vec<Allowance> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .map(|(name, one)| Allowance { name: name.clone(), left: one.left, of: one.of, renews_ms: one.renews_ms, used: one.used })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(left: u64, of: u64, seconds: i64, resource: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let reset = chrono::Utc::now().timestamp() + seconds;
        for (name, value) in
            [("x-ratelimit-remaining", left.to_string()), ("x-ratelimit-limit", of.to_string()), ("x-ratelimit-reset", reset.to_string())]
        {
            headers.insert(name, value.parse().unwrap());
        }
        if let Some(resource) = resource {
            headers.insert("x-ratelimit-resource", resource.parse().unwrap());
        }
        headers
    }

    #[test]
    fn nothing_left_makes_wait_and_the_reserve_is_spared() {
        let allowances = Allowances::default();
        assert_eq!(allowances.judge("core"), Verdict::Go);
        allowances.note(Some("core"), &told(0, 5000, 100, None));
        assert!(matches!(allowances.judge("core"), Verdict::Wait(wait) if wait.as_secs() > 90 && wait.as_secs() <= 101));
        assert_eq!(allowances.judge("graphql"), Verdict::Go, "each kind for itself");
        allowances.note(Some("core"), &told(499, 5000, 100, Some("graphql")));
        assert_eq!(allowances.judge("graphql"), Verdict::Go, "without a reserve all may be used");
        allowances.reserve(10);
        assert!(matches!(allowances.judge("graphql"), Verdict::Spare(_)));
        allowances.note(None, &told(500, 5000, 100, Some("graphql")));
        assert_eq!(allowances.judge("graphql"), Verdict::Go);
        allowances.note(None, &told(0, 5000, -1, Some("graphql")));
        assert_eq!(allowances.judge("graphql"), Verdict::Go, "it is renewed already");
        allowances.note(None, &told(7, 5000, 100, None));
        let names: Vec<String> = allowances.told().into_iter().map(|one| format!("{} {}/{}", one.name, one.left, one.of)).collect();
        assert_eq!(names, ["core 0/5000", "graphql 0/5000"], "an answer that names no kind tells nothing");
    }
}
