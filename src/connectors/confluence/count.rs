//! Counts documents by search where spaces were listed whole, to find out whether the lists leave any out.
//!
//! Search is an index, which believes for a while in what was deleted: only a shortfall that two such counts agree on is told, and nothing follows from it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::api::{Stop, query};
use super::list::{Listing, Space};
use super::nodes::in_spaces;
use super::site::Memory;
use crate::connectors::connector::{Depth, Listed, SourceError};

/// Spaces that are counted one by one where the count of all does not fit.
const ONE_BY_ONE: usize = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Count {
    total_size: Option<u64>,
}

impl Listing<'_> {
    /// Compares; returns by how many documents the lists of spaces fall short of search. `complete`: which spaces were listed whole; `rounds`: and which by
    /// stretches, the last of them now.
    pub(super) async fn compare_counts(
        &self,
        memory: Option<&Memory>,
        complete: &[bool],
        rounds: &BTreeMap<usize, u64>,
    ) -> Result<BTreeMap<String, u64>, SourceError> {
        // A first listing has enough to do, and what is selected is the search itself.
        let Some(memory) = memory else { return Ok(BTreeMap::new()) };
        let mut short = memory.short.clone();
        if self.depth == Depth::Changes || self.conn.config.filter().is_some() {
            return Ok(short);
        }
        // No search looks into archived spaces.
        let listed = |at: usize| rounds.get(&at).copied().or_else(|| (complete.get(at) == Some(&true)).then(|| self.count(at)));
        let spaces = self.spaces.iter().enumerate().filter(|(_, space)| !space.archived);
        let spaces: Vec<(u64, &Space)> = spaces.filter_map(|(at, space)| Some((listed(at)?, space))).collect();
        match self.shortfalls(&spaces).await {
            Ok(now) => {
                for (_, space) in spaces {
                    let before = short.remove(&space.id);
                    let Some((found, listed)) = now.get(space.id.as_str()).copied() else { continue };
                    short.insert(space.id.clone(), found - listed);
                    if before.is_some() {
                        self.out.send(Listed::Warning(told(&space.key, found, listed))).await;
                    }
                }
            }
            // Not everybody may search; the lists are complete all the same.
            Err(stop) => drop(self.bears("the number of documents", stop)?),
        }
        Ok(short)
    }

    /// Of spaces in which search finds more than was listed, as given: both numbers, by the space's id.
    async fn shortfalls<'s>(&self, spaces: &[(u64, &'s Space)]) -> Result<BTreeMap<&'s str, (u64, u64)>, Stop> {
        let listed: u64 = spaces.iter().map(|(listed, _)| listed).sum();
        let all: Vec<Space> = spaces.iter().map(|(_, space)| (*space).clone()).collect();
        let mut short = BTreeMap::new();
        if spaces.is_empty() || self.found(&all).await?.is_none_or(|found| found <= listed) {
            return Ok(short);
        }
        for (listed, space) in spaces.iter().take(ONE_BY_ONE) {
            if let Some(found) = self.found(std::slice::from_ref(*space)).await?.filter(|found| found > listed) {
                short.insert(space.id.as_str(), (found, *listed));
            }
        }
        Ok(short)
    }

    /// How many documents search knows in these spaces; none where it does not say.
    async fn found(&self, spaces: &[Space]) -> Result<Option<u64>, Stop> {
        let types = if self.conn.config.blog_posts { "type in (page,blogpost)" } else { "type=page" };
        let mut all = Some(0);
        for cql in in_spaces(spaces, types) {
            let mut asked = self.conn.searching(&self.site, &cql, "", "1");
            asked.retain(|(name, _)| name != "expand");
            asked.extend(query(&[("excerpt", "none")]));
            let count: Count = self.conn.rest(&self.site).one("/rest/api/search", &asked, "the number of documents").await?;
            all = all.zip(count.total_size).map(|(all, one)| all + one);
        }
        Ok(all)
    }
}

fn told(space: &str, found: u64, listed: u64) -> String {
    format!(
        "The service's search counts {found} documents in `{space}`, and its lists name {listed}, as on the day before. If pages that you can open in the browser are missing \
         below `{space}`, ask the service's administrators to rebuild its index, and report it to context-sync."
    )
}
