//! The heads of all repositories by GraphQL: one query for 25 of them tells which of their parts changed.
//!
//! Pure but for the asking. What one repository, or one permission, lacks is asked again without it and takes nothing from the others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::api::Answer;
use super::memory::Memory;
use super::node::Node;
use super::repository::Repository;
use super::trouble::{QueryError, Trouble};
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
    /// What could not be had, by repository.
    pub(super) omitted: BTreeMap<u64, BTreeSet<String>>,
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
    /// The service has blocked it: what is mirrored stays.
    Blocked(String),
}

/// One thing that a query asks for.
#[derive(Clone, Debug)]
struct Slot {
    what: What,
    /// Fields that are left out.
    omit: BTreeSet<String>,
    /// Those of them that failed in this run alone, and are asked for by the next one.
    failing: BTreeSet<String>,
    tries: usize,
    /// Pages of an owner's list before this one.
    pages: usize,
}

#[derive(Clone, Debug)]
enum What {
    Name {
        owner: String,
        name: String,
        branch: Option<String>,
    },
    /// A repository that a listing lacks.
    Node {
        number: u64,
        id: String,
        asked_as: String,
        branch: Option<String>,
    },
    Owner {
        login: String,
        after: Option<String>,
        expected: usize,
    },
}

impl Slot {
    fn key(&self) -> String {
        match &self.what {
            What::Name { owner, name, .. } => format!("{owner}/{name}").to_lowercase(),
            What::Node { asked_as, .. } => asked_as.clone(),
            What::Owner { login, .. } => format!("{login}/*").to_lowercase(),
        }
    }

    /// What it is not asked for any more: for want of a permission, and not because it failed once.
    fn denied(&self) -> BTreeSet<String> {
        self.omit.difference(&self.failing).cloned().collect()
    }

    /// The branch that is asked for.
    fn branch(&self) -> Option<String> {
        match &self.what {
            What::Name { branch, .. } | What::Node { branch, .. } => branch.clone(),
            What::Owner { .. } => None,
        }
    }

