//! The settings outside of the connectors: their keys, defaults and ranges.

use std::ops::RangeInclusive;

use config::{Value, ValueKind};

use super::job::WorkerConfig;
use super::layers::Table;
use super::{ConfigError, Origin, Schedule};

/// Every key, dotted.
pub(super) const KEYS: [&str; 14] = [
    "output_dir",
    "max_parallel",
    "trash_days",
    "log_days",
    "log_level",
    "max_delete_percent",
    "schedule.every",
    "schedule.time_zone",
    "schedule.jitter_secs",
    "worker.nice",
    "worker.io_class",
    "worker.io_level",
    "worker.sandbox",
    "connectors",
];

/// The settings as resolved, with paths as they were written.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) output_dir: String,
    pub(super) max_parallel: usize,
    pub(super) trash_days: u32,
    pub(super) log_days: u32,
    pub(super) log_level: String,
    pub(super) max_delete_percent: u8,
    pub(super) schedule: Schedule,
    pub(super) worker: WorkerConfig,
}

pub(super) fn is_known(key: &str) -> bool {
    KEYS.contains(&key)
}

pub(super) fn is_section(key: &str) -> bool {
    matches!(key, "schedule" | "worker")
}

/// What there is, for whoever misspelt it.
pub(super) fn known() -> String {
    format!("known are {} (`config.example.toml` explains them)", KEYS.join(", "))
}

impl Settings {
    /// # Errors
    /// When a value is of the wrong type or out of its range.
    pub(super) fn resolve(found: &Table) -> Result<Self, ConfigError> {
        let get = Get(found);
        Ok(Self {
            output_dir: get.text("output_dir", "~/context-sync")?,
            max_parallel: get.number("max_parallel", 2, 1..=64)?,
            trash_days: get.number("trash_days", 30, 0..=36_500)?,
            log_days: get.number("log_days", 14, 1..=36_500)?,
            log_level: get.word("log_level", "info", &["error", "warn", "info", "debug"])?,
            max_delete_percent: get.number("max_delete_percent", 20, 0..=100)?,
            schedule: Schedule {
                every: get.text("schedule.every", "hourly")?,
                time_zone: get.text("schedule.time_zone", "local")?,
                jitter_secs: get.number("schedule.jitter_secs", 300, 0..=3600)?,
            },
            worker: WorkerConfig {
                nice: get.number("worker.nice", 10, 0..=19)?,
                io_class: get.word("worker.io_class", "best-effort", &["best-effort", "idle"])?,
                io_level: get.number("worker.io_level", 7, 0..=7)?,
                sandbox: get.boolean("worker.sandbox", true)?,
            },
        })
    }
}

/// Reads single values out of a table, each with its default.
pub(super) struct Get<'t>(pub(super) &'t Table);

impl Get<'_> {
    pub(super) fn text(&self, key: &str, default: &str) -> Result<String, ConfigError> {
        Ok(self
            .found(key, "must be a text in quotation marks", Shape::Text, Value::into_string)?
            .map_or_else(|| default.to_owned(), |(value, _)| value))
    }

    pub(super) fn boolean(&self, key: &str, default: bool) -> Result<bool, ConfigError> {
        Ok(self.found(key, "must be true or false", Shape::Truth, Value::into_bool)?.map_or(default, |(value, _)| value))
    }

    /// A whole number within a range.
    pub(super) fn number<N>(&self, key: &str, default: i64, range: RangeInclusive<i64>) -> Result<N, ConfigError>
    where
        N: TryFrom<i64>,
    {
        let why = format!("must be a whole number from {} to {}", range.start(), range.end());
        let (value, origin) = self.found(key, &why, Shape::Number, Value::into_int)?.unwrap_or((default, Origin::Env(String::new())));
        let fits = Some(value).filter(|value| range.contains(value)).and_then(|value| N::try_from(value).ok());
        fits.ok_or_else(|| ConfigError::bad(key, &origin, why))
    }

    /// One of a few words.
    pub(super) fn word(&self, key: &str, default: &str, words: &[&str]) -> Result<String, ConfigError> {
        let why = format!("must be one of \"{}\"", words.join("\", \""));
        match self.found(key, &why, Shape::Text, Value::into_string)? {
            None => Ok(default.to_owned()),
            Some((word, _)) if words.contains(&word.as_str()) => Ok(word),
            Some((_, origin)) => Err(ConfigError::bad(key, &origin, why)),
        }
    }

    /// The value and its place. What was said in a variable or an option is a text whatever it means; in a file it must be what is meant, for `3.7` days
    /// would be made 4, and `"no"` be taken for no.
    fn found<T>(
        &self,
        key: &str,
        why: &str,
        shape: Shape,
        read: impl FnOnce(Value) -> Result<T, config::ConfigError>,
    ) -> Result<Option<(T, Origin)>, ConfigError> {
        let Some(found) = self.0.get(key) else { return Ok(None) };
        let bad = || ConfigError::bad(key, &found.origin, why);
        let fits = match found.value.kind {
            ValueKind::String(_) => shape == Shape::Text || !matches!(found.origin, Origin::File(_)),
            ValueKind::Boolean(_) => shape == Shape::Truth,
            ValueKind::I64(_) => shape == Shape::Number,
            _ => false,
        };
        if !fits {
            return Err(bad());
        }
        Ok(Some((read(found.value.clone()).map_err(|_| bad())?, found.origin.clone())))
    }
}

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    Truth,
    Number,
}
