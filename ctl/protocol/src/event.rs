//! What happens in a run: a worker writes these as JSON lines to its daemon, which keeps, logs and forwards them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A line for the journal and the file log.
    Log {
        /// How grave.
        level: Level,
        /// One sentence; holds no secret.
        message: String,
        /// Structured fields (`doc`, `path`, `kind`), lower case.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        fields: BTreeMap<String, String>,
    },
    /// How far the run is. Sent at most five times a second.
    Progress(Progress),
    /// The operation's last word; the process ends after it.
    Finished(Box<Finished>),
}

/// A log line's gravity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Something failed that a person should know.
    Error,
    /// Something is not as it should be; the run goes on.
    Warn,
    /// What was done.
    Info,
    /// Details for finding faults.
    Debug,
}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// `listing`, `fetching`, `attachments`, `removing`, `finishing`.
    pub phase: String,
    /// Documents (in `attachments`: attachments) done.
    pub done: u64,
    /// Of so many, as far as known.
    pub total: u64,
    /// Requests sent so far.
    pub requests: u64,
    /// Milliseconds since 1970 until which the service told us to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_until_ms: Option<u64>,
    /// Requests a second that we allow ourselves at the moment; fewer than configured after the service has complained. 0 where it is not known.
    #[serde(skip_serializing_if = "is_zero")]
    pub requests_per_second: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// How an operation ended, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Finished {
    /// How it ended.
    pub outcome: Outcome,
    /// One sentence for people; empty when all is well.
    pub message: String,
    /// What to do next, if there is something.
    pub hint: String,
    /// Numbers of a sync.
    pub summary: Summary,
    /// What `cleanup`, `restore`, `validate` list: one entry per thing.
    pub items: Vec<Item>,
}

/// How an operation ended; decides the exit code and what the daemon does next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All is in place.
    Done,
    /// Some documents are deferred, the rest is in place.
    Partial,
    /// The credentials were refused: nothing until the configuration changes.
    Unauthorized,
    /// The configuration cannot work: nothing until it changes.
    Misconfigured,
    /// The network or the service failed: again after 1, 2, 5, 15 minutes.
    Unreachable,
    /// The service limits our rate for longer than we wait.
    RateLimited,
    /// A safety limit holds back deletions; all else is in place.
    DeletionsHeld,
    /// Stopped on request between two documents.
    Cancelled,
    /// Another process holds the connector's state.
    Busy,
    /// No such document or file.
    NotFound,
    /// Anything else (a full disk, a crash), and whatever a later version says that this one does not know.
    #[default]
    #[serde(other)]
    Failed,
}

/// Numbers of a sync.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// True for a full sync.
    pub full: bool,
    /// Documents in the mirror afterwards.
    pub documents: u64,
    /// Attachments in the mirror afterwards.
    pub assets: u64,
    /// Written because new or changed.
    pub written: u64,
    /// Of those, written without a request because a target or place changed.
    pub relinked: u64,
    /// Moved to another path.
    pub moved: u64,
    /// Moved to the trash.
    pub removed: u64,
    /// Attachments downloaded.
    pub downloaded: u64,
    /// Deferred, with reasons in the log.
    pub deferred: u64,
    /// Held back by the deletion limit.
    pub held: u64,
    /// Requests sent.
    pub requests: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Files in the trash afterwards.
    pub trash_files: u64,
    /// Bytes in the trash afterwards.
    pub trash_bytes: u64,
    /// Wall time of the run.
    pub duration_ms: u64,
    /// What is left of each allowance that the service told of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowances: Vec<Allowance>,
    /// Scopes and what is wrong with them, where something is.
    pub scopes: BTreeMap<String, String>,
    /// How faithful the mirror is afterwards; none where this run changed nothing of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<Fidelity>,
}

/// What a service lets an account do within a span of time, for one kind of request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Allowance {
    /// The service's name for the kind (`core`, `graphql`).
    pub name: String,
    /// What is left of it.
    pub left: u64,
    /// How much it is.
    pub of: u64,
    /// Milliseconds since 1970 at which it is whole again.
    pub renews_ms: u64,
    /// What the run took of it, where that is known.
    pub used: u64,
}

/// How faithful a mirror is: what its readers met, and how it was treated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fidelity {
    /// Documents in which nothing was lost.
    pub whole: u64,
    /// Documents in which something was.
    pub lossy: u64,
    /// The constructs, those that lost most first; at most 200.
    pub constructs: Vec<Construct>,
}

/// A construct of the source, over all documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Construct {
    /// Its name (`macro:jira`).
    pub what: String,
    /// How often all that it shows is in the text.
    pub rendered: u64,
    /// How often its content is there, but not its form.
    pub kept: u64,
    /// How often something of it is missing.
    pub lost: u64,
    /// In how many documents it stands.
    pub documents: u64,
}

/// One thing that an operation lists.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Item {
    /// What kind of thing (`trash`, `unreferenced`, `unwanted`, `temporary`, `quarantine`, `restored`, `problem`, `note`).
    pub kind: String,
    /// Path or name.
    pub path: String,
    /// In bytes, where it means something.
    pub bytes: u64,
    /// Why, for people.
    pub reason: String,
}
