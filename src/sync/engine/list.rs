//! Listing and all that is decided from it: what was touched by hand, what leaves, who has to be asked for, whether there is anything to do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use context_sync_protocol::event::{Level, Summary};
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::mpsc;

use super::{Engine, Rest};
use crate::connectors::connector::Completion;
use crate::model::{Key, RemoteId};
use crate::state::Change;
use crate::sync::book::{Book, Entry, Kept};
use crate::sync::fetch::{Arrival, Due};
use crate::sync::sweep::{Limits, Now};
use crate::sync::view::View;
use crate::sync::{Abort, hand, listing, sweep};

/// Clocks that differ by more are told.
const APART_MS: u64 = 5 * 60 * 1000;

impl Engine {
    pub(super) async fn list_and_write(
        &self,
        book: &mut Book,
        wanted: mpsc::UnboundedSender<Due>,
        arrivals: mpsc::UnboundedReceiver<Arrival>,
        summary: &mut Summary,
    ) -> Result<(Arc<View>, Rest, FxHashSet<RemoteId>), Abort> {
        let looking = self.look_for_hands(book);
        let asked = listing::list(self.connector.as_ref(), book, self.rules, wanted, &self.progressed, self.reporter.as_ref(), &self.cancel).await?;
        let touched = looking.await??;
        for id in &touched.assets {
            if let Some(asset) = book.assets.get_mut(id) {
                asset.touched = true;
            }
        }
        self.progressed.rename_phase("fetching");
        let limits = Limits { max_delete_percent: self.options.max_delete_percent, accept_deletions: self.options.accept_deletions };
        let now = self.compare_clocks(book);
        let swept = sweep::sweep(self.connector.as_ref(), book, limits, now, self.reporter.as_ref()).await.map_err(Abort::Source)?;
        summary.held = swept.held;
        summary.scopes.extend(swept.missing);
        self.note_incomplete(book, summary);
        self.drop_gone_assets(book).await?;
        self.ask_people(book).await?;
        let view = Arc::new(book.view(self.rules.full));
        let work = asked > 0 || !touched.documents.is_empty() || structural(book, &view);
        if work && !book.site.unclean {
            book.site.unclean = true;
            self.commit(vec![Change::PutSite(book.site.clone())]).await?;
        }
        let rest = self.write_arrivals(book, &view, arrivals, summary).await?;
        Ok((view, rest, touched.documents))
    }

    /// What time it is here and there; said where it differs much, because what goes by the time goes wrong then.
    fn compare_clocks(&self, book: &mut Book) -> Now {
        let ahead_ms = self.connector.traffic().ahead_ms;
        book.site.ahead_ms = ahead_ms.unwrap_or(0);
        if book.site.ahead_ms.unsigned_abs() > APART_MS {
            let (much, way) = (book.site.ahead_ms.unsigned_abs() / 60_000, if book.site.ahead_ms > 0 { "ahead of" } else { "behind" });
            self.reporter.log(
                Level::Warn,
                &format!("This machine's clock is {much} minutes {way} the service's; if the service is right, set it (`timedatectl set-ntp true`)."),
                &[],
            );
        }
        Now { here_ms: self.now_ms, there_ms: ahead_ms.and_then(|ahead| self.now_ms.checked_add_signed(ahead.checked_neg()?)) }
    }

    fn look_for_hands(&self, book: &Book) -> tokio::task::JoinHandle<Result<Touched, Abort>> {
        // Shared with the book; each is made to what is known of a file when its turn comes.
        let documents: Vec<(RemoteId, Arc<Kept>)> =
            book.docs.iter().filter_map(|(id, entry)| Some((id.clone(), Arc::clone(entry.kept.as_ref()?)))).collect();
        let mut files = Vec::new();
        for (id, entry) in &book.assets {
            if let Some((kept, path)) = entry.kept.as_ref().and_then(|k| Some((k, k.path.clone()?))) {
                files.push(hand::Known { whose: id.clone(), path, stamp: kept.stamp, hash: kept.hash });
            }
        }
        let mirror = Arc::clone(&self.mirror);
        tokio::task::spawn_blocking(move || {
            let documents = documents.into_iter().filter_map(|(whose, kept)| {
                let path = kept.path()?;
                Some(hand::Known { whose, path, stamp: kept.stamp, hash: kept.hash })
            });
            Ok(Touched {
                documents: hand::touched(&mirror, documents)?.into_iter().collect(),
                assets: hand::touched(&mirror, files)?.into_iter().collect(),
            })
        })
    }

