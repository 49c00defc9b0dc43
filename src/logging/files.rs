//! The log files: one a day, for their owner alone, removed after some days.
//!
//! Guarantees that a file is never followed through a link, and that a disk that is full or slow stops the log and nothing else: one thread writes, and
//! lines that it cannot keep up with are counted and said.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use chrono::{DateTime, Local, NaiveDate, SecondsFormat};
use context_sync_protocol::reply::LogLine;

/// Lines that wait for a slow disk before more are lost.
const QUEUED: usize = 1024;
/// How long the end of the program waits for a disk.
const LAST_LINES: Duration = Duration::from_secs(2);

/// What the thread is asked to do.
enum Task {
    Write(DateTime<Local>, LogLine),
    Say(SyncSender<()>),
}

/// The way to the thread that writes; cheap to clone.
#[derive(Clone)]
pub(super) struct Writer {
    tasks: SyncSender<Task>,
    lost: Arc<AtomicU64>,
}

impl Writer {
    /// `written` hears of each line that stands in its file.
    pub(super) fn start(files: LogFiles, written: impl Fn(LogLine) + Send + 'static) -> io::Result<Self> {
        let (tasks, todo) = sync_channel(QUEUED);
        let writer = Self { tasks, lost: Arc::default() };
        let lost = Arc::clone(&writer.lost);
        std::thread::Builder::new().name("log files".to_owned()).spawn(move || work(files, &todo, &lost, written))?;
        Ok(writer)
    }

