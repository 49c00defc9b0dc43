//! `status`: how things stand, connector by connector, and the one thing to do next.

use context_sync_protocol::event::{Construct, Fidelity};
use context_sync_protocol::reply::{ConnectorStatus, State, StatusReport};
use context_sync_protocol::request::Op;

use super::runs::painted_outcome;
use super::{Context, now_ms};
use crate::output::Paint;
use crate::stop::Stop;
use crate::text::{age, clean, clock, count, duration, moment, number, size};

pub(crate) fn run(context: &Context, name: Option<String>, fidelity: bool) -> Result<u8, Stop> {
    let report: StatusReport = context.ask(Op::Status { name, fidelity })?;
    let paint = context.output.paint();
    context.output.data(&report, |report| text(report, now_ms(), paint))?;
    Ok(0)
}

fn text(report: &StatusReport, now_ms: u64, paint: Paint) -> String {
    let daemon = &report.daemon;
    let mut out = format!(
        "context-syncd {}, up {}, process {}, configuration {}\n",
        clean(&daemon.version),
        duration(daemon.uptime_ms),
        daemon.pid,
        clean(&daemon.config)
    );
    out.extend(daemon.problems.iter().map(|problem| format!("{} {}\n", paint.bad("problem:"), clean(problem))));
    out.extend(report.connectors.iter().map(|connector| format!("\n{}", block(connector, now_ms, paint))));
    if report.connectors.is_empty() && daemon.problems.is_empty() {
        out.push_str(&format!("\nNo connector is configured. Add one to {} and run `context-syncctl reload`.\n", clean(&daemon.config)));
    }
    out
}

fn block(connector: &ConnectorStatus, now_ms: u64, paint: Paint) -> String {
    let name = clean(&connector.name);
    let kind = clean(&connector.kind);
    let mut out = paint.strong(&name);
    if kind != name {
        out.push_str(&format!(" ({kind})"));
    }
    out.push('\n');
    let mut line = |label: &str, value: String| {
        if !value.is_empty() {
            out.push_str(&format!("  {label:<13}{value}\n"));
        }
    };
    line("state", state(connector, now_ms, paint));
    line("progress", progress(connector, now_ms));
    line("last success", connector.last_success_ms.map_or_else(|| "never".to_owned(), |at| when(at, now_ms)));
    line("last run", last_run(connector, now_ms, paint));
    line("next run", connector.next_run_ms.map(|at| when(at, now_ms)).unwrap_or_default());
    line("documents", documents(connector));
    line("deferred", some(connector.deferred, |n| format!("{n}, tried first at the next run")));
    line("held back", some(connector.held, |_| format!("{}, by the safety limit", count(connector.held, "deletion"))));
    line("trash", some(connector.trash_files, |_| format!("{}, {}", count(connector.trash_files, "file"), size(connector.trash_bytes))));
    line("requests", some(connector.requests, |n| format!("{n} in the last run")));
    line("allowances", allowances(connector, now_ms));
    line("folder", clean(&connector.folder).into_owned());
    if let Some(fidelity) = &connector.fidelity {
        line("fidelity", faithful(fidelity, paint));
    }
    if !connector.todo.is_empty() {
        line("to do", paint.odd(&clean(&connector.todo)));
    }
    out
}

/// How many documents are whole, and what was lost or kept in the others.
fn faithful(fidelity: &Fidelity, paint: Paint) -> String {
    let lossy = format!("{} lack something", number(fidelity.lossy));
    let lossy = if fidelity.lossy > 0 { paint.odd(&lossy) } else { lossy };
    let mut words = format!("{} whole, {lossy}", count(fidelity.whole, "document"));
    let row = |construct: &Construct| {
        let cells = [construct.rendered, construct.kept, construct.lost, construct.documents].map(number);
        let [rendered, kept, lost, documents] = cells.map(|cell| format!("{cell:>9}"));
        vec![format!("{:15}{}", "", clean(&construct.what)), rendered, kept, lost, documents]
    };
    let head = ["construct", " rendered", "     kept", "     lost", "documents"];
    let mut rows = vec![head.iter().enumerate().map(|(at, cell)| if at == 0 { format!("{:15}{cell}", "") } else { (*cell).to_owned() }).collect()];
    rows.extend(fidelity.constructs.iter().map(row));
    if rows.len() > 1 {
        words.push('\n');
        words.push_str(crate::text::table(&rows).trim_end());
        words.push_str(&format!("\n{:15}`context-syncctl explain PAGE` tells it of one page.", ""));
    }
    words
}

