//! One JSON object a line, at most 1 MiB: how lines are written, read and refused.
//!
//! A line that is no request still gets an answer with its id where one can be found. Blocking IO for clients and workers; the daemon reads with its own
//! asynchronous loop and uses [`encode`] and [`decode_request`].

use std::fmt;
use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{ErrorBody, ErrorKind};
use crate::reply::Reply;
use crate::request::{Op, Request};

/// The longest line, its end included.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// The longest request of all ops but `restore`, which can name many paths.
pub const MAX_NAMES_BYTES: usize = 64 << 10;

/// Why a line could not be written or read.
#[derive(Debug)]
pub enum CodecError {
    /// Longer than [`MAX_LINE_BYTES`].
    TooLong,
    /// The stream ended in the middle of a line.
    CutOff,
    /// Not what it should be.
    Malformed(serde_json::Error),
    /// The stream failed.
    Io(io::Error),
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the line is longer than {MAX_LINE_BYTES} bytes"),
            Self::CutOff => f.write_str("the stream ended in the middle of a line"),
            Self::Malformed(_) => f.write_str("the line is not of this protocol"),
            Self::Io(_) => f.write_str("the stream failed"),
        }
    }
}

impl std::error::Error for CodecError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TooLong | Self::CutOff => None,
            Self::Malformed(error) => Some(error),
            Self::Io(error) => Some(error),
        }
    }
}

impl From<io::Error> for CodecError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A value as one line, its end included. JSON escapes line ends within strings, so the only one stands at the end.
///
/// # Errors
/// [`CodecError::TooLong`], or [`CodecError::Malformed`] for a value that JSON cannot hold.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
    let mut line = serde_json::to_vec(value).map_err(CodecError::Malformed)?;
    line.push(b'\n');
    if line.len() > MAX_LINE_BYTES { Err(CodecError::TooLong) } else { Ok(line) }
}

/// Writes a value as one line and flushes.
///
/// # Errors
/// As [`encode`], or when the stream fails.
pub fn write_line<T: Serialize>(writer: &mut impl Write, value: &T) -> Result<(), CodecError> {
    writer.write_all(&encode(value)?)?;
    writer.flush()?;
    Ok(())
}

/// Reads the next line into `line`, without its end; false at the end of the stream. Never holds more than [`MAX_LINE_BYTES`].
///
/// # Errors
/// When the line is too long or cut off, or the stream fails.
pub fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> Result<bool, CodecError> {
    line.clear();
    reader.take(MAX_LINE_BYTES as u64).read_until(b'\n', line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(true);
    }
    match line.len() {
        0 => Ok(false),
        MAX_LINE_BYTES => Err(CodecError::TooLong),
        _ => Err(CodecError::CutOff),
    }
}

/// What is looked at first. Of a request as long as may be, nothing else is held twice.
#[derive(Deserialize)]
struct Head {
    v: Option<Value>,
    id: Option<Value>,
    op: Option<Value>,
}

