//! The way of a listing to the engine.

use tokio::sync::mpsc;

use super::repository::{Part, Repository};
use super::trouble::Lack;
use crate::connectors::connector::{Completion, Listed, SourceError};
use crate::model::Cursor;

/// Hands items over; clones share the way.
#[derive(Clone)]
pub(super) struct Out(mpsc::Sender<Result<Listed, SourceError>>);

impl Out {
    pub(super) fn new(sender: mpsc::Sender<Result<Listed, SourceError>>) -> Self {
        Self(sender)
    }

    /// Hands an item over. A receiver that is gone means that the whole stream was dropped, this future with it.
    pub(super) async fn send(&self, item: Listed) {
        let _ = self.0.send(Ok(item)).await;
    }

    /// Says something that changes nothing.
    pub(super) async fn warn(&self, text: impl Into<String>) {
        self.send(Listed::Warning(text.into())).await;
    }

    /// Something of a part is closed to us.
    pub(super) async fn denied(&self, repository: &Repository, part: Part, why: String) {
        self.send(Listed::Denied { scope: repository.scope(part), why }).await;
    }

    /// A part of a repository could not be listed: what is mirrored of it stays, and the next listing goes on where this one did.
    pub(super) async fn lacking(&self, repository: &Repository, part: Part, lack: Lack) {
        let completion = match lack {
            Lack::Denied(why) => {
                self.denied(repository, part, why).await;
                Completion::News
            }
            Lack::Other(why) => Completion::Incomplete(why),
        };
        self.done(repository, part, completion, None).await;
    }

    /// A part of a repository has been listed.
    pub(super) async fn done(&self, repository: &Repository, part: Part, completion: Completion, cursor: Option<Cursor>) {
        self.send(Listed::ScopeDone { scope: repository.scope(part), name: repository.full_name.clone(), completion, cursor }).await;
    }
}
