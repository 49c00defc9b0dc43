//! Which part of a repository lists, fetches, confirms and reads what: each part is one line in each of these.

use std::collections::VecDeque;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use rustc_hash::FxHashMap;

use super::out::Out;
use super::raw;
use super::repository::{Part, Repository};
use super::{GitHub, conversation, file, releases, wiki};
use crate::connectors::connector::{Consequence, Depth, Fetched, Presence, ReadError, SourceError, Wanted};
use crate::model::{Cursor, Document, Place, Raw, RemoteId};

/// How many documents one call fetches: enough that queries are full where each repository has a few of each part.
pub(super) const BATCH: usize = 500;
/// So many bytes of bodies are held at a time.
const PIECE_BYTES: u64 = 4 << 20;
/// What a body counts for whose size nobody tells: fifty make a piece.
const SUPPOSED_BYTES: u64 = PIECE_BYTES / 50;

/// What is to be fetched, and of which part.
type Pieces = VecDeque<(Option<Part>, Vec<Wanted>)>;

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

    /// Fetches a batch, part by part and piece by piece, so that the bodies of one piece are laid down before the next one comes.
    pub(super) fn bodies_of_parts(&self, batch: Vec<Wanted>) -> BoxStream<'_, Outcome> {
        let mut all = Pieces::new();
        for (part, batch) in by_part(batch) {
            all.extend(pieces(batch, |id| self.weight(part, id)).into_iter().map(|piece| (part, piece)));
        }
        let next = move |(mut pieces, ended): (Pieces, Option<SourceError>)| async move {
            let (part, piece) = pieces.pop_front()?;
            let outcomes = match &ended {
                Some(error) => piece.into_iter().map(|wanted| (wanted.id, Err(error.clone()))).collect(),
                None => self.bodies_of_part(part, piece).await,
            };
            // What ends the run ends the asking.
            let ended = ended.or_else(|| {
                outcomes
                    .iter()
                    .filter_map(|(_, outcome)| outcome.as_ref().err())
                    .find(|error| matches!(error.consequence(), Consequence::Suspend | Consequence::EndRun))
                    .cloned()
            });
            Some((outcomes, (pieces, ended)))
        };
        stream::unfold((all, None), next).flat_map(stream::iter).boxed()
    }

    async fn bodies_of_part(&self, part: Option<Part>, batch: Vec<Wanted>) -> Vec<Outcome> {
        match part {
            Some(Part::Files) => self.file_bodies(batch).await,
            Some(Part::Wiki) => self.wiki_bodies(&batch).await,
            Some(Part::Discussions | Part::Issues) => self.conversations(&batch).await,
            Some(Part::Releases) => self.release_bodies(&batch).await,
            // What belongs to no part cannot be fetched.
            None => batch
                .into_iter()
                .map(|wanted| (wanted.id.clone(), Err(SourceError::NotVisible { what: wanted.id.to_string(), status: 404 })))
                .collect(),
        }
    }

    /// How many bytes a body may have, as far as that is known or supposed.
    fn weight(&self, part: Option<Part>, id: &RemoteId) -> u64 {
        if part == Some(Part::Files) { self.file_size(id).unwrap_or(SUPPOSED_BYTES) } else { SUPPOSED_BYTES }
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

/// A batch in pieces of bearable size.
fn pieces(batch: Vec<Wanted>, weight: impl Fn(&RemoteId) -> u64) -> Vec<Vec<Wanted>> {
    let (mut pieces, mut bytes): (Vec<Vec<Wanted>>, u64) = (Vec::new(), u64::MAX);
    for wanted in batch {
        let more = weight(&wanted.id);
        match pieces.last_mut() {
            Some(piece) if bytes.saturating_add(more) <= PIECE_BYTES => {
                bytes += more;
                piece.push(wanted);
            }
            _ => {
                bytes = more;
                pieces.push(vec![wanted]);
            }
        }
    }
    pieces
}

fn by_part(wanted: Vec<Wanted>) -> FxHashMap<Option<Part>, Vec<Wanted>> {
    let mut parts: FxHashMap<Option<Part>, Vec<Wanted>> = FxHashMap::default();
    for one in wanted {
        let part = Part::of_id(one.id.as_str()).map(|(_, part, _)| part);
        parts.entry(part).or_default().push(one);
    }
    parts
}
