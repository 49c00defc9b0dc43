//! Comments: all of a page's or post's in one document of its own, beside it, because they change by a clock of their own.
//!
//! They are found by one search for all mirrored spaces: whole at first and once a day, and otherwise newest first, down to the last one known; so a run
//! without news costs one request, and no page is ever asked for its comments to find out whether it has any. What the documents of today are made of is
//! remembered comment by comment, so that an edit, a resolution or a deletion changes the revision of its own page's comments and of no other.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::api::{self, Stop};
use super::list::{Kind, Listing, Space};
use super::nodes::in_spaces;
use super::v1::Content;
use super::{locked, place};
use crate::connectors::connector::{Completion, Depth, Listed, SourceError};
use crate::model::{Cursor, Place, RemoteId, Revision, Scope};

mod fetch;
mod presence;
pub(super) mod threads;

/// The kind of these documents.
pub(super) const KIND: &str = "comments";
/// The scope under which they are remembered; no document lies in it.
pub(super) const SCOPE: &str = "#comments";
/// How far behind the newest known comment the feed looks: search shows what is fresh late, and not in its order.
const OVERLAP_MS: i64 = 15 * 60 * 1000;
/// Documents in one search: their ids stand in the address.
const AT_ONCE: usize = 200;
/// Items of a page of the feed, which mostly ends on its first.
const FEED: &str = "50";
/// Items of a page of the whole.
const WHOLE: &str = "200";

/// What is kept from run to run about comments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// The site that it holds for, as in the site's own memory.
    of: String,
    /// The newest comment's moment, in milliseconds since 1970, as the service told it.
    newest_ms: i64,
    /// Ids of the spaces whose comments are all in here.
    spaces: BTreeSet<String>,
    /// By page: a mark for each of its comments that changes when the comment does.
    pages: BTreeMap<String, BTreeMap<String, u32>>,
}

impl Memory {
    /// Takes a comment in; its page, if that is news.
    fn note<'f>(&mut self, found: &'f Content) -> Option<&'f str> {
        let page = found.container.as_ref().map(|page| page.id.as_str()).filter(|page| !page.is_empty())?;
        let (id, mark) = (found.id.clone(), mark(found));
        self.newest_ms = self.newest_ms.max(moment(found));
        (self.pages.entry(page.to_owned()).or_default().insert(id, mark) != Some(mark)).then_some(page)
    }

    /// Of the comments of a page in this space: the space is in the body that is kept, and a page that goes to another has no new version.
    fn revision(&self, page: &str, space: &str) -> Option<Revision> {
        let comments = self.pages.get(page).filter(|comments| !comments.is_empty())?;
        let mut sum = Fnv::default();
        sum.take(space.as_bytes());
        for (id, mark) in comments {
            sum.take(id.as_bytes());
            sum.take(&mark.to_le_bytes());
        }
        Some(Revision::new(format!("{}@{:016x}", comments.len(), sum.0)))
    }
}

fn moment(found: &Content) -> i64 {
    found.version.as_ref().and_then(|version| api::millis(version.when.as_deref()?)).unwrap_or_default()
}

/// Changes with a comment's version and when it is resolved or opened again, which is no new version everywhere.
fn mark(found: &Content) -> u32 {
    let mut sum = Fnv::default();
    sum.take(&found.version.as_ref().map_or(0, |version| version.number).to_le_bytes());
    sum.take(&moment(found).to_le_bytes());
    sum.take(found.resolution().unwrap_or_default().as_bytes());
    u32::try_from(sum.0 & u64::from(u32::MAX)).unwrap_or_default()
}

/// FNV-1a: what is remembered must mean the same in every version of the program.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// The id of a page's comments.
pub(super) fn id_of(page: &str) -> RemoteId {
    RemoteId::new(format!("{page}{SCOPE}"))
}

/// The page whose comments these are, if it is comments that the id names.
pub(super) fn page_of(id: &RemoteId) -> Option<&str> {
    id.as_str().strip_suffix(SCOPE)
}

