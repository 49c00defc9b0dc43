//! Where things lie: the process's variables and the folders that follow from them, by the XDG base directory specification.
//!
//! Reads the environment once and hands it on, so that everything behind it can be tested with another one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Our folder below each of the base folders.
const OURS: &str = "context-sync";

/// The variables of a process, and the configuration file that its command line names.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// `--config`.
    pub explicit: Option<PathBuf>,
    /// Variables that are UTF-8; no other is of interest.
    pub variables: BTreeMap<String, String>,
}

impl Place {
    /// This process's.
    #[must_use]
    pub fn of_process(explicit: Option<PathBuf>) -> Self {
        let utf8 = |(name, value): (std::ffi::OsString, std::ffi::OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Self { explicit, variables: std::env::vars_os().filter_map(utf8).collect() }
    }

    /// The home folder; none where `HOME` is no absolute path.
    #[must_use]
    pub fn home(&self) -> Option<PathBuf> {
        self.folder("HOME")
    }

    /// The configuration file: the named one, else `$XDG_CONFIG_HOME/context-sync/config.toml`. None where neither is known.
    #[must_use]
    pub fn config_file(&self) -> Option<PathBuf> {
        match &self.explicit {
            // Absolute, so that the origin in a message, and a reload, mean the same file everywhere.
            Some(path) => std::path::absolute(path).ok(),
            None => Some(self.base("XDG_CONFIG_HOME", ".config")?.join("config.toml")),
        }
    }

    /// `$XDG_STATE_HOME/context-sync`: what the daemon remembers.
    #[must_use]
    pub fn state_dir(&self) -> Option<PathBuf> {
        self.base("XDG_STATE_HOME", ".local/state")
    }

    /// `$XDG_CACHE_HOME/context-sync`: the connectors' caches.
    #[must_use]
    pub fn cache_dir(&self) -> Option<PathBuf> {
        self.base("XDG_CACHE_HOME", ".cache")
    }

    /// A path as people write it: `~` is the home folder, anything relative lies in it. None where that folder is not known.
    #[must_use]
    pub fn expand(&self, path: &str) -> Option<PathBuf> {
        let rest = path.strip_prefix("~/").unwrap_or(if path == "~" { "" } else { path });
        let expanded = if Path::new(rest).is_absolute() { PathBuf::from(rest) } else { self.home()?.join(rest) };
        // Parts are put together again, so that `a//b/` and `a/b` are one folder.
        Some(expanded.components().collect())
    }

    fn base(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        Some(self.folder(variable).or_else(|| Some(self.home()?.join(below_home)))?.join(OURS))
    }

    /// The specification has relative paths ignored.
    fn folder(&self, variable: &str) -> Option<PathBuf> {
        self.variables.get(variable).map(PathBuf::from).filter(|path| path.is_absolute())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(variables: &[(&str, &str)]) -> Place {
        Place { explicit: None, variables: variables.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect() }
    }

    #[test]
    fn folders_follow_the_variables_and_else_the_home() {
        let full = place(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/c"), ("XDG_STATE_HOME", "relative")]);
        assert_eq!(full.config_file(), Some("/c/context-sync/config.toml".into()));
        assert_eq!(full.state_dir(), Some("/h/.local/state/context-sync".into()));
        assert_eq!(full.cache_dir(), Some("/h/.cache/context-sync".into()));
        assert_eq!(place(&[("HOME", "")]).state_dir(), None);
    }

    #[test]
    fn paths_are_read_as_people_write_them() {
        let place = place(&[("HOME", "/h")]);
        for (written, meant) in [("~/a//b/", "/h/a/b"), ("~", "/h"), ("/x", "/x"), ("docs", "/h/docs"), ("~ann/x", "/h/~ann/x")] {
            assert_eq!(place.expand(written), Some(meant.into()), "{written}");
        }
        assert_eq!(Place::default().expand("~/a"), None);
    }
}
