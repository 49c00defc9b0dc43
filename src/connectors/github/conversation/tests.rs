//! From what GitHub answers to the text that is written, construct by construct.

use serde_json::{Value, json};

use super::fixture::{place, text};
use super::kept::Conversation;
use super::read::read;
use super::wire::Whole;
use crate::connectors::github::raw;
use crate::model::{Body, Document, Fact, Key, Treatment};

const AT: &str = "2026-01-05T09:00:00Z";

fn whole(kind: &str, mut json: Value) -> Conversation {
    let base = json!({ "id": "X_1", "comments": page(Vec::new()), "number": 12, "title": "It fails", "url": "https://github.example/acme/app/issues/12", "updatedAt": AT, "createdAt": AT });
    for (name, value) in base.as_object().unwrap() {
        json.as_object_mut().unwrap().entry(name).or_insert(value.clone());
    }
    let whole: Whole = serde_json::from_value(json).unwrap();
    assert!(whole.is_whole());
    // What is kept is what is read.
    let raw = raw::encode(kind, &whole.kept(), b"");
    raw::open(&raw).unwrap().head().unwrap()
}

fn document(kind: &str, json: Value) -> Document {
    read(whole(kind, json), &place(kind, "issues/12"))
}

fn written(kind: &str, json: Value) -> String {
    text(&document(kind, json))
}

fn page(nodes: Vec<Value>) -> Value {
    json!({ "totalCount": nodes.len(), "pageInfo": { "hasNextPage": false, "endCursor": null }, "nodes": nodes })
}

fn comment(id: &str, author: Option<&str>, body: &str) -> Value {
    json!({ "id": id, "url": format!("https://github.example/c/{id}"), "body": body, "createdAt": format!("2026-01-05T09:0{id}:00Z"), "author": author.map(|login| json!({ "login": login })) })
}

fn with(mut value: Value, more: Value) -> Value {
    for (name, more) in more.as_object().unwrap() {
        value[name] = more.clone();
    }
    value
}

fn fact(document: &Document, name: &str) -> Option<Fact> {
    document.facts.extra.iter().find(|(known, _)| known == name).map(|(_, fact)| fact.clone())
}

#[test]
fn an_issue_is_its_text_and_all_comments_by_age() {
    let text = written(
        "issue",
        json!({ "body": "It **fails**.", "state": "OPEN", "author": { "login": "ann" },
                "comments": page(vec![comment("1", Some("bob"), "Why?\n\n- a\n- b"), comment("2", None, "Gone person")]) }),
    );
    assert_eq!(
        text,
        "It **fails**.\n\n## Comments\n\n- **@user:bob**, [2026-01-05 09:01 UTC](https://github.example/c/1)\n\n  Why?\n\n  - a\n  - b\n\n\
         - **@user:ghost**, [2026-01-05 09:02 UTC](https://github.example/c/2)\n\n  Gone person\n"
            .replace("@user:", "@")
            .as_str()
    );
}

#[test]
fn facts_say_how_it_stands() {
    let issue = document(
        "issue",
        json!({ "state": "CLOSED", "stateReason": "NOT_PLANNED", "closedAt": "2026-01-06T00:00:00Z", "locked": true, "milestone": { "title": "v1" },
                "assignees": page(vec![json!({ "login": "ann" }), json!({ "login": "bob" })]), "author": null }),
    );
    assert_eq!(fact(&issue, "number"), Some("12".into()));
    assert_eq!(fact(&issue, "state"), Some("closed".into()));
    assert_eq!(fact(&issue, "state_reason"), Some("not_planned".into()));
    assert_eq!(fact(&issue, "closed_at"), Some("2026-01-06T00:00:00Z".into()));
    assert_eq!(fact(&issue, "milestone"), Some("v1".into()));
    assert_eq!(fact(&issue, "assignees"), Some(Fact::List(vec!["ann".into(), "bob".into()])));
    assert_eq!(issue.facts.created_by, Some(Key::new("user:ghost")));
    assert_eq!(fact(&issue, "merged"), None);
    let pull = document(
        "pull_request",
        json!({ "state": "MERGED", "merged": true, "mergedAt": AT, "mergedBy": { "login": "ann" }, "isDraft": true, "baseRefName": "main",
                "headRefName": "fix", "isCrossRepository": true, "headRepository": { "nameWithOwner": "bob/app" } }),
    );
    assert_eq!(fact(&pull, "state"), Some("merged".into()));
    assert_eq!(fact(&pull, "merged_by"), Some("ann".into()));
    assert_eq!(fact(&pull, "draft"), Some("true".into()));
    assert_eq!(fact(&pull, "base"), Some("main".into()));
    assert_eq!(fact(&pull, "head"), Some("bob/app:fix".into()));
    let discussion =
        document("discussion", json!({ "closed": true, "category": { "name": "Q&A", "isAnswerable": true }, "isAnswered": false, "upvoteCount": 3 }));
    assert_eq!(fact(&discussion, "category"), Some("Q&A".into()));
    assert_eq!(fact(&discussion, "answered"), Some("false".into()));
    assert_eq!(fact(&discussion, "state"), Some("closed".into()));
    assert_eq!(fact(&discussion, "upvotes"), Some("3".into()));
}

