//! Sites that are too large to be listed at each run: of most spaces what is new, and of some all, those that have waited longest, so that each is listed
//! whole within a day.
//!
//! What is new is read newest first down to the newest document of the last run. No date is ever sent to the service: what a date means there, to the minute
//! and in a zone that nobody tells, is of no concern then. What is no new version (a move, a label, a deletion, a page that comes back) shows when its space
//! has its turn, or its stretch of a space that is larger than a run's part ([`super::stretches`]).

use std::collections::BTreeMap;

use super::api::{Stop, query};
use super::cloud::{self, PageV2};
use super::comments::Course;
use super::labels::Intake;
use super::list::{Kind, Listing, Space};
use super::nodes::in_spaces;
use super::site::Memory;
use super::spaces::Known;
use super::v1::Content;
use super::{data_center, locked};
use crate::connectors::connector::{Completion, Depth, Listed, SourceError};

/// How far behind the newest known document the feed looks.
const OVERLAP_MS: i64 = 15 * 60 * 1000;
/// Spaces in one request of Cloud's feed.
const SPACES: usize = 100;
/// A space with so few documents is never listed by stretches: a few requests bring it whole.
const LEAST: u64 = 1000;
/// Items of a page of the feed.
const FEED: &str = "100";
/// Ids in one request.
const IDS: usize = 100;
const EXPAND: &str = "version,ancestors,metadata.labels,history,space";

/// How to look at a selection: it is one search and comes whole each time, so what else is to be looked at has its turn as a whole.
pub(super) fn of_selection(depth: Depth, turn: u64) -> Depth {
    match depth {
        Depth::Rolling(percent) if turn.is_multiple_of((100 / u64::from(percent.max(1))).max(1)) => Depth::Everything,
        Depth::Rolling(_) => Depth::Changes,
        other => other,
    }
}

/// How much of each space is listed in a run; of all others what is new.
pub(super) struct Plan {
    /// Those that are listed whole.
    pub(super) whole: Vec<bool>,
    /// Those of which a stretch is listed, and how many documents that is at least; 0 for the others.
    pub(super) stretches: Vec<u64>,
    /// How many documents may be listed besides them in the runs to come.
    pub(super) saved: u64,
}

/// Which spaces are listed whole: those that have waited longest come first; one that is larger than a run's part waits until enough has been saved up for it,
/// and the others behind it. Of one that is much larger a stretch is listed at each run, where the service lists in an order (`ordered`). `known`: of each space.
pub(super) fn plan(depth: Depth, spaces: &[Space], known: &[Known], memory: Option<&Memory>, ordered: bool) -> Plan {
    let mut plan = Plan { whole: vec![true; spaces.len()], stretches: vec![0; spaces.len()], saved: 0 };
    let (Depth::Rolling(percent), Some(memory)) = (depth, memory) else { return plan };
    if memory.documents_ms.is_none() {
        return plan;
    }
    let part = |count: u64| (count * u64::from(percent)).div_ceil(100);
    let all: u64 = known.iter().map(|known| known.count).sum();
    let mut waiting: Vec<(u64, usize, u64)> = Vec::new();
    for (at, (space, known)) in spaces.iter().zip(known).enumerate() {
        let turn = known.turn.max(memory.tried.get(&space.id).copied().unwrap_or_default());
        // A space that was never listed whole has to be.
        plan.whole[at] = turn == 0;
        match turn {
            0 => {}
            _ if ordered && !known.no_stretches && known.count > part(all).max(LEAST) => plan.stretches[at] = part(known.count),
            _ => waiting.push((turn, at, known.count + 1)),
        }
    }
    waiting.sort_unstable();
    let total: u64 = waiting.iter().map(|(_, _, count)| count).sum();
    plan.saved = (memory.saved + part(total)).min(total);
    for (_, at, count) in waiting {
        if count > plan.saved {
            break;
        }
        plan.whole[at] = true;
        plan.saved -= count;
    }
    plan
}

