//! One worker process from its start to its end.
//!
//! Guarantees that it ends: one that is told to stop is killed after a grace period, one that is silent for too long is told to stop. Whatever becomes of
//! the process, there is a [`Finished`].

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use context_sync_protocol::codec;
use context_sync_protocol::event::{Event, Finished, Outcome};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::lines::Lines;
use super::now_ms;
use crate::config::job::Job;

/// How long a worker may go on after it was told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How long a worker may say nothing at all.
const SILENCE: Duration = Duration::from_secs(600);

/// Why it was told to stop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stopped {
    OnRequest,
    Silent,
}

/// Runs `job` in a process of its own and hands every event but the last word, with the process's id, to `hear`.
pub(super) async fn run(job: &Job, cancel: &CancellationToken, mut hear: impl FnMut(u32, Event)) -> Finished {
    let mut child = match spawn() {
        Ok(child) => child,
        Err(error) => return failed(format!("The worker could not be started: {error}."), "The system may have run out of memory or processes."),
    };
    let pid = child.id().unwrap_or_default();
    // The input stays open behind the job: its end would mean that this daemon is gone.
    let mut input = child.stdin.take();
    match (codec::encode(job), &mut input) {
        // A worker that died at once says more by its end than by this error.
        (Ok(line), Some(input)) => drop(timeout(GRACE, input.write_all(&line)).await),
        _ => return failed("The worker's job does not fit into a line.".to_owned(), "Shorten the connector's lists in the configuration."),
    }
    let Some(output) = child.stdout.take() else { return failed("The worker has no output.".to_owned(), "") };
    let mut lines = Lines::new(output);
    let mut last_word = None;
    let mut stopped = None;
    let mut silent_at = Instant::now() + SILENCE;
    let mut kill_at = None;
    loop {
        tokio::select! {
            line = lines.next() => match line {
                Ok(Some(line)) => {
                    silent_at = Instant::now() + SILENCE;
                    match serde_json::from_slice(line) {
                        Ok(Event::Finished(finished)) => {
                            last_word = Some(*finished);
                            kill_at.get_or_insert(Instant::now() + GRACE);
                        }
                        Ok(event) => {
                            silent_at += waiting(&event);
                            hear(pid, event);
                        }
                        // Of a later version, perhaps: the binary may have been replaced under a running daemon.
                        Err(_) => tracing::debug!(connector = job.connector.name, worker_pid = pid, "The worker said something that is no event."),
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(connector = job.connector.name, worker_pid = pid, "The worker's events broke off: {error}.");
                    break;
                }
            },
            () = cancel.cancelled(), if stopped.is_none() => {
                stopped = Some(Stopped::OnRequest);
                terminate(pid);
                kill_at.get_or_insert(Instant::now() + GRACE);
            }
            () = sleep_until(silent_at), if stopped.is_none() => {
                stopped = Some(Stopped::Silent);
                terminate(pid);
                kill_at.get_or_insert(Instant::now() + GRACE);
            }
            () = sleep_until(kill_at.unwrap_or(silent_at)), if kill_at.is_some() => break,
        }
    }
    let status = end(&mut child, kill_at.unwrap_or_else(|| Instant::now() + GRACE)).await;
    last_word.unwrap_or_else(|| without_a_word(&job.connector.name, pid, stopped, status))
}

fn spawn() -> std::io::Result<Child> {
    Command::new(program()?)
        .arg("worker")
        // These belong to the daemon alone.
        .env_remove("NOTIFY_SOCKET")
        .env_remove("WATCHDOG_USEC")
        .env_remove("WATCHDOG_PID")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

/// This very program, even if its file was replaced or removed since it started: a worker of another version might not understand its job.
fn program() -> std::io::Result<PathBuf> {
    let itself = PathBuf::from("/proc/self/exe");
    let path = std::env::current_exe()?;
    let same = match (std::fs::metadata(&path), std::fs::metadata(&itself)) {
        (Ok(there), Ok(running)) => (there.dev(), there.ino()) == (running.dev(), running.ino()),
        _ => false,
    };
    // By its path where that can be, because a process is listed by the name that it was started by.
    Ok(if same { path } else { itself })
}

/// How much longer a worker may be silent, because it waits for a service that told it to.
fn waiting(event: &Event) -> Duration {
    match event {
        Event::Progress(progress) => Duration::from_millis(progress.waiting_until_ms.unwrap_or(0).saturating_sub(now_ms())),
        _ => Duration::ZERO,
    }
}

fn terminate(pid: u32) {
    // It may have ended meanwhile; its process id stays its own until it is waited for.
    if let Ok(pid) = i32::try_from(pid) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
}

/// Waits for the end of the process, and brings it about where it does not come.
async fn end(child: &mut Child, kill_at: Instant) -> Option<ExitStatus> {
    if let Ok(status) = tokio::time::timeout_at(kill_at, child.wait()).await {
        return status.ok();
    }
    // It may have ended just now.
    let _ = child.start_kill();
    child.wait().await.ok()
}

/// What is to be said of a worker that ended without saying it.
fn without_a_word(connector: &str, pid: u32, stopped: Option<Stopped>, status: Option<ExitStatus>) -> Finished {
    match stopped {
        Some(Stopped::OnRequest) => {
            let message = "The work was stopped on request, and did not stop by itself in time.".to_owned();
            return Finished { outcome: Outcome::Cancelled, message, ..Finished::default() };
        }
        Some(Stopped::Silent) => {
            let message = format!("The worker said nothing for {} minutes and was stopped.", SILENCE.as_secs() / 60);
            let hint = "Run `context-syncctl validate` to see whether the service answers.";
            return Finished { outcome: Outcome::Unreachable, message, hint: hint.to_owned(), ..Finished::default() };
        }
        None => {}
    }
    let how = match status.map(|status| (status.signal(), status.code())) {
        Some((Some(number), _)) => {
            let name = Signal::try_from(number).map_or_else(|_| format!("signal {number}"), |signal| signal.as_str().to_owned());
            let memory = if number == Signal::SIGKILL as i32 { ", which the system also does when memory runs out" } else { "" };
            format!("was killed by {name}{memory}")
        }
        Some((None, Some(code))) => format!("ended with code {code} and no result"),
        _ => "ended, nobody knows how".to_owned(),
    };
    failed(
        format!("The worker of {connector} (process {pid}) {how}."),
        "The next run repairs what it left. Look into `journalctl --user -u context-syncd` for its last lines.",
    )
}

fn failed(message: String, hint: &str) -> Finished {
    Finished { outcome: Outcome::Failed, message, hint: hint.to_owned(), ..Finished::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_names_the_signal_and_where_to_look() {
        let finished = without_a_word("wiki", 7, None, Some(ExitStatus::from_raw(11)));
        assert_eq!(finished.outcome, Outcome::Failed);
        assert!(finished.message.contains("SIGSEGV") && finished.message.contains("process 7"), "{}", finished.message);
        assert!(finished.hint.contains("journalctl"), "{}", finished.hint);
        assert_eq!(without_a_word("wiki", 7, Some(Stopped::OnRequest), None).outcome, Outcome::Cancelled);
        assert!(without_a_word("wiki", 7, None, Some(ExitStatus::from_raw(256))).message.contains("code 1"));
    }
}
