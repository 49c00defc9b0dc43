//! Decides what leaves the mirror: never on doubt.
//!
//! A document leaves only if the service says so, or if a complete listing of its scope, or of the stretch of it in which it lies, lacks it and asking for it
//! by id confirms that. A scope that is missing as a whole, or suddenly empty, needs three such listings over at least a day. Too many removals at once are
//! held back until a person accepts them. Pure but for the one question to the service.

use std::sync::Arc;

use context_sync_protocol::event::Level;
use rustc_hash::{FxHashMap, FxHashSet};

use super::book::{Book, Entry, ScopeEntry};
use super::report::Reporter;
use crate::connectors::connector::{Completion, Connector, Presence, SourceError, Wanted};
use crate::model::{RemoteId, Scope};
use crate::state::Missing;

/// Complete listings that must agree before a missing scope's documents leave.
const MISSING_LISTINGS: u32 = 3;
/// And the least time between the first and the last of them.
const MISSING_MS: u64 = 24 * 60 * 60 * 1000;
/// Up to so many removals need no percentage.
pub(super) const ALWAYS_ALLOWED: usize = 10;

/// What the sweep is allowed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Percent of a scope's, and of all, documents.
    pub max_delete_percent: u8,
    /// A person said yes.
    pub accept_deletions: bool,
}

/// The time, by this machine's clock and by the service's, where it told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Milliseconds since 1970, here.
    pub here_ms: u64,
    /// The same, there.
    pub there_ms: Option<u64>,
}

impl Now {
    fn beginning(self) -> Missing {
        Missing { listings: 0, first_ms: self.here_ms, first_service_ms: self.there_ms, last_ms: self.here_ms, why: String::new() }
    }

    /// How long a scope has been missing: by the clock that has moved less, so that no clock that somebody sets takes anything away.
    fn since(self, missing: &Missing) -> u64 {
        let here = self.here_ms.saturating_sub(missing.first_ms);
        match (self.there_ms, missing.first_service_ms) {
            (Some(now), Some(first)) => here.min(now.saturating_sub(first)),
            _ => here,
        }
    }
}

/// What the sweep held back.
#[derive(Debug, Default)]
pub(super) struct Swept {
    /// Documents that would leave, but for the limit.
    pub held: u64,
    /// Scopes that are missing, with why.
    pub missing: Vec<(String, String)>,
}

/// Marks in `book` what leaves. Returns what is held back.
///
/// # Errors
/// When the service could not be asked: nothing leaves then.
pub(super) async fn sweep(
    connector: &dyn Connector,
    book: &mut Book,
    limits: Limits,
    now: Now,
    reporter: &dyn Reporter,
) -> Result<Swept, SourceError> {
    let mut swept = Swept::default();
    let present: FxHashSet<Scope> = book.docs.values().filter_map(|e| e.seen.as_ref().map(|s| s.place.scope().clone())).collect();
    let open = judge_scopes(book, &present, now, &mut swept);
    let silent: Vec<(RemoteId, Wanted)> = book
        .docs
        .iter()
        .filter(|(_, e)| e.seen.is_none() && e.leaves.is_none())
        .filter_map(|(id, e)| Some((id, e.kept.as_ref()?)))
        // What the user took out of the configuration was asked after then; it stays until `cleanup` takes it.
        .filter(|(id, kept)| !kept.unwanted && (open.contains(kept.place.scope()) || in_stretch(&book.scopes, kept.place.scope(), id) == Some(true)))
        .map(|(id, kept)| (id.clone(), Wanted { id: id.clone(), place: Arc::new(kept.place.unpack()), labels: false }))
        .collect();
    if !silent.is_empty() {
        for (id, presence) in connector.confirm(silent.into_iter().map(|(_, w)| w).collect()).await? {
            let Some(entry) = book.docs.get_mut(&id) else { continue };
            match presence {
                Presence::Present => {
                    reporter.log(Level::Info, "The listing missed a document that is there; it stays.", &[("doc", id.as_str())]);
                }
                Presence::Unasked => {}
                Presence::Unwanted => entry.unwanted = true,
                // Under which other id it lives on, only a listing says.
                Presence::Renamed => entry.leaves = Some(Presence::Gone),
                gone => entry.leaves = Some(gone),
            }
        }
    }
    hold_back(book, limits, &mut swept);
    Ok(swept)
}

