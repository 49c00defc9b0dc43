//! Lines of protocol version 1 that must keep their meaning for ever: `tests/fossils/protocol-v1/`, to which lines are only added.
//!
//! A line keeps its meaning if it can be read into today's types and everything that it says comes out again when they are written.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;

use context_sync_protocol::codec::{decode_reply, decode_request};
use context_sync_protocol::reply::{Body, ConfigReport, Empty, Follow, LogLine, ReloadReport, Runs, StatusReport, Touched, typed};
use context_sync_protocol::request::{Op, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[test]
fn every_line_keeps_its_meaning() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fossils/protocol-v1");
    let mut lines = 0;
    let mut ops = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut request: Option<Request> = None;
        for line in text.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            if value.get("op").is_some() {
                let decoded = decode_request(line.as_bytes()).unwrap_or_else(|reply| panic!("{}: {line}: {reply:?}", path.display()));
                survives(&value, &serde_json::to_value(&decoded).unwrap(), line);
                ops.push(value["op"].as_str().unwrap().to_owned());
                request = Some(decoded);
            } else {
                check_reply(&request.as_ref().expect("a file begins with its request").op, &value, line);
            }
            lines += 1;
        }
    }
    assert!(lines > 50, "only {lines} lines were found");
    assert!(Op::NAMES.iter().all(|name| ops.iter().any(|op| op == name)), "an operation has no fossil: {ops:?}");
}

fn check_reply(op: &Op, value: &Value, line: &str) {
    let reply = decode_reply(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error}"));
    survives(value, &serde_json::to_value(&reply).unwrap(), line);
    match (reply.body, op) {
        (Body::Error(_), _) => {}
        (Body::Event(event), Op::Logs { .. }) => check::<LogLine>(event, line),
        (Body::Event(event), _) => check::<Follow>(event, line),
        (Body::Ok(ok), Op::Status { .. }) => check::<StatusReport>(ok, line),
        (Body::Ok(ok), Op::Sync { wait: false, .. } | Op::Cancel { .. } | Op::Pause { .. } | Op::Resume { .. }) if ok.get("runs").is_none() => {
            check::<Touched>(ok, line);
        }
        (Body::Ok(ok), Op::Logs { .. }) => check::<Empty>(ok, line),
        (Body::Ok(ok), Op::Reload {}) => check::<ReloadReport>(ok, line),
        (Body::Ok(ok), Op::Config {}) => check::<ConfigReport>(ok, line),
        (Body::Ok(ok), _) => check::<Runs>(ok, line),
    }
}

fn check<T: DeserializeOwned + Serialize>(value: Value, line: &str) {
    let read: T = typed(value.clone()).unwrap_or_else(|error| panic!("{line}: {error}"));
    survives(&value, &serde_json::to_value(read).unwrap(), line);
}

/// Everything that `before` says, `after` says too.
fn survives(before: &Value, after: &Value, line: &str) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                survives(value, after.get(key).unwrap_or(&Value::Null), line);
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            assert_eq!(before.len(), after.len(), "in {line}");
            before.iter().zip(after).for_each(|(before, after)| survives(before, after, line));
        }
        _ => assert_eq!(before, after, "in {line}"),
    }
}
