//! What a listing shows of a conversation: its place, and its revision, which changes with all that the listing can see. Pure.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Deserialize;

use super::super::repository::Repository;
use super::kind::Kind;
use super::text::person;
use super::wire::{Actor, Id, Name, Page, login};
use crate::connectors::connector::Listed;
use crate::markdown::slug;
use crate::model::{ContentHash, Key, Place, RemoteId, Revision};

/// A conversation as a listing shows it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Shown {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) url: String,
    pub(super) updated_at: String,
    pub(super) state: Option<String>,
    pub(super) closed: bool,
    pub(super) author: Option<Actor>,
    pub(super) answer: Option<Id>,
    pub(super) labels: Option<Page<Name>>,
    /// The newest comments.
    pub(super) said: Page<Touched>,
    /// The newest few, for their replies.
    pub(super) last: Option<Page<Replied>>,
    pub(super) judged: Option<Page<Touched>>,
    pub(super) hung: Option<Page<HungState>>,
}

/// When something that was said changed, and whether it shows.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Touched {
    updated_at: String,
    is_minimized: bool,
    deleted_at: Option<String>,
    state: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Replied {
    replies: Page<Touched>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct HungState {
    is_resolved: bool,
    is_outdated: bool,
}

impl Shown {
    /// Whether all came that was asked for.
    pub(super) fn is_whole(&self) -> bool {
        self.number != 0
            && !self.updated_at.is_empty()
            && !self.url.is_empty()
            && self.said.is_whole()
            && self.labels.as_ref().is_none_or(Page::is_whole)
            && self.last.as_ref().is_none_or(|last| last.is_whole() && last.nodes.iter().flatten().all(|comment| comment.replies.is_whole()))
            && self.judged.as_ref().is_none_or(Page::is_whole)
            && self.hung.as_ref().is_none_or(Page::is_whole)
    }

    /// `open`, `closed` or `merged`.
    pub(super) fn state(&self) -> String {
        self.state.as_deref().map_or_else(|| if self.closed { "closed".to_owned() } else { "open".to_owned() }, str::to_lowercase)
    }

    /// Sorted; none where they were not asked for.
    pub(super) fn labels(&self) -> Option<Vec<String>> {
        let mut labels: Vec<String> = self.labels.as_ref()?.nodes.iter().flatten().map(|label| label.name.clone()).collect();
        labels.sort();
        labels.dedup();
        Some(labels)
    }

    /// `2026-01-05T09:00:00Z 12 89abcdef01234567`: when it changed, how many comments it has, and a fingerprint of all else that is shown.
    pub(super) fn revision(&self) -> Revision {
        let mut all = format!("{}\n", self.answer.as_ref().map_or("", |answer| answer.id.as_str()));
        let mut add = |what: &str, page: &Page<Touched>| {
            let _ = writeln!(all, "{what} {}", page.total_count);
            for touched in page.nodes.iter().flatten() {
                let state = touched.state.as_deref().unwrap_or_default();
                let _ = writeln!(all, "{} {} {} {state}", touched.updated_at, touched.is_minimized, touched.deleted_at.is_some());
            }
        };
        add("said", &self.said);
        for comment in self.last.iter().flat_map(|last| &last.nodes).flatten() {
            add("replies", &comment.replies);
        }
        if let Some(judged) = &self.judged {
            add("judged", judged);
        }
        if let Some(hung) = &self.hung {
            let _ = writeln!(all, "hung {}", hung.total_count);
            for thread in hung.nodes.iter().flatten() {
                let _ = writeln!(all, "{} {}", thread.is_resolved, thread.is_outdated);
            }
        }
        let ContentHash(hash) = ContentHash::of(all.as_bytes());
        let mut revision = format!("{} {} ", self.updated_at, self.said.total_count);
        for byte in &hash[..8] {
            let _ = write!(revision, "{byte:02x}");
        }
        Revision::new(revision)
    }

    /// The item of a listing.
    pub(super) fn seen(&self, kind: Kind, repository: &Repository, container: &Arc<[String]>) -> Listed {
        let place = self.place(kind, repository, container);
        Listed::Seen {
            id: id(kind, repository.id, self.number),
            revision: self.revision(),
            place,
            people: vec![person(login(self.author.clone()).as_deref())],
        }
    }

    fn place(&self, kind: Kind, repository: &Repository, container: &Arc<[String]>) -> Place {
        Place {
            scope: repository.scope(kind.part()),
            container: Arc::clone(container),
            kind: kind.name().into(),
            title: self.title.clone(),
            parent: None,
            stem: format!("{}-{}", self.number, slug::slug(&self.title)),
            ending: ".md".into(),
            transparent: false,
            url: self.url.clone(),
            aliases: vec![Key::new(format!("num:{}:{}", repository.id, self.number)), Key::new(format!("num:{}:{}", repository.key(), self.number))],
        }
    }
}

/// `7:issue/12`.
pub(super) fn id(kind: Kind, repository: u64, number: u64) -> RemoteId {
    RemoteId::new(format!("{repository}:{}/{number}", kind.word()))
}

/// Kind and number of an id.
pub(super) fn of_id(id: &RemoteId) -> Option<(Kind, u64)> {
    let (_, rest) = id.as_str().split_once(':')?;
    let (word, number) = rest.split_once('/')?;
    Some((Kind::of(word)?, number.parse().ok()?))
}
