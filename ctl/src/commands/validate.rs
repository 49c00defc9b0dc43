//! `validate`: ask the services whether credentials and permissions work.

use context_sync_protocol::event::Outcome;
use context_sync_protocol::reply::Runs;
use context_sync_protocol::request::Op;

use super::{Context, runs};
use crate::output::Paint;
use crate::stop::Stop;
use crate::text::clean;

pub(crate) fn run(context: &Context, names: Vec<String>) -> Result<u8, Stop> {
    let done = runs::wait(context, Op::Validate { names: names.clone() }, &names)?;
    runs::report(context, &done, text)
}

fn text(runs: &Runs, paint: Paint) -> String {
    if runs.runs.is_empty() {
        return "No connector is configured, so there was nothing to ask.\n".to_owned();
    }
    let mut out = String::new();
    for run in &runs.runs {
        match run.finished.outcome {
            Outcome::Done => out.push_str(&format!("{}: {}\n", paint.strong(&clean(&run.connector)), paint.good("works"))),
            _ => out.push_str(&runs::verdict(run, paint)),
        }
        for item in &run.finished.items {
            let said = [&item.path, &item.reason].map(|part| clean(part)).into_iter().filter(|part| !part.is_empty());
            let said = said.collect::<Vec<_>>().join(": ");
            out.push_str(&format!("  {}\n", if item.kind == "problem" { paint.odd(&said) } else { said }));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use context_sync_protocol::event::{Finished, Item};
    use context_sync_protocol::reply::RunRecord;

    use super::*;

    #[test]
    fn notes_and_problems_follow_the_verdict() {
        let item = |kind: &str, path: &str, reason: &str| Item { kind: kind.to_owned(), path: path.to_owned(), bytes: 0, reason: reason.to_owned() };
        let finished = Finished {
            outcome: Outcome::Partial,
            message: "Ann (Cloud, API token)".to_owned(),
            items: vec![item("note", "", "12 spaces visible"), item("problem", "OLD", "no such space")],
            ..Finished::default()
        };
        let runs = Runs { runs: vec![RunRecord { connector: "wiki".to_owned(), finished, ..RunRecord::default() }], ..Runs::default() };
        assert_eq!(text(&runs, Paint(false)), "wiki: partly done: Ann (Cloud, API token)\n  12 spaces visible\n  OLD: no such space\n");
    }
}
