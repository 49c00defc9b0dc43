//! Asks the live service whether everything works that a sync needs: who we are, what we see, what is left of our allowances, what a permission lacks.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::memory::Memory;
use super::repository::{Condition, Part};
use super::{GitHub, ends, refused};
use crate::connectors::connector::{Completion, SourceError, Validation};

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
        let plan = self.plan(seen, &mut memory, &BTreeSet::new()).await?;
        let names: Vec<&str> = plan.listed.iter().map(|repository| repository.full_name.as_str()).collect();
        let more = if names.len() > NAMED { format!(" and {} more", names.len() - NAMED) } else { String::new() };
        let word = if names.len() == 1 { "repository" } else { "repositories" };
        let named = names[..names.len().min(NAMED)].join(", ");
        notes.insert(
            0,
            if names.is_empty() { "no repository to mirror".to_owned() } else { format!("{} {word} to mirror: {named}{more}", names.len()) },
        );
        problems.extend(plan.never.iter().filter_map(|(entry, completion)| match completion {
            Completion::Missing(why) if self.is_anonymous() => Some(format!("{entry}: {why}. Check its spelling; what is private needs a token.")),
            Completion::Missing(why) => Some(format!("{entry}: {why}. Check its spelling, and that the token may read it.")),
            Completion::Incomplete(why) => Some(format!("{entry}: {why}.")),
            // What is blocked is among the plan's notes.
            _ => None,
        }));
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
