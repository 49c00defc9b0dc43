//! Decides how much of a listing is needed: nothing, what changed, or everything. Pure.

use serde::{Deserialize, Serialize};

use super::super::config::{Config, State};
use super::super::repository::{Newest, Repository};
use super::kind::Kind;
use super::shown::Shown;
use crate::connectors::connector::Depth;

/// Listings overlap by this much: services count seconds, and answer from more than one machine.
const OVERLAP_SECS: i64 = 120;
const DAY_SECS: i64 = 24 * 60 * 60;

/// What was known of one kind when its listing was last complete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Known {
    /// How many there were, whether asked for or not.
    pub(super) count: u64,
    /// The newest change, by the service's clock.
    pub(super) newest: Option<String>,
    /// It was switched off, and that was said.
    pub(super) off: bool,
    /// The user chose otherwise while it could not be listed.
    pub(super) reselected: bool,
}

impl Known {
    /// What is known once its listing is complete.
    pub(super) fn of(now: &Newest) -> Self {
        Self { count: now.count, newest: now.updated_at.clone(), ..Self::default() }
    }
}

/// What a listing has to bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Nothing changed.
    Nothing,
    /// What changed since this moment, which is included.
    Since(String),
    /// Everything.
    Whole,
}

/// The depth for one scope: where a site is too large to be listed whole, each scope is when its turn has come. `waited` counts the percent that passed
/// since then; scopes begin at different counts, so that not all have their turn at once.
pub(in crate::connectors::github) fn turn(waited: &mut u32, scope: u64, depth: Depth) -> Depth {
    match depth {
        Depth::Everything => *waited = u32::try_from(scope % 100).unwrap_or_default(),
        Depth::Changes => {}
        Depth::Rolling(percent) => {
            *waited = waited.saturating_add(u32::from(percent));
            if *waited >= 100 {
                *waited = 0;
                return Depth::Everything;
            }
            return Depth::Changes;
        }
    }
    depth
}

/// How much is needed, by what the first query says now. `settled` is false where another selection was listed last time.
pub(super) fn plan(known: Option<&Known>, now: &Newest, depth: Depth, settled: bool) -> Plan {
    let Some(known) = known.filter(|known| settled && !known.off && depth != Depth::Everything && now.count >= known.count) else {
        return Plan::Whole;
    };
    match (&known.newest, &now.updated_at) {
        (known_newest, newest) if known_newest == newest && known.count == now.count => Plan::Nothing,
        (Some(newest), _) => earlier(newest, OVERLAP_SECS).map_or(Plan::Whole, Plan::Since),
        (None, _) => Plan::Whole,
    }
}

