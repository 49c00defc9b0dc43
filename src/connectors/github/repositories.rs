//! The life of repositories from run to run: renamed and moved, taken over, gone, closed, taken out of the configuration; and the folder of each.
//!
//! A repository is its number. Names lead to it, and two never share a folder.

use std::collections::{BTreeMap, BTreeSet};

use super::GitHub;
use super::heads::{Absence, Seen};
use super::memory::{self, Lost, Memory, Remembered};
use super::place;
use super::repository::Repository;
use crate::connectors::connector::{Completion, SourceError};

/// What is to be done with each repository.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// To be listed.
    pub(super) listed: Vec<Repository>,
    /// Known ones that are not listed: what is said of all their scopes.
    pub(super) others: BTreeMap<u64, (String, Fate)>,
    /// Entries that brought nothing, or not all, and what no repository tells of that.
    pub(super) entries: Vec<(String, Fate)>,
    /// For people.
    pub(super) notes: BTreeSet<String>,
}

/// What became of a repository, or of an entry of the configuration, that is not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is not there, or not for us.
    Missing(String),
    /// The answer was not whole.
    Incomplete(String),
    /// A permission or a login is wanted that we do not have.
    Denied(String),
    /// The service has blocked it: it stays as it is, for as long as it takes.
    Blocked,
    /// The configuration does not ask for it.
    Unwanted,
}

impl GitHub {
    /// Judges what the heads show against what is remembered. `known` are the repositories that have something in the mirror; with `everything`, what became
    /// of those that are lost is asked anew.
    pub(super) async fn plan(&self, mut seen: Seen, memory: &mut Memory, known: &BTreeSet<u64>, everything: bool) -> Result<Plan, SourceError> {
        self.look_for_lost(&mut seen, memory, known, everything).await?;
        let mut plan = Plan { notes: std::mem::take(&mut seen.notes), ..Plan::default() };
        let mut found: BTreeMap<u64, (Repository, String)> = BTreeMap::new();
        for (repository, asked_as) in std::mem::take(&mut seen.found) {
            // What is named for itself counts before what is one of all.
            let of_all = asked_as.ends_with("/*");
            if !of_all || !found.contains_key(&repository.id) {
                found.insert(repository.id, (repository, asked_as));
            }
        }
        for (id, remembered) in memory.repositories.iter().filter(|(id, _)| known.contains(id) && !found.contains_key(id)) {
            plan.others.insert(*id, (remembered.name.clone(), self.fate(*id, remembered, &seen, &found)));
        }
        for id in known.iter().filter(|id| !found.contains_key(id) && !memory.repositories.contains_key(id)) {
            plan.others.insert(*id, (format!("repository {id}"), Fate::Unwanted));
        }
        for (entry, absence) in &seen.absent {
            if let Absence::Blocked(why) = absence {
                plan.notes.insert(format!("{entry}: {why}; what is mirrored of it stays"));
            }
            if !memory.repositories.iter().any(|(id, one)| one.asked_as == *entry && plan.others.contains_key(id)) {
                plan.entries.push((entry.clone(), Fate::of(absence)));
            }
        }
        for (id, absence) in &seen.lost {
            if let (Absence::Blocked(why), Some(one)) = (absence, memory.repositories.get(id)) {
                plan.notes.insert(format!("{}: {why}; what is mirrored of it stays", one.name));
            }
        }
        plan.listed = with_folders(found, memory, known);
        Ok(plan)
    }

    /// What the complete list of an owner lacks is asked after by itself.
    async fn look_for_lost(&self, seen: &mut Seen, memory: &mut Memory, known: &BTreeSet<u64>, everything: bool) -> Result<(), SourceError> {
        let mut lost: Vec<(u64, String, String)> = memory
            .repositories
            .iter()
            .filter(|(id, one)| known.contains(id) && one.asked_as.ends_with("/*") && !seen.absent.contains_key(&one.asked_as))
            .filter(|(id, one)| {
                let asked = self.wishes.iter().any(|wish| wish.key() == one.asked_as);
                asked && !seen.unwanted.contains(id) && !seen.found.iter().any(|(found, _)| found.id == **id)
            })
            .map(|(id, one)| (*id, one.node.clone(), one.asked_as.clone()))
            .collect();
        // What became of it was asked within the day. Before anything leaves, each document is asked after.
        lost.retain(|(id, ..)| {
            let told = memory.repositories.get(id).and_then(|one| one.lost.clone()).filter(|_| !everything);
            match &told {
                None => {}
                Some(Lost::Elsewhere) => drop(seen.unwanted.insert(*id)),
                Some(Lost::Missing(why)) => drop(seen.lost.insert(*id, Absence::Missing(why.clone()))),
                Some(Lost::Blocked(why)) => drop(seen.lost.insert(*id, Absence::Blocked(why.clone()))),
            }
            told.is_none()
        });
        if lost.is_empty() {
            return Ok(());
        }
        let mut again = if self.is_anonymous() {
            self.ask_numbers(&lost).await?
        } else {
            self.ask_nodes(lost.iter().filter(|(_, node, _)| !node.is_empty()).cloned().collect(), memory).await?
        };
        seen.found.append(&mut again.found);
        seen.unwanted.append(&mut again.unwanted);
        for (id, ..) in lost {
            let absence = again.lost.remove(&id).unwrap_or_else(|| Absence::Incomplete("nobody could be asked after it".to_owned()));
            let told = match &absence {
                _ if seen.found.iter().any(|(found, _)| found.id == id) => None,
                _ if seen.unwanted.contains(&id) => Some(Lost::Elsewhere),
                Absence::Missing(why) => Some(Lost::Missing(why.clone())),
                Absence::Blocked(why) => Some(Lost::Blocked(why.clone())),
                Absence::Incomplete(_) | Absence::Denied(_) => None,
            };
            if !seen.unwanted.contains(&id) && !seen.found.iter().any(|(found, _)| found.id == id) {
                seen.lost.insert(id, absence);
            }
            if let Some(one) = memory.repositories.get_mut(&id) {
                one.lost = told;
            }
        }
        Ok(())
    }