#[test]
fn the_answer_stands_first_and_once() {
    let answer = with(comment("1", Some("bob"), "Turn it off."), json!({ "replies": page(vec![comment("2", Some("ann"), "Thanks")]) }));
    for answer in [with(answer.clone(), json!({ "isAnswer": true })), answer] {
        let text = written(
            "discussion",
            json!({ "body": "How?", "answer": { "id": "1" }, "comments": page(vec![comment("0", Some("eve"), "Me too"), answer]) }),
        );
        let (before, after) = text.split_once("## Comments").unwrap();
        assert_eq!(
            before.trim_end(),
            "How?\n\n## Answer\n\n> [!TIP]\n> **Answer by @bob, [2026-01-05 09:01 UTC](https://github.example/c/1)**\n>\n> Turn it off."
        );
        assert!(after.contains("**marked as the answer**: see above\n\n  - **@ann**"), "{after}");
        assert!(!after.contains("Turn it off") && after.contains("Me too") && after.contains("    Thanks"), "{after}");
    }
    // A reply can be the answer.
    let asked =
        with(comment("1", Some("bob"), "Hm"), json!({ "replies": page(vec![with(comment("2", Some("ann"), "So."), json!({ "isAnswer": true }))]) }));
    let text = written("discussion", json!({ "comments": page(vec![asked]) }));
    assert!(text.starts_with("## Answer\n\n> [!TIP]\n> **Answer by @ann"), "{text}");
}

#[test]
fn deleted_comments_keep_their_place_and_hidden_ones_are_counted_with_their_reason() {
    let deleted = with(comment("1", None, ""), json!({ "deletedAt": AT, "replies": page(vec![comment("2", Some("ann"), "An answer to it")]) }));
    let hidden = |id: &str, why: Option<&str>| with(comment(id, Some("eve"), "BUY NOW"), json!({ "isMinimized": true, "minimizedReason": why }));
    let answered = with(hidden("3", Some("off-topic")), json!({ "replies": page(vec![comment("4", Some("ann"), "Please not here")]) }));
    let document = document(
        "discussion",
        json!({ "comments": page(vec![deleted, answered, hidden("5", Some("spam")), hidden("6", Some("SPAM")), hidden("7", None)]) }),
    );
    let text = text(&document);
    assert!(text.contains("- (deleted), [2026-01-05 09:01 UTC](https://github.example/c/1)\n  - **@ann**"), "{text}");
    assert!(text.contains("An answer to it") && text.contains("Please not here"), "{text}");
    assert!(text.contains("4 comments left out, hidden at GitHub: 1 as off-topic, 2 as spam, 1 as minimized"), "{text}");
    assert!(!text.contains("BUY NOW"), "{text}");
    let lost = document.diagnostics.iter().find(|diagnostic| diagnostic.treatment == Treatment::Lost).unwrap();
    assert_eq!(lost.count, 4);
}

#[test]
fn polls_are_tables_and_reactions_one_line() {
    let text = written(
        "discussion",
        json!({ "body": "Vote!", "upvoteCount": 2,
                "reactionGroups": [{ "content": "THUMBS_UP", "reactors": { "totalCount": 3 } }, { "content": "HEART", "reactors": { "totalCount": 0 } }, { "content": "EYES", "reactors": { "totalCount": 1 } }],
                "poll": { "question": "Tabs or\nspaces?", "totalVoteCount": 5, "options": page(vec![json!({ "option": "Tabs | real", "totalVoteCount": 4 }), json!({ "option": "Spaces", "totalVoteCount": 1 })]) },
                "comments": page(vec![with(comment("1", Some("ann"), "Yes"), json!({ "upvoteCount": 1, "reactionGroups": [{ "content": "HEART", "createdAt": AT }, { "content": "EYES", "createdAt": null }] }))]) }),
    );
    assert!(text.starts_with("Vote!\n\n2 upvotes · 👍 3 · 👀 1\n\n## Poll: Tabs or spaces?\n\n"), "{text}");
    assert!(text.contains("| Option | Votes |") && text.contains("| Tabs \\| real | 4 |") && text.contains("5 votes in all."), "{text}");
    assert!(text.contains("  Yes\n\n  1 upvote · ❤️\n"), "{text}");
}

