//! `sync`: ring the bell now, and by default wait for the run with a view of its progress.

use context_sync_protocol::event::Outcome;
use context_sync_protocol::reply::{RunRecord, Runs};
use context_sync_protocol::request::Op;

use super::{Context, runs};
use crate::output::Paint;
use crate::stop::Stop;
use crate::text::{clean, count, duration, number};

pub(crate) fn run(context: &Context, names: &[String], op: Op, no_wait: bool) -> Result<u8, Stop> {
    if no_wait {
        return context.touch(op, "sync asked for; `context-syncctl status` shows it", "No connector is configured.");
    }
    let done = runs::wait(context, op, names)?;
    runs::report(context, &done, text)
}

fn text(runs: &Runs, paint: Paint) -> String {
    if runs.runs.is_empty() {
        return "No connector is configured, so there was nothing to sync.\n".to_owned();
    }
    runs.runs.iter().map(|run| runs::verdict(run, paint) + &numbers(run)).collect()
}

/// What the run did, in numbers; nothing for a run that came to nothing.
fn numbers(run: &RunRecord) -> String {
    let summary = &run.finished.summary;
    if !matches!(run.finished.outcome, Outcome::Done | Outcome::Partial | Outcome::DeletionsHeld | Outcome::Cancelled) {
        return String::new();
    }
    let counted = [
        (summary.written, number(summary.written), "written"),
        (summary.moved, number(summary.moved), "moved"),
        (summary.removed, number(summary.removed), "removed"),
        (summary.downloaded, count(summary.downloaded, "attachment"), "downloaded"),
        (summary.deferred, number(summary.deferred), "deferred"),
        (summary.held, count(summary.held, "deletion"), "held back"),
    ];
    let mut parts = vec![count(summary.documents, "document")];
    parts.extend(counted.iter().filter(|(n, ..)| *n > 0).map(|(_, told, what)| format!("{told} {what}")));
    if parts.len() == 1 {
        parts.push("nothing changed".to_owned());
    }
    let mut out = format!(
        "  {}; {} in {}{}\n",
        parts.join(", "),
        count(summary.requests, "request"),
        duration(summary.duration_ms),
        if summary.full { ", full" } else { "" }
    );
    out.extend(summary.scopes.iter().map(|(scope, what)| format!("  {}: {}\n", clean(scope), clean(what))));
    out
}

#[cfg(test)]
mod tests {
    use context_sync_protocol::event::{Finished, Summary};

    use super::*;

    #[test]
    fn a_run_is_told_in_numbers() {
        let mut summary = Summary { documents: 1234, requests: 22, duration_ms: 12_000, ..Summary::default() };
        let run = |summary: &Summary, outcome| RunRecord {
            connector: "wiki".to_owned(),
            finished: Finished { outcome, summary: summary.clone(), ..Finished::default() },
            ..RunRecord::default()
        };
        assert_eq!(numbers(&run(&summary, Outcome::Done)), "  1,234 documents, nothing changed; 22 requests in 12 s\n");
        summary.written = 5;
        summary.downloaded = 1;
        summary.deferred = 2;
        summary.full = true;
        summary.scopes.insert("OLD".to_owned(), "not there (404)".to_owned());
        assert_eq!(
            numbers(&run(&summary, Outcome::Partial)),
            "  1,234 documents, 5 written, 1 attachment downloaded, 2 deferred; 22 requests in 12 s, full\n  OLD: not there (404)\n"
        );
        assert_eq!(numbers(&run(&summary, Outcome::Unauthorized)), "");
    }
}
