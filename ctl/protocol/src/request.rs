//! What a client asks: one JSON object a line, told apart by `op`.
//!
//! Every field but `op` has a default, so that a request can be typed by hand; unknown fields are ignored, so that a newer client can speak to an older
//! daemon. Empty `names` means all connectors.

use serde::{Deserialize, Serialize};

/// One line from a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The protocol's version.
    #[serde(default = "current")]
    pub v: u32,
    /// Chosen by the client; comes back in every line that answers this one.
    #[serde(default)]
    pub id: u64,
    /// What is asked.
    #[serde(flatten)]
    pub op: Op,
}

impl Request {
    /// A request of this version.
    #[must_use]
    pub fn new(id: u64, op: Op) -> Self {
        Self { v: crate::VERSION, id, op }
    }
}

fn current() -> u32 {
    crate::VERSION
}

/// How many log lines are shown where nobody says how many.
pub const DEFAULT_LOG_LINES: u32 = 100;

/// How many runs `history` shows where nobody says how many.
pub const DEFAULT_HISTORY: u32 = 20;

fn default_lines() -> u32 {
    DEFAULT_LOG_LINES
}

fn default_limit() -> u32 {
    DEFAULT_HISTORY
}

fn yes() -> bool {
    true
}

/// What is asked. Beside each stands the type in [`crate::reply`] that answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Op {
    /// How things stand; answered by `StatusReport`, within 50 ms.
    Status {
        /// One connector, or all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Tell as well how faithful the mirror is.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        fidelity: bool,
    },
    /// Ring the bell. With `wait`, `Follow` events and then `Runs`; without, `Touched` at once. Hanging up does not stop the run.
    Sync {
        /// Which.
        #[serde(default)]
        names: Vec<String>,
        /// Look at everything and fetch every body again.
        #[serde(default)]
        full: bool,
        /// Carry out deletions that the limit held back.
        #[serde(default)]
        accept_deletions: bool,
        /// Write every document again from its kept body, without a request, and nothing else.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        rerender: bool,
        /// Answer only when the run that this call asked for has ended.
        #[serde(default = "yes")]
        wait: bool,
    },
    /// Stop running and queued operations between two documents; answered by `Touched` (those that had something to stop).
    Cancel {
        /// Which.
        #[serde(default)]
        names: Vec<String>,
    },
    /// Ring no bells for these until `resume`; remembered across restarts. Answered by `Touched`.
    Pause {
        /// Which.
        #[serde(default)]
        names: Vec<String>,
    },
    /// End a pause, or a suspension. Answered by `Touched`.
    Resume {
        /// Which.
        #[serde(default)]
        names: Vec<String>,
    },
    /// List, and with `apply` remove, what has run out or belongs to nobody. `Follow` events, then `Runs`.
    Cleanup {
        /// Which; all also looks at logs and at folders that belong to no connector.
        #[serde(default)]
        names: Vec<String>,
        /// Remove, not only list.
        #[serde(default)]
        apply: bool,
    },
    /// Move files from the trash back. `Follow` events, then `Runs`.
    Restore {
        /// Absolute, or below the output folder (`confluence/2025-08-22/ENG/x--1.md`); empty lists what can be restored.
        #[serde(default)]
        paths: Vec<String>,
    },
    /// Ask the services whether credentials and scopes work. `Follow` events, then `Runs`.
    Validate {
        /// Which.
        #[serde(default)]
        names: Vec<String>,
    },
    /// What is known of one document, and how faithful its file is. `Follow` events, then `Runs` with its facts as items.
    Explain {
        /// Its id, its web address, or its path: absolute, or below the output folder.
        #[serde(default)]
        what: String,
    },
    /// The last runs, newest first; answered by `Runs`.
    History {
        /// One connector, or all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// At most so many.
        #[serde(default = "default_limit")]
        limit: u32,
    },
    /// Log lines, each a `LogLine` event, oldest first; then `Empty`. With `follow` it goes on until the client hangs up.
    Logs {
        /// One connector, or all and the daemon itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Go on with what is logged from now.
        #[serde(default)]
        follow: bool,
        /// Past lines to begin with.
        #[serde(default = "default_lines")]
        lines: u32,
    },
    /// Read the configuration again; a broken one is refused and the old one stays. Answered by `ReloadReport`.
    Reload {},
    /// The configuration as it is in force, without secrets; answered by `ConfigReport`.
    Config {},
}

impl Op {
    /// Every op's name on the wire.
    pub const NAMES: [&'static str; 13] =
        ["status", "sync", "cancel", "pause", "resume", "cleanup", "restore", "validate", "explain", "history", "logs", "reload", "config"];
}
