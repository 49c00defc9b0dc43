//! Comments and replies as blocks: each an item of a list, who and when in its first line, replies below what they answer, so that no text of an author can
//! pass for another's. Pure.

use super::kept::{Comment, Conversation, Review};
use super::text::{self, Texts, counted, heading, link, mention, minute};
use crate::markdown::{AlertKind, Block, Inline, Item, List};
use crate::model::Treatment;

/// Hidden comments that were left out, by reason.
#[derive(Default)]
pub(super) struct Hidden(Vec<(String, u64)>);

impl Hidden {
    fn note(&mut self, why: &str) {
        let why = reason(why);
        match self.0.iter_mut().find(|(known, _)| *known == why) {
            Some((_, count)) => *count += 1,
            None => self.0.push((why, 1)),
        }
    }

    /// The marker that counts them, and says why.
    pub(super) fn marker(&self) -> Option<Block> {
        let all = self.0.iter().map(|(_, count)| count).sum();
        let reasons: Vec<String> = self.0.iter().map(|(why, count)| format!("{count} as {why}")).collect();
        (all > 0).then(|| Block::Marker(format!("{} left out, hidden at GitHub: {}", counted(all, "comment"), reasons.join(", "))))
    }
}

/// `OFF_TOPIC` and `off-topic` are one reason.
fn reason(why: &str) -> String {
    let why = why.to_lowercase().replace('_', "-");
    if why.is_empty() { "minimized".to_owned() } else { why }
}

impl Texts {
    /// The answer of a discussion, before all else that was said.
    pub(super) fn answer(&mut self, conversation: &Conversation, blocks: &mut Vec<Block>) {
        let said = conversation.comments.iter().flat_map(|comment| std::iter::once(comment).chain(&comment.replies));
        for answer in said.filter(|comment| shows_as_answer(comment)).take(1) {
            blocks.push(heading(2, "Answer"));
            let mut title = vec![text::text("Answer by "), mention(answer.author.as_deref()), text::text(", ")];
            title.extend(when(answer));
            let body = self.authored(&answer.body).into_iter().chain(text::reactions(&answer.reactions, answer.upvotes)).collect();
            blocks.push(Block::Alert { kind: AlertKind::Tip, title, body });
        }
    }

    /// All comments, and of a pull request its reviews between them, by age.
    pub(super) fn comments(&mut self, conversation: &Conversation, blocks: &mut Vec<Block>) {
        let mut hidden = Hidden::default();
        let mut items: Vec<(&str, Item)> = Vec::new();
        for comment in &conversation.comments {
            items.extend(self.thread(comment, &mut hidden).map(|item| (comment.created_at.as_str(), item)));
        }
        for review in conversation.reviews.iter().filter(|review| says_something(review)) {
            let verdict = verdict(&review.state);
            items.extend(
                self.comment(&review.comment, verdict, &mut hidden).map(|body| (review.comment.created_at.as_str(), Item { done: None, body })),
            );
        }
        // Stable: what came in the same second stays in its order.
        items.sort_by_key(|(at, _)| *at);
        let marker = hidden.marker();
        if items.is_empty() && marker.is_none() {
            return;
        }
        blocks.push(heading(2, if conversation.reviews.iter().any(says_something) { "Comments and reviews" } else { "Comments" }));
        if !items.is_empty() {
            blocks.push(list(items.into_iter().map(|(_, item)| item).collect()));
        }
        blocks.extend(marker);
    }

    /// A comment with its replies; none where nothing of it is left.
    fn thread(&mut self, comment: &Comment, hidden: &mut Hidden) -> Option<Item> {
        let mut replies = Vec::new();
        // GitHub knows two levels; a body that claims more is read flat.
        let mut waiting: Vec<&Comment> = comment.replies.iter().rev().collect();
        while let Some(reply) = waiting.pop() {
            replies.extend(self.comment(reply, "", hidden).map(|body| Item { done: None, body }));
            waiting.extend(reply.replies.iter().rev());
        }
        let mut body = match self.comment(comment, "", hidden) {
            Some(body) => body,
            None if replies.is_empty() => return None,
            None => vec![Block::Marker("a hidden comment, which these answer".to_owned())],
        };
        if !replies.is_empty() {
            body.push(list(replies));
        }
        Some(Item { done: None, body })
    }

    /// A comment without its replies: who, what and when in one line, then what it says; none where it is hidden.
    pub(super) fn comment(&mut self, comment: &Comment, verdict: &str, hidden: &mut Hidden) -> Option<Vec<Block>> {
        if let Some(why) = &comment.minimized {
            hidden.note(why);
            self.met.note("hidden comment", Treatment::Lost, "left out, as GitHub hides it", 1);
            return None;
        }
        if comment.deleted {
            return Some(vec![Block::Paragraph(vec![text::text("(deleted), ")].into_iter().chain(when(comment)).collect())]);
        }
        let mut line = vec![Inline::Strong(vec![mention(comment.author.as_deref())]), text::text(verdict), text::text(", ")];
        line.extend(when(comment));
        if let Some(edited) = comment.edited_at.as_deref().filter(|edited| *edited != comment.created_at) {
            line.push(text::text(&format!(", edited {}", minute(edited))));
        }
        let answer = shows_as_answer(comment);
        if answer {
            line.push(text::text(", "));
            line.push(Inline::Strong(vec![text::text("marked as the answer")]));
            line.push(text::text(": see above"));
        }
        let mut blocks = vec![Block::Paragraph(line)];
        if !answer {
            blocks.extend(self.authored(&comment.body));
            blocks.extend(text::reactions(&comment.reactions, comment.upvotes));
        }
        Some(blocks)
    }
}

/// Whether a comment stands above all others.
fn shows_as_answer(comment: &Comment) -> bool {
    comment.answer && !comment.deleted && comment.minimized.is_none()
}

/// The moment of a comment, which leads to it.
fn when(comment: &Comment) -> Vec<Inline> {
    link(&comment.url, vec![text::text(&minute(&comment.created_at))])
}

/// A review without words that decides nothing is there for its threads only.
fn says_something(review: &Review) -> bool {
    let decides = !matches!(review.state.as_str(), "commented" | "pending" | "");
    review.state != "pending" && (decides || !review.comment.body.trim().is_empty())
}

fn verdict(state: &str) -> &'static str {
    match state {
        "approved" => " approved these changes",
        "changes_requested" => " requested changes",
        "dismissed" => " reviewed (dismissed)",
        _ => " reviewed",
    }
}

/// A list of items.
pub(super) fn list(items: Vec<Item>) -> Block {
    Block::List(List { start: None, items })
}
