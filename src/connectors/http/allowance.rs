//! What a service lets us do within a span of time, kind by kind, as its answers tell (`X-RateLimit-*`); and the share of it that is left to others.
//!
//! Guarantees that nothing is asked for which nothing is left; a service that tells nothing is not kept from anything.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderMap;

use super::gates::Resource;
use super::moment::{Moment, Now, since_1970_ms};
use super::wait;
use crate::connectors::connector::Allowance;

/// Kinds that are kept, however many a service names.
const MOST: usize = 16;
/// No service has a longer name for one.
const NAME_BYTES: usize = 64;

#[derive(Default)]
pub(super) struct Allowances {
    kept: Mutex<BTreeMap<Resource, Kept>>,
    reserve: AtomicU8,
}

#[derive(Clone, Copy)]
struct Kept {
    used: u64,
    left: u64,
    of: u64,
    renews: Moment,
    renews_ms: u64,
}

/// What is left of an allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rest {
    pub(super) left: u64,
    pub(super) of: u64,
    /// How long until it is whole again.
    pub(super) renews_in: Duration,
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

    /// Takes down what an answer of `host` tells; one that does not name the kind speaks of that of the request. Returns what forbids to go on, if that does.
    pub(super) fn note(&self, host: &str, asked: Option<&str>, headers: &HeaderMap) -> Option<(Resource, Rest)> {
        let name = wait::text(headers, "x-ratelimit-resource").or(asked).filter(|name| name.len() <= NAME_BYTES)?;
        let resource = Resource { host: host.to_owned(), name: name.to_owned() };
        let (left, of, renews_in) = wait::allowance(headers)?;
        let rest = Rest { left, of, renews_in };
        self.set(&resource, rest);
        (self.judge(&resource) != Verdict::Go).then_some((resource, rest))
    }

    /// Takes down what is known from elsewhere.
    pub(super) fn set(&self, resource: &Resource, Rest { left, of, renews_in }: Rest) {
        let now = Now::read();
        let Some(renews) = Moment::after(&now, renews_in) else { return };
        let renews_ms = now.wall.checked_add(renews_in).map_or(0, since_1970_ms);
        let mut kept = self.kept();
        if kept.len() < MOST || kept.contains_key(resource) {
            let used = kept.get(resource).map_or(0, |one| one.used);
            kept.insert(resource.clone(), Kept { used, left, of, renews, renews_ms });
        }
    }

    /// Counts what this client took of one that is known.
    pub(super) fn took(&self, resource: &Resource, much: u64) {
        if let Some(one) = self.kept().get_mut(resource) {
            one.used = one.used.saturating_add(much);
        }
    }

    /// Whether a request of this kind may go.
    pub(super) fn judge(&self, resource: &Resource) -> Verdict {
        let kept = self.kept();
        let Some(one) = kept.get(resource) else { return Verdict::Go };
        let until = one.renews.left(&Now::read());
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
        let kept = self.kept();
        kept.iter()
            .map(|(kind, one)| Allowance { name: kind.name.clone(), left: one.left, of: one.of, renews_ms: one.renews_ms, used: one.used })
            .collect()
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<Resource, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn resource(name: &str) -> Resource {
        Resource { host: "a:443".to_owned(), name: name.to_owned() }
    }

    #[test]
    fn nothing_left_makes_wait_and_the_reserve_is_spared() {
        let allowances = Allowances::default();
        let (core, graphql) = (resource("core"), resource("graphql"));
        let note = |asked: Option<&str>, headers: &HeaderMap| allowances.note("a:443", asked, headers).map(|(resource, _)| resource);
        assert_eq!(allowances.judge(&core), Verdict::Go);
        assert_eq!(note(Some("core"), &told(0, 5000, 100, None)), Some(core.clone()), "it is told that this forbids to go on");
        assert!(matches!(allowances.judge(&core), Verdict::Wait(wait) if wait.as_secs() > 90 && wait.as_secs() <= 101));
        assert_eq!(allowances.judge(&graphql), Verdict::Go, "each kind for itself");
        let elsewhere = Resource { host: "b:443".to_owned(), ..core.clone() };
        assert_eq!(allowances.judge(&elsewhere), Verdict::Go, "each host for itself");
        assert_eq!(note(Some("core"), &told(499, 5000, 100, Some("graphql"))), None);
        assert_eq!(allowances.judge(&graphql), Verdict::Go, "without a reserve all may be used");
        allowances.reserve(10);
        assert!(matches!(allowances.judge(&graphql), Verdict::Spare(_)));
        assert_eq!(note(None, &told(499, 5000, 100, Some("graphql"))), Some(graphql.clone()));
        assert_eq!(note(None, &told(500, 5000, 100, Some("graphql"))), None);
        assert_eq!(allowances.judge(&graphql), Verdict::Go);
        assert_eq!(note(None, &told(0, 5000, -1, Some("graphql"))), None);
        assert_eq!(allowances.judge(&graphql), Verdict::Go, "it is renewed already");
        assert_eq!(note(None, &told(7, 5000, 100, None)), None);
        assert_eq!(note(None, &told(0, 5000, 100, Some(&"x".repeat(65)))), None, "such a name is none");
        let names: Vec<String> = allowances.told().into_iter().map(|one| format!("{} {}/{}", one.name, one.left, one.of)).collect();
        assert_eq!(names, ["core 0/5000", "graphql 0/5000"], "an answer that names no kind tells nothing");
    }
}
