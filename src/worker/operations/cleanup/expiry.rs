//! From which day on the trash is kept, by a clock that may be wrong. Pure.
//!
//! What lies in the trash is the last copy of what left, so a clock that somebody set far ahead must not empty it: the service's clock, as the last sync saw
//! it, corrects ours, and where no sync has gone well for as long as the trash is kept, nothing of it has run out.

use crate::state::SiteRecord;
use crate::sync::clock::day_of;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// A clock that is so far ahead of the service's is the wrong one.
const APART_MS: i64 = 60 * 60 * 1000;
/// A sync has to have gone well within so many days, however short the trash is kept.
const LEAST_DAYS: u64 = 30;

/// What came to the trash before this day (`YYYY-MM-DD`) has run out; none: nothing has, as far as can be told.
pub(in super::super) fn keep_from(now_ms: u64, trash_days: u32, site: &SiteRecord) -> Option<String> {
    let ahead = if site.ahead_ms > APART_MS { site.ahead_ms.unsigned_abs() } else { 0 };
    // Both were taken by the same clock, right or wrong.
    let since = now_ms.saturating_sub(site.last_success_ms);
    let patience = u64::from(trash_days).max(LEAST_DAYS).saturating_mul(DAY_MS);
    let kept = u64::from(trash_days).saturating_mul(DAY_MS);
    (since <= patience).then(|| day_of(now_ms.saturating_sub(ahead).saturating_sub(kept)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-28.
    const NOW: u64 = 1_795_824_000_000;

    fn site(days_ago: u64, ahead_days: i64) -> SiteRecord {
        SiteRecord { last_success_ms: NOW - days_ago * DAY_MS, ahead_ms: ahead_days * 24 * 60 * 60 * 1000, ..SiteRecord::default() }
    }

    #[test]
    fn a_right_clock_lets_the_trash_run_out_after_its_days() {
        assert_eq!(keep_from(NOW, 30, &site(0, 0)).as_deref(), Some("2026-10-29"));
        assert_eq!(keep_from(NOW, 1, &site(20, 0)).as_deref(), Some("2026-11-27"));
    }

    #[test]
    fn a_clock_far_in_the_future_empties_nothing() {
        assert_eq!(keep_from(NOW + 400 * DAY_MS, 30, &site(0, 0)), None, "no sync has gone well since the clock was set");
        assert_eq!(keep_from(NOW, 30, &SiteRecord::default()), None, "nor ever");
        assert_eq!(keep_from(NOW, 30, &site(0, 400)).as_deref(), Some("2025-09-24"), "a sync has seen that the clock is wrong");
    }

    #[test]
    fn a_clock_in_the_past_keeps_more() {
        assert_eq!(keep_from(NOW - 400 * DAY_MS, 30, &site(0, 0)).as_deref(), Some("2025-09-24"));
        assert_eq!(keep_from(NOW, 30, &site(0, -400)).as_deref(), Some("2026-10-29"));
    }
}