fn some(n: u64, words: impl FnOnce(String) -> String) -> String {
    if n == 0 { String::new() } else { words(number(n)) }
}

/// `12 min ago (2025-08-22 08:13:34 UTC)`.
fn when(at_ms: u64, now_ms: u64) -> String {
    format!("{} ({})", age(at_ms, now_ms), moment(at_ms))
}

fn state(connector: &ConnectorStatus, now_ms: u64, paint: Paint) -> String {
    let mut words = match connector.state {
        State::Idle => paint.good("idle"),
        State::Running => paint.good("running"),
        State::Queued => "queued".to_owned(),
        State::Waiting => paint.odd("waiting"),
        State::Paused => paint.odd("paused"),
        State::Suspended => paint.bad("suspended"),
        State::Unknown => "in a state that this version does not know".to_owned(),
    };
    if !connector.why.is_empty() {
        words.push_str(&format!(", {}", clean(&connector.why)));
    }
    if let Some(until) = connector.until_ms {
        words.push_str(&format!(" until {} UTC, {}", clock(until), age(until, now_ms)));
    }
    if let Some(started) = connector.started_ms {
        words.push_str(&format!(" for {}", duration(now_ms.saturating_sub(started))));
    }
    if connector.paused && connector.state != State::Paused {
        words.push_str("; paused otherwise");
    }
    words
}

fn progress(connector: &ConnectorStatus, now_ms: u64) -> String {
    let Some(progress) = &connector.progress else { return String::new() };
    let mut words = clean(&progress.phase).into_owned();
    if progress.total > 0 {
        words.push_str(&format!(" {} of {}", number(progress.done), number(progress.total)));
    }
    words.push_str(&format!(", {}", count(progress.requests, "request")));
    if progress.requests_per_second > 0 {
        words.push_str(&format!(", at most {} a second", number(u64::from(progress.requests_per_second))));
    }
    if let Some(until) = progress.waiting_until_ms.filter(|until| *until > now_ms) {
        words.push_str(&format!(", the service asks us to wait until {} UTC, {}", clock(until), age(until, now_ms)));
    }
    words
}

fn last_run(connector: &ConnectorStatus, now_ms: u64, paint: Paint) -> String {
    let Some(outcome) = connector.last_outcome else { return String::new() };
    let mut words = painted_outcome(outcome, paint);
    // A success has told its time already.
    if let Some(at) = connector.last_run_ms.filter(|at| Some(*at) != connector.last_success_ms) {
        words.push_str(&format!(", {}", when(at, now_ms)));
    }
    for said in [&connector.message, &connector.hint] {
        if !said.is_empty() {
            words.push_str(&format!("\n{:15}{}", "", clean(said)));
        }
    }
    words
}

/// What is left of what the service lets us do, as far as it is not whole again since.
fn allowances(connector: &ConnectorStatus, now_ms: u64) -> String {
    let known = connector.allowances.iter().filter(|one| one.renews_ms > now_ms);
    let told = known.map(|one| {
        let used = if one.used > 0 { format!(", {} by the last run", number(one.used)) } else { String::new() };
        format!("{}: {} of {} left{used}", clean(&one.name), number(one.left), number(one.of))
    });
    told.collect::<Vec<_>>().join("; ")
}

fn documents(connector: &ConnectorStatus) -> String {
    let attachments = some(connector.assets, |_| format!(", and {}", count(connector.assets, "attachment")));
    format!("{}{attachments}", number(connector.documents))
}

