//! What a walk through a body met: every macro, and whatever else was not rendered plainly, each kind once with its number.
//!
//! Guarantees: bounded, however many kinds a hostile body has; and that something was lost is never forgotten for lack of room.

use rustc_hash::FxHashMap;

use crate::model::{Diagnostic, Treatment};

use super::marker;

/// How many kinds one body gives.
const MAX_KINDS: usize = 1000;

/// Kinds, in the order in which they were met first.
#[derive(Debug, Default)]
pub(super) struct Diagnostics {
    found: Vec<Diagnostic>,
    /// The kind that each construct and treatment is counted in.
    places: FxHashMap<(String, Treatment), usize>,
    any_lost: bool,
    /// Whether the macro that is being read has been spoken of.
    pub(super) spoken: bool,
}

impl Diagnostics {
    /// Counts a construct that was treated so.
    pub(super) fn add(&mut self, what: &str, treatment: Treatment, detail: &'static str) {
        self.spoken |= what.starts_with("macro:");
        let what = marker::short(what, 80);
        let key = (what, treatment);
        if let Some(found) = self.places.get(&key).and_then(|at| self.found.get_mut(*at)) {
            found.count = found.count.saturating_add(1);
        } else if self.found.len() < MAX_KINDS || (treatment == Treatment::Lost && !self.any_lost) {
            self.any_lost |= treatment == Treatment::Lost;
            self.found.push(Diagnostic { what: key.0.clone(), treatment, detail: detail.into(), count: 1 });
            self.places.insert(key, self.found.len() - 1);
        }
    }

    /// All kinds.
    pub(super) fn into_vec(self) -> Vec<Diagnostic> {
        self.found
    }
}
