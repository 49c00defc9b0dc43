//! Reads a connector's listing into the book, and says at once which bodies are wanted, so that fetching overlaps with listing.

use std::sync::Arc;

use context_sync_protocol::event::Level;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Abort;
use super::book::{AssetEntry, Book, Entry, Seen};
use super::fetch::Due;
use super::progress::Progressed;
use super::report::Reporter;
use crate::connectors::connector::{Completion, Connector, Depth, Listed};
use crate::model::RemoteId;

/// How a listing decides what to fetch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// How deep to look.
    pub depth: Depth,
    /// Fetch every body, whatever its revision.
    pub full: bool,
    /// What is done once a day is due: whoever failed often is tried again, people's names are asked for anew.
    pub daily: bool,
}

/// A document that fails again and again is asked for at each run so many times, then once a day.
const EAGER_TRIES: u32 = 3;

/// Lists everything into `book`; what is to be fetched goes to `wanted` as it is found. Returns how many that were.
///
/// # Errors
/// When the listing as a whole failed, or the run was cancelled: nothing of it may be used for removals then.
pub(super) async fn list(
    connector: &dyn Connector,
    book: &mut Book,
    rules: Rules,
    wanted: mpsc::UnboundedSender<Due>,
    progressed: &Progressed,
    reporter: &dyn Reporter,
    cancel: &CancellationToken,
) -> Result<u64, Abort> {
    let mut listing = connector.changes(book.cursors(), rules.depth);
    let mut asked = if matches!(rules.depth, Depth::Rolling(_)) { ask_for_deferred(book, rules, &wanted, progressed) } else { 0 };
    loop {
        let item = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Abort::Cancelled),
            item = listing.next() => item,
        };
        let Some(item) = item else {
            let news_only = matches!(rules.depth, Depth::Changes);
            return Ok(asked + if news_only { ask_for_unnamed(book, rules, &wanted, progressed) } else { 0 });
        };
        asked += u64::from(take(book, item.map_err(Abort::Source)?, rules, &wanted, progressed, reporter));
    }
}

/// A listing of what is new does not name documents that wait since an earlier run.
fn ask_for_deferred(book: &Book, rules: Rules, wanted: &mpsc::UnboundedSender<Due>, progressed: &Progressed) -> u64 {
    ask_for(book.docs.iter(), rules, wanted, progressed)
}

/// Nor does a scope that is listed whole at other times, and of which only what is new was named now.
fn ask_for_unnamed(book: &Book, rules: Rules, wanted: &mpsc::UnboundedSender<Due>, progressed: &Progressed) -> u64 {
    let is_silent = |entry: &Entry| {
        let scope = entry.kept.as_ref().map(|kept| kept.place.scope());
        let listed = scope.and_then(|scope| book.scopes.get(scope)?.listed.as_ref());
        listed.is_some_and(|(_, completion, _)| *completion == Completion::News)
    };
    let unnamed = book.docs.iter().filter(|(_, entry)| entry.seen.is_none() && entry.leaves.is_none() && is_silent(entry));
    ask_for(unnamed, rules, wanted, progressed)
}

fn ask_for<'b>(
    docs: impl Iterator<Item = (&'b RemoteId, &'b Entry)>,
    rules: Rules,
    wanted: &mpsc::UnboundedSender<Due>,
    progressed: &Progressed,
) -> u64 {
    let mut asked = 0;
    for (id, entry) in docs {
        let Some(kept) = entry.kept.as_ref().filter(|kept| !kept.unwanted) else { continue };
        if kept.deferred.as_ref().is_some_and(|deferred| !deferred.nothing && (deferred.tries < EAGER_TRIES || rules.daily)) {
            progressed.wanted();
            let _ = wanted.send(Due { id: id.clone(), place: Arc::clone(&kept.place), labels: true });
            asked += 1;
        }
    }
    asked
}

fn take(book: &mut Book, item: Listed, rules: Rules, wanted: &mpsc::UnboundedSender<Due>, progressed: &Progressed, reporter: &dyn Reporter) -> bool {
    match item {
        Listed::Seen { id, revision, place, people } => {
            book.named.extend(people);
            let place = book.pack(place);
            let entry = book.docs.entry(id.clone()).or_default();
            let again = entry.seen.as_ref().is_some_and(|s| s.revision == revision);
            // What did not change is shared with the record, so that a large site is not held twice.
            let place = match &entry.kept {
                Some(kept) if *kept.place == place => Arc::clone(&kept.place),
                _ => Arc::new(place),
            };
            let revision = match entry.kept.as_ref().and_then(|kept| kept.revision.as_ref()) {
                Some(kept) if *kept == revision => kept.clone(),
                _ => revision,
            };
            let newly = entry.seen.is_none();
            entry.seen = Some(Seen { revision, place: Arc::clone(&place) });
            if newly {
                progressed.seen();
            }
            if !again && entry_wants_body(book, &id, rules) {
                // What is asked for may be something this time.
                if let Some(kept) = book.docs.get_mut(&id).and_then(|entry| entry.kept.as_mut())
                    && kept.deferred.as_ref().is_some_and(|deferred| deferred.nothing)
                {
                    Arc::make_mut(kept).deferred = None;
                }
                progressed.wanted();
                // The receiver is gone only when the run is ending anyway.
                let _ = wanted.send(Due { id, place, labels: rules.depth != Depth::Everything });
                return true;
            }
        }
        Listed::Node { id, place } => {
            let place = Arc::new(book.pack(place));
            if book.nodes.get(&id) != Some(&place) {
                book.nodes.insert(id.clone(), place);
                book.new_nodes.push(id);
            }
        }
        Listed::Labels { id, labels } => {
            let labels = book.labels(labels);
            book.docs.entry(id).or_default().labels = Some(labels);
        }
        Listed::Asset(asset) => {
            let entry = book.assets.entry(asset.id.clone()).or_insert_with(|| AssetEntry {
                kept: None,
                asset: asset.clone(),
                listed: true,
                touched: false,
                referenced: false,
            });
            entry.listed = true;
            entry.asset = asset;
        }
        Listed::AssetsDone { scope } => book.scopes.entry(scope).or_default().assets_done = true,
        Listed::OwnAssetsDone { owner } => {
            if let Some(entry) = book.docs.get_mut(&owner) {
                entry.assets_done = true;
            }
        }
        Listed::Warning(text) => reporter.log(Level::Warn, &text, &[]),
        Listed::Gone { id, why } => {
            if let Some(entry) = book.docs.get_mut(&id) {
                entry.leaves = Some(why);
            }
        }
        Listed::Denied { scope, why } => book.scopes.entry(scope).or_default().denied.push(why),
        Listed::ScopeDone { scope, name, completion, cursor } => {
            book.scopes.entry(scope).or_default().listed = Some((name, completion, cursor));
        }
    }
    false
}

fn entry_wants_body(book: &Book, id: &RemoteId, rules: Rules) -> bool {
    let Some(entry) = book.docs.get(id) else { return true };
    let (Some(seen), Some(kept)) = (&entry.seen, &entry.kept) else { return true };
    if rules.full {
        return true;
    }
    match &kept.deferred {
        Some(deferred) => deferred.revision.as_ref() != Some(&seen.revision) || (!deferred.nothing && (deferred.tries < EAGER_TRIES || rules.daily)),
        None => kept.revision.as_ref() != Some(&seen.revision),
    }
}
