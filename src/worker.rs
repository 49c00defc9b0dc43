//! The worker: one connector, one operation, one process, and this is its life from the first breath to the last word.
//!
//! Nice, I/O priority and the fence hold per thread and cannot be taken back, so the order is everything, and there is one thread until all are in place.
//! Guarantees that whatever ends it, short of a panic or a kill, is told as [`Finished`] with a way out. Knows nothing of schedules, sockets and other
//! connectors; its daemon starts it without `NOTIFY_SOCKET` and `WATCHDOG_*`, which belong to the daemon alone.

use std::io::{self, Write};
use std::process::ExitCode;

use context_sync_protocol::error::exit_code;
use context_sync_protocol::event::{Finished, Level, Outcome};
use tokio_util::sync::CancellationToken;

use crate::config::job::Job;
use crate::sync::report::Reporter;

mod error;
mod events;
mod life;
mod log;
mod operations;
mod outcome;

use error::WorkerError;
use events::{Events, Writer};

/// Lives a worker's life: the job on the standard input, events on the standard output. The exit code is the outcome's, see `docs/protocol.md`.
#[must_use]
pub fn run() -> ExitCode {
    // First of all, before anything can print into the events.
    let channel = match events::claim_stdout() {
        Ok(channel) => channel,
        Err(error) => {
            // There is nobody to tell but whoever reads the standard error.
            let _ = writeln!(io::stderr(), "context-syncd worker: the standard output cannot be claimed for events: {error}");
            return ExitCode::FAILURE;
        }
    };
    let cancel = CancellationToken::new();
    let job = life::read_job(io::stdin().lock());
    let level = job.as_ref().map_or(Level::Info, life::level);
    let (events, writer) = events::open(channel, level, cancel.clone());
    log::install(events.clone());
    let outcome = match job {
        Ok(job) => live(&job, &events, writer, &cancel),
        Err(error) => say(writer, &events, outcome::of(&error)),
    };
    ExitCode::from(exit_code(outcome))
}

/// From the job to the last word.
fn live(job: &Job, events: &Events, writer: Writer, cancel: &CancellationToken) -> Outcome {
    let ready = match prepare(job, events) {
        Ok(ready) => ready,
        Err(error) => return say(writer, events, outcome::of(&error)),
    };
    // Only now threads: they are born as low and as fenced in as this one.
    let speaker = std::thread::spawn(move || writer.run());
    life::stop_at_end_of_input(cancel.clone());
    let finished = life::with_runtime(cancel, operations::run(ready, events.clone(), cancel.clone())).unwrap_or_else(|error| outcome::of(&error));
    let outcome = finished.outcome;
    events.finish(finished);
    // A writer that panicked has nothing more to say; the daemon sees that the last word is missing.
    let _ = speaker.join();
    outcome
}

/// Everything that must happen while there is one thread.
fn prepare(job: &Job, events: &Events) -> Result<operations::Ready, WorkerError> {
    life::lower(&job.worker)?;
    // Programs that hand out secrets write lock files of their own, so they run before the fence.
    let ready = operations::ready(job)?;
    crate::sandbox::limit()?;
    match life::confine(job)? {
        crate::sandbox::Confinement::Confined { abi } => {
            events.log(Level::Debug, "This worker writes below its own folders only.", &[("landlock", &abi.to_string())]);
        }
        crate::sandbox::Confinement::Open(why) => {
            events.log(Level::Warn, "This worker is not fenced in: nothing but file permissions keeps it to its own folders.", &[("why", &why)]);
        }
    }
    Ok(ready)
}

/// Says the last word where there is no writer's thread yet.
fn say(writer: Writer, events: &Events, finished: Finished) -> Outcome {
    let outcome = finished.outcome;
    events.finish(finished);
    writer.run();
    outcome
}
