//! A page's comments as they are kept, and as a document: threads by age, replies below what they answer. Pure.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::connectors::confluence::raw::Head;
use crate::connectors::confluence::{keys, storage};
use crate::markdown::{Block, Inline, Item, List, Target, Tree};
use crate::model::{Diagnostic, Key, Raw};

/// Replies nested deeper than this stand beside each other: each level costs indentation, and some threads never end.
const DEPTH: usize = 6;

/// A comment as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::connectors::confluence) struct Comment {
    pub(super) id: String,
    /// The comment that it answers.
    pub(super) parent: Option<String>,
    /// A person's key.
    pub(super) author: Option<String>,
    /// When it was written: RFC 3339, UTC.
    pub(super) at: String,
    /// A person's key, where it was edited.
    pub(super) editor: Option<String>,
    /// RFC 3339, UTC.
    pub(super) edited_at: Option<String>,
    /// On a part of the text.
    pub(super) inline: bool,
    /// `open`, `resolved` and their kin.
    pub(super) state: Option<String>,
    /// That part.
    pub(super) selection: Option<String>,
    /// Storage format.
    pub(super) body: String,
}

impl Comment {
    /// When it became what it is.
    pub(super) fn changed(&self) -> &str {
        self.edited_at.as_deref().unwrap_or(&self.at)
    }
}

/// Joins comments to a raw body.
pub(super) fn encode(head: &Head, comments: &[Comment]) -> Raw {
    // Strings and flags: writing them as JSON cannot fail.
    let body = serde_json::to_vec(comments).unwrap_or_default();
    let Raw(start) = crate::connectors::confluence::raw::encode(head, "");
    Raw(Bytes::from([&start[..], &body[..]].concat()))
}

/// Reads what follows the head of a raw body.
///
/// # Errors
/// When it is damaged.
pub(in crate::connectors::confluence) fn read(body: &str, head: &Head) -> Result<(Tree, Vec<Diagnostic>, usize), String> {
    let comments: Vec<Comment> = serde_json::from_str(body).map_err(|error| format!("its comments are damaged: {error}"))?;
    let mut reader = Reader { head, comments: &comments, diagnostics: Vec::new() };
    let page = Target::Remote { key: keys::doc(&head.page), anchor: None, fallback: Some(reader.address(None)), name: head.page.clone() };
    let mut blocks = vec![Block::Paragraph(vec![Inline::Text("On ".to_owned()), Inline::Link { target: page, content: Vec::new() }])];
    let answers = answers(&comments);
    for (inline, title) in [(false, "Comments"), (true, "Inline comments")] {
        let roots: Vec<usize> = answers[comments.len()].iter().copied().filter(|at| comments[*at].inline == inline).collect();
        if !roots.is_empty() {
            blocks.push(Block::Heading { level: 2, content: vec![Inline::Text(title.to_owned())] });
            blocks.push(reader.thread(&roots, &answers, 0));
        }
    }
    Ok((Tree { blocks }, reader.diagnostics, comments.len()))
}

/// For each comment those that answer it, in order; last those that begin a thread. An answer to what is not there, or to itself by a detour, begins one.
fn answers(comments: &[Comment]) -> Vec<Vec<usize>> {
    let at_of: rustc_hash::FxHashMap<&str, usize> = comments.iter().enumerate().map(|(at, comment)| (comment.id.as_str(), at)).collect();
    let mut answers = vec![Vec::new(); comments.len() + 1];
    for (at, comment) in comments.iter().enumerate() {
        // The kept order is that of their age, and nobody answers what is not written yet; this is what keeps a damaged list from going round.
        let above = comment.parent.as_deref().and_then(|parent| at_of.get(parent)).filter(|above| **above < at);
        answers[above.copied().unwrap_or(comments.len())].push(at);
    }
    answers
}

