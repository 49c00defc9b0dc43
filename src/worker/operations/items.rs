//! The list of things that an operation shows, kept short enough for one line of the protocol.

use context_sync_protocol::event::Item;

/// Text that the list may hold: with its JSON around it, it stays below the protocol's limit of 1 MiB a line.
const TEXT_BYTES: usize = 512 << 10;
/// What JSON adds to an entry, roughly.
const ENTRY_BYTES: usize = 64;

/// Collects entries; counts what does not fit.
#[derive(Default)]
pub(super) struct Items {
    kept: Vec<Item>,
    text_bytes: usize,
    left_out: u64,
    notes: Vec<Item>,
    /// Of all entries, in bytes.
    total_bytes: u64,
}

impl Items {
    /// One more thing.
    pub(super) fn push(&mut self, kind: &str, path: impl Into<String>, bytes: u64, reason: impl Into<String>) {
        let item = Item { kind: kind.to_owned(), path: path.into(), bytes, reason: reason.into() };
        self.total_bytes = self.total_bytes.saturating_add(bytes);
        // An escaped character takes up to six bytes, but names that consist of such are not what fills lists.
        self.text_bytes += item.path.len() + item.reason.len() + ENTRY_BYTES;
        if self.text_bytes <= TEXT_BYTES {
            self.kept.push(item);
        } else {
            self.left_out += 1;
        }
    }

    /// Something to be said that is no thing.
    pub(super) fn note(&mut self, reason: &str) {
        self.notes.push(Item { kind: "note".to_owned(), reason: reason.to_owned(), ..Item::default() });
    }

    /// How many there are, those that did not fit included.
    pub(super) fn count(&self) -> u64 {
        self.kept.len() as u64 + self.left_out
    }

    /// Their sizes together, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.total_bytes
    }

    /// The list; its last entry tells how many more there are.
    pub(super) fn into_vec(mut self) -> Vec<Item> {
        self.kept.append(&mut self.notes);
        if self.left_out > 0 {
            let reason = format!("and {} more, too many to list at once", self.left_out);
            self.kept.push(Item { kind: "note".to_owned(), reason, ..Item::default() });
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_any_length_fits_into_a_line() {
        let mut items = Items::default();
        for n in 0..20_000 {
            items.push("trash", format!("2026-11-25/ENG/{}/page--{n}.md", "folder ".repeat(10)), 2, "older than 30 days");
        }
        assert_eq!((items.count(), items.bytes()), (20_000, 40_000));
        let list = items.into_vec();
        assert!(serde_json::to_string(&list).unwrap().len() < 1 << 20);
        let shown = list.len() as u64 - 1;
        assert_eq!(list.last().unwrap().reason, format!("and {} more, too many to list at once", 20_000 - shown));
    }
}