#[cfg(test)]
mod tests {
    use context_sync_protocol::event::{Allowance, Outcome, Progress};
    use context_sync_protocol::reply::DaemonStatus;

    use super::*;

    const NOW: u64 = 1_755_850_414_000;

    fn report(connectors: Vec<ConnectorStatus>) -> StatusReport {
        let daemon = DaemonStatus {
            version: "0.1.0".to_owned(),
            pid: 42,
            uptime_ms: 7_260_000,
            config: "/home/a/.config/context-sync/config.toml".to_owned(),
            ..DaemonStatus::default()
        };
        StatusReport { daemon, connectors }
    }

    #[test]
    fn a_quiet_connector_is_told_in_a_few_lines() {
        let connector = ConnectorStatus {
            name: "confluence".to_owned(),
            kind: "confluence".to_owned(),
            folder: "/home/a/context-sync/confluence".to_owned(),
            last_success_ms: Some(NOW - 720_000),
            last_run_ms: Some(NOW - 720_000),
            last_outcome: Some(Outcome::Done),
            next_run_ms: Some(NOW + 2_880_000),
            documents: 1234,
            assets: 1,
            trash_files: 1,
            trash_bytes: 512,
            requests: 22,
            allowances: vec![
                Allowance { name: "graphql".to_owned(), left: 4988, of: 5000, renews_ms: NOW + 1000, used: 12 },
                Allowance { name: "core".to_owned(), left: 1, of: 60, renews_ms: NOW - 1000, used: 0 },
            ],
            ..ConnectorStatus::default()
        };
        let expected = "context-syncd 0.1.0, up 2 h 1 min, process 42, configuration /home/a/.config/context-sync/config.toml

confluence
  state        idle
  last success 12 min ago (2025-08-22 08:01:34 UTC)
  last run     done
  next run     in 48 min (2025-08-22 09:01:34 UTC)
  documents    1,234, and 1 attachment
  trash        1 file, 512 B
  requests     22 in the last run
  allowances   graphql: 4,988 of 5,000 left, 12 by the last run
  folder       /home/a/context-sync/confluence
";
        assert_eq!(text(&report(vec![connector]), NOW, Paint(false)), expected);
    }

    #[test]
    fn a_busy_and_troubled_one_says_why_until_when_and_what_to_do() {
        let connector = ConnectorStatus {
            name: "wiki-eu".to_owned(),
            kind: "confluence".to_owned(),
            state: State::Running,
            why: "sync".to_owned(),
            paused: true,
            started_ms: Some(NOW - 65_000),
            progress: Some(Progress {
                phase: "fetching".to_owned(),
                done: 10,
                total: 2000,
                requests: 7,
                waiting_until_ms: Some(NOW + 30_000),
                requests_per_second: 25,
            }),
            last_run_ms: Some(NOW - 3_600_000),
            last_outcome: Some(Outcome::DeletionsHeld),
            message: "30 of 100 documents would be removed".to_owned(),
            held: 30,
            trash_files: 3,
            trash_bytes: 2048,
            todo: "context-syncctl sync wiki-eu --accept-deletions\u{7}".to_owned(),
            ..ConnectorStatus::default()
        };
        let expected = "wiki-eu (confluence)
  state        running, sync for 1 min 5 s; paused otherwise
  progress     fetching 10 of 2,000, 7 requests, at most 25 a second, the service asks us to wait until 08:14:04 UTC, in 30 s
  last success never
  last run     deletions held back, 1 h ago (2025-08-22 07:13:34 UTC)
               30 of 100 documents would be removed
  documents    0
  held back    30 deletions, by the safety limit
  trash        3 files, 2.0 KiB
  to do        context-syncctl sync wiki-eu --accept-deletions
";
        assert_eq!(block(&connector, NOW, Paint(false)), expected);
    }

    #[test]
    fn a_daemon_without_connectors_says_how_to_add_one() {
        let text = text(&report(Vec::new()), NOW, Paint(false));
        assert!(text.contains("Add one to /home/a/.config/context-sync/config.toml and run `context-syncctl reload`"), "{text}");
    }
}
