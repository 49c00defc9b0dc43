//! The one line that a worker reads from its standard input: which connector, which operation, with every setting resolved and every secret still a
//! reference.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A worker's whole task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The connector.
    pub connector: ConnectorConfig,
    /// What to do.
    pub operation: Operation,
    /// How the process lowers itself.
    pub worker: WorkerConfig,
    /// `error`, `warn`, `info` or `debug`: events below it are not sent.
    pub log_level: String,
    /// Days that removed files stay in the trash.
    pub trash_days: u32,
}

/// One connector instance, resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectorConfig {
    /// `[a-z0-9][a-z0-9-]*`, at most 64 bytes.
    pub name: String,
    /// `confluence`, ...: the register's word.
    pub kind: String,
    /// The connector's own folder, absolute.
    pub folder: PathBuf,
    /// The connector's cache folder, absolute; created on demand.
    pub cache: PathBuf,
    /// Percent of the documents of a scope or of the connector that a run may remove (and more than 10), 0 to 100.
    pub max_delete_percent: u8,
    /// The connector's own settings, already checked against its type, without secrets.
    pub settings: serde_json::Value,
    /// Its secrets by setting name (`api_token`), as references.
    pub secrets: BTreeMap<String, SecretRef>,
}

/// Where a secret stands. Never the secret itself: what stands literally in a file or variable is referred to by that file or variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SecretRef {
    /// An environment variable, by name.
    Env(String),
    /// A file's first line; `~` is the home folder.
    File(PathBuf),
    /// A command's first line of output; no shell.
    Command(Vec<String>),
    /// A file's name in `$CREDENTIALS_DIRECTORY` (systemd's `LoadCredential=`).
    Credential(String),
    /// A variable in a `.env` file.
    Dotenv {
        /// The file.
        path: PathBuf,
        /// The variable.
        variable: String,
    },
    /// A literal in a TOML configuration file that only its owner can read.
    Literal {
        /// The file.
        path: PathBuf,
        /// Dotted key (`connectors.confluence.api_token`).
        key: String,
    },
}

/// What a worker does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "op", deny_unknown_fields)]
pub enum Operation {
    /// Bring the mirror up to date.
    Sync {
        /// Look at everything and fetch every body again.
        full: bool,
        /// Carry out deletions that the limit held back.
        accept_deletions: bool,
    },
    /// Write every document again from its kept body, without a request.
    Rerender,
    /// Tell what is known of one document.
    Explain {
        /// Its id, its web address, or its path below the connector's folder.
        what: String,
    },
    /// Ask the service whether credentials and scopes work.
    Validate,
    /// List, and with `apply` remove, what has run out or belongs to nobody in this connector's folder.
    Cleanup {
        /// Remove, not only list.
        apply: bool,
    },
    /// Move files from the trash back to their places; paths below the connector's folder, as listed (`YYYY-MM-DD/ENG/x.md`) or original.
    Restore {
        /// Which; empty lists what is there.
        paths: Vec<String>,
    },
}

/// How a worker lowers itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerConfig {
    /// Nice value, 0 to 19.
    pub nice: i32,
    /// `best-effort` or `idle`.
    pub io_class: String,
    /// Level in the best-effort class, 0 (first) to 7 (last).
    pub io_level: u8,
    /// Confine itself with Landlock where the kernel has it.
    pub sandbox: bool,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self { nice: 10, io_class: "best-effort".to_owned(), io_level: 7, sandbox: true }
    }
}
