//! One worker process from its start to its end.
//!
//! Guarantees that it ends: one that is told to stop is killed after a grace period, one that is silent for too long is told to stop. Whatever becomes of
//! the process, there is a [`Finished`].

use std::io;
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

/// How workers are begun, and how long they may take to say and to stop.
#[derive(Clone)]
pub(super) struct Workers {
    /// The command of one.
    pub(super) command: fn() -> io::Result<Command>,
    /// How long a worker may say nothing at all.
    pub(super) silence: Duration,
    /// How long it may go on after it was told to stop.
    pub(super) grace: Duration,
}

impl Default for Workers {
    fn default() -> Self {
        Self { command: itself, silence: Duration::from_secs(600), grace: Duration::from_secs(10) }
    }
}

/// Why it was told to stop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stopped {
    OnRequest,
    /// For so long.
    Silent(Duration),
}

/// Runs `job` in a process of its own and hands every event but the last word, with the process's id, to `hear`.
pub(super) async fn run(job: &Job, workers: &Workers, cancel: &CancellationToken, mut hear: impl FnMut(u32, Event)) -> Finished {
    let Workers { command, silence, grace } = *workers;
    let mut child = match command().and_then(spawn) {
        Ok(child) => child,
        Err(error) => return failed(format!("The worker could not be started: {error}."), "The system may have run out of memory or processes."),
    };
    let pid = child.id().unwrap_or_default();
    // The input stays open behind the job: its end would mean that this daemon is gone.
    let mut input = child.stdin.take();
    match (codec::encode(job), &mut input) {
        // A worker that died at once says more by its end than by this error.
        (Ok(line), Some(input)) => drop(timeout(grace, input.write_all(&line)).await),
        _ => return failed("The worker's job does not fit into a line.".to_owned(), "Shorten the connector's lists in the configuration."),
    }
    let Some(output) = child.stdout.take() else { return failed("The worker has no output.".to_owned(), "") };
    let mut lines = Lines::new(output);
    let mut last_word = None;
    let mut stopped = None;
    let mut silent_at = Instant::now() + silence;
    let mut kill_at = None;
    loop {
        tokio::select! {
            line = lines.next() => match line {
                Ok(Some(line)) => {
                    silent_at = Instant::now() + silence;
                    match serde_json::from_slice(line) {
                        Ok(Event::Finished(finished)) => {
                            last_word = Some(*finished);
                            kill_at.get_or_insert(Instant::now() + grace);
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
                kill_at.get_or_insert(Instant::now() + grace);
            }
            () = sleep_until(silent_at), if stopped.is_none() => {
                stopped = Some(Stopped::Silent(silence));
                terminate(pid);
                kill_at.get_or_insert(Instant::now() + grace);
            }
            () = sleep_until(kill_at.unwrap_or(silent_at)), if kill_at.is_some() => break,
        }
    }
    let status = end(&mut child, kill_at.unwrap_or_else(|| Instant::now() + grace)).await;
    last_word.unwrap_or_else(|| without_a_word(&job.connector.name, pid, stopped, status))
}

/// A worker of this very program.
fn itself() -> io::Result<Command> {
    let mut command = Command::new(program()?);
    command.arg("worker");
    Ok(command)
}

fn spawn(mut command: Command) -> io::Result<Child> {
    command
        // These belong to the daemon alone.
        .env_remove("NOTIFY_SOCKET")
        .env_remove("WATCHDOG_USEC")
        .env_remove("WATCHDOG_PID")
        // glibc's allocator (mallopt(3)): without, each thread's heap keeps what it once had, and no other thread may use it.
        .env("MALLOC_ARENA_MAX", "1")
        .env("MALLOC_MMAP_THRESHOLD_", "131072")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

/// This very program, even if its file was replaced or removed since it started: a worker of another version might not understand its job.
fn program() -> io::Result<PathBuf> {
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
        Some(Stopped::Silent(silence)) => {
            let message = format!("The worker said nothing for {} minutes and was stopped.", silence.as_secs() / 60);
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
    use context_sync_protocol::event::Level;

    use super::super::desk::tests::instance;
    use super::*;
    use crate::config::job::Operation;

    /// What a worker never waits for in a test that goes well.
    const NEVER: Duration = Duration::from_secs(600);

    fn job() -> Job {
        Job {
            connector: instance("wiki").config,
            operation: Operation::Validate,
            worker: Default::default(),
            log_level: "info".to_owned(),
            trash_days: 30,
        }
    }

    /// A worker that reads its job and then does what the script says.
    macro_rules! worker {
        ($script:literal) => {
            || {
                let mut command = Command::new("/bin/sh");
                command.args(["-c", concat!("read job; ", $script)]);
                Ok(command)
            }
        };
    }

    async fn ended(workers: Workers) -> (Finished, Vec<Event>) {
        let mut heard = Vec::new();
        let finished = run(&job(), &workers, &CancellationToken::new(), |_, event| heard.push(event)).await;
        (finished, heard)
    }

    #[tokio::test]
    async fn a_worker_without_a_word_for_too_long_is_stopped_and_its_service_blamed() {
        let command = worker!("exec sleep 1000");
        let (finished, _) = ended(Workers { command, silence: Duration::from_millis(50), grace: NEVER }).await;
        assert_eq!(finished.outcome, Outcome::Unreachable, "{}", finished.message);
        assert!(finished.hint.contains("validate"), "{}", finished.hint);
    }

    #[tokio::test]
    async fn one_that_does_not_heed_the_stop_is_killed_after_the_grace() {
        // It says that it heard, and goes on; the event shows that it was asked before it was killed.
        let command =
            worker!(r#"trap 'echo "{\"event\":\"log\",\"level\":\"warn\",\"message\":\"asked\",\"fields\":{}}"' TERM; while :; do sleep 0.05; done"#);
        let (finished, heard) = ended(Workers { command, silence: Duration::from_secs(2), grace: Duration::from_secs(2) }).await;
        assert_eq!(finished.outcome, Outcome::Unreachable, "{}", finished.message);
        assert!(matches!(&heard[..], [Event::Log { level: Level::Warn, message, .. }] if message == "asked"), "{heard:?}");
    }

    #[tokio::test]
    async fn one_that_stands_still_is_killed_as_well() {
        // A process that is stopped does not even hear that it shall end.
        let command = worker!("kill -STOP $$");
        let (finished, _) = ended(Workers { command, silence: Duration::from_millis(50), grace: Duration::from_millis(50) }).await;
        assert_eq!(finished.outcome, Outcome::Unreachable, "{}", finished.message);
    }

    #[tokio::test]
    async fn the_time_that_a_service_asked_for_is_no_silence() {
        let command = worker!(
            r#"echo '{"event":"progress","phase":"fetching","waiting_until_ms":99999999999999}'; sleep 3; echo '{"event":"finished","outcome":"done"}'"#
        );
        let (finished, heard) = ended(Workers { command, silence: Duration::from_secs(2), grace: NEVER }).await;
        assert_eq!((finished.outcome, heard.len()), (Outcome::Done, 1), "{}", finished.message);
    }

    #[tokio::test]
    async fn one_that_has_said_its_last_word_and_does_not_end_is_killed() {
        let command = worker!(r#"echo '{"event":"finished","outcome":"done"}'; exec sleep 1000"#);
        let (finished, _) = ended(Workers { command, silence: NEVER, grace: Duration::from_millis(50) }).await;
        assert_eq!(finished.outcome, Outcome::Done);
    }

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