/// `moment` less so many seconds; none where it is no moment.
fn earlier(moment: &str, seconds: i64) -> Option<String> {
    let at = chrono::DateTime::parse_from_rfc3339(moment).ok()?.to_utc();
    let then = at.checked_sub_signed(chrono::Duration::try_seconds(seconds)?)?;
    Some(then.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Which of all conversations the configuration asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    labels: Vec<String>,
    exclude_labels: Vec<String>,
    state: State,
    /// What changed before this is too old.
    oldest: Option<String>,
    max_age_days: u32,
}

impl Selection {
    /// That of a repository. Age counts back from the newest change of the repository's conversations: so a run at which nothing changed finds nothing to
    /// do, no clock of this machine takes anything away, and a repository that sleeps keeps its last year.
    pub(super) fn of(config: &Config, repository: &Repository) -> Self {
        let heads = &repository.heads;
        let newest =
            [&heads.discussions, &heads.issues, &heads.pull_requests].into_iter().flatten().filter_map(|newest| newest.updated_at.as_deref()).max();
        let oldest = newest.filter(|_| config.max_age_days > 0).and_then(|newest| earlier(newest, i64::from(config.max_age_days) * DAY_SECS));
        let lower = |labels: &[String]| labels.iter().map(|label| label.to_lowercase()).collect();
        Self {
            labels: lower(&config.labels),
            exclude_labels: lower(&config.exclude_labels),
            state: config.state,
            oldest,
            max_age_days: config.max_age_days,
        }
    }

    /// Whether labels decide.
    pub(super) fn by_labels(&self) -> bool {
        !self.labels.is_empty() || !self.exclude_labels.is_empty()
    }

    /// Whether it leaves anything of this kind out.
    pub(super) fn narrows(&self, kind: Kind) -> bool {
        self.by_labels() || (kind != Kind::Discussion && (self.state != State::All || self.max_age_days > 0))
    }

    /// Open ones only, closed ones only, or both.
    pub(super) fn open_only(&self, kind: Kind) -> Option<bool> {
        match self.state {
            State::Open if kind != Kind::Discussion => Some(true),
            State::Closed if kind != Kind::Discussion => Some(false),
            _ => None,
        }
    }

    /// The moment before which nothing of this kind is asked for.
    pub(super) fn oldest(&self, kind: Kind) -> Option<&str> {
        self.oldest.as_deref().filter(|_| kind != Kind::Discussion)
    }

    /// Whether it asks for this one.
    pub(super) fn takes(&self, kind: Kind, shown: &Shown) -> bool {
        let is_open = shown.state() == "open";
        let has = |wanted: &[String]| shown.labels().is_some_and(|labels| labels.iter().any(|label| wanted.contains(&label.to_lowercase())));
        self.open_only(kind).is_none_or(|open| open == is_open)
            && self.oldest(kind).is_none_or(|oldest| shown.updated_at.as_str() >= oldest)
            && (self.labels.is_empty() || has(&self.labels))
            && !has(&self.exclude_labels)
    }

    /// What it is, but for what time changes: kept with the cursor, so that another selection is listed anew.
    pub(super) fn name(&self, kinds: &[Kind]) -> String {
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
        format!("{kinds:?} {:?} {:?} {:?} {}", self.labels, self.exclude_labels, self.state, self.max_age_days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest(count: u64, at: &str) -> Newest {
        Newest { count, updated_at: Some(at.to_owned()) }
    }

    fn known(count: u64, at: &str) -> Known {
        Known { count, newest: Some(at.to_owned()), off: false, reselected: false }
    }

    #[test]
    fn nothing_is_listed_where_count_and_newest_change_are_known() {
        let (known, now) = (known(3, "2026-01-05T09:00:00Z"), newest(3, "2026-01-05T09:00:00Z"));
        assert_eq!(plan(Some(&known), &now, Depth::Changes, true), Plan::Nothing);
        assert_eq!(plan(Some(&known), &now, Depth::Everything, true), Plan::Whole);
        assert_eq!(plan(Some(&known), &now, Depth::Changes, false), Plan::Whole);
        assert_eq!(plan(None, &now, Depth::Changes, true), Plan::Whole);
        let none = Newest::default();
        assert_eq!(plan(Some(&Known::default()), &none, Depth::Changes, true), Plan::Nothing);
    }

    #[test]
    fn what_changed_is_listed_from_two_minutes_before_the_last_known_change() {
        let known = known(3, "2026-01-05T00:01:00Z");
        for now in [newest(3, "2026-01-05T09:00:00Z"), newest(4, "2026-01-05T09:00:00Z"), newest(4, "2026-01-05T00:01:00Z")] {
            assert_eq!(plan(Some(&known), &now, Depth::Changes, true), Plan::Since("2026-01-04T23:59:00Z".to_owned()));
        }
        // The newest was deleted and another made in the same moment: the count is the same, and all newer than the overlap is looked at.
        let back = newest(3, "2026-01-04T09:00:00Z");
        assert_eq!(plan(Some(&known), &back, Depth::Changes, true), Plan::Since("2026-01-04T23:59:00Z".to_owned()));
    }

    #[test]
    fn each_scope_of_a_large_site_has_its_turn() {
        let mut waited = 0;
        turn(&mut waited, 1_030, Depth::Everything);
        let turns: Vec<bool> = (0..8).map(|_| turn(&mut waited, 1_030, Depth::Rolling(25)) == Depth::Everything).collect();
        assert_eq!(turns, [false, false, true, false, false, false, true, false]);
        assert_eq!(turn(&mut waited, 1_030, Depth::Changes), Depth::Changes);
    }

    #[test]
    fn a_count_that_fell_asks_for_everything() {
        let known = known(3, "2026-01-05T09:00:00Z");
        assert_eq!(plan(Some(&known), &newest(2, "2026-01-05T09:00:00Z"), Depth::Changes, true), Plan::Whole);
        assert_eq!(plan(Some(&Known { off: true, ..known }), &newest(3, "2026-01-05T09:00:00Z"), Depth::Changes, true), Plan::Whole);
    }
}
