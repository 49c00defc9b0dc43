//! Listing discussions, issues and pull requests of a repository.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::out::Out;
use super::super::repository::{Part, Repository};
use super::super::trouble::{Lack, Trouble};
use super::super::{GitHub, locked};
use super::kind::Kind;
use super::plan::{Known, Plan, Selection, plan, turn};
use super::query;
use super::shown::{Shown, id};
use super::wire::ListOfNode;
use crate::connectors::connector::{Completion, Depth, Listed, Presence, SourceError};
use crate::model::{Cursor, Scope};

/// The fewest conversations on a page, where the service is slow.
const FEWEST: u32 = 5;

/// Pages in a row of which nothing came, before a listing is given up.
const MOST_BARREN: u32 = 3;

/// What a scope's listing remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Memory {
    /// What was asked for.
    selection: String,
    /// How long everything has not been listed, see [`turn`].
    waited: u32,
    /// Where the repository and its folder were.
    at: String,
    /// Each kind by its word.
    known: BTreeMap<String, Known>,
}

impl Memory {
    /// A kind that cannot be listed is listed as a whole when it can.
    fn leave_out(&mut self, kind: Kind, reselected: bool) {
        let known = self.known.entry(kind.word().to_owned()).or_default();
        known.off = true;
        known.reselected |= reselected;
    }
}

/// What this run's listing did, by scope.
#[derive(Debug, Default)]
pub(in crate::connectors::github) struct Looked {
    /// Those that are listed for another selection than the last time: what is not asked for there any more was taken out by the user.
    unselected: FxHashSet<(Scope, Kind)>,
    /// Kinds of which silence means nothing, although something else of their scope was listed as a whole.
    unasked: FxHashSet<(Scope, Kind)>,
}

impl Looked {
    pub(super) fn is_unselected(&self, scope: &Scope, kind: Kind) -> bool {
        self.unselected.contains(&(scope.clone(), kind))
    }

    pub(super) fn is_unasked(&self, scope: &Scope, kind: Kind) -> bool {
        self.unasked.contains(&(scope.clone(), kind))
    }
}

/// Why a listing of one kind did not come to its end, if so.
type Walked = Option<Lack>;

impl GitHub {
    /// Lists one part.
    pub(in crate::connectors::github) async fn list_conversations(
        &self,
        part: Part,
        repository: &Repository,
        since: Option<&Cursor>,
        depth: Depth,
        out: &mut Out,
    ) -> Result<(), SourceError> {
        let kinds = self.kinds(part);
        if self.is_anonymous() {
            // Said once for all by the listing of repositories; what an earlier run brought with a token stays.
            out.done(repository, part, Completion::News, since.cloned()).await;
            return Ok(());
        }
        let selection = Selection::of(&self.config, repository);
        let name = selection.name(&kinds);
        let mut memory: Memory = since.and_then(|cursor| serde_json::from_str(cursor.as_str()).ok()).unwrap_or_default();
        let depth = turn(&mut memory.waited, repository.id, depth);
        // What is there moves along with the repository; its bodies need not come again.
        let depth = if memory.at == repository.whereabouts() { depth } else { Depth::Everything };
        let settled = memory.selection == name;
        let scope = repository.scope(part);
        let reselected = !settled && !memory.selection.is_empty();
        let mut lacking: Vec<String> = Vec::new();
        // Those of which everything was listed, and the others.
        let (mut whole, mut others): (Vec<Kind>, Vec<Kind>) = (Vec::new(), Vec::new());
        for kind in kinds {
            let known = memory.known.get(kind.word()).cloned();
            let mut lack = repository.lack(kind.field());
            if lack.is_none() {
                let Some(now) = kind.newest(repository).filter(|_| is_on(kind, repository)) else {
                    // Switched off, or not known to this server: what is mirrored stays.
                    if known.as_ref().is_some_and(|known| !known.off && known.count > 0) {
                        out.warn(off(kind, repository)).await;
                    }
                    memory.leave_out(kind, reselected);
                    others.push(kind);
                    continue;
                };
                if reselected || known.as_ref().is_some_and(|known| known.reselected) {
                    locked(&self.looked).unselected.insert((scope.clone(), kind));
                }
                let plan = plan(known.as_ref(), now, depth, settled);
                let walked = match &known {
                    // There never was one: the heads have said all.
                    None if now.count == 0 => None,
                    _ => self.walk(kind, repository, &plan, &selection, depth, out).await?,
                };
                lack = walked.map(|lack| lack.of(&format!("the {} of {}", kind.plural(), repository.full_name)));
                if lack.is_none() {
                    if plan == Plan::Whole { &mut whole } else { &mut others }.push(kind);
                    memory.known.insert(kind.word().to_owned(), Known::of(now));
                }
            }
            match lack {
                None => {}
                Some(Lack::Denied(why)) => {
                    out.denied(repository, part, why).await;
                    memory.leave_out(kind, reselected);
                    others.push(kind);
                }
                Some(Lack::Other(why)) => lacking.push(why),
            }
        }
        // Of a part of the kinds, or of a selection, it may be that nothing is left.
        let all = others.is_empty() && !reselected && !whole.iter().any(|kind| selection.narrows(*kind));
        let completion = match () {
            () if !lacking.is_empty() => Completion::Incomplete(lacking.join("; ")),
            () if whole.is_empty() => Completion::News,
            () if all => Completion::Complete,
            () => Completion::CompleteSelection,
        };
        if completion.is_complete() {
            locked(&self.looked).unasked.extend(others.into_iter().map(|kind| (scope.clone(), kind)));
        }
        memory.selection = name;
        memory.at = repository.whereabouts();
        let cursor = match completion {
            Completion::Incomplete(_) => None,
            _ => serde_json::to_string(&memory).ok().map(Cursor::from),
        };
        out.done(repository, part, completion, cursor).await;
        Ok(())
    }

