//! Each verb: what it asks, what it prints as text and as JSON, how it exits.

use serde_json::{Value, json};

use crate::fake::{Ended, Scene, event, line, ok};

fn run_record(connector: &str, outcome: &str) -> Value {
    json!({ "connector": connector, "operation": "sync", "cause": "request", "started_ms": 1000, "ended_ms": 3000, "outcome": outcome,
            "message": if outcome == "done" { "" } else { "something was odd" }, "hint": if outcome == "done" { "" } else { "Look at it." },
            "summary": { "documents": 1234, "written": 5, "requests": 22, "duration_ms": 2000 } })
}

fn runs(outcomes: &[(&str, &str)]) -> Value {
    json!({ "runs": outcomes.iter().map(|(connector, outcome)| run_record(connector, outcome)).collect::<Vec<_>>() })
}

/// Asks once, as text, and checks the request.
#[track_caller]
fn asked(arguments: &[&str], expected: &Value, answer: &Value) -> Ended {
    let scene = Scene::new(vec![ok(answer)]);
    let ended = scene.run(&[arguments, &["-o", "text"]].concat());
    let request = scene.request();
    let mut expected = expected.clone();
    expected["v"] = 1.into();
    expected["id"] = 1.into();
    assert_eq!(request, expected);
    ended
}

#[test]
fn status() {
    let report = json!({ "daemon": { "version": "9.9.9", "pid": 7, "uptime_ms": 61_000, "config": "/c.toml" },
                         "connectors": [{ "name": "wiki", "kind": "confluence", "state": "suspended", "why": "the token was \u{1b}[5mrefused",
                                          "todo": "Make a new token." }] });
    let ended = asked(&["status"], &json!({ "op": "status" }), &report);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("context-syncd 9.9.9") && ended.stdout.contains("suspended, the token was refused\n"), "{ended:?}");
    assert_eq!(ended.stderr, "");
    asked(&["status", "wiki"], &json!({ "op": "status", "name": "wiki" }), &report);

    // Not a terminal: one document, which has every field that is promised.
    let document = Scene::new(vec![ok(&report)]).run(&["status"]).json();
    assert_eq!(document["schema_version"], 1);
    assert_eq!(document["connectors"][0]["state"], "suspended");
    assert_eq!(document["connectors"][0]["documents"], 0);
    assert_eq!(document["connectors"][0]["last_success_ms"], Value::Null);
}

#[test]
fn sync_waits_follows_and_exits_by_the_outcome() {
    let progress =
        |done| json!({ "connector": "wiki", "event": { "event": "progress", "phase": "fetching", "done": done, "total": 400, "requests": 9 } });
    let log = json!({ "connector": "wiki", "event": { "event": "log", "level": "warn", "message": "98411 is deferred" } });
    let finished = json!({ "connector": "wiki", "event": { "event": "finished", "outcome": "done" } });
    let scene = Scene::new(vec![
        event(&progress(10)),
        event(&json!({ "connector": "wiki", "event": { "event": "eclipse" } })),
        line(r#"{"v":1,"id":99,"ok":{"runs":[]}}"#),
        event(&log),
        event(&progress(20)),
        event(&finished),
        ok(&runs(&[("wiki", "done")])),
    ]);
    let ended = scene.run(&["sync", "wiki", "-o", "text"]);
    assert_eq!(scene.request(), json!({ "v": 1, "id": 1, "op": "sync", "names": ["wiki"], "full": false, "accept_deletions": false, "wait": true }));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout, "wiki: done\n  1,234 documents, 5 written; 22 requests in 2.0 s\n");
    assert_eq!(ended.stderr, "wiki: fetching  10 of 400 (2 %)  9 requests\n", "a line now and then where nobody watches");

    assert_eq!(scene.run(&["sync", "-q", "-o", "text"]).stderr, "");
    assert!(scene.run(&["sync", "-v", "-o", "text"]).stderr.contains("wiki: warning: 98411 is deferred\n"));
    let document = scene.run(&["sync", "-o", "json"]).json();
    assert_eq!((&document["runs"][0]["outcome"], &document["runs"][0]["summary"]["documents"]), (&json!("done"), &json!(1234)));
}

#[test]
fn sync_merges_the_outcomes_of_several_connectors() {
    for (outcomes, code) in [
        (&[("a", "done"), ("b", "done")][..], 0),
        (&[("a", "unauthorized")], 3),
        (&[("a", "unauthorized"), ("b", "unauthorized")], 3),
        (&[("a", "unauthorized"), ("b", "done")], 8),
        (&[("a", "unauthorized"), ("b", "unreachable")], 1),
        (&[("a", "deletions_held")], 10),
        (&[("a", "rate_limited")], 6),
        (&[("a", "cancelled")], 130),
        (&[], 0),
    ] {
        let ended = Scene::new(vec![ok(&runs(outcomes))]).run(&["sync", "-o", "text"]);
        assert_eq!(ended.code, Some(code), "{outcomes:?}: {ended:?}");
    }
    let ended = Scene::new(vec![ok(&runs(&[("a", "unauthorized")]))]).run(&["sync", "-o", "text"]);
    assert_eq!(ended.stdout, "a: credentials refused: something was odd\n  Look at it.\n");
}

