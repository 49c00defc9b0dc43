//! Looks for lines that the control protocol's two sides cannot take: `cargo run --example fuzz_protocol -- [SECONDS] [SEED]`.
//!
//! Takes the fossils of the protocol and jobs of workers apart and damages them. Properties: no line makes either side panic; whatever is no request is answered by
//! a kind, a message and a way out, with the request's id where it has one; what was read means the same when it is written and read again, in one line; and a
//! stream is cut into lines at the same places however its bytes arrive.
#![allow(clippy::expect_used, clippy::disallowed_methods, reason = "a tool for those who work on the program")]

use std::io::{BufReader, Read};
use std::path::Path;
use std::process::ExitCode;

use context_sync_protocol::codec::{self, CodecError};
use context_sync_protocol::error::ErrorKind;
use context_sync_protocol::event::Event;
use context_sync_protocol::reply::{Body, Reply};
use context_syncd::config::job::Job;
use fuzz::Random;
use serde_json::Value;

#[path = "fuzz/mod.rs"]
mod fuzz;

const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\n",
    "\r",
    "\0",
    " ",
    "null",
    "true",
    "-1",
    "1e999",
    "18446744073709551616",
    "0.5",
    "[[[[[[[[",
    "{\"a\":",
    "\"v\":1",
    "\"v\":2",
    "\"v\":\"1\"",
    "\"id\":7",
    "\"id\":-7",
    "\"id\":null",
    "\"op\":\"status\"",
    "\"op\":\"sync\"",
    "\"op\":\"dance\"",
    "\"op\":7",
    "\"names\":[]",
    "\"names\":\"a\"",
    "\"ok\":{}",
    "\"error\":{}",
    "\"event\":{}",
    "\"kind\":\"eclipsed\"",
    "é",
    "\u{202e}",
    "\u{1b}[2J",
];

/// A line, and where a stream of it breaks.
struct Input {
    line: String,
    chunk: usize,
}

fn main() -> ExitCode {
    search(fuzz::arguments())
}

/// Searches for so many seconds, from this seed on.
pub(crate) fn search(arguments: (u64, u64)) -> ExitCode {
    let lines = lines();
    fuzz::run("protocol", arguments, |random| make(&lines, random), |input| input.line.as_bytes().to_vec(), check)
}

fn make(lines: &[String], random: &mut Random) -> Input {
    let mut line = lines[random.below(lines.len())].clone();
    for _ in 0..random.below(6) {
        fuzz::damage(&mut line, TOKENS, random);
    }
    Input { line, chunk: 1 + random.below(64) }
}

fn check(input: &Input) -> Result<(), String> {
    let line = input.line.as_bytes();
    request(line)?;
    again::<Reply>(line)?;
    again::<Event>(line)?;
    again::<Job>(line)?;
    stream(line, input.chunk)
}

fn request(line: &[u8]) -> Result<(), String> {
    // What the rest of a line holds is nobody's concern: its id may be read where the whole is no JSON.
    let id = serde_json::from_slice::<Value>(line).ok().map(|value| value.get("id").and_then(Value::as_u64).unwrap_or(0));
    match codec::decode_request(line) {
        Ok(request) => {
            let again = codec::encode(&request).map_err(|error| error.to_string())?;
            match codec::decode_request(&again) {
                Ok(same) if same == request && again.iter().filter(|byte| **byte == b'\n').count() == 1 => Ok(()),
                other => Err(format!("{request:?} came back as {other:?}")),
            }
        }
        Err(reply) => match &reply.body {
            Body::Error(error) if error.message.is_empty() || error.hint.is_empty() => Err(format!("no way out: {error:?}")),
            Body::Error(error) if !matches!(error.kind, ErrorKind::Usage | ErrorKind::Unsupported) => Err(format!("an odd kind: {error:?}")),
            // Where one thing is said twice, no id is the right one.
            Body::Error(_) if id.is_some_and(|id| id != reply.id) && reply.id != 0 => Err(format!("{id:?} was answered as {}", reply.id)),
            Body::Error(_) => again::<Reply>(&codec::encode(&reply).map_err(|error| error.to_string())?),
            body => Err(format!("refused by {body:?}")),
        },
    }
}

/// What can be read means the same when it is written and read again.
fn again<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(line: &[u8]) -> Result<(), String> {
    let Ok(read) = serde_json::from_slice::<T>(line) else { return Ok(()) };
    // The protocol has whole numbers only: what else stands in an open place loses its last digit in reading.
    if serde_json::from_slice(line).is_ok_and(|value| holds_a_fraction(&value)) {
        return Ok(());
    }
    let written = match codec::encode(&read) {
        Ok(written) => written,
        Err(CodecError::TooLong) => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    let same = serde_json::from_slice::<T>(&written).map_err(|error| format!("{read:?}: {error}"))?;
    if same == read { Ok(()) } else { Err(format!("{read:?} came back as {same:?}")) }
}

fn holds_a_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(holds_a_fraction),
        Value::Object(fields) => fields.values().any(holds_a_fraction),
        _ => false,
    }
}

fn stream(bytes: &[u8], chunk: usize) -> Result<(), String> {
    let mut reader = BufReader::with_capacity(chunk, Slowly(bytes, chunk));
    let (mut line, mut read) = (Vec::new(), Vec::new());
    let cut_off = loop {
        match codec::read_line(&mut reader, &mut line) {
            Ok(true) => read.push(line.clone()),
            Ok(false) => break false,
            Err(CodecError::CutOff) => break true,
            Err(error) => return Err(error.to_string()),
        }
    };
    let mut expected: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let rest = expected.pop().unwrap_or_default();
    if read == expected && cut_off != rest.is_empty() { Ok(()) } else { Err(format!("{} lines instead of {}", read.len(), expected.len())) }
}

/// Hands out so many bytes at a time.
struct Slowly<'b>(&'b [u8], usize);

impl Read for Slowly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.1.min(self.0.len()).min(buffer.len());
        buffer[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

/// Every line of the fossils, what is within them, and jobs.
fn lines() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fossils/protocol-v1");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("the fossils are there").flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut lines = Vec::new();
    for file in files {
        for line in std::fs::read_to_string(file).expect("a fossil").lines() {
            let value: Value = serde_json::from_str(line).expect("a fossil is JSON");
            lines.extend(["/event/event", "/event"].iter().filter_map(|path| value.pointer(path)).map(Value::to_string));
            lines.push(line.to_owned());
        }
    }
    let operations = [
        r#"{"op":"sync","full":false,"accept_deletions":true}"#,
        r#"{"op":"rerender"}"#,
        r#"{"op":"explain","what":"98411"}"#,
        r#"{"op":"validate"}"#,
        r#"{"op":"cleanup","apply":true}"#,
        r#"{"op":"restore","paths":["2025-08-22/ENG/x.md"]}"#,
    ];
    for operation in operations {
        lines.push(format!(
            r#"{{"connector":{{"name":"wiki","kind":"confluence","folder":"/m/wiki","cache":"/c/wiki","max_delete_percent":20,"settings":{{"url":"https://a"}},"secrets":{{"api_token":{{"command":["pass","show"]}},"password":{{"dotenv":{{"path":"/e","variable":"V"}}}}}}}},"operation":{operation},"worker":{{"nice":10,"io_class":"best-effort","io_level":7,"sandbox":true}},"log_level":"info","trash_days":30}}"#
        ));
    }
    lines
}
