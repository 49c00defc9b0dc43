//! The heads of all repositories by GraphQL: one query for 25 of them tells which of their parts changed.
//!
//! What one repository, or one permission, lacks is asked again without it and takes nothing from the others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use super::api::Answer;
use super::memory::{self, Memory};
use super::node::Node;
use super::repository::Repository;
use super::slots::{self, BRANCHES, PARTS, Slot, What, Without};
use super::trouble::{Lack, QueryError, Trouble};
use super::wishes::Wish;
use super::{GitHub, refused};
use crate::connectors::connector::SourceError;

/// Repositories in one query.
const SLOTS: usize = 25;
/// Pages of one owner's list, of 25 each: nobody has so many repositories.
const MOST_PAGES: usize = 4000;
/// A slot is asked again so often without what it lacks.
const MOST_LACKS: usize = 12;

/// Nobody can tell these apart.
pub(super) const GONE: &str = "it is not there, or not for us (404)";
/// An answer that says neither what there is nor that there is nothing.
const SILENT: &str = "the answer says nothing of it";

/// What came of asking.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Repositories, with the entry of the configuration that asks for each.
    pub(super) found: Vec<(Repository, String)>,
    /// Repositories that are there, and that the configuration does not ask for.
    pub(super) unwanted: BTreeSet<u64>,
    /// Known ones that the whole list of their owner lacks, and what came of asking after each.
    pub(super) lost: BTreeMap<u64, Absence>,
    /// What became of entries, and of owners, that brought nothing or not all.
    pub(super) absent: BTreeMap<String, Absence>,
    /// For people: what could not be had and why.
    pub(super) notes: BTreeSet<String>,
}

impl Seen {
    /// How many repositories an entry brought so far, those that are not wanted included.
    fn ids(&self, key: &str) -> usize {
        self.found.iter().filter(|(_, asked_as)| asked_as == key).map(|(repository, _)| repository.id).collect::<BTreeSet<_>>().len()
            + self.unwanted.len()
    }
}

/// Why an entry brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// It is not there, or not for us.
    Missing(String),
    /// The answer was not whole.
    Incomplete(String),
    /// A permission or a login is wanted that we do not have.
    Denied(String),
    /// The service has blocked it: what is mirrored stays.
    Blocked(String),
}

impl GitHub {
    /// Asks for the heads of everything that the configuration names.
    pub(super) async fn heads(&self, memory: &mut Memory, everything: bool) -> Result<Seen, SourceError> {
        let slots = self.wishes.iter().map(|wish| self.slot(wish, memory, everything)).collect();
        self.ask(slots, memory).await
    }

    /// Asks after repositories that the listings of their owners lack: number, node, entry.
    pub(super) async fn ask_nodes(&self, nodes: Vec<(u64, String, String)>, memory: &mut Memory) -> Result<Seen, SourceError> {
        let slot = |(number, id, asked_as)| Slot {
            what: What::Node { number, id, asked_as, branch: self.config.named_branch() },
            without: Without::new(),
            tries: 0,
            pages: 0,
        };
        self.ask(nodes.into_iter().map(slot).collect(), memory).await
    }

    fn slot(&self, wish: &Wish, memory: &Memory, everything: bool) -> Slot {
        let (what, denied) = match wish {
            Wish::One { owner, name, branch } => {
                let denied = memory.named(&format!("{owner}/{name}")).map(|(_, one)| one.denied.clone());
                (What::Name { owner: owner.clone(), name: name.clone(), branch: branch.clone().or_else(|| self.config.named_branch()) }, denied)
            }
            Wish::All { owner } => {
                let known = memory.owners.get(&owner.to_lowercase());
                let expected = known.map_or(SLOTS, |known| usize::try_from(known.count).unwrap_or(SLOTS));
                (What::Owner { login: owner.clone(), after: None, expected }, known.map(|known| known.denied.clone()))
            }
        };
        // Once a day it is tried whether a permission came.
        let without = denied.filter(|_| !everything).unwrap_or_default().into_iter().map(|(field, why)| (field, Lack::Denied(why)));
        Slot { what, without: without.collect(), tries: 0, pages: 0 }
    }

