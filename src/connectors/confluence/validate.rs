//! Asks the live site whether everything works that a sync needs, and says how to mend what does not.

use super::Confluence;
use super::api::query;
use super::config::Attachments;
use super::keys;
use super::v1::Content;
use crate::connectors::connector::{Completion, SourceError, Validation};

/// Keys that are named one by one.
const NAMED: usize = 12;

impl Confluence {
    /// Validates.
    pub(super) async fn check(&self) -> Result<Validation, SourceError> {
        let site = self.probe().await?;
        *self.known.lock().await = Some(site.clone());
        let flavour = if site.cloud { "Cloud" } else { "Data Center" };
        let who = site.display_name.as_deref().unwrap_or(if site.account.is_some() { "an account" } else { "anonymous" });
        let way = if site.account.is_some() || self.credentials_way != "anonymous" { format!(", {}", self.credentials_way) } else { String::new() };
        let asked = self.ask_spaces(&site, &[]).await?;
        let mut notes = Vec::new();
        let mut problems = Vec::new();
        let mut keys: Vec<&str> = asked.spaces.iter().map(|space| space.key.as_str()).collect();
        keys.sort_unstable();
        let more = if keys.len() > NAMED { format!(" and {} more", keys.len() - NAMED) } else { String::new() };
        let spaces = if keys.len() == 1 { "space" } else { "spaces" };
        notes.push(format!("{} {spaces} to mirror: {}{more}", keys.len(), keys[..keys.len().min(NAMED)].join(", ")));
        if site.cloud && site.base != self.address.base {
            notes.push("the token has scopes and works through Atlassian's gateway".to_owned());
        }
        notes.extend(self.address.notes.iter().cloned());
        for (_, name, completion) in asked.others {
            if let Completion::Missing(why) = completion {
                problems.push(format!("space {name}: {why}. Check the key's spelling and case, and the account's permissions."));
            }
        }
        if asked.spaces.is_empty() && problems.is_empty() {
            problems.push("no space is visible. Check the account's permissions, and `include_spaces` and `exclude_spaces`.".to_owned());
        }
        let search = query(&[("cql", "type=page"), ("limit", "1")]);
        if let Err(failed) = self.rest(&site).one::<super::api::List<Content>>("/rest/api/content/search", &search, "search").await {
            let beside = match (self.config.attachments == Attachments::None, self.config.comments) {
                (true, false) => "labels",
                (true, true) => "labels and comments",
                (false, false) => "labels and attachments",
                (false, true) => "labels, attachments and comments",
            };
            problems.push(format!("{beside} cannot be read: {}. A token with scopes needs `read:content-details:confluence`.", failed.error));
        }
        if let Some(filter) = self.config.filter() {
            let search = self.searching(&site, &format!("type in (page,blogpost) and {filter}"), "space", "1");
            match self.rest(&site).one::<super::api::List<Content>>("/rest/api/content/search", &search, "the selection").await {
                Ok(found) if found.results.is_empty() => {
                    problems.push(
                        "`pages`, `labels` and `cql` select nothing. Check their spelling, and that the account sees what they name.".to_owned(),
                    );
                }
                Ok(_) => {}
                Err(failed) => problems.push(format!("`pages`, `labels` or `cql` cannot be used: {}.", failed.error)),
            }
        }
        if let Some(account) = site.account.as_ref().filter(|_| site.cloud)
            && self.names(vec![keys::user(account)]).await?.is_empty()
        {
            problems.push("names of people cannot be read. A token with scopes needs `read:user:confluence`.".to_owned());
        }
        Ok(Validation { account: format!("{who} ({flavour}{way})"), notes, problems })
    }
}
