//! Which spaces are mirrored: those that the configuration names, or all that the account sees; and what became of those that are known.

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::Confluence;
use super::api::{Query, Stop, query};
use super::cloud::{self, SpaceV2};
use super::data_center::SpaceV1;
use super::list::Space;
use super::site::Site;
use super::stretches::Position;
use crate::connectors::connector::{Completion, SourceError};
use crate::model::{Cursor, Scope};

/// Keys in one request: they stand in the address.
const KEYS: usize = 100;

/// A space of an earlier run: what its scope's cursor remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Known {
    /// Its scope.
    #[serde(skip, default = "nowhere")]
    pub(super) scope: Scope,
    /// The key that it had.
    pub(super) key: String,
    /// How many documents were listed in it.
    #[serde(default)]
    pub(super) count: u64,
    /// The turn in which it was listed whole; 0 before there were turns.
    #[serde(default)]
    pub(super) turn: u64,
    /// Where its next stretch begins, if it is listed by stretches.
    #[serde(default)]
    pub(super) stretch: Position,
    /// The service does not list it in the order of ids, or not on from where a run ended: it is always listed whole.
    #[serde(default)]
    pub(super) no_stretches: bool,
}

impl Known {
    /// Reads a scope's cursor.
    pub(super) fn read(scope: &Scope, cursor: &Cursor) -> Self {
        let kept: Option<Self> = serde_json::from_str(cursor.as_str()).ok();
        kept.map_or_else(|| Self::of(scope.clone(), scope.as_str()), |kept| Self { scope: scope.clone(), ..kept })
    }

    /// A space that was not known.
    pub(super) fn new(space: &Space) -> Self {
        Self::of(space.scope.clone(), &space.key)
    }

    fn of(scope: Scope, key: &str) -> Self {
        Self { scope, key: key.to_owned(), count: 0, turn: 0, stretch: Position::default(), no_stretches: false }
    }

    /// Writes a scope's cursor.
    pub(super) fn cursor(&self) -> Cursor {
        Cursor::new(serde_json::to_string(self).unwrap_or_default())
    }
}

/// A cursor does not say whose it is.
fn nowhere() -> Scope {
    Scope::new("")
}

/// What came of asking.
pub(super) struct Asked {
    /// To be listed.
    pub(super) spaces: Vec<Space>,
    /// Not to be listed: scope, name, why.
    pub(super) others: Vec<(Scope, String, Completion)>,
}

impl Confluence {
    /// Asks which spaces there are.
    pub(super) async fn ask_spaces(&self, site: &Site, known: &[Known]) -> Result<Asked, SourceError> {
        let explicit = &self.config.spaces;
        let mut spaces: Vec<Space> = Vec::new();
        if explicit.is_empty() {
            spaces = self.spaces_by(site, Vec::new()).await?;
            spaces.retain(|space| self.config.wants(&space.key, space.personal));
        }
        for keys in explicit.chunks(KEYS) {
            let name = if site.cloud { "keys" } else { "spaceKey" };
            let filter = if site.cloud { query(&[(name, &keys.join(","))]) } else { keys.iter().map(|key| (name.to_owned(), key.clone())).collect() };
            let found = self.spaces_by(site, filter).await?;
            spaces.extend(found.into_iter().filter(|space| self.config.wants(&space.key, space.personal)));
        }
        // A selection is a search, and no search looks into archived spaces.
        if self.config.filter().is_some() {
            spaces.retain(|space| !space.archived);
        }
        let mut ids: FxHashSet<Scope> = FxHashSet::default();
        spaces.retain(|space| ids.insert(space.scope.clone()));
        // A key that names nothing any more may have been renamed: the space is asked for by the id that it had.
        let silent = |key: &str, spaces: &[Space]| !spaces.iter().any(|space| space.key.eq_ignore_ascii_case(key));
        let renamed: Vec<&str> = known
            .iter()
            .filter(|k| !ids.contains(&k.scope) && site.cloud && !explicit.is_empty() && self.config.wants(&k.key, false) && silent(&k.key, &spaces))
            .map(|k| k.scope.as_str())
            .filter(|id| id.bytes().all(|b| b.is_ascii_digit()))
            .collect();
        if !renamed.is_empty() {
            let found = self.spaces_by(site, query(&[("ids", &renamed.join(","))])).await?;
            spaces.extend(found.into_iter().filter(|space| renamed.contains(&space.id.as_str()) && ids.insert(space.scope.clone())));
        }
        let others = self.others(known, &spaces, &ids);
        Ok(Asked { spaces, others })
    }

    /// What is to be said of the spaces that are not listed.
    fn others(&self, known: &[Known], spaces: &[Space], ids: &FxHashSet<Scope>) -> Vec<(Scope, String, Completion)> {
        let missing = || Completion::Missing("it is not there, is archived, or is not for this account".to_owned());
        let mut others: Vec<(Scope, String, Completion)> = Vec::new();
        for k in known.iter().filter(|k| !ids.contains(&k.scope)) {
            let asked_for = self.config.wants(&k.key, k.key.starts_with('~'));
            let taken = spaces.iter().any(|space| space.key.eq_ignore_ascii_case(&k.key));
            let completion = if asked_for || taken { missing() } else { Completion::Unwanted };
            others.push((k.scope.clone(), k.key.clone(), completion));
        }
        let known_as = |key: &str| known.iter().any(|k| k.key.eq_ignore_ascii_case(key));
        for key in self.config.spaces.iter().filter(|key| !spaces.iter().any(|space| space.key.eq_ignore_ascii_case(key)) && !known_as(key)) {
            others.push((Scope::new(key), key.clone(), missing()));
        }
        others
    }

    /// Without this list nothing can be said of any document.
    fn no_spaces(&self, stop: Stop, what: &str) -> SourceError {
        match stop.into_error(&self.host(), what) {
            SourceError::NotVisible { what, status } => SourceError::BadAnswer { service: self.host(), what, detail: format!("status {status}") },
            error => error,
        }
    }

    async fn spaces_by(&self, site: &Site, filter: Query) -> Result<Vec<Space>, SourceError> {
        let what = "the list of spaces";
        let mut all = filter;
        // Without a word both flavours name archived spaces, too.
        let status = if self.config.archived { query(&[]) } else { query(&[("status", "current")]) };
        let rest = self.rest(site);
        let found: Vec<Space> = if site.cloud {
            all.extend(status);
            all.extend(query(&[("limit", cloud::PAGE)]));
            let list = rest.list::<SpaceV2>("/api/v2/spaces", all, what).all().await;
            list.map_err(|stop| self.no_spaces(stop, what))?.into_iter().map(Space::from).collect()
        } else {
            all.extend(status);
            all.extend(query(&[("expand", "homepage"), ("start", "0"), ("limit", "100")]));
            let list = rest.list::<SpaceV1>("/rest/api/space", all, what).all().await;
            list.map_err(|stop| self.no_spaces(stop, what))?.into_iter().map(Space::from).collect()
        };
        Ok(found.into_iter().filter(|space| !space.id.is_empty() && !space.key.is_empty()).collect())
    }
}