    async fn ask(&self, mut open: VecDeque<Slot>, memory: &mut Memory) -> Result<Seen, SourceError> {
        let mut seen = Seen::default();
        let mut room = SLOTS;
        while !open.is_empty() {
            let (mut asked, mut left) = (Vec::new(), room);
            // Those whose size is known come first, an owner of unknown size takes what is left.
            while let Some(at) = (left > 0).then(|| slots::fitting(&open, left)).flatten() {
                let Some(slot) = open.remove(at) else { break };
                let size = slot.size(left);
                left -= size;
                asked.push((slot, size));
            }
            let (query, variables) = slots::query(&asked, &self.config, &memory.lacks);
            let what = format!("the heads of {} repositories", room - left);
            match self.api.graphql::<Map<String, Value>>(&what, &query, variables).await {
                Ok(answer) => self.take(asked, answer, &mut open, memory, &mut seen),
                Err(Trouble::Lacking(field)) if memory.lacks.len() < MOST_LACKS && memory.lacks.insert(field.clone()) => {
                    seen.notes.insert(format!("this server does not know `{field}`; what it tells is not mirrored"));
                    open.extend(asked.into_iter().map(|(slot, _)| slot));
                }
                Err(Trouble::TooMuch(_)) if room > 1 => {
                    room = (room / 2).max(1);
                    open.extend(asked.into_iter().map(|(slot, _)| slot));
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }
        Ok(seen)
    }

    fn take(
        &self,
        asked: Vec<(Slot, usize)>,
        mut answer: Answer<Map<String, Value>>,
        open: &mut VecDeque<Slot>,
        memory: &mut Memory,
        seen: &mut Seen,
    ) {
        for (at, (slot, _)) in asked.into_iter().enumerate() {
            let alias = format!("r{at}");
            let errors: Vec<&QueryError> = answer.errors.iter().filter(|error| error.is_at(&alias) || error.path.is_empty()).collect();

            let told = answer.data.contains_key(&alias);
            let data = answer.data.remove(&alias).filter(|data| !data.is_null());
            // A permission that is lacking, or a part that fails, takes the whole repository with it: once more without that.
            let mut without: Without = errors.iter().filter_map(|error| lacking(error)).collect();
            without.retain(|field, _| !slot.without.contains_key(field));
            if !without.is_empty() && slot.tries < MOST_LACKS {
                without.extend(slot.without);
                open.push_back(Slot { without, tries: slot.tries + 1, what: slot.what, pages: slot.pages });
                continue;
            }
            match (&slot.what, data) {
                (_, None) => lacks(&slot, nothing_at(&slot, told, &errors), seen),
                (What::Owner { .. }, Some(data)) => self.take_page(slot, data, &errors, open, memory, seen),
                (_, Some(data)) => {
                    let key = slot.key();
                    self.take_one(data, &key, slot.branch(), &slot.without, seen).unwrap_or_else(|why| lacks(&slot, why, seen));
                }
            }
        }
    }

    fn take_one(&self, data: Value, key: &str, branch: Option<String>, without: &Without, seen: &mut Seen) -> Result<(), Absence> {
        let node: Node = serde_json::from_value(data).map_err(|_| Absence::Incomplete("its answer has another shape".to_owned()))?;
        let mut repository = node.repository(self, branch).ok_or_else(|| Absence::Incomplete(SILENT.to_owned()))?;
        let of_all = key.ends_with("/*");
        if of_all && !(key == owner_key(&repository) && self.config.wants_of_all(&repository.full_name, repository.archived, repository.fork)) {
            seen.unwanted.insert(repository.id);
            return Ok(());
        }
        repository.without.clone_from(without);
        seen.found.push((repository, key.to_owned()));
        Ok(())
    }

    /// A page of an owner's repositories.
    fn take_page(&self, slot: Slot, mut data: Value, errors: &[&QueryError], open: &mut VecDeque<Slot>, memory: &mut Memory, seen: &mut Seen) {
        let key = slot.key();
        let What::Owner { login, .. } = &slot.what else { return };
        let page = data.get_mut("repositories").map(Value::take).unwrap_or_default();
        let total = page.get("totalCount").and_then(Value::as_u64).unwrap_or_default();
        let known = memory.owners.entry(login.to_lowercase()).or_default();
        (known.count, known.denied) = (total, memory::denied(&slot.without));
        let nodes = page.get("nodes").and_then(Value::as_array).cloned().unwrap_or_default();
        let (count, before) = (nodes.len(), seen.ids(&key));
        for node in nodes {
            if node.is_null() || self.take_one(node, &key, self.config.named_branch(), &slot.without, seen).is_err() {
                seen.absent.insert(key.clone(), absence(errors).of_some());
            }
        }
        // Partial results, for want of a login or because something went wrong: then silence means nothing.
        if !errors.is_empty() || !page.get("nodes").is_some_and(Value::is_array) {
            seen.absent.insert(key.clone(), absence(errors).of_some());
        }
        let info = page.get("pageInfo");
        let goes_on = info.and_then(|info| info.get("hasNextPage")).and_then(Value::as_bool);
        if goes_on.is_none() {
            seen.absent.insert(key.clone(), Absence::Incomplete("the list of its repositories does not say where it ends".to_owned()));
        }
        let (more, news) = (goes_on == Some(true), seen.ids(&key) > before || !errors.is_empty());
        let end = info.and_then(|info| info.get("endCursor")).and_then(Value::as_str);
        match (more, end, &slot.what) {
            // Two pages that lead to each other would never end: each must bring somebody new.
            (true, Some(end), What::Owner { after, .. }) if after.as_deref() != Some(end) && count > 0 && news && slot.pages < MOST_PAGES => {
                let (expected, pages) = (usize::try_from(total).unwrap_or(SLOTS).max(SLOTS), slot.pages + 1);
                open.push_front(Slot { what: What::Owner { login: login.clone(), after: Some(end.to_owned()), expected }, pages, ..slot });
            }
            (true, ..) => {
                seen.absent.insert(key, Absence::Incomplete("the list of its repositories does not end".to_owned()));
            }
            _ => {}
        }
    }
}

/// Keeps what it means that a slot brought nothing: for the one repository that was asked after, or for the entry.
fn lacks(slot: &Slot, why: Absence, seen: &mut Seen) {
    match &slot.what {
        What::Node { number, .. } => {
            seen.lost.insert(*number, why);
        }
        _ => {
            seen.absent.insert(slot.key(), why);
        }
    }
}

/// The entry that asks for all of a repository's owner.
pub(super) fn owner_key(repository: &Repository) -> String {
    format!("{}/*", repository.owner_and_name().0.to_lowercase())
}

/// The part of a repository that an error takes away: the field below it.
fn lacking(error: &QueryError) -> Option<(String, Lack)> {
    let field = |step: &String| if step == "branch" { Some(BRANCHES) } else { PARTS.into_iter().find(|part| part == step) };
    let field = error.path.iter().skip(1).find_map(field)?;
    let why = refused::why_of_part(field, &error.why());
    Some((field.to_owned(), if error.is_denial() { Lack::Denied(why) } else { Lack::Other(why) }))
}

/// What it means that nothing came where a slot's answer should stand. Only an owner is told to be nobody by `null` alone; all else is told with an error, and
/// an answer that lacks it altogether says nothing.
fn nothing_at(slot: &Slot, told: bool, errors: &[&QueryError]) -> Absence {
    match slot.what {
        What::Owner { .. } if told && errors.is_empty() => Absence::Missing(GONE.to_owned()),
        _ => absence(errors),
    }
}

/// What an absence of data means, by the errors beside it.
fn absence(errors: &[&QueryError]) -> Absence {
    let Some(error) = errors.iter().find(|error| !error.message.is_empty() || error.saml || !error.kind.is_empty()) else {
        return Absence::Incomplete(SILENT.to_owned());
    };
    match refused::known(&error.message) {
        _ if error.saml => Absence::Denied(refused::SAML.to_owned()),
        _ if error.kind == "NOT_FOUND" => Absence::Missing(GONE.to_owned()),
        Some(refused::BLOCKED) => Absence::Blocked(refused::BLOCKED.to_owned()),
        Some(why) => Absence::Denied(why.to_owned()),
        None if error.is_denial() => Absence::Denied(error.message.clone()),
        None => Absence::Incomplete(error.message.clone()),
    }
}

impl Absence {
    /// What it means where a list is not whole.
    fn of_some(self) -> Self {
        match self {
            Self::Denied(why) => Self::Denied(why),
            Self::Missing(why) | Self::Incomplete(why) | Self::Blocked(why) => Self::Incomplete(why),
        }
    }
}
