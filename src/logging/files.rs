//! The log files: one a day, and what was before it where a day has much to say; for their owner alone, removed after some days.
//!
//! Guarantees that no day takes more than twice [`LARGEST`], that neither a file nor the folder is followed through a link, and that a disk that is full or slow stops the
//! log and nothing else: one thread writes, and lines that it cannot keep up with are counted and said.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use chrono::{DateTime, Local, NaiveDate, SecondsFormat};
use context_sync_protocol::reply::LogLine;

use super::held::Held;
use super::past::{dated, expired};

/// Lines that wait for a slow disk before more are lost.
const QUEUED: usize = 1024;
/// How long the end of the program waits for a disk.
const LAST_LINES: Duration = Duration::from_secs(2);

/// A file that has grown so large, in bytes, makes room for a new one, and takes the place of the one that did so before it on that day.
pub const LARGEST: u64 = 8 << 20;

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
            let held = Held::open(&self.folder)?;
            // A pipe of that name would keep us waiting for its reader.
            let flags = (nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK).bits();
            let file = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(held.path().join(name(today, "")))?;
            self.open = Some((today, file));
            // As many as there are days stay in any case: a clock that is set far ahead is no reason to lose all of them.
            let beyond = dated(&self.folder).len().saturating_sub(usize::try_from(self.days).unwrap_or(usize::MAX).max(1));
            for old in expired(&self.folder, self.days, today).into_iter().take(beyond) {
                // It is tried again tomorrow.
                let _ = old.remove();
            }
        }
        let Some((_, file)) = &mut self.open else { return Ok(()) };
        // In one write, so that lines of two processes do not mix.
        file.write_all(format!("{line}\n").as_bytes())?;
        let ours = file.metadata()?;
        // Somebody removed it: the next line makes a new one.
        if ours.nlink() == 0 {
            self.open = None;
        } else if ours.len() >= LARGEST {
            self.open = None;
            let held = Held::open(&self.folder)?;
            let path = held.path().join(name(today, ""));
            // Another process of this user may have moved it already; then there is a new one that has room.
            if path.symlink_metadata().is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())) {
                std::fs::rename(path, held.path().join(name(today, ".1")))?;
            }
        }
        Ok(())
    }

    #[cfg(test)]
    fn path(&self, day: NaiveDate, part: &str) -> PathBuf {
        self.folder.join(name(day, part))
    }
}

fn name(day: NaiveDate, part: &str) -> String {
    format!("sync_{}{part}.log", day.format("%Y%m%d"))
}

#[cfg(test)]
mod tests {
    use super::super::past::{Expired, last_lines};
    use super::*;

    #[test]
    fn a_day_with_much_to_say_takes_two_files_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = LogFiles::new(folder.path().to_owned(), 14);
        let line = "x".repeat(1 << 20);
        let now = Local::now();
        // Numbered, so that it can be told which are left.
        (0..43).for_each(|number| files.write(now, &format!("{number} {line}")));
        let sizes: Vec<u64> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).collect();
        assert_eq!(sizes.len(), 2, "{sizes:?}");
        assert!(sizes.iter().all(|size| *size < LARGEST + (2 << 20)), "{sizes:?}");
        let left: Vec<u32> = last_lines(folder.path(), 99, |_| true).iter().map(|line| line.split_once(' ').unwrap().0.parse().unwrap()).collect();
        assert!(left.len() >= 8 && left.last() == Some(&42) && left.windows(2).all(|two| two[0] + 1 == two[1]), "{left:?}");
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
    fn a_file_that_was_removed_or_moved_by_another_process_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let now = Local::now();
        let (mut one, mut other) = (LogFiles::new(folder.path().to_owned(), 14), LogFiles::new(folder.path().to_owned(), 14));
        one.write(now, "before");
        std::fs::remove_file(one.path(now.date_naive(), "")).unwrap();
        // The first of these still goes to the file that was removed.
        ["lost", "after"].iter().for_each(|line| one.write(now, line));
        assert_eq!(last_lines(folder.path(), 9, |_| true), ["after"]);
        // The other fills it up and moves it; whoever is late moves nothing.
        let much = "x".repeat(usize::try_from(LARGEST).unwrap());
        other.write(now, &much);
        ["late", "new"].iter().for_each(|line| one.write(now, line));
        assert_eq!(last_lines(folder.path(), 3, |_| true), [&much, "late", "new"]);
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
