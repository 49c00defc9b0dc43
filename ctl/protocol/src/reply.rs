//! What the daemon answers: events while it works, then one `ok` or one `error`, each with the request's id.
//!
//! What stands in `ok` and `event` depends on the request's op and has a type here. Fields are only ever added; a reader ignores those that it does not
//! know and takes the default for those that are missing. Times are milliseconds since 1970, UTC.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::ErrorBody;
use crate::event::{Allowance, Event, Fidelity, Finished, Item, Outcome, Progress};

/// One line from the daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The protocol's version.
    pub v: u32,
    /// The request's id; 0 where the request had none that could be read.
    pub id: u64,
    /// What it says.
    #[serde(flatten)]
    pub body: Body,
}

/// What a line from the daemon says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Done; the last line that answers this request.
    Ok(Value),
    /// Not done; the last line that answers this request.
    Error(ErrorBody),
    /// Something on the way: [`Follow`] or, for `logs`, [`LogLine`].
    Event(Value),
}

impl Reply {
    /// The last word: done.
    ///
    /// # Errors
    /// When `result` cannot be JSON (a map with keys that are no strings); no type of this module does that.
    pub fn ok<T: Serialize>(id: u64, result: &T) -> serde_json::Result<Self> {
        Ok(Self { v: crate::VERSION, id, body: Body::Ok(serde_json::to_value(result)?) })
    }

    /// Something on the way.
    ///
    /// # Errors
    /// As for [`Reply::ok`].
    pub fn event<T: Serialize>(id: u64, event: &T) -> serde_json::Result<Self> {
        Ok(Self { v: crate::VERSION, id, body: Body::Event(serde_json::to_value(event)?) })
    }

    /// The last word: not done.
    #[must_use]
    pub fn error(id: u64, error: ErrorBody) -> Self {
        Self { v: crate::VERSION, id, body: Body::Error(error) }
    }
}

/// Reads a result or an event out of its line.
///
/// # Errors
/// When it is something else.
pub fn typed<T: DeserializeOwned>(value: Value) -> serde_json::Result<T> {
    serde_json::from_value(value)
}

/// Something that happened in an operation that a client waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Follow {
    /// The connector.
    pub connector: String,
    /// What happened.
    pub event: Event,
}

/// One line of the logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogLine {
    /// The connector; empty for the daemon itself.
    pub connector: String,
    /// The line as it stands in the file, without its end.
    pub line: String,
}

/// How things stand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatusReport {
    /// The daemon itself.
    pub daemon: DaemonStatus,
    /// Its connectors, by name.
    pub connectors: Vec<ConnectorStatus>,
}

/// The daemon itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DaemonStatus {
    /// Its version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// How long it has run.
    pub uptime_ms: u64,
    /// The configuration file in force (it need not exist).
    pub config: String,
    /// The output folder.
    pub output_dir: String,
    /// What is wrong with the daemon as a whole, each with its way out.
    pub problems: Vec<String>,
}

/// One connector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectorStatus {
    /// Its name.
    pub name: String,
    /// Its type (`confluence`).
    pub kind: String,
    /// Its folder.
    pub folder: String,
    /// What it does.
    pub state: State,
    /// Why it waits, is suspended, or what it runs (`sync`, `cleanup`); may be empty.
    pub why: String,
    /// Until when it waits, where that is known.
    pub until_ms: Option<u64>,
    /// No bells ring for it; it may run all the same, because somebody asked.
    pub paused: bool,
    /// How far the run is.
    pub progress: Option<Progress>,
    /// When the run that goes on began.
    pub started_ms: Option<u64>,
    /// When the last sync ended that left everything in place.
    pub last_success_ms: Option<u64>,
    /// When the last sync ended, however it ended.
    pub last_run_ms: Option<u64>,
    /// How the last sync ended.
    pub last_outcome: Option<Outcome>,
    /// Its one sentence; empty when all is well.
    pub message: String,
    /// What it says to do.
    pub hint: String,
    /// When the next bell rings.
    pub next_run_ms: Option<u64>,
    /// Documents in the mirror.
    pub documents: u64,
    /// Attachments in the mirror.
    pub assets: u64,
    /// Documents that are deferred, tried first next time.
    pub deferred: u64,
    /// Deletions that the limit holds back.
    pub held: u64,
    /// Files in the trash.
    pub trash_files: u64,
    /// Bytes in the trash.
    pub trash_bytes: u64,
    /// Requests that the last sync sent.
    pub requests: u64,
    /// What was left of each allowance when the last sync ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowances: Vec<Allowance>,
    /// The one thing to do next; empty if there is none.
    pub todo: String,
    /// How faithful the mirror is, where that is asked for and known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<Fidelity>,
}

