//! Review threads of a pull request: where they hang, the piece of the changes, what was said. Pure.

use super::comments::{Hidden, list};
use super::kept::Thread;
use super::text::{self, Texts, heading, link, mention};
use crate::markdown::{Block, Inline, Item};
use crate::model::Treatment;

/// Lines of a piece of changes that are shown: GitHub shows the last few, too.
const HUNK_LINES: usize = 30;

impl Texts {
    /// All threads.
    pub(super) fn threads(&mut self, threads: &[Thread], blocks: &mut Vec<Block>) {
        if threads.is_empty() {
            return;
        }
        blocks.push(heading(2, "Review threads"));
        let mut hidden = Hidden::default();
        let mut items = Vec::new();
        for thread in threads {
            let comments: Vec<Item> =
                thread.comments.iter().filter_map(|comment| self.comment(comment, "", &mut hidden)).map(|body| Item { done: None, body }).collect();
            if comments.is_empty() {
                continue;
            }
            let mut body = vec![Block::Paragraph(place(thread))];
            if !thread.hunk.trim().is_empty() {
                let text = self.hunk(&thread.hunk);
                body.push(Block::Code { language: Some("diff".to_owned()), text });
            }
            body.push(list(comments));
            items.push(Item { done: None, body });
        }
        if !items.is_empty() {
            blocks.push(list(items));
        }
        blocks.extend(hidden.marker());
    }

    /// The end of a piece of changes below its first line.
    fn hunk(&mut self, hunk: &str) -> String {
        let hunk = hunk.replace("\r\n", "\n");
        let lines: Vec<&str> = hunk.trim_end_matches('\n').split('\n').collect();
        if lines.len() <= HUNK_LINES + 1 {
            return lines.join("\n");
        }
        let left_out = lines.len() - HUNK_LINES - 1;
        self.met.note("diff hunk", Treatment::Kept, "its last lines, as GitHub shows it", 1);
        let mut shown = vec![lines[0].to_owned(), format!("... {} left out", text::counted(left_out as u64, "line"))];
        shown.extend(lines[left_out + 1..].iter().map(|line| (*line).to_owned()));
        shown.join("\n")
    }
}

/// `src/main.rs`, line 12, outdated, resolved by @ann.
fn place(thread: &Thread) -> Vec<Inline> {
    let url = thread.comments.first().map_or("", |comment| comment.url.as_str());
    let mut line = vec![Inline::Strong(link(url, vec![Inline::Code(text::one_line(&thread.path))]))];
    let lines = match (thread.start_line, thread.line) {
        (Some(first), Some(last)) if first != last => format!(", lines {first} to {last}"),
        (_, Some(last)) => format!(", line {last}"),
        _ => ", the whole file".to_owned(),
    };
    line.push(text::text(&lines));
    if thread.original {
        line.push(text::text(" of an earlier state"));
    }
    if thread.outdated {
        line.push(text::text(", outdated"));
    }
    if thread.resolved {
        line.push(text::text(", resolved"));
        if let Some(by) = &thread.resolved_by {
            line.extend([text::text(" by "), mention(Some(by))]);
        }
    }
    line
}
