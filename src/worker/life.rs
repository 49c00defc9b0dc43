//! The single steps of a worker's life that are the same for every operation.

use std::fs::DirBuilder;
use std::future::Future;
use std::io::BufRead;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use context_sync_protocol::event::{Finished, Level};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::error::WorkerError;
use crate::config::job::{Job, WorkerConfig};
use crate::priority::{self, IoPriority};
use crate::sandbox::{self, Confinement};

/// Longest job line: the same as the control protocol's longest line.
const JOB_BYTES: u64 = 1 << 20;
/// Most threads for what blocks; they are made on demand. Not what bounds memory, which the engine does by what it has under way: two documents being
/// rendered, a batch of bodies being kept, four attachments being written, the writer. There must be more threads than can wait at once for the network,
/// for the resolution of a name is done here as well, and would wait for them.
const BLOCKING_THREADS: usize = 10;
/// How long work that was given up at the end may go on before the process ends under it; less than the 10 seconds in which a stop must be done.
const LAST_WORK: Duration = Duration::from_secs(3);

/// Reads the one line; the daemon keeps the input open behind it.
pub(super) fn read_job(input: impl BufRead) -> Result<Job, WorkerError> {
    let mut line = String::new();
    input.take(JOB_BYTES).read_line(&mut line).map_err(WorkerError::NoJob)?;
    if line.is_empty() {
        return Err(WorkerError::NoJob(std::io::ErrorKind::UnexpectedEof.into()));
    }
    serde_json::from_str(&line).map_err(WorkerError::BadJob)
}

/// The gravity from which on the daemon wants to hear; `info` where the job names none that we know.
pub(super) fn level(job: &Job) -> Level {
    match job.log_level.as_str() {
        "error" => Level::Error,
        "warn" => Level::Warn,
        "debug" => Level::Debug,
        _ => Level::Info,
    }
}

/// Steps behind everything else that the user does.
pub(super) fn lower(worker: &WorkerConfig) -> Result<(), WorkerError> {
    Ok(priority::lower(worker.nice, IoPriority::new(&worker.io_class, worker.io_level)?)?)
}

/// Puts up the fence around the connector's folder and its cache, making them first: nobody could afterwards.
pub(super) fn confine(job: &Job) -> Result<Confinement, WorkerError> {
    let folders = [job.connector.folder.as_path(), job.connector.cache.as_path()];
    for folder in folders {
        make(folder)?;
    }
    if job.worker.sandbox { Ok(sandbox::confine(&folders)?) } else { Ok(Confinement::Open("`sandbox = false` in `[worker]`".to_owned())) }
}

fn make(folder: &Path) -> Result<(), WorkerError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| WorkerError::Folder { path: folder.to_owned(), source })
}

/// Cancels when the input ends: the daemon closed it, or is no more. The thread is left behind when the process ends.
pub(super) fn stop_at_end_of_input(cancel: CancellationToken) {
    std::thread::spawn(move || {
        // Nothing is said on it after the job; what is said anyway is heard and means nothing. An input that fails has ended as well.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        cancel.cancel();
    });
}

/// Runs `work` on a runtime of this thread, with a few more for what blocks; SIGTERM and SIGINT cancel.
///
/// One thread drives the network: it waits most of the time, and what needs a processor is handed to the blocking threads.
pub(super) fn with_runtime(cancel: &CancellationToken, work: impl Future<Output = Result<Finished, WorkerError>>) -> Result<Finished, WorkerError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(BLOCKING_THREADS).build().map_err(WorkerError::Runtime)?;
    let finished = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(WorkerError::Runtime)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(WorkerError::Runtime)?;
        let cancel = cancel.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            cancel.cancel();
        });
        work.await
    });
    runtime.shutdown_timeout(LAST_WORK);
    finished
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_one_line_and_its_absence_is_said() {
        assert!(matches!(read_job(&b""[..]), Err(WorkerError::NoJob(_))));
        assert!(matches!(read_job(&b"{}\n"[..]), Err(WorkerError::BadJob(_))));
        let endless = vec![b' '; usize::try_from(JOB_BYTES).unwrap() + 10];
        assert!(matches!(read_job(&endless[..]), Err(WorkerError::BadJob(_))));
    }
}