    fn note_incomplete(&self, book: &Book, summary: &mut Summary) {
        // Several scopes may bear one name, as the parts of a repository do: each says its own.
        let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for entry in book.scopes.values() {
            if let Some((name, Completion::Incomplete(why), _)) = &entry.listed {
                all.entry(name).or_default().insert(why);
            }
        }
        for (name, reasons) in all {
            let reasons: Vec<&str> = reasons.into_iter().collect();
            summary.scopes.insert(name.to_owned(), reasons.join("; "));
        }
        for (scope, why) in &summary.scopes {
            self.reporter.log(Level::Warn, &format!("`{scope}` was not listed as a whole ({why}); nothing of it is removed."), &[("scope", scope)]);
        }
    }

    /// Names that the listing calls for: those we never asked, and once a day all of them.
    async fn ask_people(&self, book: &mut Book) -> Result<(), Abort> {
        let mut keys: Vec<Key> = match self.rules.daily {
            true => book.named.iter().chain(book.people.keys()).cloned().collect(),
            false => book.named.iter().filter(|k| !book.people.contains_key(*k)).cloned().collect(),
        };
        keys.sort();
        keys.dedup();
        self.learn_people(book, keys).await
    }

    pub(super) async fn learn_people(&self, book: &mut Book, keys: Vec<Key>) -> Result<(), Abort> {
        if keys.is_empty() {
            return Ok(());
        }
        let answers: FxHashMap<Key, String> = self.connector.people(keys.clone()).await.map_err(Abort::Source)?.into_iter().collect();
        let mut changes = Vec::new();
        for key in keys {
            // A name once known is not given up because the service is silent today.
            let name = answers.get(&key).or_else(|| book.people.get(&key)).cloned().unwrap_or_default();
            if book.people.get(&key) != Some(&name) {
                book.people.insert(key.clone(), name.clone());
                changes.push(Change::PutPerson(key, name));
                book.site.unclean = true;
            }
        }
        if !changes.is_empty() {
            changes.push(Change::PutSite(book.site.clone()));
        }
        self.commit(changes).await
    }
}

/// Files that people changed or deleted by hand.
struct Touched {
    documents: FxHashSet<RemoteId>,
    assets: FxHashSet<RemoteId>,
}

/// Whether anything but bodies changed, so that other documents' files may have to follow.
fn structural(book: &Book, view: &View) -> bool {
    let doc_changed = |id: &RemoteId, entry: &Entry| {
        let Some(kept) = &entry.kept else { return entry.seen.is_some() };
        let moved = view.docs.get(id).is_none_or(|doc| match (&doc.spot, &kept.spot) {
            (Ok(now), Some(before)) => !now.is(&doc.place, before, &kept.place),
            (now, before) => now.is_ok() || before.is_some(),
        });
        let moved = moved && !(entry.is_nothing() && kept.spot.is_none());
        moved
            || entry.leaves.is_some()
            || entry.seen.as_ref().is_some_and(|s| s.place != kept.place)
            || entry.labels.as_ref().is_some_and(|l| *l != kept.labels)
    };
    !book.new_nodes.is_empty()
        || book.docs.iter().any(|(id, entry)| doc_changed(id, entry))
        || book.assets.values().any(|e| e.kept.as_ref().is_none_or(|k| k.asset != e.asset))
        || book.scopes.values().any(|s| s.listed.as_ref().is_some_and(|(name, ..)| s.kept.as_ref().is_none_or(|k| k.name != *name)))
}
