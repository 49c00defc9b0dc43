//! `history`: the last runs, newest first.

use context_sync_protocol::event::Summary;
use context_sync_protocol::reply::{RunRecord, Runs};
use context_sync_protocol::request::Op;

use super::{Context, now_ms, runs};
use crate::stop::Stop;
use crate::text::{age, clean, duration, number, table};

pub(crate) fn run(context: &Context, name: Option<String>, limit: u32) -> Result<u8, Stop> {
    let runs: Runs = context.ask(Op::History { name, limit })?;
    // How past runs ended is data here, not the outcome of this command.
    context.output.data(&runs, |runs| text(runs, now_ms()))?;
    Ok(0)
}

fn text(runs: &Runs, now_ms: u64) -> String {
    if runs.runs.is_empty() {
        return "Nothing has run yet.\n".to_owned();
    }
    let rows: Vec<Vec<String>> = runs.runs.iter().map(|run| row(run, now_ms)).collect();
    table(&rows)
}

fn row(run: &RunRecord, now_ms: u64) -> Vec<String> {
    let full = if run.finished.summary.full { " --full" } else { "" };
    vec![
        age(run.ended_ms, now_ms),
        clean(&run.connector).into_owned(),
        format!("{}{full}", clean(&run.operation)),
        runs::outcome_word(run.finished.outcome).to_owned(),
        duration(run.ended_ms.saturating_sub(run.started_ms)),
        changes(&run.finished.summary),
        clean(&run.finished.message).into_owned(),
    ]
}

/// `+12 ~3 -1`: written, moved, removed.
fn changes(summary: &Summary) -> String {
    let counted = [(summary.written, '+'), (summary.moved, '~'), (summary.removed, '-')];
    let parts: Vec<String> = counted.iter().filter(|(n, _)| *n > 0).map(|(n, sign)| format!("{sign}{}", number(*n))).collect();
    if parts.is_empty() { "=".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use context_sync_protocol::event::{Finished, Outcome};

    use super::*;

    #[test]
    fn a_run_is_one_line() {
        let finished = Finished {
            outcome: Outcome::Partial,
            message: "2 documents are deferred".to_owned(),
            summary: Summary { full: true, written: 1200, removed: 1, ..Summary::default() },
            ..Finished::default()
        };
        let run = RunRecord {
            connector: "wiki".to_owned(),
            operation: "sync".to_owned(),
            started_ms: 1_000,
            ended_ms: 41_000,
            finished,
            ..RunRecord::default()
        };
        let runs = Runs { runs: vec![run], ..Runs::default() };
        assert_eq!(text(&runs, 161_000), "2 min ago  wiki  sync --full  partly done  40 s  +1,200 -1  2 documents are deferred\n");
        assert_eq!(text(&Runs::default(), 0), "Nothing has run yet.\n");
    }
}