/// What a connector does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing, until the next bell.
    #[default]
    Idle,
    /// An operation runs.
    Running,
    /// An operation waits for its turn.
    Queued,
    /// It waits: for the service's rate limit, or to try again after a failure of the network.
    Waiting,
    /// No bells ring until `resume`.
    Paused,
    /// Nothing until the configuration changes.
    Suspended,
    /// A state that this version does not know.
    #[serde(other)]
    Unknown,
}

/// The names that an operation touched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Touched {
    /// Connectors.
    pub connectors: Vec<String>,
}

/// Runs that have ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Runs {
    /// One per connector, or for `history` the newest first.
    pub runs: Vec<RunRecord>,
    /// What the daemon itself found beside the connectors (`cleanup`: old logs, folders that belong to no connector).
    pub items: Vec<Item>,
    /// Items that were left out because a line has its limit.
    pub items_left_out: u64,
}

impl Runs {
    /// Leaves out the last items, and says how many, until what is left surely fits in a line.
    pub fn fit(&mut self) {
        // The other half is for everything else in the line: names, messages and numbers of some hundred runs.
        let mut room = crate::codec::MAX_LINE_BYTES / 2;
        let lists = std::iter::once(&mut self.items).chain(self.runs.iter_mut().map(|run| &mut run.finished.items));
        for items in lists {
            let mut kept = 0;
            for item in items.iter() {
                let size = serde_json::to_vec(item).map_or(usize::MAX, |line| line.len() + 1);
                if size > room {
                    break;
                }
                room -= size;
                kept += 1;
            }
            self.items_left_out += (items.len() - kept) as u64;
            items.truncate(kept);
        }
    }
}

/// One run that has ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunRecord {
    /// The connector.
    pub connector: String,
    /// `sync`, `validate`, `cleanup`, `restore`.
    pub operation: String,
    /// What rang the bell: `schedule`, `start`, `request`, `retry`, `reload`.
    pub cause: String,
    /// When it began.
    pub started_ms: u64,
    /// When it ended.
    pub ended_ms: u64,
    /// How it ended, and what it found.
    #[serde(flatten)]
    pub finished: Finished,
}

/// What a reload did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReloadReport {
    /// Connectors that are new.
    pub added: Vec<String>,
    /// Connectors that are configured no more.
    pub removed: Vec<String>,
    /// Connectors whose configuration changed.
    pub changed: Vec<String>,
    /// What is odd but works, and what takes a restart.
    pub notes: Vec<String>,
}

/// The configuration in force.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfigReport {
    /// The configuration file (it need not exist).
    pub path: String,
    /// Every setting, resolved; secrets as references.
    pub resolved: Value,
}

/// Nothing more to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Empty {}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(n: usize) -> Vec<Item> {
        let item = Item { kind: "trash".to_owned(), path: "ENG/\u{1}page.md".repeat(3), bytes: 7, reason: "old".to_owned() };
        vec![item; n]
    }

    #[test]
    fn what_fits_in_a_line_is_left_alone() {
        let mut runs = Runs { items: items(10), ..Runs::default() };
        let before = runs.clone();
        runs.fit();
        assert_eq!(runs, before);
    }

    #[test]
    fn what_does_not_is_shortened_and_counted() {
        let run = RunRecord { finished: Finished { items: items(20_000), ..Finished::default() }, ..RunRecord::default() };
        let mut runs = Runs { runs: vec![run.clone(), run], items: items(3), items_left_out: 0 };
        runs.fit();
        let kept = runs.runs[0].finished.items.len() + runs.runs[1].finished.items.len();
        assert!(kept > 1_000, "only {kept} were kept");
        assert_eq!(runs.items.len(), 3);
        assert_eq!(runs.items_left_out as usize + kept, 40_000);
        crate::codec::encode(&Reply::ok(1, &runs).unwrap()).unwrap();
    }
}
