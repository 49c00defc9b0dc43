//! What the process finds around itself: folders and variables. Handed in everywhere, so that tests need no environment of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::ConfigError;

/// The process's surroundings.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The configuration file, where the command line names one.
    pub config: Option<PathBuf>,
    /// Settings of the command line, by dotted key: the option and its value.
    pub options: BTreeMap<String, (String, String)>,
    /// The environment; variables that are no Unicode hold nothing for us.
    pub environment: BTreeMap<String, String>,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn of_this_process(config: Option<PathBuf>, options: BTreeMap<String, (String, String)>) -> Self {
        let environment = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
        Self { config, options, environment }
    }

    /// The configuration file: named, or in its usual place.
    pub(super) fn config_path(&self) -> Result<PathBuf, ConfigError> {
        match &self.config {
            Some(path) => Ok(std::path::absolute(path).unwrap_or_else(|_| path.clone())),
            None => Ok(self.folder("XDG_CONFIG_HOME", ".config", "the configuration")?.join("config.toml")),
        }
    }

    /// Where the daemon remembers what is paused, and the history.
    pub(super) fn state_dir(&self) -> Result<PathBuf, ConfigError> {
        self.folder("XDG_STATE_HOME", ".local/state", "the daemon's memory")
    }

    /// Where connectors cache.
    pub(super) fn cache_dir(&self) -> Result<PathBuf, ConfigError> {
        self.folder("XDG_CACHE_HOME", ".cache", "caches")
    }

    /// The XDG specification has relative paths ignored.
    fn folder(&self, variable: &str, below_home: &str, what: &'static str) -> Result<PathBuf, ConfigError> {
        let base = match self.absolute(variable) {
            Some(path) => path,
            None => self.home(what)?.join(below_home),
        };
        Ok(base.join("context-sync"))
    }

    fn absolute(&self, variable: &str) -> Option<PathBuf> {
        self.environment.get(variable).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    fn home(&self, what: &'static str) -> Result<PathBuf, ConfigError> {
        self.absolute("HOME").ok_or(ConfigError::NoHome { what })
    }

    /// A path from the configuration: `~` is the home folder, and what is not absolute is meant from there too, because a service has no folder that
    /// its user would think of as the current one.
    pub(super) fn expand(&self, path: &str, what: &'static str) -> Result<PathBuf, ConfigError> {
        if Path::new(path).is_absolute() {
            return Ok(PathBuf::from(path));
        }
        let home = self.home(what)?;
        Ok(match path {
            "~" => home,
            _ => home.join(path.strip_prefix("~/").unwrap_or(path)),
        })
    }
}
