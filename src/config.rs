//! Configuration: default < `config.toml` < `.env` beside it < environment < command line, resolved into one [`Config`].
//!
//! Guarantees that every error names the key and the place it stands at, that unknown keys are errors, and that no secret is kept: what the daemon holds
//! are references. Does not know what a connector's settings mean (the register does), nor what a schedule's words mean (`schedule` does).

use std::path::PathBuf;

mod check;
mod connectors;
pub mod job;
mod layers;
mod load;
mod origin;
mod places;
pub mod secret;
mod settings;
mod show;
pub mod trace;

pub use load::load;
pub use origin::{ConfigError, Origin};
pub use places::Surroundings;

use job::{ConnectorConfig, WorkerConfig};

/// Everything that the daemon goes by.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The configuration file; it need not exist.
    pub path: PathBuf,
    /// Where the mirrors lie, absolute.
    pub output_dir: PathBuf,
    /// The daemon's own memory: what is paused, and the history.
    pub state_dir: PathBuf,
    /// Workers at a time, 1 to 64.
    pub max_parallel: usize,
    /// Days that removed files stay in the trash.
    pub trash_days: u32,
    /// Days that the file logs are kept.
    pub log_days: u32,
    /// `error`, `warn`, `info` or `debug`.
    pub log_level: String,
    /// When the bells ring.
    pub schedule: Schedule,
    /// How workers lower themselves.
    pub worker: WorkerConfig,
    /// The connectors, by name.
    pub connectors: Vec<Instance>,
    /// What is odd but works.
    pub notes: Vec<String>,
}

/// When the bells ring, in the user's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// `hourly`, `daily`, `15m`, ..., or a cron expression; of connectors that have none of their own.
    pub every: String,
    /// `local`, or a name of the IANA database.
    pub time_zone: String,
    /// A bell rings up to so much later than its time, at an offset that differs between machines and connectors.
    pub jitter_secs: u32,
}

/// One connector as configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// What its workers are told.
    pub config: ConnectorConfig,
    /// Its schedule, in the user's words.
    pub every: String,
    /// Whether it is worked with at all.
    pub enabled: bool,
}

#[cfg(test)]
impl Instance {
    /// One that is nowhere, for tests.
    pub(crate) fn nowhere(name: &str, every: &str) -> Self {
        Self {
            config: ConnectorConfig {
                name: name.to_owned(),
                kind: "confluence".to_owned(),
                folder: format!("/nowhere/{name}").into(),
                cache: "/nowhere/cache".into(),
                max_delete_percent: 20,
                settings: serde_json::json!({}),
                secrets: std::collections::BTreeMap::new(),
            },
            every: every.to_owned(),
            enabled: true,
        }
    }
}

impl Config {
    /// The connectors that are on.
    pub fn enabled(&self) -> impl Iterator<Item = &Instance> {
        self.connectors.iter().filter(|instance| instance.enabled)
    }

    /// The folder of the file logs.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.output_dir.join("logs")
    }
}

#[cfg(test)]
mod tests;
