//! What the engine tells while it works: log lines and progress, to whoever listens.

use context_sync_protocol::event::{Level, Progress};

/// Listens to a run. Calls must not block for long.
pub trait Reporter: Send + Sync {
    /// One line: a sentence without secrets, and its structured fields.
    fn log(&self, level: Level, message: &str, fields: &[(&str, &str)]);

    /// How far the run is; the listener throttles.
    fn progress(&self, progress: Progress);
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn log(&self, _: Level, _: &str, _: &[(&str, &str)]) {}

    fn progress(&self, _: Progress) {}
}
