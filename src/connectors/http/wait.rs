//! How long to wait: what a service's headers ask for, and back-off with jitter where they are silent.

use std::hash::{BuildHasher as _, Hasher as _};
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// What is longer is no wait, but a number of another kind: milliseconds, say.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// The wait that an answer asks for: Retry-After in seconds or as a date, else `X-RateLimit-Reset`.
pub(super) fn asked(headers: &HeaderMap) -> Option<Duration> {
    let now = text(headers, DATE.as_str()).and_then(http_date).unwrap_or_else(Utc::now);
    after(headers, now).or_else(|| reset(headers, now))
}

/// Retry-After. `0` on a refusal says nothing; a moment in the past neither.
fn after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let retry = text(headers, RETRY_AFTER.as_str()).and_then(|value| match value.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => http_date(value).map(|until| until.signed_duration_since(now).to_std().unwrap_or_default()),
    });
    retry.filter(is_wait)
}

/// The wait that a limit asks for where allowances are told beside it: Retry-After, else, and only if nothing is left, until the allowance is renewed.
pub(super) fn of_limit(headers: &HeaderMap) -> Option<Duration> {
    let now = text(headers, DATE.as_str()).and_then(http_date).unwrap_or_else(Utc::now);
    after(headers, now).or_else(|| of_spent(headers))
}

/// The wait of a limit that is nothing but an allowance which is spent; none: it is another one, or says nothing.
pub(super) fn of_spent(headers: &HeaderMap) -> Option<Duration> {
    let now = text(headers, DATE.as_str()).and_then(http_date).unwrap_or_else(Utc::now);
    let spent = after(headers, now).is_none() && number(headers, "x-ratelimit-remaining") == Some(0);
    // The moment is told in whole seconds.
    spent.then(|| reset(headers, now)).flatten().map(|wait| wait + Duration::from_secs(1))
}

/// What is left of an allowance, how much it is, and how long until it is whole again.
pub(super) fn allowance(headers: &HeaderMap) -> Option<(u64, u64, Duration)> {
    let now = text(headers, DATE.as_str()).and_then(http_date).unwrap_or_else(Utc::now);
    Some((number(headers, "x-ratelimit-remaining")?, number(headers, "x-ratelimit-limit")?, reset(headers, now).unwrap_or_default()))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.parse().ok()
}

fn reset(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = text(headers, "x-ratelimit-reset")?;
    let until = match value.parse::<i64>() {
        // Some services give seconds since 1970, others seconds from now.
        Ok(seconds) if seconds > 1_000_000_000 => DateTime::from_timestamp(seconds, 0)?,
        Ok(seconds) => now.checked_add_signed(chrono::Duration::try_seconds(seconds)?)?,
        Err(_) => iso(value)?,
    };
    until.signed_duration_since(now).to_std().ok().filter(is_wait)
}

fn is_wait(wait: &Duration) -> bool {
    !wait.is_zero() && *wait <= LONGEST
}

/// RFC 3339; the seconds may be missing.
fn iso(value: &str) -> Option<DateTime<Utc>> {
    let full = DateTime::parse_from_rfc3339(value).map(|at| at.with_timezone(&Utc)).ok();
    full.or_else(|| Some(NaiveDateTime::parse_from_str(value.strip_suffix('Z')?, "%Y-%m-%dT%H:%M").ok()?.and_utc()))
}

fn http_date(value: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(value).map(|at| at.with_timezone(&Utc)).ok()
}

/// How far this machine's clock is ahead of that of whoever answers, in milliseconds; behind is negative. Less than two seconds are the answer's way.
pub(super) fn ahead_ms(headers: &HeaderMap) -> Option<i64> {
    let there = text(headers, DATE.as_str()).and_then(http_date)?;
    let ahead = Utc::now().signed_duration_since(there).num_milliseconds();
    Some(if ahead.abs() < 2000 { 0 } else { ahead })
}

/// Whether little is left of our allowance: the service says so, or less than a fifth of it remains.
pub(super) fn near_limit(headers: &HeaderMap) -> bool {
    let said = text(headers, "x-ratelimit-nearlimit").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    said || matches!((number(headers, "x-ratelimit-remaining"), number(headers, "x-ratelimit-limit")), (Some(left), Some(limit)) if left * 5 < limit)
}