/// What a page's comments have of its place. Much smaller than that, because a first listing keeps one of each page until it knows which have comments.
pub(super) struct Head {
    at: u32,
    kind: Kind,
    title: Box<str>,
    parent: Option<Box<str>>,
}

/// Of which documents the heads are kept.
pub(super) enum Keeps {
    /// Comments are not mirrored.
    Nothing,
    /// Those that have comments.
    These(FxHashSet<Box<str>>),
    /// All: which have comments is not known yet.
    All,
}

impl Keeps {
    /// Whether this document's head is to be kept.
    pub(super) fn wants(&self, id: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::These(these) => these.contains(id),
            Self::All => true,
        }
    }
}

/// Where the listing of comments stands before documents are listed.
pub(super) struct Course {
    memory: Memory,
    /// Spaces of which all comments have to be listed.
    whole: Vec<Space>,
    /// What was known of comments in archived spaces, into which search does not look.
    archived: BTreeMap<String, BTreeMap<String, u32>>,
    /// Pages whose comments changed since the last time.
    news: BTreeSet<String>,
    /// All comments of `whole`, where other spaces are covered by what was known.
    fresh: Option<Memory>,
    /// Why it is not what it should be.
    lacking: Option<String>,
}

impl Listing<'_> {
    /// Asks what is new since the last time. What cannot be learnt so is left to [`Listing::all_comments`], which can go on beside the documents.
    pub(super) async fn new_comments(&self, cursor: Option<&Cursor>) -> Result<Course, SourceError> {
        let of = self.conn.memory_of();
        let known = cursor.and_then(|cursor| serde_json::from_str::<Memory>(cursor.as_str()).ok()).filter(|memory| memory.of == of);
        let mut course = Course {
            memory: known.unwrap_or_default(),
            whole: Vec::new(),
            archived: BTreeMap::new(),
            news: BTreeSet::new(),
            fresh: None,
            lacking: None,
        };
        course.memory.of = of;
        if !self.conn.config.comments {
            return Ok(course);
        }
        let covered = |space: &Space| !self.is_thorough(space) && course.memory.spaces.contains(&space.id);
        let (fed, whole): (Vec<Space>, Vec<Space>) = self.spaces.iter().filter(|space| !space.archived).cloned().partition(covered);
        course.whole = whole;
        if self.spaces.iter().any(|space| space.archived) {
            course.archived = course.memory.pages.clone();
        }
        if !fed.is_empty() {
            let mut fresh = course.memory.clone();
            match self.comment_feed(&fed, &mut fresh, &mut course.news).await {
                Ok(()) => course.memory = fresh,
                Err(stop) => course.lacking = Some(self.bears("comments", stop)?),
            }
        }
        *locked(&self.keeps) = match course.whole.is_empty() {
            true => Keeps::These(course.memory.pages.keys().map(|page| page.as_str().into()).collect()),
            false => Keeps::All,
        };
        Ok(course)
    }

    async fn comment_feed(&self, spaces: &[Space], memory: &mut Memory, news: &mut BTreeSet<String>) -> Result<(), Stop> {
        let until = memory.newest_ms - OVERLAP_MS;
        let searches = in_spaces(spaces, "type=comment");
        let clause = match &searches[..] {
            [one] => one.as_str(),
            // Too many keys for one address: the site's newest, of which those of other spaces are passed over.
            _ => "type=comment",
        };
        self.walk_comments(&format!("{clause} order by lastmodified desc"), FEED, until, memory, news).await
    }

    /// All comments of the spaces that need it. A list that breaks off leaves what was known: half of a page's comments are no better than its old ones.
    pub(super) async fn all_comments(&self, mut course: Course) -> Result<Course, SourceError> {
        if course.whole.is_empty() {
            return Ok(course);
        }
        let mut fresh = match self.depth {
            Depth::Changes => course.memory.clone(),
            Depth::Everything | Depth::Rolling(_) => Memory { of: course.memory.of.clone(), ..Memory::default() },
        };
        for cql in in_spaces(&course.whole, "type=comment") {
            // By age, so that one that comes while we read stands at the end.
            match self.walk_comments(&format!("{cql} order by created asc"), WHOLE, i64::MIN, &mut fresh, &mut BTreeSet::new()).await {
                Ok(()) => {}
                Err(stop) => {
                    course.lacking = Some(self.bears("comments", stop)?);
                    return Ok(course);
                }
            }
        }
        self.keep_only(course.memory.pages.keys().chain(fresh.pages.keys()).map(|page| page.as_str().into()).collect());
        let listed = course.whole.iter().map(|space| space.id.clone());
        if matches!(self.depth, Depth::Rolling(_)) {
            course.memory.spaces.extend(listed);
            course.memory.newest_ms = course.memory.newest_ms.max(fresh.newest_ms);
            course.fresh = Some(fresh);
        } else {
            fresh.spaces.extend(listed);
            course.memory = fresh;
        }
        Ok(course)
    }

    /// All comments of these documents, where they are not listed by whole spaces.
    pub(super) async fn comments_of(&self, documents: &[String], course: &mut Course) -> Result<(), Stop> {
        let mut fresh = Memory::default();
        for documents in documents.chunks(AT_ONCE) {
            let cql = format!("type=comment and container in ({}) order by created asc", documents.join(","));
            self.walk_comments(&cql, WHOLE, i64::MIN, &mut fresh, &mut BTreeSet::new()).await?;
        }
        for document in documents {
            let known = course.memory.pages.remove(document);
            let Some(now) = fresh.pages.remove(document) else { continue };
            if known.as_ref() != Some(&now) {
                course.news.insert(document.clone());
            }
            course.memory.pages.insert(document.clone(), now);
        }
        Ok(())
    }

    async fn walk_comments(&self, cql: &str, limit: &str, until: i64, memory: &mut Memory, news: &mut BTreeSet<String>) -> Result<(), Stop> {
        let rest = self.conn.rest(&self.site);
        let all = self.conn.searching(&self.site, cql, "version,container,extensions.resolution", limit);
        let mut list = rest.list::<Content>("/rest/api/content/search", all, "the list of comments");
        while let Some(page) = list.next().await? {
            for found in page {
                if moment(&found) < until {
                    return Ok(());
                }
                news.extend(memory.note(&found).map(str::to_owned));
            }
        }
        Ok(())
    }

    /// Once it is known which documents have comments, or had some, the heads of all others go: mostly long before the last document is listed.
    fn keep_only(&self, these: FxHashSet<Box<str>>) {
        locked(&self.heads).retain(|id, _| these.contains(id));
        *locked(&self.keeps) = Keeps::These(these);
    }

    /// Keeps what a document's comments need of its place.
    pub(super) fn keep_head(&self, at: usize, id: &RemoteId, place: &Place) {
        if !locked(&self.keeps).wants(id.as_str()) {
            return;
        }
        let parent = place.parent.as_ref().map(|parent| parent.as_str().into());
        let head = Head { at: u32::try_from(at).unwrap_or(u32::MAX), kind: Kind::of(place), title: place.title.as_str().into(), parent };
        locked(&self.heads).insert(id.as_str().into(), head);
    }

    /// Names the comments of every listed document that has any.
    pub(super) async fn name_comments(&self, mut course: Course) {
        if !self.conn.config.comments {
            return;
        }
        let heads = std::mem::take(&mut *locked(&self.heads));
        if let Some(fresh) = course.fresh.take() {
            course.merge(fresh, &heads, |at| self.is_whole(at));
        }
        let is_archived = |page: &str| heads.get(page).is_some_and(|head| self.spaces.get(head.at as usize).is_some_and(|space| space.archived));
        course.memory.pages.extend(std::mem::take(&mut course.archived).into_iter().filter(|(page, _)| is_archived(page)));
        let mut revisions = Vec::new();
        for page in course.memory.pages.keys() {
            let Some(head) = heads.get(page.as_str()) else { continue };
            let Some(space) = usize::try_from(head.at).ok().and_then(|at| self.spaces.get(at)) else { continue };
            let Some(revision) = course.memory.revision(page, &space.id) else { continue };
            let parent = head.parent.as_deref();
            let place = place::comments(page, &head.title, head.kind, parent, space, &self.site.web);
            revisions.push((page.as_str().into(), revision.clone()));
            self.out.send(Listed::Seen { id: id_of(page), revision, place, people: Vec::new() }).await;
        }
        locked(&self.conn.comments).listed(revisions, course.lacking.is_none());
        let cursor = serde_json::to_string(&course.memory).ok().map(Cursor::from);
        let completion = course.lacking.map_or(Completion::Complete, Completion::Incomplete);
        self.out.send(Listed::ScopeDone { scope: Scope::new(SCOPE), name: "comments".to_owned(), completion, cursor }).await;
    }
}

