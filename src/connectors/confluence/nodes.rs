//! Folders, whiteboards, databases and embeds: no documents, but what pages lie below. Their titles come by search, only where pages lie in one, and
//! then once a day or when a new one shows up.

use rustc_hash::FxHashSet;

use super::api::{Stop, quoted};
use super::list::{Listing, Space};
use super::site::Memory;
use super::v1::Content;
use super::{locked, place};
use crate::connectors::connector::{Depth, Listed, SourceError};
use crate::model::RemoteId;

/// Bytes of keys in one search: they stand in the address.
const KEY_BYTES: usize = 3000;

impl Listing<'_> {
    /// Names the parents that are no pages; returns those that need not be asked for again, the `hidden` pages with them.
    pub(super) async fn nodes(&self, memory: Option<&Memory>, hidden: Vec<String>) -> Result<Vec<String>, SourceError> {
        let parents = std::mem::take(&mut *locked(&self.parents));
        let known: FxHashSet<&str> = memory.iter().flat_map(|memory| &memory.nodes).map(String::as_str).collect();
        let unknown = parents.keys().any(|parent| !known.contains(parent.as_str()));
        if parents.is_empty() || !(unknown || self.depth == Depth::Everything) {
            return Ok(joined(known, hidden));
        }
        let mut named: FxHashSet<String> = FxHashSet::default();
        for cql in in_spaces(&self.spaces, "type in (folder,whiteboard,database,embed)") {
            match self.search_nodes(&cql, &mut named).await {
                Ok(()) => {}
                Err(stop) => self.lacks("names of folders", stop)?,
            }
        }
        // Some tokens may not see folders. A page then lies in a folder with a plain name; a name once learnt is not given up for that.
        for (parent, at) in parents.iter().filter(|(parent, _)| !named.contains(*parent) && !known.contains(parent.as_str())) {
            if let Some(space) = self.spaces.get(*at) {
                let place = place::node(parent, "folder", None, None, None, space, &self.site.web);
                self.out.send(Listed::Node { id: RemoteId::new(parent), place }).await;
            }
        }
        Ok(joined(known, named.into_iter().chain(parents.into_keys()).chain(hidden)))
    }

    async fn search_nodes(&self, cql: &str, named: &mut FxHashSet<String>) -> Result<(), Stop> {
        let rest = self.conn.rest(&self.site);
        let all = self.conn.searching(&self.site, cql, "ancestors,space", "200");
        let mut list = rest.list::<Content>("/rest/api/content/search", all, "names of folders");
        while let Some(page) = list.next().await? {
            for node in page {
                let Some(space) = node.space.as_ref().and_then(|found| self.spaces.iter().find(|s| s.id == found.id || s.key == found.key)) else {
                    continue;
                };
                let parent = node.ancestors.iter().flatten().next_back().map(|above| above.id.as_str());
                let place = place::node(&node.id, &node.kind, Some(&node.title), parent, node.links.webui.as_deref(), space, &self.site.web);
                self.out.send(Listed::Node { id: RemoteId::new(&node.id), place }).await;
                named.insert(node.id);
            }
        }
        Ok(())
    }
}

fn joined(known: FxHashSet<&str>, new: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = known.into_iter().map(str::to_owned).chain(new).collect();
    all.sort();
    all.dedup();
    all
}

/// Searches that cover all `spaces`, each short enough for an address.
pub(super) fn in_spaces(spaces: &[Space], clause: &str) -> Vec<String> {
    let mut searches = Vec::new();
    let mut keys = String::new();
    for space in spaces {
        if keys.len() > KEY_BYTES {
            searches.push(format!("{clause} and space in ({keys})"));
            keys.clear();
        }
        if !keys.is_empty() {
            keys.push(',');
        }
        keys.push_str(&quoted(&space.key));
    }
    if !keys.is_empty() {
        searches.push(format!("{clause} and space in ({keys})"));
    }
    searches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Scope;

    #[test]
    fn many_spaces_make_several_searches_and_lose_none() {
        let space =
            |n: usize| Space { scope: Scope::new("1"), id: n.to_string(), key: format!("KEY{n}"), home: None, personal: false, archived: false };
        let spaces: Vec<Space> = (0..1000).map(space).collect();
        let searches = in_spaces(&spaces, "type=attachment");
        assert!(searches.len() > 2 && searches.iter().all(|cql| cql.len() < 3200));
        assert_eq!(searches.iter().map(|cql| cql.matches("\"KEY").count()).sum::<usize>(), 1000);
        assert_eq!(in_spaces(&spaces[..1], "type=attachment"), ["type=attachment and space in (\"KEY0\")"]);
    }
}
