//! Renders many documents on blocking threads and hands their files to the writer; what cannot be rendered comes back with the reason.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Abort;
use super::progress::Progressed;
use super::render::{Desk, Outcome, Round, render};
use super::writer::Job;
use crate::model::{ContentHash, DocPath, Key, RemoteId, Revision};
use crate::state::{State, StateError};

/// One document to render.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// The document.
    pub id: RemoteId,
    /// What this run learnt of it. Without, all is as its record says, which is looked up when its turn comes: a rename at the top of a large site asks
    /// for every document.
    pub news: Option<Box<News>>,
}

/// What a run knows of a document whose body came.
#[derive(Clone, Debug)]
pub(super) struct News {
    /// Revision of the raw body that the state keeps now.
    pub revision: Option<Revision>,
    /// Labels that came with the body.
    pub labels: Option<Vec<String>>,
    /// Hash of what we last wrote for it.
    pub known: Option<ContentHash>,
    /// Where it lay until now.
    pub old_path: Option<DocPath>,
}

impl News {
    /// What the record says.
    fn of_record(state: &State, id: &RemoteId) -> Result<Self, StateError> {
        let record = state.document(id)?;
        let (revision, known, old_path) = record.map_or((None, None, None), |record| (record.revision, record.hash, record.path));
        Ok(Self { revision, labels: None, known, old_path })
    }
}

/// Why a document was not rendered.
#[derive(Debug)]
pub(super) enum Leftover {
    /// People have to be asked for first.
    People(Vec<Key>),
    /// The bodies that it shows pieces of have to be in place first.
    Inserts,
    /// Its body has to be fetched again.
    NoBody,
    /// There is nothing of it to mirror.
    Nothing(String),
    /// It cannot have a file.
    Impossible(String),
}

/// Renders `asks` on one blocking thread.
///
/// # Errors
/// When the state cannot be read, the writer has failed, or the run was cancelled.
pub(super) async fn press(
    desk: Arc<Desk>,
    asks: Vec<Ask>,
    round: Round,
    jobs: mpsc::Sender<Job>,
    progressed: Arc<Progressed>,
    cancel: CancellationToken,
) -> Result<Vec<(Ask, Leftover)>, Abort> {
    tokio::task::spawn_blocking(move || {
        let mut leftovers = Vec::new();
        for ask in asks {
            if cancel.is_cancelled() {
                return Err(Abort::Cancelled);
            }
            let labels = ask.news.as_ref().and_then(|news| news.labels.as_deref());
            match render(&desk, &ask.id, labels, round)? {
                Outcome::File(rendered) => {
                    progressed.done();
                    let News { revision, known, old_path, .. } = match ask.news {
                        Some(news) => *news,
                        None => News::of_record(&desk.state, &ask.id)?,
                    };
                    let job = Job { rendered, revision, known, old_path };
                    jobs.blocking_send(job).map_err(|_| Abort::WriterGone)?;
                }
                Outcome::UnknownPeople(people) => leftovers.push((ask, Leftover::People(people))),
                Outcome::Inserts => leftovers.push((ask, Leftover::Inserts)),
                Outcome::NoBody => leftovers.push((ask, Leftover::NoBody)),
                Outcome::Nothing(why) => leftovers.push((ask, Leftover::Nothing(why))),
                Outcome::Impossible(why) => leftovers.push((ask, Leftover::Impossible(why))),
            }
        }
        Ok(leftovers)
    })
    .await?
}
