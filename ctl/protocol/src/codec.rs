//! One JSON object a line, at most 1 MiB: how lines are written, read and refused.
//!
//! A line that is no request still gets an answer with its id where one can be found. Blocking IO for clients and workers; the daemon reads with its own
//! asynchronous loop and uses [`encode`] and [`decode_request`].

use std::fmt;
use std::io::{self, BufRead, Read, Write};

use serde::Serialize;
use serde_json::Value;

use crate::error::{ErrorBody, ErrorKind};
use crate::reply::Reply;
use crate::request::{Op, Request};

/// The longest line, its end included.
pub const MAX_LINE_BYTES: usize = 1 << 20;

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

/// A line from a client; where it is no request of this version, the answer that says so.
///
/// # Errors
/// The error reply to send back; the connection can go on.
pub fn decode_request(line: &[u8]) -> Result<Request, Box<Reply>> {
    let refuse = |id, kind, message: String, hint: &str| Err(Box::new(Reply::error(id, ErrorBody::new(kind, message, hint))));
    let value: Value = match serde_json::from_slice(line) {
        Ok(value) => value,
        Err(error) => return refuse(0, ErrorKind::Usage, format!("The line is no JSON: {error}."), EXAMPLE),
    };
    let Value::Object(fields) = &value else {
        return refuse(0, ErrorKind::Usage, "The line is JSON, but no object.".to_owned(), EXAMPLE);
    };
    let id = fields.get("id").and_then(Value::as_u64).unwrap_or(0);
    match fields.get("v").map(Value::as_u64) {
        None => {}
        Some(Some(v)) if v == u64::from(crate::VERSION) => {}
        Some(Some(v)) if v > u64::from(crate::VERSION) => {
            let message = format!("The request is of protocol version {v}, and this daemon speaks version {}.", crate::VERSION);
            return refuse(id, ErrorKind::Unsupported, message, "Restart the daemon after an update: `systemctl --user restart context-syncd`.");
        }
        Some(_) => return refuse(id, ErrorKind::Usage, "`v` is no version of this protocol.".to_owned(), EXAMPLE),
    }
    match fields.get("op").map(Value::as_str) {
        Some(Some(op)) if Op::NAMES.contains(&op) => {}
        Some(Some(op)) => {
            let message = format!("This daemon knows no operation `{}`.", op.chars().take(64).collect::<String>());
            return refuse(id, ErrorKind::Unsupported, message, &format!("It knows: {}.", Op::NAMES.join(", ")));
        }
        _ => return refuse(id, ErrorKind::Usage, "The request has no `op`.".to_owned(), EXAMPLE),
    }
    match serde_json::from_value(value) {
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
