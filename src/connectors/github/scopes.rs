//! What earlier runs left of each part of each repository: where its listing goes on, and whether the configuration left it out meanwhile.
//!
//! A part that comes back is looked at as a whole, whatever happened while nobody looked.

use std::collections::{BTreeMap, BTreeSet};

use super::repository::Part;
use crate::model::{Cursor, Scope};

/// Before the cursor of a part that the configuration left out.
const OUT: &str = "out:";

/// What was left of one part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// Where its listing goes on; none where it never came to its end.
    pub(super) cursor: Option<Cursor>,
    /// The configuration left it out the last time.
    pub(super) out: bool,
}

impl Kept {
    fn read(cursor: &Cursor) -> Self {
        let text = cursor.as_str();
        let inner = text.strip_prefix(OUT).unwrap_or(text);
        Self { cursor: (!inner.is_empty()).then(|| Cursor::new(inner)), out: text.starts_with(OUT) }
    }

    /// Where it goes on once it is wanted again.
    pub(super) fn left_out(&self) -> Cursor {
        Cursor::new([OUT, self.cursor.as_ref().map_or("", Cursor::as_str)].concat())
    }
}

/// What was left of all of them.
#[derive(Debug, Default)]
pub(super) struct Scopes(BTreeMap<u64, Vec<(Part, Kept)>>);

impl Scopes {
    /// Reads the cursors with which a listing begins.
    pub(super) fn read(since: &[(Scope, Cursor)]) -> Self {
        let mut all = Self::default();
        for (scope, cursor) in since {
            if let Some((id, part)) = Part::of_scope(scope) {
                all.0.entry(id).or_default().push((part, Kept::read(cursor)));
            }
        }
        all
    }

    /// Repositories of which something may be in the mirror.
    pub(super) fn repositories(&self) -> BTreeSet<u64> {
        self.0.keys().copied().collect()
    }

    /// What was left of a repository, part by part.
    pub(super) fn of(&self, repository: u64) -> &[(Part, Kept)] {
        self.0.get(&repository).map_or(&[], Vec::as_slice)
    }

    /// What was left of one part.
    pub(super) fn part(&self, repository: u64, part: Part) -> Option<&Kept> {
        self.of(repository).iter().find(|(of, _)| *of == part).map(|(_, kept)| kept)
    }

    /// Where the listings of one part go on, by repository.
    pub(super) fn cursors(&self, part: Part) -> impl Iterator<Item = (u64, &Cursor)> {
        self.0.keys().filter_map(move |id| Some((*id, self.part(*id, part)?.cursor.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_keeps_its_cursor_and_is_known_to_have_been_out() {
        let files = Part::Files.scope(7);
        let scopes = |cursor: &str| Scopes::read(&[(files.clone(), Cursor::new(cursor)), (Scope::new(""), Cursor::new("memory"))]);
        for (cursor, kept) in [
            ("{}", Kept { cursor: Some(Cursor::new("{}")), out: false }),
            ("", Kept { cursor: None, out: false }),
            ("out:{}", Kept { cursor: Some(Cursor::new("{}")), out: true }),
            ("out:", Kept { cursor: None, out: true }),
        ] {
            let read = scopes(cursor);
            assert_eq!(read.part(7, Part::Files), Some(&kept));
            assert_eq!((read.part(7, Part::Wiki), read.repositories().len()), (None, 1));
            // However often it is left out.
            assert_eq!(Kept::read(&kept.left_out()), Kept { out: true, ..kept });
        }
    }
}