/// A line from a client; where it is no request of this version, the answer that says so.
///
/// # Errors
/// The error reply to send back; the connection can go on.
pub fn decode_request(line: &[u8]) -> Result<Request, Box<Reply>> {
    let refuse = |id, kind, message: String, hint: &str| Err(Box::new(Reply::error(id, ErrorBody::new(kind, message, hint))));
    let head: Head = match serde_json::from_slice(line) {
        Ok(head) => head,
        Err(error) if line.trim_ascii_start().first() == Some(&b'{') && error.is_data() => {
            return refuse(0, ErrorKind::Usage, format!("The request cannot be read: {error}."), EXAMPLE);
        }
        // Lists can stand for objects, and their first members then for its fields.
        Err(error) if line.trim_ascii_start().first() == Some(&b'{') || error.is_syntax() || error.is_eof() => {
            return refuse(0, ErrorKind::Usage, format!("The line is no JSON: {error}."), EXAMPLE);
        }
        Err(_) => return refuse(0, ErrorKind::Usage, "The line is JSON, but no object.".to_owned(), EXAMPLE),
    };
    if line.trim_ascii_start().first() != Some(&b'{') {
        return refuse(0, ErrorKind::Usage, "The line is JSON, but no object.".to_owned(), EXAMPLE);
    }
    let id = head.id.as_ref().and_then(Value::as_u64).unwrap_or(0);
    match head.v.as_ref().map(Value::as_u64) {
        None => {}
        Some(Some(v)) if v == u64::from(crate::VERSION) => {}
        Some(Some(v)) if v > u64::from(crate::VERSION) => {
            let message = format!("The request is of protocol version {v}, and this daemon speaks version {}.", crate::VERSION);
            return refuse(id, ErrorKind::Unsupported, message, "Restart the daemon after an update: `systemctl --user restart context-syncd`.");
        }
        Some(_) => return refuse(id, ErrorKind::Usage, "`v` is no version of this protocol.".to_owned(), EXAMPLE),
    }
    match head.op.as_ref().map(Value::as_str) {
        Some(Some(op)) if Op::NAMES.contains(&op) => {}
        Some(Some(op)) => {
            let message = format!("This daemon knows no operation `{}`.", op.chars().take(64).collect::<String>());
            return refuse(id, ErrorKind::Unsupported, message, &format!("It knows: {}.", Op::NAMES.join(", ")));
        }
        _ => return refuse(id, ErrorKind::Usage, "The request has no `op`.".to_owned(), EXAMPLE),
    }
    // Only paths can be so many. What else is so long would be held many times over before it is found to be wrong.
    if line.len() > MAX_NAMES_BYTES && head.op.as_ref().is_none_or(|op| op != "restore") {
        let message = format!("The request is longer than {MAX_NAMES_BYTES} bytes.");
        return refuse(id, ErrorKind::Usage, message, "Name fewer connectors, or none to mean all of them.");
    }
    match serde_json::from_slice(line) {
        Ok(request) => Ok(request),
        Err(error) => refuse(id, ErrorKind::Usage, format!("The request cannot be read: {error}."), "docs/protocol.md lists the fields of each op."),
    }
}

const EXAMPLE: &str = r#"Send one request a line, like {"v":1,"id":1,"op":"status"}."#;

