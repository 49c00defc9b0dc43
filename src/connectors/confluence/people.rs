//! Display names: on Cloud by account ids, 250 at a time; on Data Center mostly known already, because its answers carry them.

use futures_util::{StreamExt as _, stream};
use serde::Deserialize;

use super::api::{List, query};
use super::data_center::key_of;
use super::site::Site;
use super::v1::{Content, Person};
use super::{Confluence, keys, locked};
use crate::connectors::connector::SourceError;
use crate::connectors::http::{Failed, Request};
use crate::model::Key;

/// Accounts in one request.
const BULK: usize = 250;
/// Accounts in one request of v1.
const BULK_V1: usize = 100;
/// Requests at once where each asks for one person.
const AT_ONCE: usize = 4;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Account {
    account_id: Option<String>,
    display_name: Option<String>,
    public_name: Option<String>,
}

impl Confluence {
    /// Names of those who can be found.
    pub(super) async fn names(&self, wanted: Vec<Key>) -> Result<Vec<(Key, String)>, SourceError> {
        let (mut found, unknown) = self.remembered(wanted);
        if unknown.is_empty() {
            return Ok(found);
        }
        let site = self.site().await?;
        if site.cloud {
            let ids: Vec<&str> = unknown.iter().filter_map(|key| key.as_str().strip_prefix("user:")).collect();
            for ids in ids.chunks(BULK) {
                found.extend(self.bulk(&site, ids).await?);
            }
        } else {
            let mut asked = stream::iter(unknown.into_iter().map(|key| self.one_person(&site, key))).buffer_unordered(AT_ONCE);
            while let Some(person) = asked.next().await {
                found.extend(person?);
            }
        }
        Ok(found)
    }

    fn remembered(&self, wanted: Vec<Key>) -> (Vec<(Key, String)>, Vec<Key>) {
        let names = locked(&self.names);
        let (known, unknown): (Vec<Key>, Vec<Key>) = wanted.into_iter().partition(|key| names.contains_key(key));
        (known.into_iter().filter_map(|key| names.get(&key).cloned().map(|name| (key, name))).collect(), unknown)
    }

    async fn bulk(&self, site: &Site, ids: &[&str]) -> Result<Vec<(Key, String)>, SourceError> {
        let rest = self.rest(site);
        let body = serde_json::json!({"accountIds": ids}).to_string();
        let url = rest.url("/api/v2/users-bulk", &query(&[]));
        match self.client.json::<List<Account>>(Request::post(url, "names of people", body)).await {
            Ok(list) => Ok(list.results.into_iter().filter_map(named).collect()),
            Err(failed) => {
                bearable(failed)?;
                self.bulk_v1(site, ids).await
            }
        }
    }

    /// The older door, for tokens whose scopes open only that.
    async fn bulk_v1(&self, site: &Site, ids: &[&str]) -> Result<Vec<(Key, String)>, SourceError> {
        let mut found = Vec::new();
        for ids in ids.chunks(BULK_V1) {
            let all = ids.iter().map(|id| ("accountId".to_owned(), (*id).to_owned())).collect();
            match self.rest(site).one::<List<Account>>("/rest/api/user/bulk", &all, "names of people").await {
                Ok(list) => found.extend(list.results.into_iter().filter_map(named)),
                Err(failed) => bearable(failed)?,
            }
        }
        Ok(found)
    }

    async fn one_person(&self, site: &Site, key: Key) -> Result<Option<(Key, String)>, SourceError> {
        let asked = match key.as_str().split_once(':') {
            Some(("user", id)) => query(&[("key", id)]),
            Some(("username", name)) => query(&[("username", name)]),
            _ => return Ok(None),
        };
        match self.rest(site).one::<Person>("/rest/api/user", &asked, "a person's name").await {
            Ok(person) => Ok(person.display_name.filter(|name| !name.is_empty()).map(|name| (key, name))),
            Err(failed) => bearable(failed).map(|()| None),
        }
    }

    /// Keeps the names that an answer brings anyway.
    pub(super) fn remember_people(&self, content: &Content) {
        let editor = content.version.as_ref().and_then(|version| version.by.as_ref());
        let author = content.history.as_ref().and_then(|history| history.created_by.as_ref());
        let mut names = locked(&self.names);
        for person in [editor, author].into_iter().flatten() {
            let Some(name) = person.display_name.as_ref().filter(|name| !name.is_empty()) else { continue };
            if let Some(key) = key_of(person) {
                names.entry(key).or_insert_with(|| name.clone());
            }
            if let Some(username) = &person.username {
                names.entry(keys::username(username)).or_insert_with(|| name.clone());
            }
        }
    }
}

fn named(account: Account) -> Option<(Key, String)> {
    let name = account.display_name.filter(|name| !name.is_empty()).or(account.public_name).filter(|name| !name.is_empty())?;
    Some((keys::user(&account.account_id?), name))
}

/// A door that is shut leaves people without names; only what ends the run is given back.
fn bearable(failed: Failed) -> Result<(), SourceError> {
    match failed.error {
        error @ (SourceError::Network { .. }
        | SourceError::Untrusted { .. }
        | SourceError::RateLimited { .. }
        | SourceError::Misconfigured { .. }) => Err(error),
        _ => Ok(()),
    }
}
