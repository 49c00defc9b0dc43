//! The rest of a long conversation: all that did not come along with its body, page by page. Either all of it comes, or nothing is kept.

use serde::de::DeserializeOwned;
use serde_json::json;

use super::super::GitHub;
use super::super::trouble::Trouble;
use super::kind::Kind;
use super::query::{self, Rest};
use super::wire::{Hung, ListOfNode, Page, Said, Whole};
use crate::connectors::connector::SourceError;

/// Nodes on a page.
const PAGE: u32 = 100;
/// And the fewest, where the service is slow.
const FEWEST: u32 = 5;
/// The texts of one conversation may be so long, in bytes.
const MOST_BYTES: usize = 16 << 20;
/// An item counts for so much besides its text: no list of empty ones goes on for ever.
const ITEM_BYTES: usize = 256;

/// What a list can hold of.
trait Item: DeserializeOwned {
    /// Its length in bytes, about.
    fn weight(&self) -> usize;
    /// Whether all of it came.
    fn is_whole(&self) -> bool;
}

impl Item for Said {
    fn weight(&self) -> usize {
        ITEM_BYTES + self.bytes()
    }

    fn is_whole(&self) -> bool {
        Self::is_whole(self)
    }
}

impl Item for Hung {
    fn weight(&self) -> usize {
        ITEM_BYTES + self.comments.nodes.iter().flatten().map(Item::weight).sum::<usize>()
    }

    fn is_whole(&self) -> bool {
        self.comments.is_sure()
    }
}

/// How a list is asked for.
struct Way<'w> {
    /// The conversation's title.
    what: &'w str,
    old: bool,
    /// Bytes that may still come.
    left: usize,
}

impl GitHub {
    /// Brings all that is missing.
    pub(super) async fn complete(&self, kind: Kind, whole: &mut Whole, what: &str, old: bool) -> Result<(), SourceError> {
        let mut way = Way { what, old, left: MOST_BYTES };
        let id = whole.id.clone();
        self.all(Rest::Comments(kind), &id, &mut whole.comments, &mut way).await?;
        for comment in whole.comments.nodes.iter_mut().flatten() {
            let id = comment.id.clone();
            if let Some(replies) = &mut comment.replies {
                self.all(Rest::Replies, &id, replies, &mut way).await?;
            }
        }
        if let Some(reviews) = &mut whole.reviews {
            self.all(Rest::Reviews, &id, reviews, &mut way).await?;
        }
        if let Some(threads) = &mut whole.review_threads {
            self.all(Rest::Threads, &id, threads, &mut way).await?;
            for thread in threads.nodes.iter_mut().flatten() {
                let id = thread.id.clone();
                self.all(Rest::ThreadComments, &id, &mut thread.comments, &mut way).await?;
            }
        }
        Ok(())
    }

    async fn all<T: Item>(&self, of: Rest, id: &str, page: &mut Page<T>, way: &mut Way<'_>) -> Result<(), SourceError> {
        let mut first = PAGE;
        self.weigh(page.nodes.iter().flatten(), way)?;
        while let Some(after) = page.next() {
            let variables = json!({ "id": id, "first": first, "after": after });
            let answer = match self.api.graphql::<ListOfNode<T>>(way.what, &query::rest(of, way.old), variables).await {
                Err(Trouble::TooMuch(_)) if first > FEWEST => {
                    first = (first / 2).max(FEWEST);
                    continue;
                }
                answer => answer?,
            };
            if let Some(error) = answer.errors.first() {
                return Err(self.api.bad_answer(way.what, &error.message));
            }
            let more = answer.data.list();
            let Some(more) = more.filter(|more| more.is_sure() && more.nodes.iter().flatten().all(Item::is_whole)) else {
                return Err(self.api.bad_answer(way.what, "a part of it is missing"));
            };
            if more.next().as_ref() == Some(&after) {
                return Err(self.api.bad_answer(way.what, "its list has no end: the service gives the same page again"));
            }
            self.weigh(more.nodes.iter().flatten(), way)?;
            if more.nodes.is_empty() && more.next().is_some() {
                return Err(self.api.bad_answer(way.what, "its list has no end: the service gives empty pages"));
            }
            page.nodes.extend(more.nodes);
            page.page_info = more.page_info;
        }
        Ok(())
    }

    fn weigh<'t, T: Item + 't>(&self, items: impl Iterator<Item = &'t T>, way: &mut Way<'_>) -> Result<(), SourceError> {
        let bytes = items.map(Item::weight).sum();
        match way.left.checked_sub(bytes) {
            Some(left) => way.left = left,
            None => return Err(SourceError::TooLarge { what: way.what.to_owned(), limit_bytes: MOST_BYTES as u64 }),
        }
        Ok(())
    }
}