struct Reader<'a> {
    head: &'a Head,
    comments: &'a [Comment],
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn thread(&mut self, those: &[usize], answers: &[Vec<usize>], depth: usize) -> Block {
        let mut items = Vec::new();
        for at in those {
            let mut body = self.comment(*at);
            if depth < DEPTH {
                if !answers[*at].is_empty() {
                    body.push(self.thread(&answers[*at], answers, depth + 1));
                }
                items.push(Item { done: None, body });
            } else {
                items.push(Item { done: None, body });
                let mut waiting: Vec<usize> = answers[*at].iter().rev().copied().collect();
                while let Some(next) = waiting.pop() {
                    items.push(Item { done: None, body: self.comment(next) });
                    waiting.extend(answers[next].iter().rev());
                }
            }
        }
        Block::List(List { start: None, items })
    }

    /// A comment without its answers: who, when and how it stands in one line, what it is about, what it says.
    fn comment(&mut self, at: usize) -> Vec<Block> {
        let comment = &self.comments[at];
        let text = |text: &str| Inline::Text(text.to_owned());
        let person = |key: &Option<String>| key.as_ref().map_or_else(|| text("somebody"), |key| Inline::Person(Key::new(key)));
        let when = Inline::Link { target: Target::Url(self.address(Some(&comment.id))), content: vec![text(&minute(&comment.at))] };
        let mut line = vec![Inline::Strong(vec![person(&comment.author)]), text(", "), when];
        if let Some(edited) = &comment.edited_at {
            line.push(text(&format!(", edited {}", minute(edited))));
            if comment.editor.is_some() && comment.editor != comment.author {
                line.extend([text(" by "), person(&comment.editor)]);
            }
        }
        if let Some(state) = comment.state.as_deref().filter(|_| comment.parent.is_none()) {
            line.push(text(&format!(", {}", state.to_lowercase())));
        }
        let mut blocks = vec![Block::Paragraph(line)];
        if let Some(selection) = comment.selection.as_deref().filter(|selection| !selection.trim().is_empty()) {
            let selection = selection.split_whitespace().collect::<Vec<_>>().join(" ");
            blocks.push(Block::Quote(vec![Block::Paragraph(vec![Inline::Text(selection)])]));
        }
        let context = storage::Context { base: &self.head.base, space: &self.head.space, page: &self.head.page, cloud: self.head.cloud };
        let storage::Reading { tree, diagnostics, .. } = storage::read(&comment.body, &context);
        diagnostics.into_iter().for_each(|diagnostic| self.count(diagnostic));
        blocks.extend(tree.blocks);
        blocks
    }

    /// Each kind once, as for one body.
    fn count(&mut self, new: Diagnostic) {
        let same = |known: &&mut Diagnostic| (&known.what, known.treatment, &known.detail) == (&new.what, new.treatment, &new.detail);
        match self.diagnostics.iter_mut().find(same) {
            Some(known) => known.count = known.count.saturating_add(new.count),
            None => self.diagnostics.push(new),
        }
    }

    /// Where a browser shows the page, or one comment on it: the form that both flavours understand.
    fn address(&self, comment: Option<&str>) -> String {
        let page = format!("{}/pages/viewpage.action?pageId={}", self.head.base, self.head.page);
        comment.map_or_else(|| page.clone(), |comment| format!("{page}&focusedCommentId={comment}"))
    }
}

/// A moment to the minute, for people.
fn minute(moment: &str) -> String {
    match (moment.get(..10), moment.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => moment.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::front_matter::FrontMatter;
    use crate::markdown::{Unresolved, write};

    fn comment(id: &str, parent: Option<&str>, body: &str) -> Comment {
        Comment {
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            author: Some("user:a".to_owned()),
            at: format!("2026-01-05T09:0{id}:00.000Z"),
            body: format!("<p>{body}</p>"),
            ..Comment::default()
        }
    }

    fn written(comments: &[Comment]) -> String {
        let head = Head { page: "7".to_owned(), base: "https://w".to_owned(), ..Head::default() };
        let raw = encode(&head, comments);
        let body = std::str::from_utf8(&raw.0).unwrap().split_once('\n').unwrap().1.to_owned();
        let (tree, _, count) = read(&body, &head).unwrap();
        assert_eq!(count, comments.len());
        write::document(&FrontMatter { title: "Comments on Guide", ..FrontMatter::default() }, &tree, &Unresolved).text
    }

    #[test]
    fn threads_are_nested_and_inline_comments_quote_what_they_are_about() {
        let inline = Comment {
            inline: true,
            state: Some("resolved".to_owned()),
            selection: Some("the\nwords".to_owned()),
            edited_at: Some("2026-01-06T10:00:00.000Z".to_owned()),
            ..comment("3", None, "Why?")
        };
        let text = written(&[comment("1", None, "First"), comment("2", Some("1"), "Answer"), inline, comment("4", Some("3"), "Because")]);
        let (footer, inline) = text.split_once("## Inline comments").unwrap();
        assert!(footer.contains("## Comments\n\n- **"), "{text}");
        assert!(footer.contains("[2026-01-05 09:01 UTC](https://w/pages/viewpage.action?pageId=7&focusedCommentId=1)"), "{text}");
        assert!(footer.contains("\n  First\n\n  - **"), "{text}");
        assert!(footer.contains("\n    Answer\n"), "{text}");
        assert!(inline.contains(", edited 2026-01-06 10:00 UTC, resolved\n\n  > the words\n\n  Why?\n"), "{text}");
        assert!(inline.contains("\n    Because"), "{text}");
    }

    #[test]
    fn answers_to_nothing_begin_threads_and_circles_end() {
        let text = written(&[
            comment("1", Some("9"), "Lost"),
            comment("2", Some("3"), "Two"),
            comment("3", Some("2"), "Three"),
            comment("4", Some("4"), "Self"),
        ]);
        for word in ["Lost", "Two", "Three", "Self"] {
            assert_eq!(text.matches(word).count(), 1, "{text}");
        }
    }

    #[test]
    fn endless_threads_stay_shallow_and_lose_nobody() {
        let comments: Vec<Comment> = (0..2000)
            .map(|n| Comment {
                at: format!("{n:05}"),
                parent: (n > 0).then(|| (n - 1).to_string()),
                id: n.to_string(),
                ..comment("1", None, &format!("word{n}."))
            })
            .collect();
        let text = written(&comments);
        assert_eq!(text.matches("word").count(), 2000);
        assert!(text.lines().all(|line| line.len() - line.trim_start().len() <= 2 * (DEPTH + 1)), "too deep");
    }

    #[test]
    fn damage_is_said() {
        assert!(read("[{]", &Head::default()).is_err());
    }
}
