//! `cleanup`: list what has run out or belongs to nobody; remove it with `--apply`.

use context_sync_protocol::event::{Item, Outcome};
use context_sync_protocol::reply::Runs;
use context_sync_protocol::request::Op;

use super::{Context, runs};
use crate::output::Paint;
use crate::stop::Stop;
use crate::text::{count, number, size};

pub(crate) fn run(context: &Context, names: Vec<String>, apply: bool) -> Result<u8, Stop> {
    let op = Op::Cleanup { names: names.clone(), apply };
    let done = runs::wait(context, op, &names)?;
    let code = runs::report(context, &done, |runs, paint| text(runs, paint, apply))?;
    if !apply && all_items(&done).next().is_some() {
        context.output.note("Nothing was removed: this is a preview. Remove it with --apply.");
    }
    Ok(code)
}

fn all_items(runs: &Runs) -> impl Iterator<Item = &Item> {
    runs.runs.iter().flat_map(|run| &run.finished.items).chain(&runs.items)
}

fn text(runs: &Runs, paint: Paint, apply: bool) -> String {
    let mut out = String::new();
    for run in &runs.runs {
        if run.finished.outcome != Outcome::Done || !run.finished.items.is_empty() {
            out.push_str(&runs::verdict(run, paint));
            out.push_str(&runs::items(&run.finished.items));
        }
    }
    out.push_str(&runs::items(&runs.items));
    if runs.items_left_out > 0 {
        out.push_str(&format!("  … and {} more\n", number(runs.items_left_out)));
    }
    let things = all_items(runs).count() as u64 + runs.items_left_out;
    if things == 0 {
        out.push_str("There is nothing to clean up.\n");
    } else {
        let bytes = all_items(runs).fold(0, |sum: u64, item| sum.saturating_add(item.bytes));
        let at_least = if runs.items_left_out > 0 { "at least " } else { "" };
        let word = if apply { "removed" } else { "to remove" };
        out.push_str(&format!("{} {word}, {at_least}{}\n", count(things, "thing"), size(bytes)));
    }
    out
}

#[cfg(test)]
mod tests {
    use context_sync_protocol::event::Finished;
    use context_sync_protocol::reply::RunRecord;

    use super::*;

    fn runs() -> Runs {
        let item = |path: &str, bytes, reason: &str| Item { kind: "trash".to_owned(), path: path.to_owned(), bytes, reason: reason.to_owned() };
        let finished = Finished { outcome: Outcome::Done, items: vec![item("ENG/x.md", 2048, "in the trash for 31 days")], ..Finished::default() };
        Runs {
            runs: vec![RunRecord { connector: "wiki".to_owned(), finished, ..RunRecord::default() }],
            items: vec![item("logs/sync_20250101.log", 10, "a log older than 14 days")],
            items_left_out: 0,
        }
    }

    #[test]
    fn each_thing_is_listed_with_size_and_reason() {
        let expected =
            "wiki: done\n     2.0 KiB  ENG/x.md  in the trash for 31 days\n        10 B  logs/sync_20250101.log  a log older than 14 days\n";
        assert_eq!(text(&runs(), Paint(false), false), format!("{expected}2 things to remove, 2.0 KiB\n"));
        assert_eq!(text(&runs(), Paint(false), true), format!("{expected}2 things removed, 2.0 KiB\n"));
    }

    #[test]
    fn nothing_and_too_much_are_said() {
        assert_eq!(text(&Runs::default(), Paint(false), false), "There is nothing to clean up.\n");
        let many = Runs { items_left_out: 1000, ..runs() };
        assert!(text(&many, Paint(false), false).ends_with("  … and 1,000 more\n1,002 things to remove, at least 2.0 KiB\n"));
    }
}