/// Which scopes may lose documents in this run; keeps count of the missing ones.
fn judge_scopes(book: &mut Book, present: &FxHashSet<Scope>, now: Now, swept: &mut Swept) -> FxHashSet<Scope> {
    // What nobody asks for any more is not missed.
    let known: FxHashSet<Scope> =
        book.docs.values().filter_map(|e| e.kept.as_ref().filter(|k| !k.unwanted).map(|k| k.place.scope().clone())).collect();
    let mut open = FxHashSet::default();
    for (scope, entry) in &mut book.scopes {
        let Some((name, completion, _)) = &entry.listed else { continue };
        let missing = match completion {
            Completion::Complete if known.contains(scope) && !present.contains(scope) => Some("it is suddenly empty".to_owned()),
            Completion::Missing(why) => Some(why.clone()),
            _ => None,
        };
        let record = entry.kept.get_or_insert_with(Default::default);
        record.name.clone_from(name);
        record.unwanted = *completion == Completion::Unwanted;
        match missing {
            None => {
                if completion.is_complete() || present.contains(scope) || *completion == Completion::News {
                    record.missing = None;
                }
                if completion.is_complete() {
                    open.insert(scope.clone());
                }
            }
            Some(why) => {
                let count = record.missing.get_or_insert_with(|| now.beginning());
                // Counted by a clock that was wrong then: the day begins anew.
                if count.first_ms > now.here_ms {
                    *count = now.beginning();
                }
                count.listings = count.listings.saturating_add(1);
                count.last_ms = now.here_ms;
                count.why.clone_from(&why);
                swept.missing.push((name.clone(), why));
                if count.listings >= MISSING_LISTINGS && now.since(count) >= MISSING_MS {
                    entry.lost = matches!(completion, Completion::Missing(_));
                    open.insert(scope.clone());
                }
            }
        }
    }
    open
}

/// Whether a document lies in the stretch of its scope that was listed; none where the scope was not listed by stretches.
fn in_stretch(scopes: &FxHashMap<Scope, ScopeEntry>, scope: &Scope, id: &RemoteId) -> Option<bool> {
    let (_, completion, _) = scopes.get(scope)?.listed.as_ref()?;
    matches!(completion, Completion::Stretch { .. }).then(|| completion.covers(id))
}

/// Whether so many removals need a person's word.
pub(super) fn too_many(leaving: usize, of: usize, max_delete_percent: u8) -> bool {
    leaving > ALWAYS_ALLOWED && leaving * 100 > of * usize::from(max_delete_percent)
}

/// Scopes in which as many documents are new as live on under other ids: a word that nothing bears out is none.
fn believable_renames(book: &Book) -> FxHashSet<Scope> {
    let mut counts: FxHashMap<&Scope, (usize, usize)> = FxHashMap::default();
    for entry in book.docs.values() {
        match (&entry.kept, &entry.seen) {
            (Some(kept), _) if entry.leaves == Some(Presence::Renamed) => counts.entry(kept.place.scope()).or_default().0 += 1,
            (None, Some(seen)) => counts.entry(seen.place.scope()).or_default().1 += 1,
            _ => {}
        }
    }
    counts.into_iter().filter(|(_, (renamed, new))| renamed <= new).map(|(scope, _)| scope.clone()).collect()
}

/// Takes back the marks of every scope, or of all, that would lose too many.
fn hold_back(book: &mut Book, limits: Limits, swept: &mut Swept) {
    if limits.accept_deletions {
        return;
    }
    let too_many = |leaving: usize, of: usize| too_many(leaving, of, limits.max_delete_percent);
    let renamed = believable_renames(book);
    let counts_not = |entry: &Entry, scope: &Scope| entry.leaves == Some(Presence::Renamed) && renamed.contains(scope);
    let mut counts: FxHashMap<Scope, (usize, usize)> = FxHashMap::default();
    for (id, entry) in &book.docs {
        if let Some(kept) = &entry.kept {
            // A tenth of a scope that leaves at each run would be all of it soon: the limit holds for each stretch.
            if entry.leaves.is_none() && in_stretch(&book.scopes, kept.place.scope(), id) == Some(false) {
                continue;
            }
            let count = counts.entry(kept.place.scope().clone()).or_default();
            count.0 += usize::from(entry.leaves.is_some() && !counts_not(entry, kept.place.scope()));
            count.1 += 1;
        }
    }
    let held: FxHashSet<&Scope> = counts.iter().filter(|(_, (leaving, of))| too_many(*leaving, *of)).map(|(scope, _)| scope).collect();
    let (leaving, of) = counts.iter().filter(|(scope, _)| !held.contains(scope)).fold((0, 0), |(leaving, of), (_, (l, o))| (leaving + l, of + o));
    let all = too_many(leaving, of);
    for entry in book.docs.values_mut() {
        if let Some(kept) = &entry.kept
            && entry.leaves.is_some()
            && (all || held.contains(kept.place.scope()))
            && !(entry.leaves == Some(Presence::Renamed) && renamed.contains(kept.place.scope()))
        {
            entry.leaves = None;
            swept.held += 1;
        }
    }
}
