//! The log files: one a day, for their owner alone, removed after some days.
//!
//! Guarantees that neither a file nor the folder is followed through a link, and that a disk that is full or slow stops the log and nothing else: one thread writes, and
//! lines that it cannot keep up with are counted and said.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use chrono::{DateTime, Local, NaiveDate, SecondsFormat};
use context_sync_protocol::reply::LogLine;

use super::held::Held;

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

impl Expired {
    /// Removes it.
    ///
    /// # Errors
    /// When the file system refuses, or its folder is a link now.
    pub fn remove(&self) -> io::Result<()> {
        let folder = Held::open(self.path.parent().unwrap_or(Path::new("/")))?;
        std::fs::remove_file(folder.path().join(self.path.file_name().unwrap_or_default()))
    }
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
            let path = Held::open(&self.folder)?;
            let path = path.path().join(format!("sync_{}.log", today.format("%Y%m%d")));
            // A pipe of that name would keep us waiting for its reader.
            let flags = (nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK).bits();
            let file = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(path)?;
            self.open = Some((today, file));
            for old in expired(&self.folder, self.days, today) {
                // It is tried again tomorrow.
                let _ = old.remove();
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
        let text = read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        found.extend(text.lines().rev().filter(|line| wanted(line)).take(count - found.len()).map(str::to_owned));
    }
    found.reverse();
    found
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let flags = (nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK).bits();
    OpenOptions::new().read(true).custom_flags(flags).open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The log files, oldest first; links are none, and a folder that is one holds none.
fn dated(folder: &Path) -> Vec<(NaiveDate, PathBuf)> {
    let Ok(held) = Held::open(folder) else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(held.path()) else { return Vec::new() };
    let mut files: Vec<(NaiveDate, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            entry.file_type().ok().filter(std::fs::FileType::is_file)?;
            let day = name.to_str()?.strip_prefix("sync_")?.strip_suffix(".log")?;
            Some((NaiveDate::parse_from_str(day, "%Y%m%d").ok()?, folder.join(&name)))
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
    fn links_are_neither_written_through_nor_read_nor_removed_through() {
        let home = tempfile::tempdir().unwrap();
        let (outside, logs) = (home.path().join("outside"), home.path().join("logs"));
        std::fs::create_dir(&outside).unwrap();
        let today = Local::now();
        for name in ["sync_20200101.log".to_owned(), format!("sync_{}.log", today.format("%Y%m%d"))] {
            io::Write::write_all(&mut File::create(outside.join(&name)).unwrap(), b"theirs\n").unwrap();
        }
        let untouched = || {
            let texts: Vec<_> = std::fs::read_dir(&outside).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
            assert_eq!(texts, [b"theirs\n", b"theirs\n"]);
        };
        std::os::unix::fs::symlink(&outside, &logs).unwrap();
        let mut files = LogFiles::new(logs.clone(), 14);
        assert!(files.append(today, "ours").unwrap_err().to_string().contains("is a link"));
        assert!(expired(&logs, 14, today.date_naive()).is_empty() && last_lines(&logs, 9, |_| true).is_empty());
        assert!(Expired { path: logs.join("sync_20200101.log"), bytes: 0 }.remove().is_err());
        untouched();
        std::fs::remove_file(&logs).unwrap();
        std::fs::create_dir(&logs).unwrap();
        for name in std::fs::read_dir(&outside).unwrap().map(|entry| entry.unwrap().file_name()) {
            std::os::unix::fs::symlink(outside.join(&name), logs.join(&name)).unwrap();
        }
        assert!(files.append(today, "ours").is_err());
        assert!(expired(&logs, 14, today.date_naive()).is_empty() && last_lines(&logs, 9, |_| true).is_empty());
        untouched();
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
