//! The daemon's words to systemd; said to nobody where it was not started by it.
//!
//! Guarantees that no text of others becomes a word to systemd: control characters are taken out of status lines.

use std::path::Path;
use std::time::{Duration, Instant};

use context_sync_protocol::reply::{ConnectorStatus, State};
use sd_notify::NotifyState;

/// Where there is no watchdog, the loop still turns so often; rarely enough to cost nothing.
const NO_WATCHDOG: Duration = Duration::from_secs(3600);
/// Status lines at most so often while work goes on.
const STATUS_INTERVAL: Duration = Duration::from_secs(1);

/// What was said last.
pub(super) struct Systemd {
    said: String,
    at: Instant,
}

/// Half of the time after which systemd takes us for hung.
pub(super) fn watchdog_interval() -> Duration {
    sd_notify::watchdog_enabled().map_or(NO_WATCHDOG, |patience| patience / 2).max(Duration::from_millis(10))
}

/// Whether a folder lies where the unit has a place of its own (`PrivateTmp=`, systemd.exec(5)), and systemd started us.
pub(super) fn is_private(folder: &Path) -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some() && ["/tmp", "/var/tmp"].iter().any(|private| folder.starts_with(private))
}

impl Systemd {
    pub(super) fn new() -> Self {
        Self { said: String::new(), at: Instant::now() }
    }

    /// The socket listens, or listens again after a reload.
    pub(super) fn ready(&mut self, connectors: &[ConnectorStatus]) {
        say(&[NotifyState::Ready]);
        self.status(connectors, true);
    }

    pub(super) fn reloading(&self) {
        // Without the time, systemd would not take the word; better none than half of it.
        if let Ok(now) = NotifyState::monotonic_usec_now() {
            say(&[NotifyState::Reloading, now]);
        }
    }

    pub(super) fn watchdog(&self) {
        if sd_notify::watchdog_enabled().is_some() {
            say(&[NotifyState::Watchdog]);
        }
    }

    pub(super) fn stopping(&self) {
        say(&[NotifyState::Stopping, NotifyState::Status("Stopping")]);
    }

    /// How things stand, if that is new; not more often than once a second, but `surely` at the end of something.
    pub(super) fn status(&mut self, connectors: &[ConnectorStatus], surely: bool) {
        if !surely && self.at.elapsed() < STATUS_INTERVAL {
            return;
        }
        let line = line(connectors);
        if line != self.said {
            say(&[NotifyState::Status(&line)]);
            (self.said, self.at) = (line, Instant::now());
        }
    }
}

fn say(words: &[NotifyState<'_>]) {
    // Where nobody listens there is nobody to tell that nobody listens.
    let _ = sd_notify::notify(words);
}

fn line(connectors: &[ConnectorStatus]) -> String {
    let running: Vec<String> = connectors.iter().filter(|connector| connector.started_ms.is_some()).map(doing).collect();
    let waiting = connectors.iter().filter(|connector| !connector.todo.is_empty()).map(|connector| connector.name.as_str()).collect::<Vec<_>>();
    let mut text = match (connectors.len(), running.is_empty()) {
        (0, _) => "No connector is configured".to_owned(),
        (count, true) => format!("Idle; {count} {}", if count == 1 { "connector" } else { "connectors" }),
        (_, false) => running.join(", "),
    };
    if !waiting.is_empty() {
        text.push_str(&format!("; see `context-syncctl status` about {}", waiting.join(", ")));
    }
    text.chars().filter(|c| !c.is_control()).collect()
}

fn doing(connector: &ConnectorStatus) -> String {
    let name = &connector.name;
    match &connector.progress {
        _ if connector.state == State::Waiting => format!("{name} waits: {}", connector.why),
        Some(progress) if progress.total > 0 => format!("{name} {} {} of {}", progress.phase, progress.done, progress.total),
        Some(progress) => format!("{name} {}", progress.phase),
        None => format!("{name} {}", connector.why),
    }
}

#[cfg(test)]
mod tests {
    use context_sync_protocol::event::Progress;

    use super::*;

    #[test]
    fn a_status_line_is_one_line() {
        let mut wiki = ConnectorStatus { name: "wiki".to_owned(), started_ms: Some(1), state: State::Running, ..ConnectorStatus::default() };
        wiki.progress = Some(Progress { phase: "fetching\nREADY=1".to_owned(), done: 3, total: 9, ..Progress::default() });
        assert_eq!(line(&[wiki]), "wiki fetchingREADY=1 3 of 9");
        assert_eq!(line(&[]), "No connector is configured");
        let idle = ConnectorStatus { name: "wiki".to_owned(), todo: "Do it.".to_owned(), ..ConnectorStatus::default() };
        assert_eq!(line(&[idle]), "Idle; 1 connector; see `context-syncctl status` about wiki");
    }
}
