//! Asks the service whether the connector will work, and lists what it said.

use context_sync_protocol::event::{Finished, Item, Outcome};
use tokio_util::sync::CancellationToken;

use super::super::error::WorkerError;
use crate::connectors::connector::{Connector, Validation};

/// One item per finding: `note`s, then `problem`s.
pub(super) async fn run(connector: &dyn Connector, cancel: &CancellationToken) -> Result<Finished, WorkerError> {
    // Dropping the question is all that a stop needs: it leaves nothing behind.
    tokio::select! {
        answer = connector.validate() => Ok(finished(answer?)),
        () = cancel.cancelled() => Err(WorkerError::Cancelled),
    }
}

fn finished(validation: Validation) -> Finished {
    let Validation { account, notes, problems } = validation;
    let item = |kind: &str, reason: String| Item { kind: kind.to_owned(), reason, ..Item::default() };
    let (outcome, message) = match problems.len() {
        0 => (Outcome::Done, String::new()),
        1 => (Outcome::Partial, "One thing will not work.".to_owned()),
        n => (Outcome::Partial, format!("{n} things will not work.")),
    };
    let who = format!("Signed in as {account}.");
    let notes = std::iter::once(who).chain(notes).map(|note| item("note", note));
    let items = notes.chain(problems.into_iter().map(|problem| item("problem", problem))).collect();
    Finished { outcome, message, items, ..Finished::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_decide_the_outcome_and_stand_last() {
        let validation = |problems: &[&str]| Validation {
            account: "Ann (Cloud)".to_owned(),
            notes: vec!["12 spaces visible".to_owned()],
            problems: problems.iter().map(|&p| p.to_owned()).collect(),
        };
        let good = finished(validation(&[]));
        assert_eq!((good.outcome, good.items.len()), (Outcome::Done, 2));
        let bad = finished(validation(&["Space `X` is not there; take it out of `spaces`."]));
        assert_eq!(bad.outcome, Outcome::Partial);
        assert_eq!(bad.items.last().map(|i| i.kind.as_str()), Some("problem"));
    }
}