impl Course {
    /// Puts what was listed of some spaces in the place of what was known of them.
    fn merge(&mut self, mut fresh: Memory, heads: &rustc_hash::FxHashMap<Box<str>, Head>, is_whole: impl Fn(usize) -> bool) {
        for (page, _) in heads.iter().filter(|(_, head)| is_whole(head.at as usize)) {
            match fresh.pages.remove(&**page) {
                Some(comments) => self.memory.pages.insert(page.to_string(), comments),
                None => self.memory.pages.remove(&**page),
            };
        }
    }

    /// Pages whose comments changed and that are not among `heads`.
    pub(super) fn news_elsewhere(&self, heads: &rustc_hash::FxHashMap<Box<str>, Head>) -> Vec<String> {
        self.news.iter().filter(|page| !heads.contains_key(page.as_str())).cloned().collect()
    }
}

/// What this run's listing said of comments, for those who fetch and confirm them.
#[derive(Default)]
pub(super) struct Today {
    revisions: rustc_hash::FxHashMap<Box<str>, Revision>,
    /// The list came to its end: a page that it does not name has none.
    whole: bool,
}

impl Today {
    fn listed(&mut self, revisions: Vec<(Box<str>, Revision)>, whole: bool) {
        self.revisions = revisions.into_iter().collect();
        self.whole = whole;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(id: &str, version: u64, state: &str) -> Content {
        let json = format!(
            r#"{{"id":"{id}","type":"comment","container":{{"id":"7"}},"version":{{"number":{version},"when":"2026-01-05T09:00:00Z"}},
                "extensions":{{"resolution":{{"status":"{state}"}}}}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn a_revision_changes_with_each_edit_resolution_and_deletion_and_with_nothing_else() {
        let of = |comments: &[Content]| {
            let mut memory = Memory::default();
            comments.iter().for_each(|found| {
                memory.note(found);
            });
            memory.revision("7", "1")
        };
        let both = of(&[comment("1", 1, "open"), comment("2", 1, "open")]);
        assert_eq!(both, of(&[comment("2", 1, "open"), comment("1", 1, "open"), comment("1", 1, "open")]));
        for other in [
            of(&[comment("1", 2, "open"), comment("2", 1, "open")]),
            of(&[comment("1", 1, "resolved"), comment("2", 1, "open")]),
            of(&[comment("1", 1, "open")]),
            of(&[comment("1", 1, "open"), comment("2", 1, "open"), comment("3", 1, "open")]),
        ] {
            assert_ne!(both, other);
        }
        assert_eq!(of(&[]), None);
        let mut moved = Memory::default();
        moved.note(&comment("1", 1, "open"));
        assert_ne!(moved.revision("7", "1"), moved.revision("7", "2"));
    }

    #[test]
    fn ids_of_comments_name_their_page() {
        assert_eq!(page_of(&id_of("98411")), Some("98411"));
        assert_eq!(page_of(&RemoteId::new("98411")), None);
    }
}
