//! Configuration: built-in default < `config.toml` < `.env` beside it < environment < command line, resolved into plain values.
//!
//! Guarantees that what it returns can work as far as that can be told without asking a service, that an error names key and file or variable, and that no
//! secret is in it: a secret stays where it is, and only a worker follows the reference ([`secret::resolve`]). Knows neither what a schedule's words mean nor
//! what a type of connector does with its settings.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

mod connector;
mod env;
mod file;
pub mod job;
mod load;
mod origin;
pub mod place;
mod reference;
pub mod secret;
mod settings;
mod show;

pub use load::load;
pub use place::Place;
pub use show::resolved;

use job::{ConnectorConfig, WorkerConfig};

/// Everything that is configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The configuration file; it need not exist.
    pub path: PathBuf,
    /// Synced content, absolute.
    pub output_dir: PathBuf,
    /// What the daemon remembers, absolute.
    pub state_dir: PathBuf,
    /// The connectors' caches, absolute.
    pub cache_dir: PathBuf,
    /// Workers at a time, 1 to 16.
    pub max_parallel: usize,
    /// Days that removed files stay in the trash.
    pub trash_days: u32,
    /// Days that file logs are kept.
    pub log_days: u32,
    /// `error`, `warn`, `info` or `debug`.
    pub log_level: String,
    /// When bells ring.
    pub schedule: Schedule,
    /// How workers lower themselves.
    pub worker: WorkerConfig,
    /// The instances, by name, those that are switched off included.
    pub connectors: Vec<Connector>,
    /// What is odd but works, for people.
    pub notes: Vec<String>,
}

/// When bells ring; a connector may have its own `every`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// A preset or a cron expression; `schedule` reads it.
    pub every: String,
    /// `local`, or a name of the time zone database.
    pub time_zone: String,
    /// A bell rings so many seconds late at most, each connector at its own second.
    pub jitter_secs: u32,
    /// The first bell after the start of the daemon rings after so many seconds, and some jitter.
    pub start_delay_secs: u32,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { every: "hourly".to_owned(), time_zone: "local".to_owned(), jitter_secs: 300, start_delay_secs: 10 }
    }
}

/// One instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Connector {
    /// What its workers are told.
    pub config: ConnectorConfig,
    /// Its own `schedule`, or that of all.
    pub every: String,
    /// False: no bells, no operations; its folder is left alone.
    pub enabled: bool,
}

/// Why a configuration cannot be used: one sentence for each thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);
