//! When a token ends: said while there is time to make a new one.
//!
//! Pure.

use chrono::{DateTime, NaiveDateTime, Utc};

/// The header that tells it.
pub(super) const HEADER: &str = "github-authentication-token-expiration";
/// So long before its end it is said.
const WARNED_DAYS: i64 = 7;

/// What is to be said of a token that ends within a week, for people; none where it lasts longer, or the moment cannot be read.
pub(super) fn soon(ends: &str, now: DateTime<Utc>) -> Option<String> {
    let days = moment(ends)?.signed_duration_since(now).num_days();
    let word = if days == 1 { "day" } else { "days" };
    (days < WARNED_DAYS).then(|| format!("the token ends in {} {word} ({ends})", days.max(0)))
}

/// The service writes `2026-12-01 12:00:00 UTC`, and for some accounts their own zone: `2026-12-01 12:00:00 -0700`.
fn moment(ends: &str) -> Option<DateTime<Utc>> {
    const FORM: &str = "%Y-%m-%d %H:%M:%S";
    match ends.trim().strip_suffix(" UTC") {
        Some(plain) => NaiveDateTime::parse_from_str(plain, FORM).ok().map(|at| at.and_utc()),
        None => DateTime::parse_from_str(ends.trim(), &format!("{FORM} %z")).ok().map(|at| at.to_utc()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_ends_within_a_week_is_told_in_whatever_zone() {
        let now = DateTime::parse_from_rfc3339("2026-11-28T12:00:00Z").unwrap().to_utc();
        for (ends, said) in [
            ("2026-12-01 12:00:00 UTC", Some("the token ends in 3 days (2026-12-01 12:00:00 UTC)")),
            ("2026-12-01 05:00:00 -0700", Some("the token ends in 3 days (2026-12-01 05:00:00 -0700)")),
            ("2026-11-29 12:00:00 UTC", Some("the token ends in 1 day (2026-11-29 12:00:00 UTC)")),
            ("2026-11-28 11:00:00 UTC", Some("the token ends in 0 days (2026-11-28 11:00:00 UTC)")),
            ("2026-12-05 11:59:59 UTC", Some("the token ends in 6 days (2026-12-05 11:59:59 UTC)")),
            ("2026-12-05 12:00:00 UTC", None),
            ("never", None),
            ("", None),
        ] {
            assert_eq!(soon(ends, now).as_deref(), said, "{ends}");
        }
    }
}
