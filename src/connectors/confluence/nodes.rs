//! Folders, whiteboards, databases and embeds: what pages lie below, and no page. Their titles come by search, once a day and when a page lies in a new
//! one. Folders are names on the way down; the others become cards.

use rustc_hash::FxHashSet;

use super::api::{Stop, quoted};
use super::cards::{Card, is_card};
use super::list::{Listing, Space};
use super::site::Memory;
use super::v1::Content;
use super::{locked, place};
use crate::connectors::connector::{Depth, Listed, SourceError};
use crate::model::RemoteId;

/// Bytes of keys in one search: they stand in the address.
const KEY_BYTES: usize = 3000;

/// What is known of them at the end of a listing.
pub(super) struct Known {
    /// Those that need not be asked for again.
    pub(super) nodes: Vec<String>,
    /// Those that are documents.
    pub(super) cards: Vec<Card>,
}

impl Listing<'_> {
    /// Names the parents that are no pages, and the cards; `hidden` pages were named already.
    pub(super) async fn nodes(&self, memory: Option<&Memory>, hidden: Vec<String>) -> Result<Known, SourceError> {
        let parents = std::mem::take(&mut *locked(&self.parents));
        let known: FxHashSet<&str> = memory.iter().flat_map(|memory| &memory.nodes).map(String::as_str).collect();
        let selected = self.conn.config.filter().is_some();
        let mut cards: Vec<Card> = memory.filter(|_| self.conn.config.link_cards).map(|memory| memory.cards.clone()).unwrap_or_default();
        let unknown = parents.keys().any(|parent| !known.contains(parent.as_str()));
        if selected {
            cards = std::mem::take(&mut *locked(&self.selected_cards));
        }
        let everything = self.depth != Depth::Changes && ((self.conn.config.link_cards && !selected) || !parents.is_empty());
        if !self.site.cloud || !(unknown || everything) {
            self.name_cards(&cards).await;
            return Ok(Known { nodes: joined(known, hidden), cards });
        }
        let mut found = Found { with_cards: self.conn.config.link_cards && !selected, ..Found::default() };
        // Of a site that is listed by parts, the parts whose turn it is, and those that show what is not known.
        let shows = |at: usize| parents.iter().any(|(parent, there)| *there == at && !known.contains(parent.as_str()));
        let looks = |at: &usize| !matches!(self.depth, Depth::Rolling(_)) || self.is_whole(*at) || self.begins_round(*at) || shows(*at);
        let asked: Vec<Space> = (0..self.spaces.len()).filter(looks).filter_map(|at| self.spaces.get(at).cloned()).collect();
        for cql in in_spaces(&asked, "type in (folder,whiteboard,database,embed)") {
            match self.search_nodes(&cql, &mut found).await {
                Ok(()) => {}
                Err(stop) => {
                    self.lacks("names of folders", stop)?;
                    found.broken = true;
                }
            }
        }
        if found.with_cards && !found.broken {
            // Search does not look into archived spaces: what was known of these stays, as that of spaces that were not asked for.
            cards.retain(|card| {
                let archived = self.spaces.iter().any(|space| space.archived && space.id == card.space);
                archived || !asked.iter().any(|space| space.id == card.space)
            });
            cards.extend(found.cards);
        }
        self.name_cards(&cards).await;
        // Some tokens may not see folders. A page then lies in a folder with a plain name; a name once learnt is not given up for that.
        for (parent, at) in parents.iter().filter(|(parent, _)| !found.named.contains(*parent) && !known.contains(parent.as_str())) {
            if let Some(space) = self.spaces.get(*at) {
                let place = place::node(parent, "folder", None, None, None, space, &self.site.web);
                self.out.send(Listed::Node { id: RemoteId::new(parent), place }).await;
            }
        }
        let nodes = joined(known, found.named.into_iter().chain(parents.into_keys()).chain(hidden));
        Ok(Known { nodes, cards })
    }

    async fn search_nodes(&self, cql: &str, found: &mut Found) -> Result<(), Stop> {
        let rest = self.conn.rest(&self.site);
        let all = self.conn.searching(&self.site, cql, "ancestors,space,version,history", "200");
        let mut list = rest.list::<Content>("/rest/api/content/search", all, "names of folders");
        while let Some(page) = list.next().await? {
            for node in page {
                let Some(space) = node.space.as_ref().and_then(|found| self.spaces.iter().find(|s| s.id == found.id || s.key == found.key)) else {
                    continue;
                };
                if found.with_cards && is_card(&node.kind) {
                    self.conn.remember_people(&node);
                    found.cards.push(Card::of(&node, space));
                } else {
                    let parent = node.ancestors.iter().flatten().next_back().map(|above| above.id.as_str());
                    let place = place::node(&node.id, &node.kind, Some(&node.title), parent, node.links.webui.as_deref(), space, &self.site.web);
                    self.out.send(Listed::Node { id: RemoteId::new(&node.id), place }).await;
                }
                found.named.insert(node.id);
            }
        }
        Ok(())
    }
}

/// What a search found.
#[derive(Default)]
struct Found {
    named: FxHashSet<String>,
    cards: Vec<Card>,
    /// Whether whiteboards and their kin are documents rather than names on the way down; a selection has those of its own.
    with_cards: bool,
    /// It broke off.
    broken: bool,
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
