//! `explain`: what is known of one document, and how faithful its file is.

use context_sync_protocol::event::Item;
use context_sync_protocol::reply::Runs;
use context_sync_protocol::request::Op;

use super::{Context, restore, runs};
use crate::output::Paint;
use crate::stop::Stop;
use crate::text::clean;

pub(crate) fn run(context: &Context, what: String) -> Result<u8, Stop> {
    let done = runs::wait(context, Op::Explain { what: restore::from_here(what) }, &[])?;
    runs::report(context, &done, text)
}

fn text(runs: &Runs, paint: Paint) -> String {
    let mut out = String::new();
    for run in &runs.runs {
        if run.finished.items.is_empty() {
            out.push_str(&runs::verdict(run, paint));
            continue;
        }
        out.push_str(&format!("{}\n", paint.strong(&clean(&run.connector))));
        let (constructs, facts): (Vec<&Item>, Vec<&Item>) = run.finished.items.iter().partition(|item| item.kind == "construct");
        for fact in facts {
            out.push_str(&format!("  {:<10}{}\n", clean(&fact.kind), clean(&fact.reason)));
        }
        if constructs.is_empty() {
            out.push_str(&format!("  {}\n", paint.good("Everything in it is plain text.")));
            continue;
        }
        out.push_str("  what its reader met:\n");
        let rows: Vec<Vec<String>> =
            constructs.iter().map(|item| vec![format!("    {}", clean(&item.path)), treatment(&item.reason, paint)]).collect();
        out.push_str(&crate::text::table(&rows));
    }
    out
}

fn treatment(words: &str, paint: Paint) -> String {
    let words = clean(words);
    if words.starts_with("lost") { paint.odd(&words) } else { words.into_owned() }
}

#[cfg(test)]
mod tests {
    use context_sync_protocol::event::{Finished, Outcome};
    use context_sync_protocol::reply::RunRecord;

    use super::*;

    #[test]
    fn facts_stand_before_what_was_met() {
        let item = |kind: &str, path: &str, reason: &str| Item { kind: kind.to_owned(), path: path.to_owned(), bytes: 0, reason: reason.to_owned() };
        let items =
            vec![item("title", "", "Guide"), item("construct", "macro:jira", "lost: the list of issues"), item("file", "", "ENG/guide--1.md")];
        let finished = Finished { outcome: Outcome::Done, items, ..Finished::default() };
        let runs = Runs { runs: vec![RunRecord { connector: "wiki".to_owned(), finished, ..RunRecord::default() }], ..Runs::default() };
        let expected = "wiki\n  title     Guide\n  file      ENG/guide--1.md\n  what its reader met:\n    macro:jira  lost: the list of issues\n";
        assert_eq!(text(&runs, Paint(false)), expected);
    }
}
