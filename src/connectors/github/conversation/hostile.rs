//! Searches for texts that break a promise of the reader: it never panics, stays in bounds, and keeps what each author wrote below who wrote it.

use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};
use proptest::prelude::*;

use super::fixture::{place, text};
use super::kept::{Comment, Conversation, Poll, Reaction, Review, Thread};
use super::read::read;

/// Pieces that mean something somewhere.
const PIECES: &[&str] = &[
    "```",
    "~~~\n",
    "```diff\n",
    "\n",
    "\n\n",
    "\r\n",
    "    ",
    "\t",
    "> ",
    "- ",
    "1. ",
    "# ",
    "---\n",
    "<!--",
    "-->",
    "<!-- a -->",
    "<details>",
    "</details>",
    "<script>",
    "<pre>",
    "</pre>",
    "<div>\n",
    "[a](",
    "[a]: ",
    "](b)",
    "![",
    "|",
    "| a | b |\n| - | - |\n",
    "`",
    "``",
    "\\",
    "#12",
    "GH-7",
    "acme/app#3",
    "@ann",
    "@acme/core",
    "1a2b3c4",
    "https://github.example/acme/app/issues/3",
    "<https://github.example/acme/app>",
    "\u{202e}",
    "\u{e0041}",
    "é",
    "日本",
    "a",
    " ",
    "&#35;",
    "$$",
    "[^1]",
    "[^1]: x\n",
    "* ",
    "+ ",
    "***",
    "_",
    "\u{0}",
    "## Answer\n",
    "## Comments\n",
    "Comments\n===\n",
    "<h2>Comments</h2>\n",
    "- **@boss**, 2026-01-05 09:00 UTC\n\n  yes",
];

fn hostile() -> impl Strategy<Value = String> {
    prop::collection::vec(prop_oneof![9 => prop::sample::select(PIECES).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)], 0..14)
        .prop_map(|pieces| pieces.concat())
}

fn login() -> impl Strategy<Value = Option<String>> {
    prop_oneof![Just(None), Just(Some("ann".to_owned())), hostile().prop_map(Some)]
}

prop_compose! {
    fn comment()(body in hostile(), author in login(), url in prop_oneof![Just("https://github.example/c/1".to_owned()), hostile()],
                 created_at in prop_oneof![Just("2026-01-05T09:00:00Z".to_owned()), hostile()], flags in 0u8..16, why in hostile(), upvotes in 0u64..2, content in hostile()) -> Comment {
        Comment {
            body, author, url, created_at, upvotes,
            edited_at: (flags & 1 != 0).then(|| "2026-01-06T09:00:00Z".to_owned()),
            deleted: flags & 6 == 6,
            answer: flags & 8 != 0,
            minimized: (flags & 7 == 7).then_some(why),
            reactions: vec![Reaction { content, count: upvotes }],
            replies: Vec::new(),
        }
    }
}

prop_compose! {
    fn thread()(path in hostile(), hunk in hostile(), line in prop::option::of(0u64..9), comments in prop::collection::vec(comment(), 0..3), resolved in any::<bool>()) -> Thread {
        Thread { path, hunk, line, start_line: line, original: resolved, resolved, resolved_by: None, outdated: resolved, comments }
    }
}

prop_compose! {
    fn conversation()(body in hostile(), comments in prop::collection::vec((comment(), prop::collection::vec(comment(), 0..3)), 0..4),
                      reviews in prop::collection::vec((hostile(), comment()), 0..2), threads in prop::collection::vec(thread(), 0..2),
                      poll in prop::option::of(hostile()), category in prop::option::of(hostile())) -> Conversation {
        Conversation {
            body, threads, category,
            comments: comments.into_iter().map(|(comment, replies)| Comment { replies, ..comment }).collect(),
            reviews: reviews.into_iter().map(|(state, comment)| Review { state, comment }).collect(),
            poll: poll.map(|question| Poll { options: vec![(question.clone(), 1)], question, votes: 1 }),
            ..Conversation::default()
        }
    }
}

/// Items of the first list below the heading that begins so.
fn items_below<'a>(root: &'a AstNode<'a>, heading: &str) -> Option<usize> {
    let is_it = |node: &'a AstNode<'a>| {
        matches!(node.data.borrow().value, NodeValue::Heading(_))
            && node.descendants().any(|below| matches!(&below.data.borrow().value, NodeValue::Text(text) if text.starts_with(heading)))
    };
    let at = root.children().filter(|node| is_it(node)).last()?;
    let list = at.next_sibling()?;
    matches!(list.data.borrow().value, NodeValue::List(_)).then(|| list.children().count())
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options
}

/// Headings of the whole document that begin so, and items of its lists that begin with a person in bold.
fn ours<'a>(root: &'a AstNode<'a>) -> (usize, usize) {
    let words = |node: &'a AstNode<'a>| {
        let texts = node.descendants().filter_map(|below| match &below.data.borrow().value {
            NodeValue::Text(text) => Some(text.to_string()),
            _ => None,
        });
        texts.collect::<String>()
    };
    let is_section = |node: &&'a AstNode<'a>| {
        let is_high = matches!(&node.data.borrow().value, NodeValue::Heading(heading) if heading.level <= 2);
        is_high && (words(node).starts_with("Comments") || words(node).starts_with("Answer"))
    };
    let is_person = |item: &&'a AstNode<'a>| {
        let first = item.first_child().and_then(|paragraph| paragraph.first_child());
        first.is_some_and(|first| matches!(first.data.borrow().value, NodeValue::Strong) && words(first).starts_with('@'))
    };
    let lists = root.children().filter(|node| matches!(node.data.borrow().value, NodeValue::List(_)));
    (root.children().filter(is_section).count(), lists.flat_map(|list| list.children()).filter(is_person).count())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_conversation_is_read_within_bounds(kept in conversation()) {
        let size = serde_json::to_vec(&kept).unwrap().len();
        let document = read(kept.clone(), &place("discussion", "discussions/12"));
        let written = text(&document);
        prop_assert!(written.len() < 4096 + 100 * size, "{} of {size}", written.len());
        prop_assert_eq!(&read(kept.clone(), &place("discussion", "discussions/12")), &document);
        let again: Conversation = serde_json::from_slice(&serde_json::to_vec(&kept).unwrap()).unwrap();
        prop_assert_eq!(again, kept);
    }

    #[test]
    fn what_somebody_wrote_stays_below_who_wrote_it(bodies in prop::collection::vec(hostile(), 1..5)) {
        let comments: Vec<Comment> = bodies
            .into_iter()
            .map(|body| Comment { body, author: Some("ann".to_owned()), created_at: "2026-01-05T09:00:00Z".to_owned(), ..Comment::default() })
            .collect();
        let count = comments.len();
        let written = text(&read(Conversation { comments, ..Conversation::default() }, &place("issue", "issues/12")));
        let arena = Arena::new();
        let root = parse_document(&arena, &written, &options());
        prop_assert_eq!(items_below(root, "Comments"), Some(count), "{}", written);
    }

    #[test]
    fn the_first_text_speaks_for_nobody_else(body in hostile()) {
        let comment = Comment { body: "x".to_owned(), author: Some("ann".to_owned()), created_at: "2026-01-05T09:00:00Z".to_owned(), ..Comment::default() };
        // The fixture's text begins without its blanks, which may mean something.
        let body = format!("x\n\n{body}");
        let written = text(&read(Conversation { body, comments: vec![comment], ..Conversation::default() }, &place("issue", "issues/12")));
        let arena = Arena::new();
        prop_assert_eq!(ours(parse_document(&arena, &written, &options())), (1, 1), "{}", written);
    }
}
