//! Whether a mirror that was killed is what a fresh one is, and whether everything that left it is in the trash.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use context_syncd::state::{AssetRecord, Change, DocRecord, Opened, State};

use super::{Dice, Upstream};
use crate::home::Home;

/// A folder and file of the user's own, which nobody may touch.
pub(super) const MINE: (&str, &str) = ("notes of mine/todo.md", "# Mine\n");

pub(super) type Tree = BTreeMap<String, Vec<u8>>;

/// What must not be lost.
pub struct Kept {
    /// The mirror as it was judged last.
    tree: Tree,
    /// Bytes that were written by hand since then.
    by_hand: Vec<Vec<u8>>,
    /// Files that were deleted by hand, which are not in the trash.
    deleted: BTreeSet<String>,
    /// The state was deleted once: attachments that are gone since then are known to nobody, until `cleanup` takes them.
    lost_state: bool,
    /// Attachments that no record knows.
    nobodys: BTreeSet<String>,
}

pub(super) struct Records {
    pub(super) documents: BTreeMap<String, DocRecord>,
    pub(super) assets: BTreeMap<String, AssetRecord>,
}

impl Kept {
    pub fn new(home: &Home) -> Self {
        let mine = home.mirror().join(MINE.0);
        std::fs::create_dir_all(mine.parent().unwrap()).unwrap();
        std::fs::write(mine, MINE.1).unwrap();
        Self { tree: home.tree(), by_hand: Vec::new(), deleted: BTreeSet::new(), lost_state: false, nobodys: BTreeSet::new() }
    }

    pub fn lose_state(&mut self, home: &Home) {
        std::fs::remove_dir_all(home.mirror().join(".sync_state")).unwrap();
        self.lost_state = true;
    }

    /// Writes into a mirrored file; how many files.
    pub fn change_by_hand(&mut self, home: &Home, dice: &mut Dice) -> usize {
        let Some(path) = pick(home, dice) else { return 0 };
        let path = home.mirror().join(path);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(format!("\nBy hand: {}\n", dice.roll(1 << 30)).as_bytes());
        std::fs::write(path, &bytes).unwrap();
        self.by_hand.push(bytes);
        1
    }

    /// Deletes a mirrored file; how many files.
    pub fn delete_by_hand(&mut self, home: &Home, dice: &mut Dice) -> usize {
        let Some(path) = pick(home, dice) else { return 0 };
        std::fs::remove_file(home.mirror().join(&path)).unwrap();
        self.deleted.insert(path);
        1
    }

    /// Compares everything, and takes what is there for the next time.
    pub fn judge(&mut self, home: &Home, fresh: &Home, upstream: &Upstream, story: &str) {
        let tree = home.tree();
        Self::nothing_temporary(home, &tree, story);
        let (records, new) = (records(home), records(fresh));
        let mut living: Tree = tree.iter().filter(|(path, _)| !path.starts_with(".trash/")).map(|(p, b)| (p.clone(), b.clone())).collect();
        assert_eq!(living.remove(MINE.0).as_deref(), Some(MINE.1.as_bytes()), "{story}: the user's own file");
        self.same(&mut living, &fresh.living(), &records, upstream, story);
        for (id, record) in &new.documents {
            let healed = records.documents.get(id).unwrap_or_else(|| panic!("{story}: no record of {id}"));
            assert_eq!(healed, record, "{story}: the record of {id}, healed and fresh");
        }
        assert_eq!(records.documents.len(), new.documents.len(), "{story}: records of documents that are gone");
        self.nothing_lost(&tree, story);
        let nobodys = std::mem::take(&mut self.nobodys);
        *self = Self { tree, by_hand: Vec::new(), deleted: BTreeSet::new(), lost_state: self.lost_state, nobodys };
    }

    /// After `cleanup`, nothing at all may differ.
    pub fn judge_cleaned(&self, home: &Home, fresh: &Home) {
        let tree = home.tree();
        let mut living: Vec<&String> = tree.keys().filter(|path| !path.starts_with(".trash/") && *path != MINE.0).collect();
        living.sort();
        assert_eq!(living, fresh.living().keys().collect::<Vec<_>>(), "after cleanup");
        self.nothing_lost(&tree, "after cleanup");
    }