/// A line from the daemon.
///
/// # Errors
/// When it is no line of this protocol.
pub fn decode_reply(line: &[u8]) -> Result<Reply, CodecError> {
    serde_json::from_slice(line).map_err(CodecError::Malformed)
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;
    use crate::reply::{Body, Empty};

    fn refused(line: &str) -> (u64, ErrorBody) {
        match decode_request(line.as_bytes()) {
            Ok(request) => panic!("{line} was taken as {request:?}"),
            Err(reply) => match reply.body {
                Body::Error(error) => (reply.id, error),
                body => panic!("{line} was answered by {body:?}"),
            },
        }
    }

    #[test]
    fn a_request_can_be_typed_by_hand() {
        let request = decode_request(br#"{"op":"status"}"#).unwrap();
        assert_eq!(request, Request { v: 1, id: 0, op: Op::Status { name: None, fidelity: false } });
        let request = decode_request(br#" {"id":7, "op":"sync", "names":["a"], "colour":"blue"} "#).unwrap();
        assert_eq!(request.op, Op::Sync { names: vec!["a".to_owned()], full: false, accept_deletions: false, rerender: false, wait: true });
    }

    #[test]
    fn only_paths_may_be_many() {
        let many = "\"a\",".repeat(MAX_NAMES_BYTES / 4);
        let (id, error) = refused(&format!(r#"{{"id":9,"op":"sync","names":[{many}"a"]}}"#));
        assert!(id == 9 && error.kind == ErrorKind::Usage && error.message.contains("65536"), "{error:?}");
        assert!(decode_request(format!(r#"{{"op":"restore","paths":[{many}"a"]}}"#).as_bytes()).is_ok());
    }

    #[test]
    fn what_is_no_request_is_answered_with_its_id() {
        let (id, error) = refused(r#"{"v":1,"id":7,"op":"frobnicate"}"#);
        assert_eq!((id, error.kind), (7, ErrorKind::Unsupported));
        assert!(error.message.contains("`frobnicate`") && error.hint.contains("cleanup"), "{error:?}");
        assert_eq!(refused(r#"{"v":2,"id":8,"op":"status","shape":{"new":1}}"#).0, 8);
        assert_eq!(refused(r#"{"v":2,"id":8,"op":"status"}"#).1.kind, ErrorKind::Unsupported);
        for (line, id) in [
            (r#"{"v":0,"id":9,"op":"status"}"#, 9),
            (r#"{"v":"1","id":9,"op":"status"}"#, 9),
            (r#"{"id":9}"#, 9),
            (r#"{"id":9,"op":7}"#, 9),
            (r#"{"id":9,"op":"sync","names":"all"}"#, 9),
            (r#"{"id":"nine","op":"status"}"#, 0),
            ("[1]", 0),
            ("", 0),
            ("GET / HTTP/1.1", 0),
        ] {
            let (answered, error) = refused(line);
            assert_eq!((answered, error.kind), (id, ErrorKind::Usage), "{line}");
            assert!(!error.hint.is_empty(), "{line}");
        }
        assert_eq!(refused(&"[".repeat(100_000)).1.kind, ErrorKind::Usage);
    }

    #[test]
    fn every_op_has_its_name_in_the_list() {
        for name in Op::NAMES {
            decode_request(format!(r#"{{"op":"{name}"}}"#).as_bytes()).unwrap_or_else(|reply| panic!("{name}: {reply:?}"));
        }
        // A failure of serde lists the variants that there are: as many as the list has.
        let error = serde_json::from_str::<Op>(r#"{"op":"frobnicate"}"#).unwrap_err().to_string();
        assert_eq!(error.matches('`').count() / 2 - 1, Op::NAMES.len(), "{error}");
    }

    #[test]
    fn lines_are_read_one_by_one_and_ends_are_told_apart() {
        let mut line = Vec::new();
        let mut reader = BufReader::new(&b"one\n\ntwo\nthr"[..]);
        for expected in [&b"one"[..], b"", b"two"] {
            assert!(read_line(&mut reader, &mut line).unwrap());
            assert_eq!(line, expected);
        }
        assert!(matches!(read_line(&mut reader, &mut line), Err(CodecError::CutOff)));
        assert!(!read_line(&mut reader, &mut line).unwrap());
    }

    #[test]
    fn a_line_has_its_limit_on_both_sides() {
        let longest = format!("{}\n", "x".repeat(MAX_LINE_BYTES - 1));
        let mut line = Vec::new();
        assert!(read_line(&mut longest.as_bytes(), &mut line).unwrap());
        assert_eq!(line.len(), MAX_LINE_BYTES - 1);
        assert!(matches!(read_line(&mut format!("x{longest}").as_bytes(), &mut line), Err(CodecError::TooLong)));
        assert_eq!(encode(&"x".repeat(MAX_LINE_BYTES - 3)).unwrap().len(), MAX_LINE_BYTES);
        assert!(matches!(encode(&"x".repeat(MAX_LINE_BYTES - 2)), Err(CodecError::TooLong)));
    }

    #[test]
    fn a_line_end_within_a_string_ends_no_line() {
        let mut out = Vec::new();
        write_line(&mut out, &Reply::error(3, ErrorBody::new(ErrorKind::Failed, "a\nb", ""))).unwrap();
        assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 1);
        let reply = decode_reply(&out).unwrap();
        assert_eq!((reply.v, reply.id), (1, 3));
    }

    #[test]
    fn kinds_and_outcomes_of_later_versions_are_failures() {
        let reply = decode_reply(br#"{"v":1,"id":3,"error":{"kind":"eclipsed","message":"m"}}"#).unwrap();
        assert_eq!(reply.body, Body::Error(ErrorBody::new(ErrorKind::Failed, "m", "")));
        assert_eq!(serde_json::from_str::<crate::event::Outcome>("\"eclipsed\"").unwrap(), crate::event::Outcome::Failed);
        assert_eq!(serde_json::from_str::<crate::reply::State>("\"eclipsed\"").unwrap(), crate::reply::State::Unknown);
    }

    #[test]
    fn a_reply_has_one_of_three_bodies() {
        let line = |reply| String::from_utf8(encode(&reply).unwrap()).unwrap();
        assert_eq!(line(Reply::ok(7, &Empty {}).unwrap()), "{\"v\":1,\"id\":7,\"ok\":{}}\n");
        assert_eq!(line(Reply::event(7, &Empty {}).unwrap()), "{\"v\":1,\"id\":7,\"event\":{}}\n");
        let error = ErrorBody::new(ErrorKind::NotFound, "m", "h");
        assert_eq!(line(Reply::error(7, error)), "{\"v\":1,\"id\":7,\"error\":{\"kind\":\"not_found\",\"message\":\"m\",\"hint\":\"h\"}}\n");
        assert!(decode_reply(br#"{"v":1,"id":7}"#).is_err());
    }
}
