//! What `every` and `time_zone` mean: words of people into points in time. Pure.
//!
//! Guarantees that a daily time comes once a day on days with a change of daylight saving, too: one that falls into the missing hour comes right after it,
//! one in the doubled hour comes once.

use std::time::Duration;

use chrono::{DateTime, Local, Offset, TimeDelta, TimeZone, Utc};
use croner::parser::{CronParser, Seconds};
use croner::{Cron, JobType};

/// Why a schedule's words mean nothing.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// No time.
    #[error(
        "`{0}` is no schedule; use hourly, daily, weekly, a span like 15m, 2h or 1d (at least a minute), or a cron expression of five or six fields"
    )]
    NoSchedule(String),
    /// A time that never comes.
    #[error("`{0}` never comes; check day and month of the cron expression")]
    Never(String),
    /// No place.
    #[error("`{0}` is no time zone; use local, or a name like Europe/Berlin")]
    NoZone(String),
}

/// When bells ring.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Spec {
    /// At whole multiples of a span since 1970.
    Span(Duration),
    /// By the calendar.
    Calendar(Box<Cron>),
}

/// Whose calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// The machine's.
    Local,
    /// Another one.
    Named(chrono_tz::Tz),
}

impl Zone {
    pub(super) fn parse(name: &str) -> Result<Self, SpecError> {
        if name == "local" {
            return Ok(Self::Local);
        }
        name.parse().map(Self::Named).map_err(|_| SpecError::NoZone(name.to_owned()))
    }
}

impl Spec {
    pub(super) fn parse(every: &str) -> Result<Self, SpecError> {
        let every = every.trim();
        if let Some(span) = span(every) {
            return Ok(Self::Span(span));
        }
        let expression = match every {
            "hourly" | "@hourly" => "0 * * * *",
            "daily" | "@daily" | "@midnight" => "0 0 * * *",
            "weekly" | "@weekly" => "0 0 * * 1",
            "monthly" | "@monthly" => "0 0 1 * *",
            other => other,
        };
        // Two fields less would be read as something else than was meant.
        if !(5..=6).contains(&expression.split_whitespace().count()) {
            return Err(SpecError::NoSchedule(every.to_owned()));
        }
        let cron = CronParser::builder().seconds(Seconds::Optional).build().parse(expression);
        let spec = Self::Calendar(Box::new(cron.map_err(|_| SpecError::NoSchedule(every.to_owned()))?));
        match spec.next(Utc::now(), Zone::Named(chrono_tz::UTC)) {
            Some(_) => Ok(spec),
            None => Err(SpecError::Never(every.to_owned())),
        }
    }

    /// The first time after `after`.
    pub(super) fn next(&self, after: DateTime<Utc>, zone: Zone) -> Option<DateTime<Utc>> {
        match self {
            Self::Span(span) => {
                let span = i64::try_from(span.as_secs()).ok().filter(|span| *span > 0)?;
                let passed = after.timestamp().rem_euclid(span);
                DateTime::from_timestamp(after.timestamp().checked_add(span - passed)?, 0)
            }
            Self::Calendar(cron) => match zone {
                Zone::Local => occurrence(cron, &after.with_timezone(&Local)),
                Zone::Named(zone) => occurrence(cron, &after.with_timezone(&zone)),
            },
        }
    }

    /// The time between one ring and the next, from `after` on.
    pub(super) fn gap(&self, after: DateTime<Utc>, zone: Zone) -> Option<TimeDelta> {
        Some(self.next(after, zone)? - after)
    }
}

fn occurrence<Z: TimeZone>(cron: &Cron, after: &DateTime<Z>) -> Option<DateTime<Utc>> {
    let found = cron.find_next_occurrence(after, false).ok()?.with_timezone(&Utc);
    let found = in_the_doubled_hour(cron, after).filter(|earlier| *earlier < found).unwrap_or(found);
    // Whatever the calendar does, time goes on.
    (found > after.with_timezone(&Utc)).then_some(found)
}

