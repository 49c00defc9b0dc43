//! Bodies of discussions, issues and pull requests: twenty-five in a query, the rest of long ones page by page. One that is broken harms no other.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use url::Url;

use super::super::parts::Outcome;
use super::super::repository::Part;
use super::super::trouble::{QueryError, Trouble};
use super::super::{GitHub, raw};
use super::kind::Kind;
use super::query;
use super::shown::of_id;
use super::wire::Whole;
use crate::connectors::connector::{Consequence, Fetched, SourceError, Wanted};
use crate::model::Place;

/// Comments that come along with a body.
const COMMENTS: u32 = 30;
/// And where the service finds that too much.
const FEW_COMMENTS: u32 = 5;

/// What a query by numbers gives: repositories by alias, in them what was asked for.
pub(in crate::connectors::github) type Aliased = BTreeMap<String, Option<Box<RawValue>>>;

impl GitHub {
    /// One outcome for each.
    pub(in crate::connectors::github) async fn conversations(&self, batch: &[Wanted]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut kinds: FxHashMap<Kind, Vec<&Wanted>> = FxHashMap::default();
        for wanted in batch {
            match of_id(&wanted.id) {
                Some((kind, _)) => kinds.entry(kind).or_default().push(wanted),
                None => outcomes.push((wanted.id.clone(), Err(not_visible(wanted)))),
            }
        }
        let mut todo: Vec<(Kind, &[&Wanted], u32)> = Vec::new();
        for (kind, those) in &kinds {
            todo.extend(those.chunks(query::BODIES).map(|chunk| (*kind, chunk, COMMENTS)));
        }
        let mut ended: Option<SourceError> = None;
        while let Some((kind, chunk, first)) = todo.pop() {
            if let Some(error) = &ended {
                outcomes.extend(chunk.iter().map(|wanted| (wanted.id.clone(), Err(error.clone()))));
                continue;
            }
            let old = self.is_old.load(Ordering::Relaxed);
            match self.some_bodies(kind, chunk, first, old).await {
                Ok(some) => outcomes.extend(some),
                Err(Trouble::TooMuch(_)) if chunk.len() > 1 => {
                    let (one, other) = chunk.split_at(chunk.len() / 2);
                    todo.extend([(kind, one, first), (kind, other, first)]);
                }
                Err(Trouble::TooMuch(_)) if first > FEW_COMMENTS => todo.push((kind, chunk, FEW_COMMENTS)),
                Err(Trouble::Lacking(_)) if !old => {
                    self.is_old.store(true, Ordering::Relaxed);
                    todo.push((kind, chunk, first));
                }
                Err(trouble) => {
                    let error = SourceError::from(trouble);
                    ended = Some(error.clone()).filter(|error| error.consequence() != Consequence::Defer);
                    outcomes.extend(chunk.iter().map(|wanted| (wanted.id.clone(), Err(error.clone()))));
                }
            }
        }
        outcomes
    }

    /// Those of one query, each completed.
    async fn some_bodies(&self, kind: Kind, chunk: &[&Wanted], first: u32, old: bool) -> Result<Vec<Outcome>, Trouble> {
        let numbers = self.numbers(chunk);
        let query = query::bodies(kind, &numbers, first, old);
        let answer = self.api.graphql::<Aliased>(&format!("{} {}", chunk.len(), kind.plural()), &query, query::variables(&numbers)).await?;
        let mut found = by_index(answer.data);
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(chunk.len());
        for (index, wanted) in chunk.iter().enumerate() {
            let outcome = match self.whole(kind, &mut found, &answer.errors, (index, wanted)) {
                Ok(mut whole) => match self.complete(kind, &mut whole, &wanted.place.title, old).await {
                    Ok(()) => Ok(Fetched {
                        revision: whole.shown.revision(),
                        labels: whole.shown.labels(),
                        raw: raw::encode(kind.name(), &whole.kept(), b""),
                    }),
                    Err(error) => Err(error),
                },
                Err(error) => Err(error),
            };
            let fatal = outcome.as_ref().err().filter(|error| error.consequence() != Consequence::Defer).cloned();
            outcomes.push((wanted.id.clone(), outcome));
            if let Some(error) = fatal {
                outcomes.extend(chunk[index + 1..].iter().map(|wanted| (wanted.id.clone(), Err(error.clone()))));
                break;
            }
        }
        Ok(outcomes)
    }

