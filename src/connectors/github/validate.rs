//! Asks the live service whether everything works that a sync needs: who we are, what we see, what is left of our allowances, what a permission lacks.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::memory::Memory;
use super::repositories::Fate;
use super::repository::{Condition, Part, Repository};
use super::{GitHub, ends, refused, slots};
use crate::connectors::connector::{SourceError, Validation};

/// Repositories that are named one by one.
const NAMED: usize = 12;

#[derive(Deserialize)]
struct Account {
    #[serde(default)]
    login: String,
}

impl GitHub {
    /// Validates.
    pub(super) async fn check(&self) -> Result<Validation, SourceError> {
        let (mut notes, mut problems) = (self.config.notes(), Vec::new());
        let who = match self.way {
            "anonymous" => "nobody".to_owned(),
            "App" => "an App's installation".to_owned(),
            _ => self.who(&mut notes, &mut problems).await?,
        };
        let mut memory = Memory { of: self.api.address().web_base().to_owned(), ..Memory::default() };
        let seen = if self.is_anonymous() { self.plain_heads(&mut memory, true).await? } else { self.heads(&mut memory, true).await? };
        let plan = self.plan(seen, &mut memory, &BTreeSet::new(), true).await?;
        let names: Vec<&str> = plan.listed.iter().map(|repository| repository.full_name.as_str()).collect();
        let more = if names.len() > NAMED { format!(" and {} more", names.len() - NAMED) } else { String::new() };
        let word = if names.len() == 1 { "repository" } else { "repositories" };
        let named = names[..names.len().min(NAMED)].join(", ");
        notes.insert(
            0,
            if names.is_empty() { "no repository to mirror".to_owned() } else { format!("{} {word} to mirror: {named}{more}", names.len()) },
        );
        problems.extend(plan.entries.iter().filter_map(|(entry, fate)| match fate {
            Fate::Missing(why) if self.is_anonymous() => Some(format!("{entry}: {why}. Check its spelling; what is private needs a token.")),
            Fate::Missing(why) => Some(format!("{entry}: {why}. Check its spelling, and that the token may read it.")),
            Fate::Incomplete(why) | Fate::Denied(why) => Some(format!("{entry}: {why}.")),
            // What is blocked is among the plan's notes.
            Fate::Blocked | Fate::Unwanted => None,
        }));
        problems.extend(self.denied(&plan.listed).await);
        for repository in
            plan.listed.iter().filter(|one| one.head.is_none() && !one.empty && one.state == Condition::Good && self.is_wanted(Part::Files))
        {
            problems.push(match repository.branch.as_str() {
                "" => format!("the files of {}: {}.", repository.full_name, refused::no_branch(&self.config, self.way)),
                branch => format!("{} has no branch `{branch}`. Correct it in `repos`, or `branch`.", repository.full_name),
            });
        }
        problems.extend(plan.notes.iter().map(|note| format!("{note}.")));
        problems.extend(self.without_git().await.map(|said| format!("{said}.")));
        if self.is_anonymous() {
            let mut closed = BTreeSet::new();
            self.note_what_needs_a_token(&mut closed);
            notes.push("anonymous: 60 requests an hour for all that this machine's address asks, and public repositories only".to_owned());
            notes.extend(closed);
        }
        for allowance in self.api.traffic().allowances {
            notes.push(format!("{} of {} requests of the kind `{}` are left this hour", allowance.left, allowance.of, allowance.name));
        }
        Ok(Validation { account: format!("{who} ({}, {})", self.api.host(), self.way), notes, problems })
    }

    /// What of these is closed to us: what the query for heads told, and what only asking tells: of the first ones their wikis, of one its files.
    async fn denied(&self, listed: &[Repository]) -> BTreeSet<String> {
        let mut closed: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for repository in listed {
            for (field, lack) in &repository.without {
                closed.entry((slots::plural(field), lack.why())).or_default().push(&repository.full_name);
            }
        }
        let told = |((what, why), of): (&(&str, &str), &Vec<&str>)| {
            let more = if of.len() > 1 { format!(" and of {} more", of.len() - 1) } else { String::new() };
            format!("the {what} of {}{more} cannot be read: {why}.", of[0])
        };
        let mut problems: BTreeSet<String> = closed.iter().map(told).collect();
        let with_head = listed.iter().find_map(|repository| Some((repository, &repository.head.as_ref()?.tree)));
        if let Some((repository, tree)) = with_head.filter(|(_, tree)| self.is_wanted(Part::Files) && !tree.is_empty()) {
            let path = format!("/repos/{}/git/trees/{tree}", repository.full_name);
            if let Err(failed) = self.api.get::<serde_json::Value>(&format!("the files of {}", repository.full_name), &path).await
                && let SourceError::Denied { .. } = failed.error
            {
                problems.insert(format!("{}. The token needs `Contents: read`.", failed.error));
            }
        }
        for repository in listed.iter().filter(|repository| self.config.wiki && repository.has_wiki && !self.is_anonymous()).take(NAMED) {
            if let Some(why) = self.why_no_wiki(repository).await {
                problems.insert(format!(
                    "the wiki of {} cannot be read: {why}. Give the token that permission, or set `wiki = false`.",
                    repository.full_name
                ));
            }
        }
        problems
    }

    async fn who(&self, notes: &mut Vec<String>, problems: &mut Vec<String>) -> Result<String, SourceError> {
        let reply = match self.api.page::<Account>("the account", "/user", None).await {
            Ok(reply) => reply,
            // Tokens of installations are nobody's.
            Err(failed) if matches!(failed.status, Some(403 | 404)) => return Ok("a token".to_owned()),
            Err(failed) => return Err(failed.error),
        };
        if let Some(ends) = reply.headers.get(ends::HEADER) {
            match ends::soon(ends, chrono::Utc::now()) {
                Some(said) => problems.push(format!("{said}. Make a new one.")),
                None => notes.push(format!("the token ends {ends}")),
            }
        }
        if let Some(scopes) = reply.headers.get("x-oauth-scopes") {
            let private = scopes.split(',').any(|scope| scope.trim() == "repo");
            let says = if private { "private repositories too" } else { "public repositories only; `repo` is for private ones" };
            notes.push(format!("scopes of the token: {} ({says})", if scopes.is_empty() { "none" } else { scopes }));
        }
        Ok(reply.body.map(|account| account.login).filter(|login| !login.is_empty()).unwrap_or_else(|| "an account".to_owned()))
    }
}
