//! Finds every document whose file no longer says what it should, by one pass over the records: the context of each is computed from today's view and
//! compared with the one it was written in.

use rustc_hash::FxHashSet;

use super::insert;
use super::press::Ask;
use super::view::{Referent, View};
use crate::model::RemoteId;
use crate::state::{State, StateError};

/// What the pass found.
#[derive(Default)]
pub(super) struct Found {
    /// Documents to write again.
    pub stale: Vec<Ask>,
    /// Attachments that some document shows.
    pub referenced: FxHashSet<RemoteId>,
}

/// Looks at every record. `touched` are documents whose files were changed by hand. Blocking.
///
/// # Errors
/// When the state cannot be read.
pub(super) fn look(state: &State, view: &View, touched: &FxHashSet<RemoteId>) -> Result<Found, StateError> {
    let mut found = Found::default();
    for record in state.documents() {
        let (id, record) = record?;
        // What leaves is not in the view; what has no body yet has nothing to be written from.
        let Some(doc) = view.docs.get(&id) else { continue };
        if record.revision.is_none() {
            continue;
        }
        for key in record.links_to.iter().filter(|k| k.is_file()) {
            if let Some(Referent::Asset(asset)) = view.referent(key) {
                found.referenced.insert(asset.clone());
            }
        }
        let inserted = record.includes_from.iter().map(|key| insert::hash(state, view, key)).collect::<Result<Vec<u64>, _>>()?;
        if record.path.is_none() || touched.contains(&id) || view.context(doc, &doc.labels, &record.links_to, &inserted) != record.context {
            found.stale.push(Ask { id, news: None });
        }
    }
    Ok(found)
}
