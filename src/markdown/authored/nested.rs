//! What lets an author's text stand between the texts of others: whatever it leaves open is closed.

use std::panic::catch_unwind;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::{find, html};
use crate::markdown::raw;

/// A paragraph that nobody writes.
const WITNESS: &str = "z7f3witness";
/// So many elements are closed.
const MOST_OPEN: usize = 64;

/// The lines that must follow `text` so that nothing of it reaches beyond: the end of a fence or HTML block, and of the elements that it leaves open.
pub(crate) fn closing(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if !lets_go(text, "") {
        let guess = raw::closing_line(text);
        let ends = ["-->", "```", "~~~", "?>", "]]>", ">", "</pre>", "</script>", "</style>", "</textarea>"].map(str::to_owned);
        let fence = |mark: char| mark.to_string().repeat(longest_run(text, mark).max(3));
        let end = guess.into_iter().chain([fence('`'), fence('~')]).chain(ends).find(|end| lets_go(text, end));
        lines.extend(end);
    }
    let open = open_elements(text);
    if !open.is_empty() {
        lines.push(String::new());
        lines.push(open.iter().rev().map(|name| format!("</{name}>")).collect());
    }
    lines
}

/// Whether what follows `text` and `end` is a paragraph of its own.
fn lets_go(text: &str, end: &str) -> bool {
    let whole = format!("{text}\n{end}\n\n{WITNESS}\n");
    catch_unwind(|| {
        let mut depth = 0_usize;
        let mut free = false;
        for event in Parser::new_ext(&whole, find::dialect()) {
            match event {
                Event::Start(Tag::Paragraph) if depth == 0 => depth = 1,
                Event::Start(_) => depth += 2,
                Event::End(TagEnd::Paragraph) if depth == 1 => depth = 0,
                Event::End(_) => depth = depth.saturating_sub(2),
                Event::Text(words) => free = depth == 1 && &*words == WITNESS,
                _ => {}
            }
        }
        free
    })
    .unwrap_or(false)
}

fn longest_run(text: &str, mark: char) -> usize {
    text.split(|c| c != mark).map(str::len).max().unwrap_or(0)
}

/// Elements that swallow what follows where nothing ends them, outermost first.
fn open_elements(text: &str) -> Vec<String> {
    if !text.contains('<') {
        return Vec::new();
    }
    let mut open: Vec<String> = Vec::new();
    let pieces = catch_unwind(|| {
        let events = Parser::new_ext(text, find::dialect()).into_offset_iter();
        events.filter(|(event, _)| matches!(event, Event::Html(_) | Event::InlineHtml(_))).map(|(_, at)| at).collect::<Vec<_>>()
    });
    let mut joined: Vec<std::ops::Range<usize>> = Vec::new();
    for piece in pieces.unwrap_or_default() {
        match joined.last_mut() {
            Some(last) if last.end == piece.start => last.end = piece.end,
            _ => joined.push(piece),
        }
    }
    for (name, closes) in joined.into_iter().flat_map(|piece| html::read(text, piece).tags) {
        if !closes && is_frame(&name) && open.len() < MOST_OPEN {
            open.push(name);
        } else if closes && let Some(at) = open.iter().rposition(|other| *other == name) {
            open.truncate(at);
        }
    }
    open
}

/// Whether an element goes on until something ends it.
fn is_frame(name: &str) -> bool {
    matches!(
        name,
        "a" | "b"
            | "blockquote"
            | "center"
            | "code"
            | "dd"
            | "del"
            | "details"
            | "div"
            | "dl"
            | "em"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "i"
            | "ins"
            | "kbd"
            | "ol"
            | "picture"
            | "pre"
            | "s"
            | "samp"
            | "section"
            | "span"
            | "strike"
            | "strong"
            | "sub"
            | "summary"
            | "sup"
            | "table"
            | "tt"
            | "ul"
            | "var"
    )
}