    /// Has a line written, with its time before it.
    pub(super) fn write(&self, connector: &str, line: &str) {
        let now = Local::now();
        let line = LogLine { connector: connector.to_owned(), line: stamped(now, line) };
        if self.tasks.try_send(Task::Write(now, line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until everything is written, but not for ever.
    pub(super) fn flush(&self) {
        let (done, heard) = sync_channel(1);
        if self.tasks.try_send(Task::Say(done)).is_ok() {
            // A disk that takes longer keeps its lines to itself.
            let _ = heard.recv_timeout(LAST_LINES);
        }
    }
}

fn stamped(now: DateTime<Local>, line: &str) -> String {
    format!("{} {line}", now.to_rfc3339_opts(SecondsFormat::Millis, true))
}

fn work(mut files: LogFiles, todo: &Receiver<Task>, lost: &AtomicU64, written: impl Fn(LogLine)) {
    for task in todo {
        match task {
            Task::Write(now, line) => {
                files.write(now, &line.line);
                written(line);
            }
            // Whoever asked may have given up.
            Task::Say(done) => drop(done.try_send(())),
        }
        let missed = lost.swap(0, Ordering::Relaxed);
        if missed > 0 {
            let now = Local::now();
            let line = stamped(now, &format!("WARN [-] {missed} lines are missing here, because the disk was too slow."));
            files.write(now, &line);
            written(LogLine { connector: String::new(), line });
        }
    }
}

/// Writes the file of the day.
pub struct LogFiles {
    folder: PathBuf,
    days: u32,
    open: Option<(NaiveDate, File)>,
    failed: Option<NaiveDate>,
}

/// A log file that has run out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

impl LogFiles {
    pub(super) fn new(folder: PathBuf, days: u32) -> Self {
        Self { folder, days, open: None, failed: None }
    }

    fn write(&mut self, now: DateTime<Local>, line: &str) {
        if let Err(error) = self.append(now, line) {
            let today = now.date_naive();
            // Said once a day: there is no use in a line about every line.
            if self.failed != Some(today) {
                self.failed = Some(today);
                let _ = writeln!(io::stderr(), "The log files in {} cannot be written: {error}.", self.folder.display());
            }
        }
    }

    fn append(&mut self, now: DateTime<Local>, line: &str) -> io::Result<()> {
        let today = now.date_naive();
        if self.open.as_ref().is_none_or(|(day, _)| *day != today) {
            self.open = None;
            DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            let path = self.folder.join(format!("sync_{}.log", today.format("%Y%m%d")));
            let flags = nix::fcntl::OFlag::O_NOFOLLOW.bits();
            let file = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(path)?;
            self.open = Some((today, file));
            // As many as there are days stay in any case: a clock that is set far ahead is no reason to lose all of them.
            let beyond = dated(&self.folder).len().saturating_sub(usize::try_from(self.days).unwrap_or(usize::MAX).max(1));
            for old in expired(&self.folder, self.days, today).into_iter().take(beyond) {
                // It is tried again tomorrow.
                let _ = std::fs::remove_file(old.path);
            }
        }
        match &mut self.open {
            // In one write, so that lines of two processes do not mix.
            Some((_, file)) => file.write_all(format!("{line}\n").as_bytes()),
            None => Ok(()),
        }
    }
}

/// The files of `folder` that are older than `days` on `today`, oldest first.
#[must_use]
pub fn expired(folder: &Path, days: u32, today: NaiveDate) -> Vec<Expired> {
    let oldest = today.checked_sub_days(chrono::Days::new(u64::from(days))).unwrap_or(NaiveDate::MIN);
    let old = dated(folder).into_iter().filter(|(day, _)| *day < oldest);
    old.map(|(_, path)| Expired { bytes: path.symlink_metadata().map_or(0, |meta| meta.len()), path }).collect()
}

/// The last `count` lines that `wanted` wants, oldest first, out of as many files as it takes.
#[must_use]
pub fn last_lines(folder: &Path, count: usize, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (_, path) in dated(folder).into_iter().rev() {
        if found.len() >= count {
            break;
        }
        // A file that vanished meanwhile had run out.
        let text = std::fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        found.extend(text.lines().rev().filter(|line| wanted(line)).take(count - found.len()).map(str::to_owned));
    }
    found.reverse();
    found
}

/// The log files, oldest first.
fn dated(folder: &Path) -> Vec<(NaiveDate, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<(NaiveDate, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let day = name.to_str()?.strip_prefix("sync_")?.strip_suffix(".log")?;
            Some((NaiveDate::parse_from_str(day, "%Y%m%d").ok()?, entry.path()))
        })
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_run_out_after_their_days_and_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["sync_20260101.log", "sync_20260114.log", "sync_20260115.log", "notes.log", "sync_2026.log"] {
            std::fs::File::create(folder.path().join(name)).unwrap();
        }
        let today = NaiveDate::from_ymd_opt(2026, 1, 29).unwrap();
        let names: Vec<String> =
            expired(folder.path(), 14, today).into_iter().map(|old| old.path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        assert_eq!(names, ["sync_20260101.log", "sync_20260114.log"]);
    }

    #[test]
    fn a_clock_far_ahead_leaves_as_many_files_as_there_are_days() {
        let folder = tempfile::tempdir().unwrap();
        for day in 1..=7 {
            std::fs::File::create(folder.path().join(format!("sync_2026010{day}.log"))).unwrap();
        }
        let future = DateTime::parse_from_rfc3339("2036-05-01T12:00:00Z").unwrap().with_timezone(&Local);
        LogFiles::new(folder.path().to_owned(), 5).write(future, "INFO [-] the future");
        let left: Vec<String> = dated(folder.path()).into_iter().map(|(day, _)| day.to_string()).collect();
        assert_eq!(left, ["2026-01-04", "2026-01-05", "2026-01-06", "2026-01-07", "2036-05-01"]);
    }

    #[test]
    fn the_last_lines_come_from_several_files_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("sync_20260101.log", "a\nb\n"), ("sync_20260102.log", "c\nx\nd\n")] {
            std::io::Write::write_all(&mut File::create(folder.path().join(name)).unwrap(), text.as_bytes()).unwrap();
        }
        assert_eq!(last_lines(folder.path(), 3, |line| line != "x"), ["b", "c", "d"]);
    }

    #[test]
    fn a_disk_that_stands_still_keeps_nobody_waiting() {
        let (tasks, todo) = sync_channel(2);
        let writer = Writer { tasks, lost: Arc::default() };
        for _ in 0..5 {
            writer.write("", "INFO [-] line");
        }
        assert_eq!(writer.lost.load(Ordering::Relaxed), 3);
        // The disk is back.
        let folder = tempfile::tempdir().unwrap();
        let lost = Arc::clone(&writer.lost);
        drop(writer);
        work(LogFiles::new(folder.path().to_owned(), 14), &todo, &lost, |_| {});
        let lines = last_lines(folder.path(), 9, |_| true);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[1].contains(" 3 lines are missing here"), "{lines:?}");
    }
}