    /// How many repositories it brings at most.
    fn size(&self, room: usize) -> usize {
        match &self.what {
            What::Name { .. } | What::Node { .. } => 1,
            What::Owner { expected, .. } => room.min((*expected).max(1)),
        }
    }
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
            what: What::Node { number, id, asked_as, branch: self.branch() },
            omit: BTreeSet::new(),
            failing: BTreeSet::new(),
            tries: 0,
            pages: 0,
        };
        self.ask(nodes.into_iter().map(slot).collect(), memory).await
    }

    fn branch(&self) -> Option<String> {
        Some(self.config.branch.clone()).filter(|branch| !branch.is_empty())
    }

    fn slot(&self, wish: &Wish, memory: &Memory, everything: bool) -> Slot {
        let (what, omit) = match wish {
            Wish::One { owner, name, branch } => {
                let omit = memory.named(&format!("{owner}/{name}")).map(|(_, one)| one.omit.clone());
                (What::Name { owner: owner.clone(), name: name.clone(), branch: branch.clone().or_else(|| self.branch()) }, omit)
            }
            Wish::All { owner } => {
                let known = memory.owners.get(&owner.to_lowercase());
                let expected = known.map_or(SLOTS, |known| usize::try_from(known.count).unwrap_or(SLOTS));
                (What::Owner { login: owner.clone(), after: None, expected }, known.map(|known| known.omit.clone()))
            }
        };
        // Once a day it is tried whether a permission came.
        Slot { what, omit: omit.filter(|_| !everything).unwrap_or_default(), failing: BTreeSet::new(), tries: 0, pages: 0 }
    }

    async fn ask(&self, mut open: VecDeque<Slot>, memory: &mut Memory) -> Result<Seen, SourceError> {
        let mut seen = Seen::default();
        let mut room = SLOTS;
        while !open.is_empty() {
            let (mut asked, mut left) = (Vec::new(), room);
            // Those whose size is known come first, an owner of unknown size takes what is left.
            while let Some(at) = (left > 0).then(|| fitting(&open, left)).flatten() {
                let Some(slot) = open.remove(at) else { break };
                let size = slot.size(left);
                left -= size;
                asked.push((slot, size));
            }
            let (query, variables) = self.query(&asked, &memory.lacks);
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

    fn query(&self, asked: &[(Slot, usize)], lacks: &BTreeSet<String>) -> (String, Value) {
        let (mut heads, mut body, mut variables) = (String::new(), String::new(), Map::new());
        for (at, (slot, size)) in asked.iter().enumerate() {
            let mut declare = |name: String, kind: &str, value: Value| {
                let comma = if heads.is_empty() { "" } else { ", " };
                let _ = write!(heads, "{comma}${name}: {kind}");
                variables.insert(name, value);
            };
            let branch = match &slot.what {
                What::Name { branch, .. } | What::Node { branch, .. } => branch.clone(),
                What::Owner { .. } => self.branch(),
            };
            if let Some(branch) = &branch {
                declare(format!("b{at}"), "String!", json!(format!("refs/heads/{branch}")));
            }
            let fields = self.fields(&slot.omit, lacks, branch.is_some().then_some(at));
            match &slot.what {
                What::Name { owner, name, .. } => {
                    declare(format!("o{at}"), "String!", json!(owner));
                    declare(format!("n{at}"), "String!", json!(name));
                    let _ = writeln!(body, "  r{at}: repository(owner: $o{at}, name: $n{at}, followRenames: true) {{ {fields} }}");
                }
                What::Node { id, .. } => {
                    declare(format!("i{at}"), "ID!", json!(id));
                    let _ = writeln!(body, "  r{at}: node(id: $i{at}) {{ ... on Repository {{ {fields} }} }}");
                }
                What::Owner { login, after, .. } => {
                    declare(format!("o{at}"), "String!", json!(login));
                    declare(format!("a{at}"), "String", json!(after));
                    let forks = if self.config.forks { "" } else { ", isFork: false" };
                    let _ = writeln!(
                        body,
                        "  r{at}: repositoryOwner(login: $o{at}) {{ login repositories(first: {size}, after: $a{at}, ownerAffiliations: [OWNER]{forks}, \
                         orderBy: {{field: NAME, direction: ASC}}) {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {fields} }} }} }}"
                    );
                }
            }
        }
        (format!("query Heads({heads}) {{\n{body}  rateLimit {{ cost remaining resetAt }}\n}}"), Value::Object(variables))
    }

    /// What is asked of a repository.
    fn fields(&self, omit: &BTreeSet<String>, lacks: &BTreeSet<String>, branch: Option<usize>) -> String {
        let left_out = |name: &str| omit.contains(name) || lacks.contains(name);
        let commit = "target { oid ... on Commit { committedDate tree { oid } } }";
        let mut fields = String::from("id databaseId nameWithOwner url");
        let plain = "isPrivate isArchived isFork isDisabled isLocked isEmpty hasIssuesEnabled hasWikiEnabled hasDiscussionsEnabled pushedAt";
        for name in plain.split(' ').filter(|name| !left_out(name)) {
            let _ = write!(fields, " {name}");
        }
        let _ = write!(fields, " defaultBranchRef {{ name {commit} }}");
        if let Some(at) = branch {
            let _ = write!(fields, " branch: ref(qualifiedName: $b{at}) {{ name {commit} }}");
        }
        for (name, wanted, order) in [
            ("discussions", self.config.discussions, "UPDATED_AT"),
            ("issues", self.config.issues, "UPDATED_AT"),
            ("pullRequests", self.config.pull_requests, "UPDATED_AT"),
            ("releases", self.config.releases, "CREATED_AT"),
        ] {
            if wanted && !left_out(name) {
                let _ = write!(fields, " {name}(first: 1, orderBy: {{field: {order}, direction: DESC}}) {{ totalCount nodes {{ updatedAt }} }}");
            }
        }
        fields
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
            // A permission that is lacking takes the whole repository with it: once more without what it is for.
            let denied: BTreeMap<String, &QueryError> = errors.iter().filter_map(|error| Some((denied(error)?, *error))).collect();
            if denied.keys().any(|field| !slot.omit.contains(field)) && slot.tries < MOST_LACKS {
                let mut slot = Slot { tries: slot.tries + 1, ..slot };
                for (field, error) in denied {
                    seen.notes.insert(refused::of_part(&field, &slot.key(), &error.message));
                    if !error.is_for_long() {
                        slot.failing.insert(field.clone());
                    }
                    slot.omit.insert(field);
                }
                open.push_back(slot);
                continue;
            }
            match (&slot.what, data) {
                (_, None) => lacks(&slot, nothing_at(&slot, told, &errors), seen),
                (What::Owner { .. }, Some(data)) => self.take_page(slot, data, &errors, open, memory, seen),
                (_, Some(data)) => {
                    let key = slot.key();
                    self.take_one(data, &key, slot.branch(), &slot.denied(), seen).unwrap_or_else(|why| lacks(&slot, why, seen));
                }
            }
        }
    }

    fn take_one(&self, data: Value, key: &str, branch: Option<String>, omit: &BTreeSet<String>, seen: &mut Seen) -> Result<(), Absence> {
        let node: Node = serde_json::from_value(data).map_err(|_| Absence::Incomplete("its answer has another shape".to_owned()))?;
        let repository = node.repository(self, branch).ok_or_else(|| Absence::Incomplete(SILENT.to_owned()))?;
        let of_all = key.ends_with("/*");
        if of_all && !(key == owner_key(&repository) && self.config.wants_of_all(&repository.full_name, repository.archived, repository.fork)) {
            seen.unwanted.insert(repository.id);
            return Ok(());
        }
        if !omit.is_empty() {
            seen.omitted.insert(repository.id, omit.clone());
        }
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
        (known.count, known.omit) = (total, slot.denied());
        let nodes = page.get("nodes").and_then(Value::as_array).cloned().unwrap_or_default();
        let (count, before) = (nodes.len(), seen.ids(&key));
        for node in nodes {
            if node.is_null() || self.take_one(node, &key, self.branch(), &slot.denied(), seen).is_err() {
                seen.absent.insert(key.clone(), absence(errors).into_incomplete());
            }
        }
        // Partial results, for want of a login or because something went wrong: then silence means nothing.
        if !errors.is_empty() || !page.get("nodes").is_some_and(Value::is_array) {
            seen.absent.insert(key.clone(), absence(errors).into_incomplete());
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

/// The first slot that fits, or an owner's, which fits anywhere.
fn fitting(open: &VecDeque<Slot>, left: usize) -> Option<usize> {
    let exact = |slot: &Slot| match &slot.what {
        What::Owner { expected, .. } => *expected <= left,
        _ => true,
    };
    open.iter().position(exact).or_else(|| open.iter().position(|slot| matches!(slot.what, What::Owner { .. })))
}

/// The part of a repository that an error denies: the field below it.
fn denied(error: &QueryError) -> Option<String> {
    const PARTS: [&str; 4] = ["discussions", "issues", "pullRequests", "releases"];
    error.path.iter().skip(1).find(|step| PARTS.contains(&step.as_str())).cloned()
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
        _ if error.saml => Absence::Incomplete(refused::SAML.to_owned()),
        _ if error.kind == "NOT_FOUND" => Absence::Missing(GONE.to_owned()),
        Some(refused::BLOCKED) => Absence::Blocked(refused::BLOCKED.to_owned()),
        Some(why) => Absence::Incomplete(why.to_owned()),
        None => Absence::Incomplete(error.message.clone()),
    }
}

impl Absence {
    fn into_incomplete(self) -> Self {
        match self {
            Self::Missing(why) | Self::Incomplete(why) | Self::Blocked(why) => Self::Incomplete(why),
        }
    }
}
