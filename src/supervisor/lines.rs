//! Lines from a stream that nobody can make longer than the protocol's limit.
//!
//! Guarantees that waiting for a line can be given up and taken up again without losing a byte.

use context_sync_protocol::codec::{CodecError, MAX_LINE_BYTES};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

/// Reads lines; holds at most one.
pub struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    whole: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Lines of `reader`.
    pub fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(4096, reader), line: Vec::new(), whole: false }
    }

    /// The next line without its end, or none at the end of the stream.
    ///
    /// # Errors
    /// When a line is too long or cut off, or the stream fails. A stream with a line too long cannot be read on.
    pub async fn next(&mut self) -> Result<Option<&[u8]>, CodecError> {
        if self.whole {
            self.line.clear();
            // A long line that came once is no reason to hold its room for ever.
            self.line.shrink_to(4096);
            self.whole = false;
        }
        let room = MAX_LINE_BYTES.saturating_sub(self.line.len());
        (&mut self.reader).take(room as u64).read_until(b'\n', &mut self.line).await?;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
            self.whole = true;
            return Ok(Some(&self.line));
        }
        match self.line.len() {
            0 => Ok(None),
            MAX_LINE_BYTES.. => Err(CodecError::TooLong),
            _ => Err(CodecError::CutOff),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_come_whole_and_never_endless() {
        let mut lines = Lines::new(&b"one\n\ntwo\nrest"[..]);
        assert_eq!(lines.next().await.unwrap(), Some(&b"one"[..]));
        assert_eq!(lines.next().await.unwrap(), Some(&b""[..]));
        assert_eq!(lines.next().await.unwrap(), Some(&b"two"[..]));
        assert!(matches!(lines.next().await, Err(CodecError::CutOff)));
        let endless = vec![b'x'; MAX_LINE_BYTES + 7];
        assert!(matches!(Lines::new(&endless[..]).next().await, Err(CodecError::TooLong)));
    }
}