    /// The kinds of a part that the configuration asks for.
    pub(super) fn kinds(&self, part: Part) -> Vec<Kind> {
        let wanted = [(Kind::Discussion, self.config.discussions), (Kind::Issue, self.config.issues), (Kind::Pull, self.config.pull_requests)];
        wanted.into_iter().filter(|(kind, wanted)| *wanted && kind.part() == part).map(|(kind, _)| kind).collect()
    }

    async fn walk(
        &self,
        kind: Kind,
        repository: &Repository,
        plan: &Plan,
        selection: &Selection,
        depth: Depth,
        out: &mut Out,
    ) -> Result<Walked, SourceError> {
        let until = match plan {
            Plan::Nothing => return Ok(None),
            Plan::Since(moment) => Some(moment.as_str()),
            Plan::Whole => selection.oldest(kind),
        };
        let labels = selection.by_labels() || depth == Depth::Everything;
        // One that was closed since must be seen to leave.
        let query = query::list(kind, labels, selection.open_only(kind).filter(|_| *plan == Plan::Whole));
        let what = format!("the list of {} of {}", kind.plural(), repository.full_name);
        let container: Arc<[String]> = repository.folder.iter().cloned().chain([kind.folder().to_owned()]).collect();
        let mut pages = Pages { first: query::LISTED, after: None, named: FxHashSet::default(), barren: 0 };
        let mut lacking = None;
        loop {
            let variables = json!({ "id": repository.node_id, "first": pages.first, "after": pages.after });
            let answer = match self.api.graphql::<ListOfNode<Shown>>(&what, &query, variables).await {
                Ok(answer) => answer,
                Err(Trouble::TooMuch(_)) if pages.first > FEWEST => {
                    pages.first = (pages.first / 2).max(FEWEST);
                    continue;
                }
                Err(Trouble::Lacking(name)) => {
                    return Ok(Some(Lack::Other(format!("this server does not know `{name}`"))));
                }
                Err(trouble) => return Lack::after(trouble.into()).map(Some),
            };
            if let Some(error) = answer.errors.first() {
                lacking = Some(Lack::beside(error));
            }
            let Some(page) = answer.data.list() else {
                return Ok(Some(lacking.unwrap_or_else(|| Lack::other("the service did not give it"))));
            };
            if !page.is_sure() {
                lacking.get_or_insert_with(|| Lack::other("the service left some out"));
            }
            let next = page.next();
            let mut news = false;
            let mut end = false;
            for shown in page.into_nodes() {
                if !shown.is_whole() {
                    lacking.get_or_insert_with(|| Lack::other("the service left something of one out"));
                    continue;
                }
                end |= until.is_some_and(|until| shown.updated_at.as_str() < until);
                if end {
                    break;
                }
                news |= pages.named.insert(shown.number);
                self.name(kind, repository, plan, selection, &shown, &container, out).await;
            }
            match next {
                // Pages of which nothing came may be followed by better ones, but not for ever.
                Some(next) if !end && pages.after.as_ref() != Some(&next) && (news || lacking.is_some() && pages.barren < MOST_BARREN) => {
                    pages.barren = if news { 0 } else { pages.barren + 1 };
                    pages.after = Some(next);
                }
                Some(_) if !end => {
                    return Ok(Some(Lack::other("the list has no end: the service gives the same page again")));
                }
                _ => return Ok(lacking),
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "what a page is asked with, and where it goes")]
    async fn name(
        &self,
        kind: Kind,
        repository: &Repository,
        plan: &Plan,
        selection: &Selection,
        shown: &Shown,
        container: &Arc<[String]>,
        out: &mut Out,
    ) {
        let id = id(kind, repository.id, shown.number);
        if selection.takes(kind, shown) {
            out.send(shown.seen(kind, repository, container)).await;
            if let Some(labels) = shown.labels() {
                out.send(Listed::Labels { id, labels }).await;
            }
        } else if *plan != Plan::Whole {
            // It may be mirrored: a label or its state changed. Where everything is listed, silence says so.
            out.send(Listed::Gone { id, why: Presence::OutOfScope }).await;
        }
    }
}

/// Where a listing stands.
struct Pages {
    first: u32,
    after: Option<String>,
    named: FxHashSet<u64>,
    /// Pages in a row that named nothing new.
    barren: u32,
}

fn is_on(kind: Kind, repository: &Repository) -> bool {
    match kind {
        Kind::Discussion => repository.has_discussions,
        Kind::Issue => repository.has_issues,
        Kind::Pull => true,
    }
}

fn off(kind: Kind, repository: &Repository) -> String {
    format!("{}: its {} are switched off, or closed to us; what is mirrored of them stays.", repository.full_name, kind.plural())
}
