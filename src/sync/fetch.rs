//! Fetches wanted bodies in full batches, several at once, and lays each raw body on disk as it comes; only ids travel on. So fetching runs ahead of
//! everything else, and the bodies in memory are those of the batches in flight, or of a megabyte of each where the connector hands them over as they come.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Abort;
use super::packed::Packed;
use super::progress::Progressed;
use crate::connectors::connector::{Connector, Consequence, Fetched, SourceError, Wanted};
use crate::model::{Raw, RemoteId, Revision};
use crate::state::State;

/// Batches asked for at once. The HTTP room bounds the requests; this bounds the bodies. Two keep it busy: one is on its way while the other is laid down.
const BATCHES_IN_FLIGHT: usize = 2;

/// A batch that is not full goes all the same, where the listing stands still for so long: it waits for an allowance, say, of which bodies do not take.
const QUIET: Duration = Duration::from_secs(3);

/// Bodies of a batch are laid down when they are so many bytes together.
const LAID_DOWN_BYTES: usize = 1 << 20;

/// A body to fetch. As many as the site has documents may wait.
pub(super) struct Due {
    /// The document.
    pub id: RemoteId,
    /// Its place as last listed.
    pub place: Arc<Packed>,
    /// Whether its labels are wanted too.
    pub labels: bool,
}

impl Due {
    fn wanted(self) -> Wanted {
        Wanted { id: self.id, place: Arc::new(self.place.unpack()), labels: self.labels }
    }
}

/// What came of a wanted body. Small: as many as the site has documents may wait until the listing is whole.
pub(super) enum Arrival {
    /// It came, and lies in the state.
    Body {
        /// The document.
        id: RemoteId,
        /// Its revision.
        revision: Revision,
        /// Its labels, where asked for.
        labels: Option<Box<[String]>>,
    },
    /// It did not come.
    Failure(Box<(Wanted, SourceError)>),
}

/// Fetches until `wanted` closes.
///
/// # Errors
/// When the run cannot go on: a failure that is not of one document, a full disk, cancellation.
pub(super) async fn fetch(
    connector: &Arc<dyn Connector>,
    state: &Arc<State>,
    mut wanted: mpsc::UnboundedReceiver<Due>,
    arrivals: mpsc::UnboundedSender<Arrival>,
    progressed: &Progressed,
    cancel: &CancellationToken,
) -> Result<(), Abort> {
    let size = connector.batch_size().max(1);
    let mut pending: Vec<Wanted> = Vec::with_capacity(size);
    let mut flying = FuturesUnordered::new();
    let mut open = true;
    let mut failed = None;
    let mut quiet = false;
    loop {
        while flying.len() < BATCHES_IN_FLIGHT && (pending.len() >= size || ((!open || quiet) && !pending.is_empty())) {
            let batch: Vec<Wanted> = pending.drain(..size.min(pending.len())).collect();
            flying.push(one_batch(connector, state, batch, &arrivals, progressed));
        }
        quiet = false;
        if !open && flying.is_empty() {
            return failed.map_or(Ok(()), |error| Err(Abort::Source(error)));
        }
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Abort::Cancelled),
            Some(done) = flying.next(), if !flying.is_empty() => {
                for failure in done? {
                    // Nothing new is asked for after such a failure; what is under way is still kept.
                    if matches!(failure.1.consequence(), Consequence::Suspend | Consequence::EndRun) {
                        failed = Some(failure.1);
                        open = false;
                        pending.clear();
                        continue;
                    }
                    progressed.fetched(connector.traffic());
                    let _ = arrivals.send(Arrival::Failure(Box::new(failure)));
                }
            }
            next = wanted.recv(), if open && pending.len() < size => match next {
                Some(next) => pending.push(next.wanted()),
                None => open = false,
            },
            () = tokio::time::sleep(QUIET), if open && flying.is_empty() && !pending.is_empty() => quiet = true,
        }
    }
}

/// Fetches a batch; says what came as soon as it lies in the state, and gives back what did not come.
async fn one_batch(
    connector: &Arc<dyn Connector>,
    state: &Arc<State>,
    batch: Vec<Wanted>,
    arrivals: &mpsc::UnboundedSender<Arrival>,
    progressed: &Progressed,
) -> Result<Vec<(Wanted, SourceError)>, Abort> {
    let mut missing: rustc_hash::FxHashMap<RemoteId, Wanted> = batch.iter().map(|w| (w.id.clone(), w.clone())).collect();
    let mut outcomes = connector.fetch(batch);
    let (mut bodies, mut came, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes = 0;
    loop {
        let outcome = outcomes.next().await;
        if bytes >= LAID_DOWN_BYTES || (outcome.is_none() && !bodies.is_empty()) {
            lay_down(state, std::mem::take(&mut bodies)).await?;
            bytes = 0;
            for arrival in came.drain(..) {
                progressed.fetched(connector.traffic());
                let _ = arrivals.send(arrival);
            }
        }
        let Some((id, outcome)) = outcome else { break };
        let Some(wanted) = missing.remove(&id) else { continue };
        match outcome {
            Ok(Fetched { raw, revision, labels }) => {
                bytes += raw.0.len();
                bodies.push((id.clone(), raw));
                came.push(Arrival::Body { id, revision, labels: labels.map(Into::into) });
            }
            Err(error) => failures.push((wanted, error)),
        }
    }
    // A connector that says nothing about an id would make it vanish from the run: it counts as not visible.
    failures.extend(missing.into_iter().map(|(id, wanted)| (wanted, SourceError::NotVisible { what: format!("document {id}"), status: 404 })));
    Ok(failures)
}

async fn lay_down(state: &Arc<State>, bodies: Vec<(RemoteId, Raw)>) -> Result<(), Abort> {
    let state = Arc::clone(state);
    Ok(tokio::task::spawn_blocking(move || bodies.into_iter().try_for_each(|(id, raw)| state.put_raw(&id, &raw.0))).await??)
}
