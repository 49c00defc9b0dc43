//! `restore`: move files from the trash back to their places, or list them.

use std::path::{Component, Path};

use context_sync_protocol::event::{Item, Outcome};
use context_sync_protocol::reply::Runs;
use context_sync_protocol::request::Op;

use super::{Context, runs};
use crate::output::Paint;
use crate::stop::Stop;
use crate::text::number;

pub(crate) fn run(context: &Context, paths: Vec<String>) -> Result<u8, Stop> {
    let list = paths.is_empty();
    let paths = paths.into_iter().map(from_here).collect();
    let done = runs::wait(context, Op::Restore { paths }, &[])?;
    let code = runs::report(context, &done, |runs, paint| text(runs, paint, list))?;
    if list && done.runs.iter().any(|run| !run.finished.items.is_empty()) {
        context.output.note("Bring one back with `context-syncctl restore PATH`.");
    }
    Ok(code)
}

/// A path that is there, or begins with a dot, is meant from the current folder; any other is meant below the output folder, as it is listed.
pub(super) fn from_here(path: String) -> String {
    let dotted = matches!(Path::new(&path).components().next(), Some(Component::CurDir | Component::ParentDir));
    if !dotted && !Path::new(&path).exists() {
        return path;
    }
    std::path::absolute(&path).ok().and_then(|absolute| absolute.to_str().map(str::to_owned)).unwrap_or(path)
}

fn text(runs: &Runs, paint: Paint, list: bool) -> String {
    let mut out = String::new();
    for run in &runs.runs {
        if list && run.finished.outcome == Outcome::Done {
            // As this command takes them.
            let named = |item: &Item| Item { path: format!("{}/{}", run.connector, item.path), ..item.clone() };
            out.push_str(&runs::items(&run.finished.items.iter().map(named).collect::<Vec<_>>()));
        } else {
            out.push_str(&runs::verdict(run, paint));
            out.push_str(&runs::items(&run.finished.items));
        }
    }
    if runs.items_left_out > 0 {
        out.push_str(&format!("  … and {} more\n", number(runs.items_left_out)));
    }
    if out.is_empty() {
        out.push_str("There is nothing in the trash.\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_meant_as_listed_unless_it_is_there() {
        assert_eq!(from_here("confluence/2025-08-22/ENG/x.md".to_owned()), "confluence/2025-08-22/ENG/x.md");
        let here = std::env::current_dir().unwrap();
        assert_eq!(from_here("Cargo.toml".to_owned()), here.join("Cargo.toml").to_str().unwrap());
        assert_eq!(from_here("./gone.md".to_owned()), here.join("gone.md").to_str().unwrap());
    }

    #[test]
    fn an_empty_trash_is_said() {
        assert_eq!(text(&Runs::default(), Paint(false), true), "There is nothing in the trash.\n");
    }
}