#[test]
fn sync_flags_reach_the_daemon() {
    asked(
        &["sync", "a", "b", "--full", "--accept-deletions"],
        &json!({ "op": "sync", "names": ["a", "b"], "full": true, "accept_deletions": true, "wait": true }),
        &runs(&[("a", "done"), ("b", "done")]),
    );
    let ended = asked(
        &["sync", "--no-wait"],
        &json!({ "op": "sync", "names": [], "full": false, "accept_deletions": false, "wait": false }),
        &json!({ "connectors": ["a"] }),
    );
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "a: sync asked for; `context-syncctl status` shows it\n"));
}

#[test]
fn cancel_pause_and_resume() {
    for (verb, said) in [("cancel", "a: asked to stop\n"), ("pause", "a: paused; `context-syncctl resume` ends it\n"), ("resume", "a: resumed\n")] {
        let ended = asked(&[verb, "a"], &json!({ "op": verb, "names": ["a"] }), &json!({ "connectors": ["a"] }));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), said));
        asked(&[verb], &json!({ "op": verb, "names": [] }), &json!({ "connectors": [] }));
    }
}

#[test]
fn cleanup_is_a_preview_unless_it_is_applied() {
    let answer = json!({ "runs": [], "items": [{ "kind": "log", "path": "logs/sync_20250701.log", "bytes": 10, "reason": "older than 14 days" }] });
    let ended = asked(&["cleanup"], &json!({ "op": "cleanup", "names": [], "apply": false }), &answer);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout, "        10 B  logs/sync_20250701.log  older than 14 days\n1 thing to remove, 10 B\n");
    assert!(ended.stderr.contains("--apply"), "{ended:?}");
    let ended = asked(&["cleanup", "wiki", "--apply"], &json!({ "op": "cleanup", "names": ["wiki"], "apply": true }), &answer);
    assert!(ended.stdout.ends_with("1 thing removed, 10 B\n") && ended.stderr.is_empty(), "{ended:?}");
}

#[test]
fn restore_lists_and_restores() {
    let item = json!({ "kind": "trash", "path": "2025-08-22/ENG/x.md", "bytes": 2048, "reason": "gone upstream" });
    let answer = json!({ "runs": [{ "connector": "wiki", "operation": "restore", "outcome": "done", "items": [item] }] });
    let ended = asked(&["restore"], &json!({ "op": "restore", "paths": [] }), &answer);
    assert_eq!(ended.stdout, "     2.0 KiB  wiki/2025-08-22/ENG/x.md  gone upstream\n");
    let path = "wiki/2025-08-22/ENG/x.md";
    let ended = asked(&["restore", path], &json!({ "op": "restore", "paths": [path] }), &answer);
    assert!(ended.stdout.starts_with("wiki: done\n"), "{ended:?}");
}

#[test]
fn validate_shows_what_was_found() {
    let answer = json!({ "runs": [{ "connector": "wiki", "operation": "validate", "outcome": "misconfigured", "message": "no such site",
                                    "items": [{ "kind": "problem", "path": "", "reason": "the address is a login page" }] }] });
    let ended = asked(&["validate", "wiki"], &json!({ "op": "validate", "names": ["wiki"] }), &answer);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), "wiki: configuration cannot work: no such site\n  the address is a login page\n"));
}

#[test]
fn history_is_data_whatever_it_tells() {
    let ended = asked(&["history", "wiki", "-n", "5"], &json!({ "op": "history", "name": "wiki", "limit": 5 }), &runs(&[("wiki", "failed")]));
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout.contains("wiki  sync  failed  2.0 s  +5  something was odd\n"), "{ended:?}");
    asked(&["history"], &json!({ "op": "history", "limit": 20 }), &runs(&[]));
}

#[test]
fn logs_are_lines_or_one_document_or_a_stream() {
    let line = |text: &str| event(&json!({ "connector": "wiki", "line": text }));
    let scene = Scene::new(vec![line("one \u{1b}[31mred"), line("two"), ok(&json!({}))]);
    let ended = scene.run(&["logs", "wiki", "-n", "2", "-o", "text"]);
    assert_eq!(scene.request(), json!({ "v": 1, "id": 1, "op": "logs", "name": "wiki", "follow": false, "lines": 2 }));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "one red\ntwo\n"));
    let document = scene.run(&["logs"]).json();
    assert_eq!(document["lines"][1], json!({ "connector": "wiki", "line": "two" }));
    assert_eq!(document["schema_version"], 1);
    let stream = scene.run(&["logs", "-f"]).stdout;
    let second: Value = serde_json::from_str(stream.lines().nth(1).unwrap()).unwrap();
    assert_eq!(second, json!({ "connector": "wiki", "line": "two" }));
}

#[test]
fn reload_and_config_show() {
    let ended = asked(&["reload"], &json!({ "op": "reload" }), &json!({ "changed": ["wiki"] }));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "wiki: changed\n"));
    let answer = json!({ "path": "/c.toml", "resolved": { "connectors": { "wiki": { "url": "https://x" } } } });
    let ended = asked(&["config", "show"], &json!({ "op": "config" }), &answer);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "# /c.toml\nconnectors.wiki.url = \"https://x\"\n"));
    let ended = asked(&["config", "path"], &json!({ "op": "config" }), &answer);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "/c.toml\n"));
}