#[test]
fn a_pull_request_has_reviews_between_its_comments_and_threads_with_their_place() {
    let review = |id: &str, state: &str, body: &str| {
        with(comment(id, Some("rev"), body), json!({ "state": state, "submittedAt": format!("2026-01-05T09:0{id}:30Z") }))
    };
    let thread = json!({ "id": "T1", "path": "src/a.rs", "line": 12, "startLine": 10, "isResolved": true, "isOutdated": true, "resolvedBy": { "login": "ann" },
        "comments": page(vec![with(comment("5", Some("rev"), "Better:\n\n```suggestion\nlet a = 1;\n```"), json!({ "diffHunk": "@@ -1,2 +1,2 @@\n-old\n+new" })), comment("6", Some("ann"), "Done")]) });
    let left = json!({ "id": "T2", "path": "b.md", "line": null, "originalLine": 3, "comments": page(vec![comment("7", Some("rev"), "Typo")]) });
    let file = json!({ "id": "T3", "path": "c.md", "comments": page(vec![comment("8", Some("rev"), "Why this file?")]) });
    let text = written(
        "pull_request",
        json!({ "merged": false, "comments": page(vec![comment("1", Some("ann"), "Please look"), comment("3", Some("ann"), "Thanks")]),
                "reviews": page(vec![review("2", "CHANGES_REQUESTED", "Not yet"), review("4", "APPROVED", ""), review("5", "COMMENTED", ""), review("6", "PENDING", "draft of mine")]),
                "reviewThreads": page(vec![thread, left, file]) }),
    );
    let order: Vec<usize> = ["Please look", "requested changes", "Not yet", "Thanks", "approved these changes", "## Review threads"]
        .iter()
        .map(|words| text.find(words).unwrap_or_else(|| panic!("{words}: {text}")))
        .collect();
    assert!(order.is_sorted(), "{text}");
    assert!(text.starts_with("## Comments and reviews"), "{text}");
    assert!(!text.contains("draft of mine") && !text.contains(" reviewed,"), "{text}");
    assert!(
        text.contains("- **[`src/a.rs`](https://github.example/c/5)**, lines 10 to 12, outdated, resolved by @ann\n\n  ```diff\n  @@ -1,2 +1,2 @@\n  -old\n  +new\n  ```\n\n  - **@rev**"),
        "{text}"
    );
    assert!(text.contains("    ```suggestion\n    let a = 1;\n    ```"), "{text}");
    assert!(text.contains("- **[`b.md`](https://github.example/c/7)**, line 3 of an earlier state"), "{text}");
    assert!(text.contains("**, the whole file"), "{text}");
}

#[test]
fn long_pieces_of_changes_show_their_end() {
    let hunk: String = std::iter::once("@@ -1,99 +1,99 @@".to_owned()).chain((1..=99).map(|n| format!("\n+line {n}"))).collect();
    let thread = json!({ "id": "T1", "path": "a", "line": 99, "comments": page(vec![with(comment("5", None, "x"), json!({ "diffHunk": hunk }))]) });
    let text = written("pull_request", json!({ "reviewThreads": page(vec![thread]) }));
    assert!(
        text.contains("@@ -1,99 +1,99 @@\n  ... 69 lines left out\n  +line 70\n") && text.contains("+line 99\n") && !text.contains("+line 69"),
        "{text}"
    );
}

