//! Strangers' words on a terminal: every string that a daemon can send, poisoned, through every verb, as text and as JSON.
//!
//! The answers are the protocol's fossils, so that a new field is poisoned as soon as it has one.

use std::path::Path;

use serde_json::{Map, Value};

use crate::fake::{Scene, event, ok};

/// What terminals obey, what turns text around, and what hides it.
const POISON: &str =
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{1b}]52;c;cm0=\u{1b}\\\u{9b}31m\u{9d}0;x\u{9c}\u{8}\u{7f}\r\u{b}\u{202e}\u{2066}\u{e0041}\u{e0141}\nerror: forged";

/// Words that the protocol chooses from a list; another one would only be taken for an unknown one.
const CHOSEN: [&str; 4] = ["event", "level", "outcome", "state"];

fn is_poison(c: char) -> bool {
    (c.is_control() && c != '\n') || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e01ef}')
}

/// The same with poison in every string, and in every name of a map that strangers name.
fn poisoned(value: &Value, named_by_strangers: bool) -> Value {
    match value {
        Value::String(text) => Value::String(format!("{text}{POISON}")),
        Value::Array(items) => items.iter().map(|item| poisoned(item, false)).collect(),
        Value::Object(fields) => {
            let poison = |(name, value): (&String, &Value)| {
                let value = if CHOSEN.contains(&name.as_str()) && value.is_string() { value.clone() } else { poisoned(value, is_named(name)) };
                (if named_by_strangers { format!("{name}{POISON}") } else { name.clone() }, value)
            };
            Value::Object(fields.iter().map(poison).collect::<Map<String, Value>>())
        }
        other => other.clone(),
    }
}

fn is_named(field: &str) -> bool {
    matches!(field, "fields" | "scopes" | "resolved" | "connectors")
}

/// What the daemon says in the fossils of this verb: events, results, errors.
fn answers(verb: &str) -> (Vec<Value>, Vec<Value>, Vec<Value>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/fossils/protocol-v1/{verb}.json"));
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let all = |kind: &str| lines.iter().filter_map(|line| line.get(kind)).map(|value| poisoned(value, false)).collect();
    (all("event"), all("ok"), all("error"))
}

#[test]
fn no_verb_prints_what_a_terminal_obeys() {
    let mut printed = 0;
    for (verb, arguments) in [
        ("status", &["status"][..]),
        ("status", &["status", "confluence"]),
        ("status", &["status", "confluence", "--fidelity"]),
        ("sync", &["sync", "-v"]),
        ("cancel", &["cancel"]),
        ("pause", &["pause"]),
        ("resume", &["resume"]),
        ("cleanup", &["cleanup"]),
        ("cleanup", &["cleanup", "--apply", "-v"]),
        ("restore", &["restore"]),
        ("validate", &["validate"]),
        ("explain", &["explain", "98411"]),
        ("history", &["history"]),
        ("logs", &["logs"]),
        ("reload", &["reload"]),
        ("config", &["config", "show"]),
    ] {
        let (events, results, errors) = answers(verb);
        let (_, _, more) = answers("errors");
        let mut ends: Vec<Vec<_>> = results.iter().map(|result| events.iter().map(event).chain([ok(result)]).collect()).collect();
        ends.extend(errors.iter().chain(&more[..1]).map(|error| vec![crate::fake::line(&format!(r#"{{"v":1,"id":1,"error":{error}}}"#))]));
        for acts in ends {
            let scene = Scene::new(acts);
            for format in ["text", "json"] {
                let ended = scene.run(&[arguments, &["-o", format]].concat());
                let bad = ended.stdout.chars().chain(ended.stderr.chars()).find(|c| is_poison(*c));
                assert_eq!(bad, None, "{arguments:?} {format}: {ended:?}");
                let forged = ended.stdout.lines().chain(ended.stderr.lines()).find(|line| line.starts_with("error: forged"));
                assert_eq!(forged, None, "{arguments:?} {format}: {ended:?}");
                printed += ended.stdout.len();
                assert!(format == "text" || ended.stdout.is_empty() || ended.json().is_object() || verb == "logs");
            }
        }
    }
    assert!(printed > 10_000, "something was printed");
}

#[test]
fn what_is_no_answer_is_not_repeated_with_its_escapes() {
    for line in [format!("{POISON}\n"), format!("{{\"v\":1,\"id\":1,\"ok\":{{\"{POISON}\":1}}}}\n"), format!("HTTP/1.1 400 {POISON}\r\n\r\n")] {
        let scene = Scene::new(vec![crate::fake::Act::Say(line.into_bytes())]);
        for format in ["text", "json"] {
            let ended = scene.run(&["status", "-o", format]);
            assert_eq!(ended.stdout.chars().chain(ended.stderr.chars()).find(|c| is_poison(*c)), None, "{ended:?}");
        }
    }
}