/// `base` doubled for each earlier try, at most `most`, times 0.7 to 1.3 so that many clients do not come back at once.
pub(super) fn backoff(base: Duration, tries: u32, most: Duration) -> Duration {
    let wait = base.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(most);
    // The standard library's hash keys are the randomness at hand; no secret depends on it.
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish() % 601;
    wait.mul_f64(0.7 + f64::from(u16::try_from(random).unwrap_or(0)) / 1000.0)
}

pub(super) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (reqwest::header::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn seconds_and_dates_are_read_and_the_servers_clock_is_the_measure() {
        assert_eq!(asked(&headers(&[("retry-after", "3601")])), Some(Duration::from_secs(3601)));
        let date = headers(&[("date", "Mon, 05 Jan 2026 09:00:00 GMT"), ("retry-after", "Mon, 05 Jan 2026 09:00:07 GMT")]);
        assert_eq!(asked(&date), Some(Duration::from_secs(7)));
        assert_eq!(asked(&headers(&[])), None);
        assert_eq!(asked(&headers(&[("retry-after", "soon")])), None);
    }

    #[test]
    fn the_reset_stands_in_for_a_missing_retry_after() {
        let date = ("date", "Thu, 01 Jan 2026 14:59:00 GMT");
        for (value, seconds) in [("2026-01-01T15:00:00Z", 60), ("2026-01-01T15:00Z", 60), ("12", 12), ("1767279600", 60)] {
            assert_eq!(asked(&headers(&[date, ("x-ratelimit-reset", value)])), Some(Duration::from_secs(seconds)), "{value}");
        }
        assert_eq!(asked(&headers(&[date, ("x-ratelimit-reset", "2026-01-01T14:58Z")])), None);
        assert_eq!(asked(&headers(&[date, ("retry-after", "0"), ("x-ratelimit-reset", "2026-01-01T15:00Z")])), Some(Duration::from_secs(60)));
    }

    #[test]
    fn a_number_that_can_be_no_wait_is_none() {
        for value in ["18446744073709551615", "99999999999"] {
            assert_eq!(asked(&headers(&[("retry-after", value)])), None, "{value}");
        }
        // The same moment in milliseconds.
        let date = ("date", "Thu, 01 Jan 2026 14:59:00 GMT");
        for value in ["1767279600000", "9223372036854775807", "-9223372036854775", "-9223372036854775808"] {
            assert_eq!(asked(&headers(&[date, ("x-ratelimit-reset", value)])), None, "{value}");
        }
    }

    #[test]
    fn a_spent_allowance_is_told_from_other_limits() {
        let date = ("date", "Thu, 01 Jan 2026 14:59:00 GMT");
        let reset = ("x-ratelimit-reset", "1767279600");
        let spent = ("x-ratelimit-remaining", "0");
        let wait = |more: &[(&'static str, &str)]| of_spent(&headers(&[&[date, reset], more].concat()));
        assert_eq!(wait(&[spent]), Some(Duration::from_secs(61)));
        assert_eq!(wait(&[spent, ("retry-after", "7")]), None, "a secondary limit that comes with the last request");
        assert_eq!(wait(&[("x-ratelimit-remaining", "1")]), None);
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn near_limit_is_said_or_reckoned() {
        assert!(near_limit(&headers(&[("x-ratelimit-nearlimit", "true")])));
        assert!(near_limit(&headers(&[("x-ratelimit-limit", "100"), ("x-ratelimit-remaining", "19")])));
        assert!(!near_limit(&headers(&[("x-ratelimit-limit", "100"), ("x-ratelimit-remaining", "20"), ("retry-after", "0")])));
        assert!(!near_limit(&headers(&[])));
    }

    #[test]
    fn backing_off_doubles_within_bounds() {
        let base = Duration::from_secs(2);
        for (tries, middle) in [(1, 2.0), (2, 4.0), (3, 8.0), (9, 30.0)] {
            let wait = backoff(base, tries, Duration::from_secs(30)).as_secs_f64();
            assert!(wait >= middle * 0.699 && wait <= middle * 1.301, "{tries}: {wait}");
        }
    }
}
