//! Which part of a repository lists, fetches, confirms and reads what: each part is one line in each of these.

use rustc_hash::FxHashMap;

use super::out::Out;
use super::raw;
use super::repository::{Part, Repository};
use super::{GitHub, conversation, file, releases, wiki};
use crate::connectors::connector::{Depth, Fetched, Presence, ReadError, SourceError, Wanted};
use crate::model::{Cursor, Document, Place, Raw, RemoteId};

/// How many documents one call fetches.
pub(super) const BATCH: usize = 50;

/// What became of a document that was to be fetched.
pub(super) type Outcome = (RemoteId, Result<Fetched, SourceError>);

impl GitHub {
    /// Lists one part of a repository. What it gives back as an error ends the run; what concerns the part alone it says by its `ScopeDone`.
    pub(super) async fn list_part(
        &self,
        part: Part,
        repository: &Repository,
        since: Option<&Cursor>,
        depth: Depth,
        out: &mut Out,
    ) -> Result<(), SourceError> {
        match part {
            Part::Wiki => self.list_wiki(repository, since, depth, out).await,
            Part::Discussions | Part::Issues => self.list_conversations(part, repository, since, depth, out).await,
            Part::Releases => self.list_releases(repository, since, depth, out).await,
            Part::Files => self.list_files(repository, since, depth, out).await,
        }
    }

    /// Whether the configuration asks for a part at all.
    pub(super) fn is_wanted(&self, part: Part) -> bool {
        match part {
            Part::Files => !self.config.files.is_empty(),
            Part::Wiki => self.config.wiki,
            Part::Discussions => self.config.discussions,
            Part::Issues => self.config.issues || self.config.pull_requests,
            Part::Releases => self.config.releases,
        }
    }

    /// Fetches a batch, part by part.
    pub(super) async fn bodies_of_parts(&self, batch: Vec<Wanted>) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(batch.len());
        for (part, batch) in by_part(batch) {
            outcomes.extend(match part {
                Some(Part::Files) => self.file_bodies(batch).await,
                Some(Part::Wiki) => self.wiki_bodies(&batch).await,
                Some(Part::Discussions | Part::Issues) => self.conversations(&batch).await,
                Some(Part::Releases) => self.release_bodies(&batch).await,
                // What belongs to no part cannot be fetched.
                _ => batch
                    .into_iter()
                    .map(|wanted| (wanted.id.clone(), Err(SourceError::NotVisible { what: wanted.id.to_string(), status: 404 })))
                    .collect(),
            });
        }
        outcomes
    }

    /// What became of documents that a listing does not name any more, part by part.
    pub(super) async fn presence_of_parts(&self, ids: Vec<Wanted>) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
        let mut all = Vec::with_capacity(ids.len());
        for (part, ids) in by_part(ids) {
            all.extend(match part {
                Some(Part::Files) => self.file_presence(ids).await?,
                Some(Part::Wiki) => self.wiki_presence(ids),
                Some(Part::Discussions | Part::Issues) => self.conversation_presence(&ids).await?,
                Some(Part::Releases) => self.release_presence(&ids).await?,
                // On doubt it stays.
                _ => ids.into_iter().map(|wanted| (wanted.id, Presence::Present)).collect(),
            });
        }
        Ok(all)
    }

    /// Reads a raw body by its kind.
    pub(super) fn read_part(raw: &Raw, place: &Place) -> Result<Document, ReadError> {
        let kept = raw::open(raw)?;
        match kept.kind.as_str() {
            "file" => file::read(&kept, place),
            "wiki" => wiki::read(&kept, place),
            "discussion" | "issue" | "pull_request" => conversation::read(&kept, place),
            "release" => releases::read(&kept, place),
            other => Err(raw::broken(&format!("it is of the kind `{other}`"))),
        }
    }
}

fn by_part(wanted: Vec<Wanted>) -> FxHashMap<Option<Part>, Vec<Wanted>> {
    let mut parts: FxHashMap<Option<Part>, Vec<Wanted>> = FxHashMap::default();
    for one in wanted {
        let part = Part::of_id(one.id.as_str()).map(|(_, part, _)| part);
        parts.entry(part).or_default().push(one);
    }
    parts
}
