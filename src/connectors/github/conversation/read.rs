//! Reads a kept conversation into a document: what was asked, the answer if there is one, then all that was said. Pure, bounded by the kept body's size.

use super::kept::{Comment, Conversation};
use super::text::{self, Texts, person};
use crate::markdown::Tree;
use crate::model::{Body, Document, Fact, Facts, Place};

/// Reads it.
pub(in crate::connectors::github) fn read(mut conversation: Conversation, place: &Place) -> Document {
    let mut texts = Texts::of(place);
    every_comment(&mut conversation, &mut |comment| comment.url = texts.web.today(&comment.url));
    let conversation = &conversation;
    let mut blocks = Vec::new();
    texts.first(&conversation.body, conversation.author.as_deref(), &mut blocks);
    blocks.extend(text::reactions(&conversation.reactions, conversation.upvotes));
    if let Some(poll) = &conversation.poll {
        Texts::poll(poll, &mut blocks);
    }
    texts.answer(conversation, &mut blocks);
    texts.comments(conversation, &mut blocks);
    texts.threads(&conversation.threads, &mut blocks);
    Document { facts: facts(conversation), body: Body::Tree(Tree { blocks }), parts: Vec::new(), diagnostics: texts.met.into_diagnostics() }
}

/// Calls `with` with everything that was said.
fn every_comment(of: &mut Conversation, with: &mut dyn FnMut(&mut Comment)) {
    let reviews = of.reviews.iter_mut().map(|review| &mut review.comment);
    let threads = of.threads.iter_mut().flat_map(|thread| &mut thread.comments);
    let mut waiting: Vec<&mut Comment> = of.comments.iter_mut().chain(reviews).chain(threads).collect();
    while let Some(comment) = waiting.pop() {
        with(comment);
        waiting.extend(&mut comment.replies);
    }
}

fn facts(of: &Conversation) -> Facts {
    let mut extra = vec![("number".to_owned(), Fact::Text(of.number.to_string()))];
    let mut add =
        |name: &str, value: Option<String>| extra.extend(value.filter(|value| !value.is_empty()).map(|value| (name.to_owned(), Fact::Text(value))));
    add("state", Some(of.state.clone()));
    add("state_reason", of.state_reason.clone());
    add("closed_at", of.closed_at.clone());
    add("locked", of.locked.then(|| "true".to_owned()));
    add("category", of.category.clone());
    add("answered", of.answered.map(|answered| answered.to_string()));
    add("milestone", of.milestone.clone());
    if let Some(pull) = &of.pull {
        add("draft", pull.draft.then(|| "true".to_owned()));
        add("merged", Some(pull.merged.to_string()));
        add("merged_at", pull.merged_at.clone());
        add("merged_by", pull.merged_by.clone());
        add("base", Some(pull.base.clone()));
        add("head", Some(pull.head.clone()));
    }
    add("upvotes", (of.upvotes > 0).then(|| of.upvotes.to_string()));
    let said = of.comments.len() + of.comments.iter().map(|comment| comment.replies.len()).sum::<usize>();
    add("comments", Some(said.to_string()));
    if !of.assignees.is_empty() {
        extra.push(("assignees".to_owned(), Fact::List(of.assignees.iter().map(|login| Fact::Text(login.clone())).collect())));
    }
    let some = |moment: &str| (!moment.is_empty()).then(|| moment.to_owned());
    Facts {
        created_at: some(&of.created_at),
        created_by: Some(person(of.author.as_deref())),
        updated_at: some(&of.updated_at),
        updated_by: of.edited_by.as_deref().map(|login| person(Some(login))),
        extra,
        ..Facts::default()
    }
}
