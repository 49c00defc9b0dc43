//! Where log lines go: to journald with structured fields or to the standard error, to the file of the day, and to whoever follows.
//!
//! Guarantees that only this program's own words pass (what outside crates say may hold addresses with their queries), and that nobody who listens can
//! hold the program up. Knows no connector and no worker but by name.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use context_sync_protocol::event::Level;
use context_sync_protocol::reply::LogLine;
use tokio::sync::broadcast;
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

pub mod files;
pub mod held;
mod line;
pub mod past;

use files::{LogFiles, Writer};
use line::Words;

/// Our crates' targets begin so.
const OURS: &str = "context_sync";
/// Lines that a follower may lag behind before it misses some.
const LAG: usize = 256;

static LEVEL: AtomicU8 = AtomicU8::new(Level::Info as u8);
static FILES: OnceLock<Writer> = OnceLock::new();
static FOLLOWED: OnceLock<broadcast::Sender<LogLine>> = OnceLock::new();

/// Where lines go besides the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aloud {
    /// To journald, where this process's standard error goes there, else to the standard error.
    Journal,
    /// To the standard error, as plain lines.
    Stderr,
}

/// Logs from now on. Only the first call in a process counts.
///
/// # Errors
/// When there can be no thread for the files.
pub fn install(aloud: Aloud, files: LogFiles) -> std::io::Result<()> {
    let files = Writer::start(files, |line| {
        // Nobody follows, most of the time.
        if let Some(sender) = FOLLOWED.get() {
            let _ = sender.send(line);
        }
    })?;
    let journal = (aloud == Aloud::Journal && stderr_is_the_journal()).then(|| tracing_journald::layer().ok()).flatten();
    let stderr = journal.is_none();
    // Asked anew for each event: the answer of a plain filter is kept, and would outlive a change of the level.
    let ours = tracing_subscriber::filter::dynamic_filter_fn(|metadata, _| wants(metadata.target(), *metadata.level()));
    let journal = journal.map(|layer| {
        layer.with_priority_mappings(as_syslog()).with_field_prefix(None).with_syslog_identifier("context-syncd".to_owned()).with_filter(ours)
    });
    let lines = Lines { stderr, files: FILES.get_or_init(|| files).clone() };
    // A second subscriber is refused and the first stays, which is what we want.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(journal).with(lines));
    Ok(())
}

/// Waits until the files have all lines, for a short time at most: before the process ends. Blocking.
pub fn flush() {
    if let Some(files) = FILES.get() {
        files.flush();
    }
}

/// From now on, lines below this level are dropped; `info` where the word is none that we know.
pub fn set_level(word: &str) {
    let level = match word {
        "error" => Level::Error,
        "warn" => Level::Warn,
        "debug" => Level::Debug,
        _ => Level::Info,
    };
    LEVEL.store(level as u8, Ordering::Relaxed);
}

/// Lines from now on, each once it stands in its file.
#[must_use]
pub fn follow() -> broadcast::Receiver<LogLine> {
    FOLLOWED.get_or_init(|| broadcast::channel(LAG).0).subscribe()
}

/// Says again what a worker said.
pub fn worker(connector: &str, operation: &str, worker_pid: u32, level: Level, message: &str, fields: &BTreeMap<String, String>) {
    let known = |name: &str| fields.get(name).map(String::as_str);
    let (doc, path, kind, scope) = (known("doc"), known("path"), known("kind"), known("scope"));
    // The names of structured fields are fixed when the program is built; the rest travels as one.
    let rest = fields.iter().filter(|(name, _)| !matches!(name.as_str(), "doc" | "path" | "kind" | "scope"));
    let rest = rest.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ");
    let details = (!rest.is_empty()).then_some(rest.as_str());
    macro_rules! say {
        ($level:ident) => {
            tracing::$level!(connector, operation, worker_pid, doc, path, kind, scope, details, "{message}")
        };
    }
    match level {
        Level::Error => say!(error),
        Level::Warn => say!(warn),
        Level::Info => say!(info),
        Level::Debug => say!(debug),
    }
}

/// What `journalctl -p` goes by: syslog's own grades, so that `-p info` leaves out what is for finding faults alone.
fn as_syslog() -> PriorityMappings {
    PriorityMappings { info: Priority::Informational, debug: Priority::Debug, ..PriorityMappings::new() }
}

/// Says on the standard error why the program ends before it can log. To the journal it says that this is an error.
pub fn last_words(words: &str) {
    let grade = if stderr_is_the_journal() { "<3>" } else { "" };
    // A closed standard error is nothing to die of.
    let _ = writeln!(std::io::stderr(), "{grade}{words}");
}

/// Whether this process's standard error is the journal's stream, as systemd says; a terminal that a service started inherits the variable as well.
fn stderr_is_the_journal() -> bool {
    let Some(stream) = std::env::var_os("JOURNAL_STREAM") else { return false };
    std::fs::metadata("/proc/self/fd/2").is_ok_and(|meta| stream == format!("{}:{}", meta.dev(), meta.ino()).as_str())
}

fn wants(target: &str, level: tracing::Level) -> bool {
    let level = match level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG => Level::Debug,
        _ => return false,
    };
    target.starts_with(OURS) && level as u8 <= LEVEL.load(Ordering::Relaxed)
}

/// Writes lines to the standard error, and has them written to the file, from where followers hear them.
struct Lines {
    stderr: bool,
    files: Writer,
}

impl<S: tracing::Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let level = *event.metadata().level();
        if !wants(event.metadata().target(), level) {
            return;
        }
        let mut words = Words::default();
        event.record(&mut words);
        let line = words.line(level);
        if self.stderr {
            // A closed standard error is nothing to die of.
            let _ = writeln!(std::io::stderr(), "{line}");
        }
        self.files.write(words.connector(), &line);
    }
}

/// Whether a line of a log file is of this connector.
#[must_use]
pub fn is_of(line: &str, connector: &str) -> bool {
    line::connector(line) == Some(connector)
}

/// The connector that a line of a log file is of; empty for the daemon itself.
#[must_use]
pub fn connector_of(line: &str) -> &str {
    line::connector(line).unwrap_or_default()
}

/// The files of the day below `folder`, kept for `days`.
#[must_use]
pub fn files(folder: &Path, days: u32) -> LogFiles {
    LogFiles::new(folder.to_owned(), days)
}

/// For tests that look at one subscriber alone.
#[cfg(test)]
pub(crate) fn quietly(files: LogFiles, test: impl FnOnce()) {
    let files = Writer::start(files, |_| {}).unwrap();
    let lines = Lines { stderr: false, files: files.clone() };
    tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), test);
    files.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workers_words_keep_their_fields_and_cannot_forge_lines() {
        let folder = tempfile::tempdir().unwrap();
        quietly(files(folder.path(), 14), || {
            let fields = [("doc".to_owned(), "7".to_owned()), ("tries".to_owned(), "3".to_owned())].into();
            worker("wiki", "sync", 12, Level::Warn, "Deferred.\n2026-01-01 ERROR [other] forged", &fields);
            tracing::debug!("below the level");
            tracing::error!(target: "hyper::proto", "https://wiki.example/?token=x");
        });
        let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(" WARN [wiki] Deferred. 2026-01-01 ERROR [other] forged"), "{text}");
        assert!(text.contains("doc=7") && text.contains("worker_pid=12") && text.contains("tries=3"), "{text}");
        assert!(is_of(text.trim_end(), "wiki") && !is_of(text.trim_end(), "other"));
        assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    }
}
