//! The log files: one a day, for their owner alone, removed after some days.
//!
//! Guarantees that a file is never followed through a link, and that a full disk stops the log and nothing else. Blocking, for one short line.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Local, NaiveDate, SecondsFormat};

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

    /// Writes a line and returns it as it stands in the file, with its time.
    pub(super) fn write(&mut self, line: &str) -> String {
        let now = Local::now();
        let dated = format!("{} {line}", now.to_rfc3339_opts(SecondsFormat::Millis, true));
        if let Err(error) = self.append(now, &dated) {
            let today = now.date_naive();
            // Said once a day: there is no use in a line about every line.
            if self.failed != Some(today) {
                self.failed = Some(today);
                let _ = writeln!(io::stderr(), "The log files in {} cannot be written: {error}.", self.folder.display());
            }
        }
        dated
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
            for old in expired(&self.folder, self.days, today) {
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
    fn the_last_lines_come_from_several_files_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("sync_20260101.log", "a\nb\n"), ("sync_20260102.log", "c\nx\nd\n")] {
            std::io::Write::write_all(&mut File::create(folder.path().join(name)).unwrap(), text.as_bytes()).unwrap();
        }
        assert_eq!(last_lines(folder.path(), 3, |line| line != "x"), ["b", "c", "d"]);
    }
}
