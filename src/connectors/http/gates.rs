//! The gates that a service shuts: one before all requests of the worker, and one for each kind of request at a host, whose allowance alone is spent.
//!
//! Guarantees that a wait which a service asked for is neither shortened nor prolonged by a clock that anybody sets, see [`super::moment`], and that the
//! moment which is shown to people is the one until which the run in fact waits. Knows neither hosts' manners nor what an answer says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::moment::{Moment, Now, since_1970_ms};

/// While a gate is shut, it is looked at so often: the machine may have slept meanwhile.
const LOOK: Duration = Duration::from_secs(20);
/// A moment that is shown moves only if it is wrong by so much, or every look would be news.
const SHOWN_MS: u64 = 2000;
/// Where only some kinds of requests wait, the run does so once no other was under way for so long: what is shown must not change with each request.
const QUIET: Duration = Duration::from_secs(3);

/// A kind of request at a host, for which the service counts by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Resource {
    /// Host and port.
    pub(super) host: String,
    /// The service's name for it (`core`, `graphql`).
    pub(super) name: String,
}

/// All of them; clones share everything.
#[derive(Clone, Default)]
pub(super) struct Gates(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Before everybody.
    whole: Option<Moment>,
    /// Before one kind of request each.
    kinds: BTreeMap<Resource, Moment>,
    /// How many requests wait, by the kind they are of.
    waiting: BTreeMap<Option<Resource>, usize>,
    /// How many are under way.
    under_way: usize,
    /// When the last of them ended.
    ended: Option<Instant>,
    /// As it was shown last.
    shown_ms: u64,
}

impl State {
    /// How long a request of this kind waits; nothing: it may go.
    fn shut_for(&self, kind: Option<&Resource>, now: &Now) -> Duration {
        let kind = kind.and_then(|kind| self.kinds.get(kind));
        [self.whole, kind.copied()].into_iter().flatten().map(|opens| opens.left(now)).max().unwrap_or_default()
    }

    /// How long the run waits, if it does: until the first of those that wait may go.
    fn waits_for(&self, now: &Now) -> Option<Duration> {
        let whole = self.whole.map(|opens| opens.left(now)).filter(|left| !left.is_zero());
        let first = self.waiting.keys().map(|kind| self.shut_for(kind.as_ref(), now)).min().filter(|left| !left.is_zero());
        let busy = self.under_way > 0 || self.ended.is_some_and(|ended| now.at.saturating_duration_since(ended) < QUIET);
        if whole.is_some() { first.or(whole) } else { first.filter(|_| !busy) }
    }
}

impl Gates {
    /// Keeps requests of this kind back for `wait`; none: all of the worker. Where they wait longer already, that stays.
    pub(super) fn hold(&self, kind: Option<&Resource>, wait: Duration) {
        self.hold_from(&Now::read(), kind, wait);
    }

    fn hold_from(&self, now: &Now, kind: Option<&Resource>, wait: Duration) {
        let mut state = self.state();
        let Some(opens) = Moment::after(now, wait) else { return };
        let later = |before: Option<Moment>| before.filter(|before| before.left(now) >= wait).unwrap_or(opens);
        match kind {
            None => state.whole = Some(later(state.whole)),
            Some(kind) => {
                state.kinds.retain(|_, opens| !opens.left(now).is_zero());
                let opens = later(state.kinds.get(kind).copied());
                state.kinds.insert(kind.clone(), opens);
            }
        }
    }

    /// Whether a request of this kind has to wait.
    pub(super) fn is_shut(&self, kind: Option<&Resource>) -> bool {
        !self.state().shut_for(kind, &Now::read()).is_zero()
    }

    /// Returns when a request of this kind may go.
    pub(super) async fn pass(&self, kind: Option<&Resource>) {
        let mut waiting = None;
        loop {
            let left = self.state().shut_for(kind, &Now::read());
            if left.is_zero() {
                return;
            }
            waiting.get_or_insert_with(|| self.wait(kind));
            tokio::time::sleep(left.min(LOOK)).await;
        }
    }

    fn wait(&self, kind: Option<&Resource>) -> Waiting {
        *self.state().waiting.entry(kind.cloned()).or_default() += 1;
        Waiting { gates: self.clone(), kind: kind.cloned() }
    }

    /// A request is on its way, until what is returned is dropped.
    pub(super) fn under_way(&self) -> UnderWay {
        self.state().under_way += 1;
        UnderWay(self.clone())
    }

    /// The wall clock's moment until which the run waits, if it does.
    pub(super) fn waiting_until_ms(&self) -> Option<u64> {
        self.waiting_at(&Now::read())
    }

    fn waiting_at(&self, now: &Now) -> Option<u64> {
        let mut state = self.state();
        let until = now.wall.checked_add(state.waits_for(now)?).map_or(0, since_1970_ms);
        if state.shown_ms.abs_diff(until) > SHOWN_MS {
            state.shown_ms = until;
        }
        Some(state.shown_ms)
    }

    /// For tests, that wait for this fact and not for time.
    #[cfg(test)]
    pub(super) fn how_many_wait(&self) -> usize {
        self.state().waiting.values().sum()
    }

    fn ended(&self, now: Instant) {
        let mut state = self.state();
        (state.under_way, state.ended) = (state.under_way.saturating_sub(1), Some(now));
    }

    /// Nothing that is done under this lock can leave it half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that waits; a future that is dropped waits no more.
struct Waiting {
    gates: Gates,
    kind: Option<Resource>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.gates.state();
        if let Some(count) = state.waiting.get_mut(&self.kind) {
            *count -= 1;
            if *count == 0 {
                state.waiting.remove(&self.kind);
            }
        }
    }
}

/// A request that is under way.
pub(super) struct UnderWay(Gates);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.ended(Instant::now());
    }
}

#[cfg(test)]
mod tests;
