//! What the verbs that end in runs have in common: waiting with a view of the progress, telling what came out, one exit code for all.

use std::time::Instant;

use context_sync_protocol::error::merged_exit_code;
use context_sync_protocol::event::{Item, Outcome};
use context_sync_protocol::reply::{Follow, RunRecord, Runs, typed};
use context_sync_protocol::request::Op;

use super::{Context, now_ms};
use crate::client::{Heard, Takes};
use crate::output::Paint;
use crate::progress::Board;
use crate::stop::Stop;
use crate::text::{clean, size};

/// Asks for `op` and waits for its runs, however long they take.
pub(super) fn wait(context: &Context, op: Op, names: &[String]) -> Result<Runs, Stop> {
    let mut board = Board::new(&context.output, names);
    let result = context.client.call(op, Takes::AsLongAsItTakes, |heard| {
        match heard {
            // An event that this version does not know is none of its business.
            Heard::Event(event) => {
                if let Ok(follow) = typed::<Follow>(event) {
                    board.follow(follow, Instant::now(), now_ms());
                }
            }
            Heard::Nothing => board.tick(now_ms()),
        }
        Ok(())
    });
    board.clear();
    result
}

/// Prints runs, each as `line` has it, and gives the exit code of all of them.
pub(super) fn report(context: &Context, runs: &Runs, text: impl FnOnce(&Runs, Paint) -> String) -> Result<u8, Stop> {
    let paint = context.output.paint();
    context.output.data(runs, |runs| text(runs, paint))?;
    Ok(merged_exit_code(runs.runs.iter().map(|run| run.finished.outcome)))
}

/// How it ended, in a word or two.
pub(super) fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Partial => "partly done",
        Outcome::Unauthorized => "credentials refused",
        Outcome::Misconfigured => "configuration cannot work",
        Outcome::Unreachable => "not reachable",
        Outcome::RateLimited => "rate limited",
        Outcome::DeletionsHeld => "deletions held back",
        Outcome::Cancelled => "cancelled",
        Outcome::Busy => "busy",
        Outcome::NotFound => "not found",
        Outcome::Failed => "failed",
    }
}

/// The same, in its colour.
pub(super) fn painted_outcome(outcome: Outcome, paint: Paint) -> String {
    let word = outcome_word(outcome);
    match outcome {
        Outcome::Done => paint.good(word),
        Outcome::Partial | Outcome::Cancelled | Outcome::DeletionsHeld | Outcome::RateLimited | Outcome::Busy => paint.odd(word),
        _ => paint.bad(word),
    }
}

/// `wiki: partly done: 4 documents are deferred`, and what to do about it on a line of its own.
pub(super) fn verdict(run: &RunRecord, paint: Paint) -> String {
    let mut out = format!("{}: {}", paint.strong(&clean(&run.connector)), painted_outcome(run.finished.outcome, paint));
    if !run.finished.message.is_empty() {
        out.push_str(&format!(": {}", clean(&run.finished.message)));
    }
    out.push('\n');
    if !run.finished.hint.is_empty() {
        out.push_str(&format!("  {}\n", clean(&run.finished.hint)));
    }
    out
}

/// Items with size, path and reason, one a line.
pub(super) fn items<'a>(items: impl IntoIterator<Item = &'a Item>) -> String {
    let row = |item: &Item| vec![format!("  {:>10}", size(item.bytes)), clean(&item.path).into_owned(), clean(&item.reason).into_owned()];
    let rows: Vec<Vec<String>> = items.into_iter().map(row).collect();
    crate::text::table(&rows)
}

#[cfg(test)]
mod tests {
    use context_sync_protocol::event::Finished;

    use super::*;

    #[test]
    fn a_verdict_says_what_why_and_what_to_do() {
        let finished = Finished {
            outcome: Outcome::Unauthorized,
            message: "wiki.example refused\u{1b}[2J the credentials".to_owned(),
            hint: "Make a new token.".to_owned(),
            ..Finished::default()
        };
        let run = RunRecord { connector: "wiki".to_owned(), finished, ..RunRecord::default() };
        assert_eq!(verdict(&run, Paint(false)), "wiki: credentials refused: wiki.example refused the credentials\n  Make a new token.\n");
    }
}