    /// Repository and number of each.
    pub(super) fn numbers(&self, wanted: &[&Wanted]) -> Vec<(String, u64)> {
        wanted.iter().map(|wanted| (self.name_of_repository(wanted), of_id(&wanted.id).map_or(0, |(_, number)| number))).collect()
    }

    /// `owner/name` of the repository that a document is of: as it is called today, or else as the document's address has it; empty where neither tells.
    pub(in crate::connectors::github) fn name_of_repository(&self, wanted: &Wanted) -> String {
        let today = Part::of_id(wanted.id.as_str()).and_then(|(number, ..)| self.repository(number)).map(|repository| repository.full_name.clone());
        today.or_else(|| repository_of(&wanted.place)).unwrap_or_default()
    }

    fn whole(
        &self,
        kind: Kind,
        found: &mut FxHashMap<usize, Box<RawValue>>,
        errors: &[QueryError],
        (index, wanted): (usize, &Wanted),
    ) -> Result<Whole, SourceError> {
        let error = error_at(errors, index);
        let Some(text) = found.remove(&index) else {
            return Err(match error {
                Some(error) if error.kind != "NOT_FOUND" => self.api.bad_answer(&wanted.place.title, &error.message),
                _ => not_visible(wanted),
            });
        };
        if let Some(error) = error {
            return Err(self.api.bad_answer(&wanted.place.title, &error.message));
        }
        let whole: Whole = serde_json::from_str(text.get()).map_err(|error| self.api.bad_answer(&wanted.place.title, &error.to_string()))?;
        if whole.is_whole() && (kind != Kind::Pull || whole.is_reviewed()) {
            Ok(whole)
        } else {
            Err(self.api.bad_answer(&wanted.place.title, "a part of it is missing"))
        }
    }
}

/// `owner/name`, as its address has it.
pub(in crate::connectors::github) fn repository_of(place: &Place) -> Option<String> {
    let url = Url::parse(&place.url).ok()?;
    let mut segments = url.path_segments()?;
    Some(format!("{}/{}", segments.next()?, segments.next()?))
}

/// Which of `n0`, `n1`… were answered at all, be it by `null`; what lies in a repository that did not come was not.
pub(in crate::connectors::github) fn answered(data: &Aliased) -> FxHashSet<usize> {
    let repositories = data.iter().filter(|(alias, _)| alias.starts_with('r') && *alias != "rateLimit").filter_map(|(_, value)| value.as_ref());
    let inside = repositories.filter_map(|value| parsed::<Aliased>(value)).flatten();
    inside.filter_map(|(alias, _)| alias.strip_prefix('n')?.parse().ok()).collect()
}

/// What came under `n0`, `n1`…, whatever repository it is in.
pub(in crate::connectors::github) fn by_index(data: Aliased) -> FxHashMap<usize, Box<RawValue>> {
    let repositories = data.into_iter().filter(|(alias, _)| alias.starts_with('r') && alias != "rateLimit").filter_map(|(_, value)| value);
    let inside = repositories.filter_map(|value| parsed::<Aliased>(&value)).flatten();
    inside.filter_map(|(alias, value)| Some((alias.strip_prefix('n')?.parse().ok()?, value?))).collect()
}

fn parsed<T: DeserializeOwned>(value: &RawValue) -> Option<T> {
    serde_json::from_str(value.get()).ok()
}

/// Why something is missing at or below an alias.
pub(in crate::connectors::github) fn error_at(errors: &[QueryError], index: usize) -> Option<&QueryError> {
    let alias = format!("n{index}");
    errors.iter().find(|error| error.path.get(1) == Some(&alias))
}

pub(in crate::connectors::github) fn not_visible(wanted: &Wanted) -> SourceError {
    SourceError::NotVisible { what: wanted.place.title.clone(), status: 404 }
}