impl Listing<'_> {
    /// Spaces that were to be listed whole and were not, with the turn in which that was tried last.
    pub(super) fn broke_off(&self, memory: Option<&Memory>, complete: &[bool]) -> BTreeMap<String, u64> {
        let mut tried = memory.map(|memory| memory.tried.clone()).unwrap_or_default();
        for (at, space) in self.spaces.iter().enumerate().filter(|(at, _)| self.is_whole(*at)) {
            if complete.get(at) == Some(&true) {
                tried.remove(&space.id);
            } else {
                tried.insert(space.id.clone(), self.turn);
            }
        }
        tried
    }

    /// What is new in spaces that are not listed whole, since `until`. Returns why it could not be had, if so.
    pub(super) async fn news(&self, until: Option<i64>) -> Result<Option<String>, SourceError> {
        let fed: Vec<Space> = self.spaces.iter().enumerate().filter(|(at, _)| !self.is_whole(*at)).map(|(_, space)| space.clone()).collect();
        let (false, Some(until)) = (fed.is_empty(), until) else { return Ok(None) };
        let until = until - OVERLAP_MS;
        let done = if self.site.cloud { self.news_on_cloud(&fed, until).await } else { self.news_on_data_center(&fed, until).await };
        let unfed = match done {
            Ok(()) => None,
            Err(stop) => {
                // The next run has to begin where this one did.
                let why = self.bears("what is new", stop)?;
                locked(&self.lacking).push(format!("what is new: {why}"));
                Some(why)
            }
        };
        for (at, space) in self.spaces.iter().enumerate().filter(|(at, _)| !self.is_whole(*at)) {
            // What is said of the others, their stretch tells.
            if self.stretch(at) == 0 || unfed.is_some() {
                let completion = unfed.clone().map_or(Completion::News, Completion::Incomplete);
                self.out.send(Listed::ScopeDone { scope: space.scope.clone(), name: space.key.clone(), completion, cursor: None }).await;
            }
        }
        Ok(unfed)
    }

    async fn news_on_cloud(&self, spaces: &[Space], until: i64) -> Result<(), Stop> {
        let rest = self.conn.rest(&self.site);
        let archived = self.conn.config.archived;
        for spaces in spaces.chunks(SPACES) {
            let ids = spaces.iter().map(|space| space.id.as_str()).collect::<Vec<_>>().join(",");
            for kind in [Kind::Page, Kind::Post] {
                if kind == Kind::Post && !self.conn.config.blog_posts {
                    continue;
                }
                let statuses = cloud::statuses(kind, archived);
                let all = query(&[("space-id", &ids), ("status", statuses), ("sort", "-modified-date"), ("limit", FEED)]);
                let mut list = rest.list::<PageV2>(format!("/api/v2/{}", cloud::plural(kind)), all, "what is new");
                'feed: while let Some(page) = list.next().await? {
                    for found in page {
                        if !self.take_page(&found, kind, Some(until)).await {
                            break 'feed;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    async fn news_on_data_center(&self, spaces: &[Space], until: i64) -> Result<(), Stop> {
        let types = if self.conn.config.blog_posts { "type in (page,blogpost)" } else { "type=page" };
        let rest = self.conn.rest(&self.site);
        for cql in in_spaces(spaces, types) {
            let all = self.conn.searching(&self.site, &format!("{cql} order by lastmodified desc"), EXPAND, FEED);
            let mut list = rest.list::<Content>("/rest/api/content/search", all, "what is new");
            'feed: while let Some(page) = list.next().await? {
                for found in page {
                    if !self.take_content(&found, Some(until)).await {
                        break 'feed;
                    }
                }
            }
        }
        Ok(())
    }

    /// False where it is older than `until`.
    async fn take_page(&self, found: &PageV2, kind: Kind, until: Option<i64>) -> bool {
        let Some(at) = self.spaces.iter().position(|space| space.id == found.space_id) else { return true };
        let item = cloud::item(found, &self.spaces[at], kind, &self.site.web);
        if until.is_some_and(|until| item.modified_ms < until) {
            return false;
        }
        if found.is_there(self.conn.config.archived) {
            self.seen(at, item, &Intake::closed()).await;
        }
        true
    }

    async fn take_content(&self, found: &Content, until: Option<i64>) -> bool {
        let there = |space: &Space| found.space.as_ref().is_some_and(|at| at.id == space.id || at.key == space.key);
        let Some(at) = self.spaces.iter().position(there) else { return true };
        let kind = if found.kind == Kind::Post.name() { Kind::Post } else { Kind::Page };
        let item = data_center::item(found, &self.spaces[at], kind, &self.site.web);
        if until.is_some_and(|until| item.modified_ms < until) {
            return false;
        }
        if found.is_there(self.conn.config.archived) {
            self.conn.remember_people(found);
            self.seen(at, item, &Intake::closed()).await;
        }
        true
    }

    /// Documents that this run does not list and whose comments changed: their comments need to know their place.
    pub(super) async fn unlisted_with_news(&self, course: &Course) -> Result<(), SourceError> {
        if !self.plan.whole.contains(&false) {
            return Ok(());
        }
        let pages = course.news_elsewhere(&locked(&self.heads));
        for ids in pages.chunks(IDS) {
            let done = if self.site.cloud { self.by_id_on_cloud(ids).await } else { self.by_id_on_data_center(ids).await };
            if let Err(stop) = done {
                self.lacks("pages with new comments", stop)?;
            }
        }
        Ok(())
    }

    async fn by_id_on_cloud(&self, ids: &[String]) -> Result<(), Stop> {
        let ids = ids.join(",");
        for kind in [Kind::Page, Kind::Post] {
            let all = query(&[("id", &ids), ("status", cloud::statuses(kind, self.conn.config.archived)), ("limit", "250")]);
            let rest = self.conn.rest(&self.site);
            for found in rest.list::<PageV2>(format!("/api/v2/{}", cloud::plural(kind)), all, "pages with new comments").all().await? {
                self.take_page(&found, kind, None).await;
            }
        }
        Ok(())
    }

    async fn by_id_on_data_center(&self, ids: &[String]) -> Result<(), Stop> {
        let cql = format!("id in ({})", ids.join(","));
        let all = self.conn.searching(&self.site, &cql, EXPAND, "200");
        for found in self.conn.rest(&self.site).list::<Content>("/rest/api/content/search", all, "pages with new comments").all().await? {
            self.take_content(&found, None).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Scope;

    fn space(id: usize) -> Space {
        let id = id.to_string();
        Space { scope: Scope::new(&id), key: id.clone(), id, home: None, personal: false, archived: false }
    }

    fn known(id: usize, count: u64, turn: u64) -> Known {
        Known { count, turn, no_stretches: true, ..Known::new(&space(id)) }
    }

    fn memory() -> Memory {
        serde_json::from_str(r#"{"of":"","site":{"cloud":true,"base":"https://w","web":"https://w","account":null},"documents_ms":7}"#).unwrap()
    }

    /// The turns of spaces with so many documents each after so many runs at 5 %, and the most documents that one of the runs listed. Space 0 may break off
    /// each time.
    fn rounds(counts: &[u64], runs: u64, breaks: bool) -> (Vec<u64>, u64) {
        let spaces: Vec<Space> = (0..counts.len()).map(space).collect();
        let (mut turns, mut memory, mut most) = (vec![1; counts.len()], memory(), 0);
        for turn in 2..2 + runs {
            let known: Vec<Known> = counts.iter().enumerate().map(|(id, count)| known(id, *count, turns[id])).collect();
            let Plan { whole, saved, .. } = plan(Depth::Rolling(5), &spaces, &known, Some(&memory), true);
            memory.saved = saved;
            most = most.max(whole.iter().zip(counts).filter(|(whole, _)| **whole).map(|(_, count)| count).sum());
            for (at, _) in whole.iter().enumerate().filter(|(_, whole)| **whole) {
                if at == 0 && breaks {
                    memory.tried.insert("0".to_owned(), turn);
                } else {
                    turns[at] = turn;
                }
            }
        }
        (turns, most)
    }

    #[test]
    fn every_space_has_its_turn_in_twenty_runs() {
        let (turns, most) = rounds(&[400; 50], 21, false);
        assert!(turns.iter().all(|turn| *turn > 1) && most <= 3 * 400, "{turns:?} {most}");
        let (turns, _) = rounds(&[90_000, 10, 10, 5000, 10], 21, false);
        assert!(turns.iter().all(|turn| *turn > 1), "{turns:?}");
        let (turns, _) = rounds(&[90_000], 40, false);
        assert_eq!(turns, [41], "the only space is listed every twentieth time, not each time");
    }

    #[test]
    fn a_space_that_breaks_off_each_time_takes_no_other_turn() {
        let (turns, _) = rounds(&[100; 20], 40, true);
        assert!(turns[1..].iter().all(|turn| *turn > 20), "{turns:?}");
    }

    #[test]
    fn a_new_space_is_listed_at_once() {
        let spaces = [space(1), space(2)];
        let known = [known(1, 5, 1), Known::new(&spaces[1])];
        assert_eq!(plan(Depth::Rolling(5), &spaces, &known, Some(&memory()), true).whole, [false, true]);
    }

    #[test]
    fn a_selection_is_looked_at_thoroughly_once_in_a_round() {
        let thorough = |percent| (1..=100).filter(|turn| of_selection(Depth::Rolling(percent), *turn) == Depth::Everything).count();
        assert_eq!((thorough(5), thorough(30), thorough(100)), (5, 33, 100));
        assert_eq!(of_selection(Depth::Changes, 20), Depth::Changes);
    }

    #[test]
    fn what_knows_too_little_is_listed_whole() {
        let (spaces, known) = ([space(1), space(2)], [known(1, 5, 1), known(2, 5, 1)]);
        let memory = memory();
        let (none, all) = ([false, false], [true, true]);
        for (depth, memory, expected) in [
            (Depth::Changes, Some(&memory), all),
            (Depth::Rolling(5), None, all),
            (Depth::Rolling(5), Some(&memory), none),
            (Depth::Rolling(100), Some(&memory), all),
        ] {
            assert_eq!(plan(depth, &spaces, &known, memory, true).whole, expected, "{depth:?}");
        }
    }

    #[test]
    fn a_space_that_holds_most_of_a_site_is_listed_by_stretches_beside_the_turns_of_the_others() {
        let spaces = [space(1), space(2), space(3)];
        let in_order = |known: Known| Known { no_stretches: false, ..known };
        let all = [in_order(known(1, 90_000, 9)), in_order(known(2, 500, 2)), in_order(known(3, 500, 1))];
        let planned = plan(Depth::Rolling(5), &spaces, &all, Some(&memory()), true);
        assert_eq!((planned.stretches, planned.saved), (vec![4500, 0, 0], 51), "the small ones save up for their own turns only");
        // A stretch of everything is the whole.
        assert_eq!(plan(Depth::Rolling(100), &spaces, &all, Some(&memory()), true).whole, [true; 3]);
        for (known, ordered) in [(&all[..], false), (&[known(1, 90_000, 9), all[1].clone(), all[2].clone()][..], true)] {
            assert_eq!(plan(Depth::Rolling(5), &spaces, known, Some(&memory()), ordered).stretches, [0; 3]);
        }
        let small = [in_order(known(1, 900, 9)), in_order(known(2, 5, 2)), in_order(known(3, 5, 1))];
        assert_eq!(plan(Depth::Rolling(5), &spaces, &small, Some(&memory()), true).stretches, [0; 3]);
    }
}
