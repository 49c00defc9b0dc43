//! The pieces that texts of GitHub are made of: an author's Markdown, people, times, reactions. Pure.

use super::count::Met;
use super::kept::{Poll, Reaction};
use super::web::Web;

use crate::markdown::html_comments::without_html_comments;
use crate::markdown::{Authored, Block, Cell, Inline, Table, Target, looks_like_ours};
use crate::model::{Key, Place, Treatment};

/// Who stands for a deleted account, as at GitHub.
const GHOST: &str = "ghost";

/// The headings that stand below a first text, as [`looks_like_ours`] wants them.
const SECTIONS: [&str; 5] = ["answer", "assets", "comments", "poll", "reviewthreads"];

/// Reads the texts of one document.
pub(in crate::connectors::github) struct Texts {
    pub(in crate::connectors::github) web: Web,
    pub(in crate::connectors::github) met: Met,
}

impl Texts {
    /// Those of the document at this place.
    pub(in crate::connectors::github) fn of(place: &Place) -> Self {
        Self { web: Web::of(place), met: Met::default() }
    }

    /// An author's Markdown; none where nothing of it shows.
    pub(in crate::connectors::github) fn authored(&mut self, text: &str) -> Option<Block> {
        let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { std::borrow::Cow::Borrowed(text) };
        let (text, comments) = without_html_comments(&text);
        self.met.note("html comment", Treatment::Rendered, "left out, as nobody sees it", comments);
        if text.trim().is_empty() {
            return None;
        }
        let web = &self.web;
        let target = &mut |kind, destination: &str| web.target(kind, destination);
        Some(Block::Authored(Authored::links_and_references(text.into_owned(), target, &mut |run: &str| web.references(run))))
    }

    /// Adds the text that a document begins with. What looks like that which follows it (a heading `Comments`, a comment) stands in a quote below its author's name, so that
    /// nobody can say something in another's.
    pub(in crate::connectors::github) fn first(&mut self, text: &str, author: Option<&str>, blocks: &mut Vec<Block>) {
        let Some(authored) = self.authored(text) else { return };
        if matches!(&authored, Block::Authored(text) if looks_like_ours(text.text(), &SECTIONS)) {
            self.met.note("first text", Treatment::Rendered, "quoted, as it looks like what follows it", 1);
            blocks.push(Block::Paragraph(vec![Inline::Strong(vec![mention(author)]), self::text(" wrote:")]));
            blocks.push(Block::Quote(vec![authored]));
        } else {
            blocks.push(authored);
        }
    }

    /// Adds a poll.
    pub(super) fn poll(poll: &Poll, blocks: &mut Vec<Block>) {
        blocks.push(heading(2, &format!("Poll: {}", one_line(&poll.question))));
        let rows = poll.options.iter().map(|(option, votes)| vec![cell(vec![text(&one_line(option))]), cell(vec![text(&votes.to_string())])]);
        blocks.push(table(&["Option", "Votes"], rows));
        blocks.push(Block::Paragraph(vec![text(&format!("{} in all.", counted(poll.votes, "vote")))]));
    }
}

/// The key of a person.
pub(in crate::connectors::github) fn person(login: Option<&str>) -> Key {
    Key::new(format!("user:{}", login.filter(|login| !login.is_empty()).unwrap_or(GHOST)))
}

/// A person in running text. Their names are in the bodies: no name has to be learnt, nor kept by the engine, for each who ever wrote a comment.
pub(super) fn mention(login: Option<&str>) -> Inline {
    Inline::Text(format!("@{}", login.filter(|login| !login.is_empty()).unwrap_or(GHOST)))
}

/// Reactions and upvotes in one short line; none where there are none.
pub(in crate::connectors::github) fn reactions(reactions: &[Reaction], upvotes: u64) -> Option<Block> {
    let signs = |content: &str| match content {
        "THUMBS_UP" => "👍",
        "THUMBS_DOWN" => "👎",
        "LAUGH" => "😄",
        "HOORAY" => "🎉",
        "CONFUSED" => "😕",
        "HEART" => "❤️",
        "ROCKET" => "🚀",
        "EYES" => "👀",
        _ => "",
    };
    let mut words: Vec<String> = Vec::new();
    if upvotes > 0 {
        words.push(counted(upvotes, "upvote"));
    }
    for Reaction { content, count } in reactions.iter().take(20) {
        let sign = match signs(content) {
            "" => content.to_lowercase().replace('_', " "),
            sign => sign.to_owned(),
        };
        words.push(if *count > 0 { format!("{sign} {count}") } else { sign });
    }
    (!words.is_empty()).then(|| Block::Paragraph(vec![text(&words.join(" · "))]))
}

/// A moment to the minute, for people.
pub(in crate::connectors::github) fn minute(moment: &str) -> String {
    match (moment.get(..10), moment.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => moment.to_owned(),
    }
}

/// `3 votes`.
pub(in crate::connectors::github) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Plain text.
pub(in crate::connectors::github) fn text(text: &str) -> Inline {
    Inline::Text(text.to_owned())
}

/// `text` with each run of white space as one space.
pub(in crate::connectors::github) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A link to an address, or its text alone where there is none.
pub(in crate::connectors::github) fn link(url: &str, content: Vec<Inline>) -> Vec<Inline> {
    if url.is_empty() { content } else { vec![Inline::Link { target: Target::Url(url.to_owned()), content }] }
}

/// A heading of plain text.
pub(in crate::connectors::github) fn heading(level: u8, words: &str) -> Block {
    Block::Heading { level, content: vec![text(words)] }
}

/// A cell of running text.
pub(in crate::connectors::github) fn cell(content: Vec<Inline>) -> Cell {
    Cell { header: false, colspan: 1, rowspan: 1, body: vec![Block::Paragraph(content)] }
}

/// A table below a row of headers.
pub(in crate::connectors::github) fn table(headers: &[&str], rows: impl Iterator<Item = Vec<Cell>>) -> Block {
    let first = headers.iter().map(|header| Cell { header: true, ..cell(vec![text(header)]) }).collect();
    Block::Table(Table { rows: std::iter::once(first).chain(rows).collect() })
}
