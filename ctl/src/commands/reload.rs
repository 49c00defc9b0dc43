//! `reload`: have the daemon read its configuration again; what changed, or why it was refused.

use context_sync_protocol::reply::ReloadReport;
use context_sync_protocol::request::Op;

use super::Context;
use crate::stop::Stop;
use crate::text::clean;

pub(crate) fn run(context: &Context) -> Result<u8, Stop> {
    let report: ReloadReport = context.ask(Op::Reload {})?;
    context.output.data(&report, text)?;
    Ok(0)
}

fn text(report: &ReloadReport) -> String {
    let mut out = String::new();
    for (names, what) in [(&report.added, "added"), (&report.removed, "removed"), (&report.changed, "changed")] {
        out.extend(names.iter().map(|name| format!("{}: {what}\n", clean(name))));
    }
    if out.is_empty() {
        out.push_str("The configuration was read again; no connector changed.\n");
    }
    out.extend(report.notes.iter().map(|note| format!("{}\n", clean(note))));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_named() {
        let report =
            ReloadReport { added: vec!["wiki".to_owned()], notes: vec!["`max_parallel` takes a restart.".to_owned()], ..ReloadReport::default() };
        assert_eq!(text(&report), "wiki: added\n`max_parallel` takes a restart.\n");
        assert_eq!(text(&ReloadReport::default()), "The configuration was read again; no connector changed.\n");
    }
}
