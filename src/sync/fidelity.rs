//! Sums what the readers met, over all documents that are in the mirror.

use context_sync_protocol::event::{Construct, Fidelity};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{Diagnostic, Treatment};
use crate::state::{State, StateError};

/// So many constructs are told.
const MOST: usize = 200;

/// One pass over the records. Blocking.
///
/// # Errors
/// When one cannot be read.
pub(super) fn count(state: &State) -> Result<Fidelity, StateError> {
    let mut sums = Sums::default();
    for entry in state.documents() {
        let (_, record) = entry?;
        if record.path.is_some() {
            sums.add(&record.diagnostics);
        }
    }
    Ok(sums.finish())
}

#[derive(Default)]
struct Sums {
    whole: u64,
    lossy: u64,
    constructs: FxHashMap<String, Construct>,
}

impl Sums {
    fn add(&mut self, diagnostics: &[Diagnostic]) {
        let lossy = diagnostics.iter().any(|diagnostic| diagnostic.treatment == Treatment::Lost);
        *if lossy { &mut self.lossy } else { &mut self.whole } += 1;
        let mut met: FxHashSet<&str> = FxHashSet::default();
        for diagnostic in diagnostics {
            let construct = match self.constructs.get_mut(&diagnostic.what) {
                Some(construct) => construct,
                None => self.constructs.entry(diagnostic.what.clone()).or_default(),
            };
            construct.documents += u64::from(met.insert(&diagnostic.what));
            *match diagnostic.treatment {
                Treatment::Rendered => &mut construct.rendered,
                Treatment::Kept => &mut construct.kept,
                Treatment::Lost => &mut construct.lost,
            } += u64::from(diagnostic.count);
        }
    }

    fn finish(self) -> Fidelity {
        let mut constructs: Vec<Construct> = self.constructs.into_iter().map(|(what, construct)| Construct { what, ..construct }).collect();
        constructs.sort_by(|a, b| (b.lost, b.kept, b.rendered).cmp(&(a.lost, a.kept, a.rendered)).then_with(|| a.what.cmp(&b.what)));
        constructs.truncate(MOST);
        Fidelity { whole: self.whole, lossy: self.lossy, constructs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constructs_are_summed_and_losses_come_first() {
        let met = |what: &str, treatment, count| Diagnostic { what: what.to_owned(), treatment, detail: "".into(), count };
        let mut sums = Sums::default();
        sums.add(&[met("macro:code", Treatment::Rendered, 3), met("macro:chart", Treatment::Kept, 1)]);
        sums.add(&[met("macro:code", Treatment::Rendered, 1), met("macro:jira", Treatment::Lost, 1), met("macro:jira", Treatment::Rendered, 2)]);
        sums.add(&[]);
        let told = sums.finish();
        assert_eq!((told.whole, told.lossy), (2, 1));
        let said: Vec<_> = told.constructs.iter().map(|c| (c.what.as_str(), c.rendered, c.kept, c.lost, c.documents)).collect();
        assert_eq!(said, [("macro:jira", 2, 0, 1, 1), ("macro:chart", 0, 1, 0, 1), ("macro:code", 4, 0, 0, 2)]);
    }
}
