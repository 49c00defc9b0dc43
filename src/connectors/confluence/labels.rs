//! Labels by search, 200 documents at a time, while the listing that names the documents is still going on.
//!
//! Search is an index: a document that it does not return gets no labels this time, rather than none at all.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::mpsc;

use super::Confluence;
use super::api::Stop;
use super::list::Listing;
use super::locked;
use super::site::Site;
use super::v1::Content;
use crate::connectors::connector::{Listed, SourceError};
use crate::model::RemoteId;

/// Documents in one request: the search's own limit with an expansion.
pub(super) const AT_ONCE: usize = 200;
/// Requests at once.
const REQUESTS: usize = 2;

/// Collects ids and asks for their labels.
pub(super) struct Labels {
    intake: Mutex<Option<Intake>>,
    queue: Mutex<Option<mpsc::UnboundedReceiver<Vec<String>>>>,
    /// Search was refused: the other batches would be as well.
    refused: AtomicBool,
}

/// Where ids go in; clones share one batch.
#[derive(Clone)]
pub(super) struct Intake {
    wanted: bool,
    pending: Arc<Mutex<Vec<String>>>,
    full: mpsc::UnboundedSender<Vec<String>>,
}

impl Intake {
    /// Takes nothing in: labels come otherwise.
    pub(super) fn closed() -> Self {
        Self { wanted: false, pending: Arc::default(), full: mpsc::unbounded_channel().0 }
    }

    /// One more document.
    pub(super) fn add(&self, id: &str) {
        if !self.wanted {
            return;
        }
        let mut pending = locked(&self.pending);
        pending.push(id.to_owned());
        if pending.len() == AT_ONCE {
            let _ = self.full.send(std::mem::take(&mut pending));
        }
    }
}

impl Labels {
    /// `wanted`: whether to ask at all.
    pub(super) fn new(wanted: bool) -> Self {
        let (full, queue) = mpsc::unbounded_channel();
        Self {
            intake: Mutex::new(Some(Intake { wanted, pending: Arc::default(), full })),
            queue: Mutex::new(Some(queue)),
            refused: AtomicBool::new(false),
        }
    }

    /// Where ids go in.
    pub(super) fn intake(&self) -> Intake {
        locked(&self.intake).clone().unwrap_or_else(Intake::closed)
    }

    /// No more ids come.
    pub(super) fn close(&self) {
        if let Some(intake) = locked(&self.intake).take() {
            let rest = std::mem::take(&mut *locked(&intake.pending));
            if !rest.is_empty() {
                let _ = intake.full.send(rest);
            }
        }
    }

    /// Brings labels until the intake is closed.
    pub(super) async fn bring(&self, listing: &Listing<'_>) -> Result<(), SourceError> {
        let Some(queue) = locked(&self.queue).take() else { return Ok(()) };
        let batches = stream::unfold(queue, |mut queue| async { queue.recv().await.map(|batch| (batch, queue)) });
        let each = batches.map(|batch| async move {
            if self.refused.load(Ordering::Relaxed) {
                return Ok(());
            }
            match of(listing.conn, &listing.site, &batch).await {
                Ok(found) => {
                    for (id, labels) in found {
                        listing.out.send(Listed::Labels { id, labels }).await;
                    }
                    Ok(())
                }
                Err(stop) => {
                    self.refused.store(true, Ordering::Relaxed);
                    listing.lacks("labels", stop)
                }
            }
        });
        each.buffer_unordered(REQUESTS).try_for_each(|()| async { Ok(()) }).await
    }
}

/// Labels of at most [`AT_ONCE`] documents.
pub(super) async fn of(conn: &Confluence, site: &Site, ids: &[String]) -> Result<Vec<(RemoteId, Vec<String>)>, Stop> {
    let cql = format!("id in ({})", ids.join(","));
    let all = conn.searching(site, &cql, "metadata.labels", "200");
    let rest = conn.rest(site);
    let found = rest.list::<Content>("/rest/api/content/search", all, "labels").all().await?;
    Ok(found.into_iter().filter_map(|content| Some((RemoteId::new(&content.id), content.labels()?))).collect())
}