    /// What is to be said of a repository that was not found.
    fn fate(&self, id: u64, remembered: &Remembered, seen: &Seen, found: &BTreeMap<u64, (Repository, String)>) -> Fate {
        let asked = self.wishes.iter().any(|wish| wish.key() == remembered.asked_as);
        // Another repository has its name now, and the configuration means that one.
        let taken_over = found.values().any(|(_, asked_as)| *asked_as == remembered.asked_as && !asked_as.ends_with("/*"));
        if !asked || taken_over || seen.unwanted.contains(&id) {
            return Fate::Unwanted;
        }
        match seen.absent.get(&remembered.asked_as) {
            Some(absence) => Fate::of(absence),
            None => seen.lost.get(&id).map_or(Fate::Unwanted, Fate::of),
        }
    }
}

impl Fate {
    /// What an absence means for what is mirrored.
    fn of(absence: &Absence) -> Self {
        match absence {
            Absence::Missing(why) => Self::Missing(why.clone()),
            Absence::Incomplete(why) => Self::Incomplete(why.clone()),
            Absence::Denied(why) => Self::Denied(why.clone()),
            Absence::Blocked(_) => Self::Blocked,
        }
    }

    /// How well a scope was listed then, and what of it is closed to us.
    pub(super) fn told(&self) -> (Completion, Option<&String>) {
        match self {
            Self::Missing(why) => (Completion::Missing(why.clone()), None),
            Self::Incomplete(why) => (Completion::Incomplete(why.clone()), None),
            Self::Denied(why) => (Completion::News, Some(why)),
            Self::Blocked => (Completion::News, None),
            Self::Unwanted => (Completion::Unwanted, None),
        }
    }
}

/// Gives each its folder, and remembers it.
fn with_folders(found: BTreeMap<u64, (Repository, String)>, memory: &mut Memory, known: &BTreeSet<u64>) -> Vec<Repository> {
    let old = std::mem::take(&mut memory.repositories);
    let lower = |folder: &[String; 2]| [folder[0].to_lowercase(), folder[1].to_lowercase()];
    // Folders of those that are not found stay theirs as long as something of them is mirrored.
    let mut taken: BTreeMap<[String; 2], u64> =
        old.iter().filter(|(id, _)| known.contains(id) && !found.contains_key(id)).map(|(id, one)| (lower(&one.folder), *id)).collect();
    let stays = |repository: &Repository| old.get(&repository.id).filter(|one| one.name == repository.full_name && !one.folder[1].is_empty());
    let mut listed: Vec<(Repository, String)> = found.into_values().collect();
    // Who keeps a name keeps its folder; who is new comes after.
    listed.sort_by_key(|(repository, _)| (stays(repository).is_none(), repository.id));
    for (repository, _) in &mut listed {
        let (owner, name) = repository.owner_and_name();
        let plain = [place::component(owner), place::component(name)];
        let kept = stays(repository).map(|one| one.folder.clone());
        let wanted = kept.unwrap_or(plain);
        let is_free = |folder: &[String; 2], taken: &BTreeMap<[String; 2], u64>| taken.get(&lower(folder)).is_none_or(|id| *id == repository.id);
        let folder = if is_free(&wanted, &taken) { wanted } else { [wanted[0].clone(), place::component(&format!("{name}--{}", repository.id))] };
        taken.insert(lower(&folder), repository.id);
        repository.folder = folder;
    }
    for (repository, asked_as) in &listed {
        let before = old.get(&repository.id);
        memory.repositories.insert(
            repository.id,
            Remembered {
                name: repository.full_name.clone(),
                folder: repository.folder.clone(),
                node: if repository.node_id.is_empty() { before.map(|one| one.node.clone()).unwrap_or_default() } else { repository.node_id.clone() },
                asked_as: asked_as.clone(),
                denied: memory::denied(&repository.without),
                lost: None,
                facts: None,
            },
        );
    }
    for (id, one) in old.into_iter().filter(|(id, _)| known.contains(id)) {
        memory.repositories.entry(id).or_insert(one);
    }
    listed.sort_by(|(a, _), (b, _)| a.full_name.cmp(&b.full_name));
    listed.into_iter().map(|(repository, _)| repository).collect()
}
