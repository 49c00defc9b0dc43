//! What became of discussions, issues and pull requests that a listing does not name any more.

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::super::trouble::Trouble;
use super::super::{GitHub, locked};
use super::fetch::{Aliased, by_index, error_at};
use super::kind::Kind;
use super::plan::Selection;
use super::query;
use super::shown::{Shown, of_id};
use crate::connectors::connector::{Consequence, Presence, SourceError, Wanted};
use crate::model::RemoteId;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct There {
    #[serde(flatten)]
    shown: Shown,
    repository: Option<Home>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Home {
    database_id: u64,
}

impl GitHub {
    /// One outcome for each. On doubt it is there.
    pub(in crate::connectors::github) async fn conversation_presence(&self, ids: &[Wanted]) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
        let mut all = Vec::with_capacity(ids.len());
        let mut kinds: FxHashMap<Kind, Vec<&Wanted>> = FxHashMap::default();
        for wanted in ids {
            match of_id(&wanted.id) {
                Some((kind, _)) if !self.kinds(kind.part()).contains(&kind) => all.push((wanted.id.clone(), Presence::Unwanted)),
                Some((kind, _)) if locked(&self.looked).is_unasked(&wanted.place.scope, kind) => all.push((wanted.id.clone(), Presence::Unasked)),
                Some((kind, _)) if !self.is_anonymous() => kinds.entry(kind).or_default().push(wanted),
                _ => all.push((wanted.id.clone(), Presence::Present)),
            }
        }
        for (kind, those) in kinds {
            let mut todo: Vec<&[&Wanted]> = those.chunks(query::ASKED).collect();
            while let Some(chunk) = todo.pop() {
                match self.ask_after(kind, chunk).await {
                    Ok(some) => all.extend(some),
                    Err(Trouble::TooMuch(_)) if chunk.len() > 1 => {
                        let (one, other) = chunk.split_at(chunk.len() / 2);
                        todo.extend([one, other]);
                    }
                    Err(trouble) => match SourceError::from(trouble) {
                        // What cannot be asked after stays.
                        error if error.consequence() == Consequence::Defer => {
                            all.extend(chunk.iter().map(|wanted| (wanted.id.clone(), Presence::Unasked)));
                        }
                        error => return Err(error),
                    },
                }
            }
        }
        Ok(all)
    }

    async fn ask_after(&self, kind: Kind, chunk: &[&Wanted]) -> Result<Vec<(RemoteId, Presence)>, Trouble> {
        let numbers = self.numbers(chunk);
        let query = query::presence(kind, &numbers);
        let what = format!("what became of {}", kind.plural());
        let answer = self.api.graphql::<Aliased>(&what, &query, query::variables(&numbers)).await?;
        let found = by_index(answer.data);
        let presence = |(index, wanted): (usize, &&Wanted)| {
            let presence = match (found.get(&index), error_at(&answer.errors, index)) {
                // Deleted, transferred or converted: the service says all of these alike.
                (None, Some(error)) if error.kind == "NOT_FOUND" => Presence::Gone,
                (Some(text), None) => serde_json::from_str(text.get()).map_or(Presence::Present, |there| self.judge(kind, wanted, &there)),
                _ => Presence::Present,
            };
            (wanted.id.clone(), presence)
        };
        Ok(chunk.iter().enumerate().map(presence).collect())
    }

    fn judge(&self, kind: Kind, wanted: &Wanted, there: &There) -> Presence {
        let scope = &wanted.place.scope;
        let home = scope.as_str().split(':').next().and_then(|id| id.parse::<u64>().ok());
        if there.repository.as_ref().is_some_and(|repository| Some(repository.database_id) != home) {
            return Presence::Gone;
        }
        let Some(repository) = home.and_then(|id| self.repository(id)) else { return Presence::Present };
        match Selection::of(&self.config, &repository).takes(kind, &there.shown) {
            true => Presence::Present,
            false if locked(&self.looked).is_unselected(scope, kind) => Presence::Unwanted,
            false => Presence::OutOfScope,
        }
    }
}
