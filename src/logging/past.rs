//! What the log files hold: their last lines, and which of them have run out.
//!
//! Guarantees that reading takes no more memory than the lines that are asked for, however large the files are, and that neither a file nor the folder is
//! followed through a link.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

use super::held::Held;

/// Files are read from their end in pieces of so many bytes.
const PIECE: u64 = 64 << 10;

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
        let _ = read_back(&path, count, &wanted, &mut found);
    }
    found.reverse();
    found
}

/// Adds lines of a file to `found`, the last one first, until there are `count`.
fn read_back(path: &Path, count: usize, wanted: impl Fn(&str) -> bool, found: &mut Vec<String>) -> io::Result<()> {
    let flags = (nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let mut end = file.metadata()?.len();
    // The rest of a line whose beginning lies before `end`.
    let mut rest = Vec::new();
    while end > 0 && found.len() < count {
        let start = end.saturating_sub(PIECE);
        let mut piece = vec![0; usize::try_from(end - start).unwrap_or_default()];
        file.read_exact_at(&mut piece, start)?;
        piece.append(&mut rest);
        let whole = match piece.iter().position(|byte| *byte == b'\n') {
            _ if start == 0 => 0,
            Some(at) => at + 1,
            None => piece.len(),
        };
        let lines = piece[whole..].split(|byte| *byte == b'\n').rev().filter(|line| !line.is_empty());
        let lines = lines.map(String::from_utf8_lossy).filter(|line| wanted(line));
        found.extend(lines.take(count - found.len()).map(std::borrow::Cow::into_owned));
        piece.truncate(whole);
        (rest, end) = (piece, start);
    }
    Ok(())
}

/// The log files, oldest first: of one day, what had to make room comes before what did not. Links are none, and a folder that is one holds none.
pub(super) fn dated(folder: &Path) -> Vec<(NaiveDate, PathBuf)> {
    let Ok(held) = Held::open(folder) else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(held.path()) else { return Vec::new() };
    let mut files: Vec<(NaiveDate, bool, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            entry.file_type().ok().filter(std::fs::FileType::is_file)?;
            let day = name.to_str()?.strip_prefix("sync_")?.strip_suffix(".log")?;
            let (day, last) = day.strip_suffix(".1").map_or((day, true), |day| (day, false));
            Some((NaiveDate::parse_from_str(day, "%Y%m%d").ok()?, last, folder.join(&name)))
        })
        .collect();
    files.sort();
    files.into_iter().map(|(day, _, path)| (day, path)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::File;

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

    fn put(folder: &Path, text: &str) {
        std::io::Write::write_all(&mut File::create(folder.join("sync_20260101.log")).unwrap(), text.as_bytes()).unwrap();
    }

    #[test]
    fn lines_of_any_length_are_read_from_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let piece = usize::try_from(PIECE).unwrap();
        // Shorter and longer than a piece, and such that lines end where pieces do.
        for length in [1, 100, piece - 1, piece, piece + 1, 3 * piece] {
            let lines: Vec<String> = (0..5).map(|number| format!("{number}{}", "x".repeat(length - 1))).collect();
            put(folder.path(), &(lines.join("\n") + "\n"));
            for count in 1..6 {
                assert_eq!(last_lines(folder.path(), count, |_| true), lines[5 - count..], "{length}");
            }
            assert_eq!(last_lines(folder.path(), 9, |line| line.starts_with('1')), lines[1..2], "{length}");
        }
        put(folder.path(), "a\nb, cut off");
        assert_eq!(last_lines(folder.path(), 9, |_| true), ["a", "b, cut off"]);
    }
}
