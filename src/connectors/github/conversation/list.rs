//! Listing discussions, issues and pull requests of a repository.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::out::Out;
use super::super::repository::{Part, Repository};
use super::super::trouble::Trouble;
use super::super::{GitHub, locked};
use super::kind::Kind;
use super::plan::{Known, Plan, Selection, plan, turn};
use super::query;
use super::shown::{Shown, id};
use super::wire::Page;
use crate::connectors::connector::{Completion, Consequence, Depth, Listed, Presence, SourceError};
use crate::model::{Cursor, Scope};

/// The fewest conversations on a page, where the service is slow.
const FEWEST: u32 = 5;

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

/// Scopes that are listed for another selection than the last time: what is not asked for there any more was taken out by the user.
pub(in crate::connectors::github) type Unselected = FxHashMap<Scope, bool>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Data {
    node: Option<Node>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Node {
    list: Option<Page<Shown>>,
}

/// How far a listing of one kind came.
struct Walked {
    /// Every page was there, as far as it was asked for.
    whole: bool,
    /// Why not.
    lacking: Option<String>,
}

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
        locked(&self.unselected).insert(repository.scope(part), !settled && !memory.selection.is_empty());
        let mut completion = Completion::Complete;
        let mut news_only = false;
        for kind in kinds {
            let known = memory.known.get(kind.word());
            let Some(now) = kind.newest(repository).filter(|_| is_on(kind, repository)) else {
                // Switched off, or not known to this server: what is mirrored stays.
                news_only = true;
                if !known.is_some_and(|known| known.off) {
                    if known.is_some_and(|known| known.count > 0) {
                        out.warn(off(kind, repository)).await;
                    }
                    memory.known.entry(kind.word().to_owned()).or_default().off = true;
                }
                continue;
            };
            let plan = plan(known, now, depth, settled);
            news_only |= plan != Plan::Whole;
            let walked = match known {
                // There never was one: the heads have said all.
                None if now.count == 0 => Walked { whole: true, lacking: None },
                _ => self.walk(kind, repository, &plan, &selection, depth, out).await?,
            };
            if let Some(why) = walked.lacking.filter(|_| !walked.whole) {
                completion = Completion::Incomplete(format!("the {} of {}: {why}", kind.plural(), repository.full_name));
                continue;
            }
            if selection.narrows(kind) && completion == Completion::Complete {
                completion = Completion::CompleteSelection;
            }
            memory.known.insert(kind.word().to_owned(), Known { count: now.count, newest: now.updated_at.clone(), off: false });
        }
        if news_only && completion.is_complete() {
            completion = Completion::News;
        }
        memory.selection = name;
        memory.at = repository.whereabouts();
        let cursor = match completion {
            Completion::Incomplete(_) => since.cloned(),
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
            Plan::Nothing => return Ok(Walked { whole: true, lacking: None }),
            Plan::Since(moment) => Some(moment.as_str()),
            Plan::Whole => selection.oldest(kind),
        };
        let labels = selection.by_labels() || depth == Depth::Everything;
        // One that was closed since must be seen to leave.
        let query = query::list(kind, labels, selection.open_only(kind).filter(|_| *plan == Plan::Whole));
        let what = format!("the list of {} of {}", kind.plural(), repository.full_name);
        let container: Arc<[String]> = repository.folder.iter().cloned().chain([kind.folder().to_owned()]).collect();
        let mut pages = Pages { first: query::LISTED, after: None, named: FxHashSet::default() };
        let mut lacking = None;
        loop {
            let variables = json!({ "id": repository.node_id, "first": pages.first, "after": pages.after });
            let answer = match self.api.graphql::<Data>(&what, &query, variables).await {
                Ok(answer) => answer,
                Err(Trouble::TooMuch(_)) if pages.first > FEWEST => {
                    pages.first = (pages.first / 2).max(FEWEST);
                    continue;
                }
                Err(Trouble::Lacking(name)) => {
                    return Ok(Walked { whole: false, lacking: Some(format!("this server does not know `{name}`")) });
                }
                Err(trouble) => {
                    let error = SourceError::from(trouble);
                    return if error.consequence() == Consequence::Defer {
                        Ok(Walked { whole: false, lacking: Some(error.to_string()) })
                    } else {
                        Err(error)
                    };
                }
            };
            if let Some(error) = answer.errors.first() {
                lacking = Some(error.message.clone());
            }
            let Some(page) = answer.data.node.and_then(|node| node.list) else {
                return Ok(Walked { whole: false, lacking: Some(lacking.unwrap_or_else(|| "the service did not give it".to_owned())) });
            };
            if !page.is_whole() {
                lacking.get_or_insert_with(|| "the service left some out".to_owned());
            }
            let next = page.next();
            let mut news = false;
            let mut end = false;
            for shown in page.into_nodes() {
                if !shown.is_whole() {
                    lacking.get_or_insert_with(|| "the service left something of one out".to_owned());
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
                Some(next) if !end && pages.after.as_ref() != Some(&next) && (news || lacking.is_some()) => pages.after = Some(next),
                Some(_) if !end => {
                    return Ok(Walked { whole: false, lacking: Some("the list has no end: the service gives the same page again".to_owned()) });
                }
                _ => return Ok(Walked { whole: lacking.is_none(), lacking }),
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
}

fn is_on(kind: Kind, repository: &Repository) -> bool {
    match kind {
        Kind::Discussion => repository.has_discussions,
        Kind::Issue => repository.has_issues,
        Kind::Pull => true,
    }
}

fn off(kind: Kind, repository: &Repository) -> String {
    format!(
        "{}: its {} are switched off, or this server does not show them any more; what is mirrored of them stays.",
        repository.full_name,
        kind.plural()
    )
}
