//! Where a value stands, and what is wrong with it: the words of every complaint about the configuration.
//!
//! Guarantees that a complaint names key, place and way out, and never repeats a value that may be a secret.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A TOML file.
    File(PathBuf),
    /// A variable in a `.env` file.
    Dotenv {
        /// The file.
        path: PathBuf,
        /// The variable.
        variable: String,
    },
    /// A variable of the process.
    Env(String),
    /// An option of the command line.
    CommandLine(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Dotenv { path, variable } => write!(f, "`{variable}` in {}", path.display()),
            Self::Env(variable) => write!(f, "the environment variable `{variable}`"),
            Self::CommandLine(option) => write!(f, "the command line's `{option}`"),
        }
    }
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file is there and cannot be read.
    #[error("the configuration file {} cannot be read; check its owner and permissions", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file named on the command line is not there.
    #[error("the configuration file {} does not exist; check `--config`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file is no TOML, or no list of variables.
    #[error("{}: {why}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why, without the line itself.
        why: String,
    },
    /// A key that nobody knows.
    #[error("unknown key `{key}` in {origin}; {known}")]
    UnknownKey {
        /// The key, dotted.
        key: String,
        /// Where it stands.
        origin: Origin,
        /// What is known instead.
        known: String,
    },
    /// A value that cannot be.
    #[error("`{key}` in {origin} {why}")]
    BadValue {
        /// The key, dotted.
        key: String,
        /// Where it stands.
        origin: Origin,
        /// What is wrong and what would be right.
        why: String,
    },
    /// A connector as a whole does not work.
    #[error("connector `{name}` in {origin}: {why}")]
    Connector {
        /// Its name.
        name: String,
        /// Where it is configured.
        origin: Origin,
        /// What is wrong and what would be right.
        why: String,
    },
    /// A secret stands in a file that others can read.
    #[error("{} holds a secret (`{key}`) and can be read by others; run `chmod 600 {}`", path.display(), path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// What holds the secret.
        key: String,
    },
    /// No folder is known for something.
    #[error("no home folder is known, so there is no place for {what}; set HOME")]
    NoHome {
        /// What it is needed for.
        what: &'static str,
    },
}

impl ConfigError {
    /// A complaint about one value.
    #[must_use]
    pub fn bad(key: impl Into<String>, origin: &Origin, why: impl Into<String>) -> Self {
        Self::BadValue { key: key.into(), origin: origin.clone(), why: why.into() }
    }

    /// A complaint about a file as such. The TOML parser quotes the line, which may hold a secret: only its first and last lines are kept.
    pub(super) fn syntax(path: &Path, said: &str) -> Self {
        let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
        let first = lines.next().unwrap_or("it cannot be read").to_owned();
        let why = match lines.next_back().filter(|last| !last.contains('|')) {
            Some(last) => format!("{first}: {last}"),
            None => first,
        };
        Self::Syntax { path: path.to_owned(), why }
    }
}
