//! The keys outside `[connectors]`: their names, defaults and ranges.

use serde::{Deserialize, Serialize};

use super::Schedule;
use super::job::WorkerConfig;

/// Everything outside `[connectors]`, as it is written. Its defaults are the lowest layer, so that every key is always there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) output_dir: String,
    pub(super) max_parallel: u32,
    pub(super) max_delete_percent: u8,
    pub(super) trash_days: u32,
    pub(super) log_days: u32,
    pub(super) log_level: String,
    pub(super) schedule: Schedule,
    pub(super) worker: WorkerConfig,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            output_dir: "~/context-sync".to_owned(),
            max_parallel: 2,
            max_delete_percent: 20,
            trash_days: 30,
            log_days: 14,
            log_level: "info".to_owned(),
            schedule: Schedule::default(),
            worker: WorkerConfig::default(),
        }
    }
}

impl Settings {
    /// Keys whose value cannot work, with what would.
    pub(super) fn problems(&self) -> Vec<(&'static str, String)> {
        let ranges = [
            ("max_parallel", i64::from(self.max_parallel), 1, 16),
            ("max_delete_percent", i64::from(self.max_delete_percent), 0, 100),
            ("trash_days", i64::from(self.trash_days), 1, 3650),
            ("log_days", i64::from(self.log_days), 1, 3650),
            ("schedule.jitter_secs", i64::from(self.schedule.jitter_secs), 0, 3600),
            ("schedule.start_delay_secs", i64::from(self.schedule.start_delay_secs), 0, 3600),
            ("worker.nice", i64::from(self.worker.nice), 0, 19),
            ("worker.io_level", i64::from(self.worker.io_level), 0, 7),
        ];
        let words = [
            ("log_level", self.log_level.as_str(), &["error", "warn", "info", "debug"][..]),
            ("worker.io_class", self.worker.io_class.as_str(), &["best-effort", "idle"]),
        ];
        let outside = ranges.into_iter().filter(|(_, value, least, most)| !(least..=most).contains(&value));
        let unknown = words.into_iter().filter(|(_, word, known)| !known.contains(word));
        outside
            .map(|(key, value, least, most)| (key, format!("is {value}; it must lie between {least} and {most}")))
            .chain(unknown.map(|(key, word, known)| (key, format!("is `{word}`; it must be one of {}", known.join(", ")))))
            .collect()
    }
}