#[test]
fn authors_text_stays_as_written_but_for_line_ends_and_comments_that_nobody_sees() {
    let document = document(
        "issue",
        json!({ "body": "<!-- Fill in\r\nthis form -->\r\n### Steps\r\n\r\n> quoted\r\n\r\n1. a\r\n   ```html\r\n   <!-- kept -->\r\n   ```\r\n\r\n<details><summary>Log</summary>\r\n\r\nlong\r\n\r\n</details>\r\n" }),
    );
    let text = text(&document);
    assert_eq!(
        text,
        "### Steps\n\n> quoted\n\n1. a\n   ```html\n   <!-- kept -->\n   ```\n\n<details><summary>Log</summary>\n\nlong\n\n</details>\n"
    );
    assert_eq!(document.diagnostics.len(), 1);
    assert_eq!(written("issue", json!({ "body": "<!-- nothing else -->" })), "");
    assert_eq!(written("issue", json!({ "body": null })), "");
}

#[test]
fn nobody_writes_in_anothers_name() {
    let forged = "x\n\n- **@boss**, 2026-01-05 09:00 UTC\n\n  I approve.\n\n## Answer\n\n> [!TIP]\n> **Answer by @boss**";
    let text = written(
        "issue",
        json!({ "comments": page(vec![comment("1", Some("eve"), forged), comment("2", Some("ann"), "```\nnever closed"), comment("3", Some("bob"), "<!-- never closed"), comment("4", Some("bob"), "last")]) }),
    );
    // What somebody wrote is indented below who wrote it.
    let outside: Vec<&str> = text.lines().filter(|line| line.starts_with("- **@") || line.starts_with('#')).collect();
    assert_eq!(outside.len(), 5, "{text}");
    assert!(outside[1].starts_with("- **@eve**") && outside[4].starts_with("- **@bob**"), "{text}");
}

#[test]
fn a_body_of_a_later_version_or_with_holes_is_read() {
    for json in [
        json!({}),
        json!({ "number": 1, "unknown": { "a": 1 }, "comments": [{}, { "replies": [{ "replies": [{ "body": "deep" }] }] }], "threads": [{}], "reviews": [{}] }),
    ] {
        let kept: Conversation = serde_json::from_value(json).unwrap();
        read(kept.clone(), &place("issue", "issues/12"));
        let mut nowhere = place("issue", "issues/12");
        nowhere.url = String::new();
        assert!(matches!(read(kept, &nowhere).body, Body::Tree(_)));
    }
}

#[test]
fn references_become_links_in_running_text_and_nowhere_else() {
    let text = written(
        "issue",
        json!({ "body": "See #7, acme/other#8 and GH-9: @ann broke it in 1a2b3c4d, [as #7 says](../blob/main/docs/x.md#top), `#7` ann@example.org\n\n    #7\n\n![shot](https://github.example/user-attachments/assets/1)\n" }),
    );
    assert_eq!(
        text,
        "See [#7](https://github.example/acme/app/issues/7), [acme/other#8](https://github.example/acme/other/issues/8) and [GH-9](https://github.example/acme/app/issues/9): \
         [@ann](https://github.example/ann) broke it in [1a2b3c4d](https://github.example/acme/app/commit/1a2b3c4d), \
         [as #7 says](https://github.example/acme/app/blob/main/docs/x.md#top), `#7` ann@example.org\n\n    #7\n\n![shot](https://github.example/user-attachments/assets/1)\n"
    );
    let keys =
        document("issue", json!({ "body": "#7 https://github.example/acme/app/pull/8", "comments": page(vec![comment("1", None, "acme/other#9")]) }))
            .body
            .keys();
    assert_eq!(keys, ["num:42:7", "num:42:8", "num:acme/other:9"].map(Key::new));
}

#[test]
fn a_list_that_did_not_come_is_no_empty_list() {
    let base = |comments: Value| {
        let whole = json!({ "id": "X_1", "number": 12, "title": "It fails", "url": "https://github.example/acme/app/issues/12", "updatedAt": AT, "comments": comments });
        serde_json::from_value::<Whole>(whole).is_ok_and(|whole| whole.is_whole())
    };
    assert!(base(page(Vec::new())));
    for torn in [
        json!({}),
        json!(null),
        json!({ "totalCount": 0, "nodes": [] }),
        json!({ "totalCount": 1, "pageInfo": { "hasNextPage": false }, "nodes": null }),
        json!({ "totalCount": 1, "pageInfo": { "hasNextPage": false } }),
        json!({ "totalCount": 1, "pageInfo": { "hasNextPage": false }, "nodes": [null] }),
        json!({ "totalCount": 200, "pageInfo": { "hasNextPage": true, "endCursor": null }, "nodes": [] }),
    ] {
        assert!(!base(torn.clone()), "{torn}");
    }
}
