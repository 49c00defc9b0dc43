//! Counts what a reader met, each kind once.

use std::borrow::Cow;

use crate::model::{Diagnostic, Treatment};

/// What was met so far.
#[derive(Default)]
pub(in crate::connectors::github) struct Met(Vec<Diagnostic>);

impl Met {
    /// Notes `count` of a kind.
    pub(in crate::connectors::github) fn note(
        &mut self,
        what: impl Into<String>,
        treatment: Treatment,
        detail: impl Into<Cow<'static, str>>,
        count: u32,
    ) {
        if count == 0 {
            return;
        }
        let (what, detail) = (what.into(), detail.into());
        match self.0.iter_mut().find(|known| known.what == what && known.treatment == treatment && known.detail == detail) {
            Some(known) => known.count = known.count.saturating_add(count),
            None => self.0.push(Diagnostic { what, treatment, detail, count }),
        }
    }

    /// All of it.
    pub(in crate::connectors::github) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.0
    }
}
