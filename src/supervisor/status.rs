//! What the supervisor knows of a connector, in the words of the protocol and of people. Pure.

use context_sync_protocol::event::{Outcome, Summary};
use context_sync_protocol::reply::{ConnectorStatus, RunRecord, State};

use super::desk::{self, Desk};
use super::now_ms;
use super::suspension::Suspension;

/// How a connector stands.
pub(super) fn of(desk: &Desk) -> ConnectorStatus {
    let config = &desk.instance.config;
    let mut status = ConnectorStatus {
        name: config.name.clone(),
        kind: config.kind.clone(),
        folder: config.folder.display().to_string(),
        paused: desk.paused,
        last_success_ms: desk.last_success_ms,
        ..ConnectorStatus::default()
    };
    if let Some(run) = desk.last_sync() {
        status.last_run_ms = Some(run.ended_ms);
        status.last_outcome = Some(run.finished.outcome);
        status.message.clone_from(&run.finished.message);
        status.hint.clone_from(&run.finished.hint);
        status.requests = run.finished.summary.requests;
        status.allowances.clone_from(&run.finished.summary.allowances);
    }
    if let Some(Summary { documents, assets, deferred, held, trash_files, trash_bytes, .. }) = numbers(desk) {
        (status.documents, status.assets, status.deferred, status.held) = (*documents, *assets, *deferred, *held);
        (status.trash_files, status.trash_bytes) = (*trash_files, *trash_bytes);
    }
    (status.state, status.why) = state(desk);
    if let Some(running) = &desk.running {
        status.started_ms = Some(running.started_ms);
        status.progress.clone_from(&running.progress);
        let until = running.progress.as_ref().and_then(|progress| progress.waiting_until_ms).filter(|until| *until > now_ms());
        if until.is_some() {
            status.until_ms = until;
            status.state = State::Waiting;
            "the service limits our rate".clone_into(&mut status.why);
        }
    }
    status.fidelity = desk.runs.iter().rev().find_map(|run| run.finished.summary.fidelity.clone());
    status.todo = todo(&status, desk);
    status
}

/// The numbers of the last sync that counted: one that ended early knows nothing of the mirror.
fn numbers(desk: &Desk) -> Option<&Summary> {
    let ours = |run: &RunRecord| matches!(run.operation.as_str(), "sync" | "rerender");
    let counted = |run: &&RunRecord| ours(run) && matches!(run.finished.outcome, Outcome::Done | Outcome::Partial | Outcome::DeletionsHeld);
    desk.runs.iter().rev().find(counted).map(|run| &run.finished.summary)
}

fn state(desk: &Desk) -> (State, String) {
    if let Some(running) = &desk.running {
        return (State::Running, desk::word(&running.operation).to_owned());
    }
    if let Some(order) = desk.queue.front() {
        return (State::Queued, desk::word(&order.operation).to_owned());
    }
    if desk.paused {
        return (State::Paused, String::new());
    }
    match &desk.suspended {
        Some(Suspension { finished, .. }) => (State::Suspended, finished.message.clone()),
        None => (State::Idle, String::new()),
    }
}

/// The one thing to do next.
fn todo(status: &ConnectorStatus, desk: &Desk) -> String {
    let name = &status.name;
    match &desk.suspended {
        Some(Suspension { finished, .. }) if !finished.hint.is_empty() => return format!("{} Then: `context-syncctl sync {name}`.", finished.hint),
        Some(_) => return format!("Correct the configuration, then `context-syncctl reload`; `context-syncctl validate {name}` says more."),
        None => {}
    }
    match status.last_outcome {
        Some(Outcome::DeletionsHeld) => {
            format!("Look at what is gone at the source; if that is right: `context-syncctl sync {name} --accept-deletions`.")
        }
        Some(Outcome::Failed | Outcome::Busy) if status.hint.is_empty() => format!("`context-syncctl logs {name}` says what went before."),
        Some(Outcome::Done | Outcome::Cancelled | Outcome::Unreachable | Outcome::RateLimited) | None => String::new(),
        Some(_) => status.hint.clone(),
    }
}

/// One run in one line.
pub(super) fn sentence(run: &RunRecord) -> String {
    let mut text = match run.finished.outcome {
        Outcome::Done | Outcome::Partial | Outcome::DeletionsHeld if matches!(run.operation.as_str(), "sync" | "rerender") => {
            counts(&run.finished.summary)
        }
        Outcome::Done => "done".to_owned(),
        Outcome::Partial | Outcome::DeletionsHeld => "partly done".to_owned(),
        Outcome::Cancelled => "stopped".to_owned(),
        _ => "failed".to_owned(),
    };
    for part in [&run.finished.message, &run.finished.hint] {
        if !part.is_empty() {
            let gap = if text.ends_with('.') { " " } else { ". " };
            text = format!("{text}{}{part}", if text == "failed" { ": " } else { gap });
        }
    }
    format!("{} {text}", run.operation)
}

fn counts(summary: &Summary) -> String {
    let things = |n: u64, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    let mut text = format!("done: {}, {} written", things(summary.documents, "document"), summary.written);
    let parts = [
        (summary.moved, format!("{} moved", summary.moved)),
        (summary.removed, format!("{} removed", summary.removed)),
        (summary.downloaded, format!("{} downloaded", things(summary.downloaded, "attachment"))),
        (summary.deferred, format!("{} deferred", summary.deferred)),
        (summary.held, format!("{} held back", things(summary.held, "deletion"))),
    ];
    for (_, told) in parts.into_iter().filter(|(n, _)| *n > 0) {
        text.push_str(&format!(", {told}"));
    }
    let seconds = summary.duration_ms as f64 / 1000.0;
    text.push_str(&format!(", {}, {seconds:.1} s", things(summary.requests, "request")));
    text
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use context_sync_protocol::event::Finished;

    use super::super::desk::tests::instance;
    use super::*;

    fn ended(outcome: Outcome, documents: u64) -> RunRecord {
        RunRecord {
            operation: "sync".to_owned(),
            ended_ms: 9,
            finished: Finished {
                outcome,
                message: if documents == 0 { "It broke.".to_owned() } else { String::new() },
                summary: Summary { documents, ..Summary::default() },
                ..Finished::default()
            },
            ..RunRecord::default()
        }
    }

    #[test]
    fn a_failure_does_not_hide_what_is_in_the_mirror() {
        let runs: VecDeque<RunRecord> = [ended(Outcome::Done, 7), ended(Outcome::Unreachable, 0)].into();
        let status = of(&Desk::new(instance("wiki"), runs, true));
        assert_eq!((status.documents, status.last_outcome, status.state), (7, Some(Outcome::Unreachable), State::Paused));
        assert_eq!((status.last_success_ms, status.message.as_str()), (Some(9), "It broke."));
    }

    #[test]
    fn a_run_is_told_in_one_line() {
        assert_eq!(sentence(&ended(Outcome::Done, 7)), "sync done: 7 documents, 0 written, 0 requests, 0.0 s");
        assert_eq!(sentence(&ended(Outcome::Failed, 0)), "sync failed: It broke.");
    }
}