    pub(super) fn nothing_temporary(home: &Home, tree: &Tree, story: &str) {
        for path in tree.keys() {
            assert!(!path.ends_with(".tmp"), "{story}: {path} stayed");
        }
        let unfinished = home.mirror().join(".sync_state/tmp");
        assert_eq!(std::fs::read_dir(unfinished).unwrap().count(), 0, "{story}: unfinished bodies stayed");
        let set_aside = std::fs::read_dir(home.mirror()).unwrap().filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().contains(".broken-"));
        assert_eq!(set_aside.count(), 0, "{story}: a state was set aside, where nothing but a kill happened to it");
    }

    /// Paths and bytes are the fresh mirror's. Only an attachment that its page does not show any more may be left over, until `cleanup` takes it.
    fn same(&mut self, living: &mut Tree, fresh: &Tree, records: &Records, upstream: &Upstream, story: &str) {
        let extra: Vec<String> = living.keys().filter(|path| !fresh.contains_key(*path)).cloned().collect();
        for path in extra {
            let there = || fresh.keys().filter(|p| identity(p) == identity(&path)).collect::<Vec<_>>();
            let is_known = records.assets.values().any(|record| record.path.as_ref().is_some_and(|p| p.as_str() == path));
            let is_asset = path.contains("/_assets/") && there().is_empty();
            // A run that died between the file and its record, before the attachment went, leaves it to `cleanup` as well.
            let is_nobodys = self.lost_state || self.nobodys.contains(&path) || !self.tree.contains_key(&path);
            assert!(is_asset && (is_known || is_nobodys), "{story}: {path} is in no fresh mirror, which has {:?}", there());
            let id = path.rsplit("/att").next().and_then(|name| name.split('-').next()).unwrap().parse().unwrap();
            let is_upstream = upstream.site.edit(|m| m.attachments.contains_key(&id));
            assert!(is_upstream || is_nobodys, "{story}: {path} is gone upstream");
            if !is_known {
                self.nobodys.insert(path.clone());
            }
            living.remove(&path);
        }
        let missing: Vec<&String> = fresh.keys().filter(|path| !living.contains_key(*path)).collect();
        assert!(missing.is_empty(), "{story}: missing {missing:#?}");
        for (path, bytes) in fresh {
            let (there, here) = (String::from_utf8_lossy(&living[path]), String::from_utf8_lossy(bytes));
            let differs: Vec<_> = there.lines().zip(here.lines()).filter(|(a, b)| a != b).take(3).collect();
            assert!(living[path] == *bytes, "{story}: {path} differs (healed, fresh): {differs:#?}");
        }
    }

    /// What was in the trash stays there; what a person wrote, and what left the mirror, is there.
    fn nothing_lost(&self, tree: &Tree, story: &str) {
        let trash: BTreeMap<&str, &[u8]> = tree.iter().filter_map(|(p, b)| Some((p.strip_prefix(".trash/")?, b.as_slice()))).collect();
        for (path, bytes) in self.tree.iter().filter_map(|(p, b)| Some((p.strip_prefix(".trash/")?, b))) {
            assert!(trash.get(path).is_some_and(|there| there == bytes), "{story}: {path} is no more in the trash, or is another");
        }
        let all: BTreeSet<&[u8]> = trash.values().copied().collect();
        for bytes in &self.by_hand {
            assert!(all.contains(bytes.as_slice()), "{story}: what was written by hand is lost: {}", String::from_utf8_lossy(bytes));
        }
        // A run that was killed may have written a newer version before the document went: then that one is there.
        let new: BTreeSet<&str> =
            tree.keys().filter(|p| p.starts_with(".trash/") && !self.tree.contains_key(*p)).filter_map(|p| identity(p)).collect();
        let living: BTreeSet<&str> = tree.keys().filter(|path| !path.starts_with(".trash/")).filter_map(|path| identity(path)).collect();
        for (path, bytes) in self.tree.iter().filter(|(path, _)| !path.starts_with(".trash/") && !self.deleted.contains(*path)) {
            let Some(identity) = identity(path) else { continue };
            let written_over = self.by_hand.iter().any(|by_hand| by_hand.starts_with(bytes));
            let is_kept = living.contains(identity) || new.contains(identity);
            assert!(is_kept || written_over || all.contains(bytes.as_slice()), "{story}: {path} left, and is not in the trash");
        }
    }
}

/// What the state says, apart from times, and from names: a kept body names its targets as they were called when it was fetched.
pub(super) fn records(home: &Home) -> Records {
    let (state, opened) = State::open(&home.mirror().join(".sync_state"), Duration::from_secs(10)).unwrap();
    assert_eq!(opened, Opened::Existing);
    let documents = state.documents().map(|entry| {
        let (id, mut record) = entry.unwrap();
        record.stamp = None;
        record.former.clear();
        record.links_to.clear();
        record.context = 0;
        (id.to_string(), record)
    });
    let documents = documents.collect();
    let assets = state.assets().map(|entry| entry.map(|(id, record)| (id.to_string(), record)).unwrap()).collect();
    Records { documents, assets }
}

/// Makes what the state remembers of missing attachments a day older; whether there are any.
pub fn a_day_later(home: &Home) -> bool {
    let (state, opened) = State::open(&home.mirror().join(".sync_state"), Duration::from_secs(10)).unwrap();
    assert_eq!(opened, Opened::Existing);
    let missing = state.assets().map(Result::unwrap).filter_map(|(id, record)| Some((id, record.missing_ms?, record)));
    let older = missing.map(|(id, since, record)| Change::PutAsset(id, AssetRecord { missing_ms: Some(since - 24 * 60 * 60 * 1000), ..record }));
    let older: Vec<Change> = older.collect();
    let some = !older.is_empty();
    state.commit(older).unwrap();
    some
}

/// What a file is of, wherever it lies: `--98411.md`, `att98418-…`; none of the user's own.
fn identity(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?;
    match name.rsplit_once("--") {
        Some((_, id)) => Some(id),
        None => path.contains("/_assets/").then_some(name),
    }
}

pub(super) fn pick(home: &Home, dice: &mut Dice) -> Option<String> {
    let files: Vec<String> = crate::home::files(&home.mirror()).into_iter().filter(|p| !p.starts_with(".trash/") && p.ends_with(".md")).collect();
    let files: Vec<String> = files.into_iter().filter(|path| path != MINE.0).collect();
    (!files.is_empty()).then(|| dice.pick(&files).clone())
}
