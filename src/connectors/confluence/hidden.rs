//! Pages that stand in the tree and that we may not see, or do not mirror: what lies below them lies below the nearest one that is known.
//!
//! The listing names a parent that it never lists. Data Center's answers and search tell all that is above it; Cloud's lists do not, so one of its children
//! is asked, once, and again once a day, because the page may have been moved where we do not see it.

use rustc_hash::FxHashSet;
use serde::Deserialize;

use super::api::{List, query};
use super::list::Listing;
use super::site::Memory;
use super::v1::text;
use super::{locked, place};
use crate::connectors::connector::{Depth, Listed, SourceError};
use crate::model::RemoteId;

/// Parents asked after in one run; the next one goes on.
const AT_MOST: usize = 100;

/// A child of a page that the listing has not named yet.
pub(super) struct Orphan {
    /// The child.
    child: String,
    /// Its space.
    at: usize,
    /// All that is above it, from the top, where the listing tells.
    above: Option<Vec<Step>>,
}

/// One of those that are above a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Its id.
    pub(super) id: String,
    /// Folders and their kin have names of their own.
    pub(super) is_page: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Above {
    #[serde(deserialize_with = "text")]
    id: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Listing<'_> {
    /// Notes a document whose parent was not named before it. Most are named later.
    pub(super) fn note_orphan(&self, at: usize, child: &RemoteId, parent: &str, above: Option<Vec<Step>>) {
        if locked(&self.owners).contains_key(parent) {
            return;
        }
        locked(&self.orphans).entry(parent.to_owned()).or_insert_with(|| Orphan { child: child.as_str().to_owned(), at, above });
    }

    /// Names the invisible pages above documents; returns their ids. `complete`: which spaces were listed whole.
    pub(super) async fn hidden(&self, memory: Option<&Memory>, complete: &[bool]) -> Result<Vec<String>, SourceError> {
        let orphans = std::mem::take(&mut *locked(&self.orphans));
        let known: FxHashSet<&str> = memory.iter().flat_map(|memory| &memory.nodes).map(String::as_str).collect();
        let mut named = Vec::new();
        let mut asked = 0;
        for (parent, orphan) in orphans {
            let is_listed = |id: &str| locked(&self.owners).contains_key(id);
            if is_listed(&parent) || complete.get(orphan.at) != Some(&true) {
                continue;
            }
            if orphan.above.is_none() && (asked == AT_MOST || (known.contains(parent.as_str()) && self.depth == Depth::Changes)) {
                continue;
            }
            let above = match orphan.above {
                Some(above) => above,
                None => {
                    asked += 1;
                    self.above(&orphan.child, &parent, orphan.at).await?
                }
            };
            let Some(space) = self.spaces.get(orphan.at) else { continue };
            for (at, Step { id, .. }) in above.iter().enumerate().filter(|(_, step)| step.is_page && !is_listed(&step.id)) {
                let higher = at.checked_sub(1).and_then(|higher| above.get(higher)).map(|step| step.id.as_str());
                self.out.send(Listed::Node { id: RemoteId::new(id), place: place::hidden(id, higher, space, &self.site.web) }).await;
                named.push(id.clone());
            }
        }
        Ok(named)
    }

    /// All pages above `child`, from the top; at least its parent. Folders among them are left to those who name folders.
    async fn above(&self, child: &str, parent: &str, at: usize) -> Result<Vec<Step>, SourceError> {
        let child: String = child.chars().filter(char::is_ascii_alphanumeric).collect();
        let path = format!("/api/v2/pages/{child}/ancestors");
        let all = query(&[("limit", "250")]);
        let above = match self.conn.rest(&self.site).one::<List<Above>>(&path, &all, "what is above a page").await {
            Ok(list) => list.results,
            Err(failed) => match failed.error {
                error @ (SourceError::Network { .. }
                | SourceError::Untrusted { .. }
                | SourceError::RateLimited { .. }
                | SourceError::Misconfigured { .. }) => return Err(error),
                // Then its children stand at the top of the space.
                _ => Vec::new(),
            },
        };
        let mut steps = Vec::new();
        for Above { id, kind } in above {
            let is_page = kind.as_deref().is_none_or(|kind| kind == "page");
            if !is_page {
                locked(&self.parents).insert(id.clone(), at);
            }
            steps.push(Step { id, is_page });
        }
        if steps.last().is_none_or(|last| last.id != parent) {
            steps.push(Step { id: parent.to_owned(), is_page: true });
        }
        Ok(steps)
    }
}