/// The crate passes over the second of two hours of one name. That is right for `30 2 * * *`, which shall come once, and wrong for every hour.
fn in_the_doubled_hour<Z: TimeZone>(cron: &Cron, after: &DateTime<Z>) -> Option<DateTime<Utc>> {
    if cron.determine_job_type() == JobType::FixedTime {
        return None;
    }
    // The next time if the clock were not set back: it counts where it is one by the clock that was set back, too.
    let unchanged = after.with_timezone(&after.offset().fix());
    let found = cron.find_next_occurrence(&unchanged, false).ok()?;
    cron.is_time_matching(&found.with_timezone(&after.timezone())).unwrap_or(false).then(|| found.with_timezone(&Utc))
}

/// `15m`, `2h`, `1d`.
fn span(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    Some(Duration::from_secs(count.checked_mul(seconds)?)).filter(|span| (60..=31_536_000).contains(&span.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// The next times after `from`, in UTC.
    fn times(every: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let (spec, zone) = (Spec::parse(every).unwrap(), Zone::parse(zone).unwrap());
        let mut now = at(from);
        let mut next = || {
            now = spec.next(now, zone).unwrap();
            now.format("%m-%d %H:%M:%S").to_string()
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn words_spans_and_expressions_mean_times() {
        assert_eq!(times("hourly", "UTC", "2026-03-01T10:20:00Z", 2), ["03-01 11:00:00", "03-01 12:00:00"]);
        assert_eq!(times("15m", "UTC", "2026-03-01T10:20:00Z", 2), ["03-01 10:30:00", "03-01 10:45:00"]);
        assert_eq!(times("daily", "Asia/Kolkata", "2026-03-01T10:20:00Z", 1), ["03-01 18:30:00"]);
        assert_eq!(times("30 5 8 * * *", "UTC", "2026-03-01T10:20:00Z", 1), ["03-02 08:05:30"]);
        assert_eq!(times("weekly", "UTC", "2026-03-01T10:20:00Z", 1), ["03-02 00:00:00"]);
    }

    #[test]
    fn daylight_saving_neither_skips_nor_doubles_a_daily_time() {
        // Spring: 02:30 does not exist on 29 March in Berlin.
        let spring = times("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", 4);
        assert_eq!([&spring[0], &spring[2], &spring[3]], ["03-28 01:30:00", "03-30 00:30:00", "03-31 00:30:00"], "{spring:?}");
        assert!(spring[1].starts_with("03-29 01:"), "{spring:?}");
        // Autumn: 02:30 exists twice on 25 October.
        let autumn = times("30 2 * * *", "Europe/Berlin", "2026-10-23T12:00:00Z", 4);
        let days: Vec<&str> = autumn.iter().map(|time| &time[..5]).collect();
        assert_eq!(days, ["10-24", "10-25", "10-26", "10-27"], "{autumn:?}");
        // A zone that changes at midnight.
        let midnight = times("daily", "America/Santiago", "2026-09-04T12:00:00Z", 3);
        assert_eq!(midnight.iter().map(|time| &time[..5]).collect::<Vec<_>>(), ["09-05", "09-06", "09-07"], "{midnight:?}");
    }

    #[test]
    fn daylight_saving_leaves_no_hour_out() {
        for (from, hours) in [("2026-03-29T00:00:00Z", ["01", "02", "03"]), ("2026-10-25T00:00:00Z", ["01", "02", "03"])] {
            let came: Vec<String> = times("hourly", "Europe/Berlin", from, 3).iter().map(|time| time[6..8].to_owned()).collect();
            assert_eq!(came, hours);
        }
    }

    #[test]
    fn nonsense_is_refused_with_what_would_be_right() {
        for every in ["", "often", "5 minutes", "30s", "0m", "* * *", "* * * * * * *", "61 * * * *", "999999999999999999d"] {
            assert!(matches!(Spec::parse(every), Err(SpecError::NoSchedule(_))), "{every}");
        }
        assert!(Spec::parse("0 0 31 2 *").is_err());
        assert!(Zone::parse("Middle/Earth").unwrap_err().to_string().contains("Europe/Berlin"));
    }
}
