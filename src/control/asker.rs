//! Who asked: the way back for one request's lines.

use context_sync_protocol::codec::{self, CodecError};
use context_sync_protocol::error::{ErrorBody, ErrorKind};
use context_sync_protocol::reply::Reply;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc;

/// What a verb says at the end.
pub(super) type Answer = Result<Value, ErrorBody>;

/// The client has gone.
#[derive(Debug)]
pub(super) struct Gone;

/// One request's client.
#[derive(Clone)]
pub(super) struct Asker {
    id: u64,
    lines: mpsc::Sender<Vec<u8>>,
}

impl Asker {
    pub(super) fn new(id: u64, lines: mpsc::Sender<Vec<u8>>) -> Self {
        Self { id, lines }
    }

    /// Something on the way. Waits for a client that is slow, so whoever calls this must be able to.
    pub(super) async fn event<T: Serialize>(&self, event: &T) -> Result<(), Gone> {
        // An event that is too long for a line is left out; the end still comes.
        let Ok(line) = Reply::event(self.id, event).map_err(CodecError::Malformed).and_then(|reply| codec::encode(&reply)) else { return Ok(()) };
        self.lines.send(line).await.map_err(|_| Gone)
    }

    /// The last word.
    pub(super) async fn end(&self, answer: Answer) {
        let reply = match answer {
            Ok(value) => Reply::ok(self.id, &value).map_err(CodecError::Malformed),
            Err(error) => Ok(Reply::error(self.id, error)),
        };
        let line = reply.and_then(|reply| codec::encode(&reply)).or_else(|error| {
            let error = ErrorBody::new(ErrorKind::Failed, format!("The answer cannot be sent: {error}."), "Ask for one connector, or for less.");
            codec::encode(&Reply::error(self.id, error))
        });
        if let Ok(line) = line {
            // Who hung up does not want to know.
            let _ = self.lines.send(line).await;
        }
    }
}

/// A result as the last word.
pub(super) fn ok<T: Serialize>(result: &T) -> Answer {
    serde_json::to_value(result).map_err(|error| ErrorBody::new(ErrorKind::Failed, format!("The answer cannot be written: {error}."), ""))
}
