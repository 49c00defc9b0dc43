//! How an answer goes over the wire, whole or broken: a body in pieces, with pauses and ends that no honest server would have.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::CONTENT_LENGTH;
use tokio::time::Sleep;

use super::habits::Fault;
use super::wire::Answer;

/// A body being played.
pub(super) struct Played {
    pieces: VecDeque<Piece>,
    pause: Option<Pin<Box<Sleep>>>,
    /// The length, where hyper may know it: it would refuse to lie about it.
    exact: Option<u64>,
    cut: Arc<AtomicBool>,
}

/// What swells is sent in pieces of so many bytes.
static SWOLLEN: [u8; 64 << 10] = [b'x'; 64 << 10];

enum Piece {
    Bytes(Bytes),
    /// So many bytes, none of which is there before it is sent.
    Swollen(u64),
    Pause(Duration),
    Never,
    Cut,
}

/// Turns an answer and a fault into what is sent.
pub(super) fn play(mut answer: Answer, fault: Option<Fault>, cut: Arc<AtomicBool>) -> hyper::Response<Played> {
    let body = std::mem::take(&mut answer.body);
    let half = body.len() / 2;
    let length = body.len();
    let mut claimed = None;
    let pieces = match fault {
        Some(Fault::ResetMidBody) => {
            claimed = Some(length);
            // The pause lets the first half reach the client before the reset throws away what is on its way.
            vec![Piece::Bytes(body.slice(..half)), Piece::Pause(Duration::from_millis(20)), Piece::Cut]
        }
        Some(Fault::Stall) => {
            claimed = Some(length);
            vec![Piece::Bytes(body.slice(..half)), Piece::Never]
        }
        Some(Fault::LengthTooLong) => {
            claimed = Some(length + 100);
            vec![Piece::Bytes(body)]
        }
        Some(Fault::LengthTooShort) => {
            claimed = Some(half);
            vec![Piece::Bytes(body)]
        }
        Some(Fault::Drip { bytes, every }) => drip(&body, bytes, every),
        Some(Fault::TruncatedJson) => vec![Piece::Bytes(body.slice(..half))],
        Some(Fault::InvalidJson) => vec![Piece::Bytes(Bytes::from_static(b"{\"results\":[{\"id\":NaN,,}]"))],
        Some(Fault::Gzip) => {
            answer.headers.push(("content-encoding", "gzip".to_owned()));
            vec![Piece::Bytes(gzip(0, &body))]
        }
        Some(Fault::GzipBomb { megabytes }) => {
            answer.headers.push(("content-encoding", "gzip".to_owned()));
            vec![Piece::Bytes(gzip(megabytes, &body))]
        }
        Some(Fault::Swollen { bytes, announced }) => match body.windows(Fault::MARK.len()).position(|window| window == Fault::MARK.as_bytes()) {
            Some(at) => {
                let rest = body.slice(at + Fault::MARK.len()..);
                claimed = announced.then(|| at + rest.len() + usize::try_from(bytes).unwrap());
                vec![Piece::Bytes(body.slice(..at)), Piece::Swollen(bytes), Piece::Bytes(rest)]
            }
            None => vec![Piece::Bytes(body)],
        },
        _ => vec![Piece::Bytes(body)],
    };
    let mut response = hyper::Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    let exact = match (claimed, pieces.as_slice()) {
        (None, [Piece::Bytes(only)]) => Some(only.len() as u64),
        _ => None,
    };
    if let Some(claimed) = claimed {
        response = response.header(CONTENT_LENGTH, claimed);
    }
    response.body(Played { pieces: pieces.into(), pause: None, exact, cut }).unwrap()
}

fn drip(body: &Bytes, bytes: usize, every: Duration) -> Vec<Piece> {
    let starts = (0..body.len()).step_by(bytes.max(1));
    starts.flat_map(|at| [Piece::Bytes(body.slice(at..body.len().min(at + bytes.max(1)))), Piece::Pause(every)]).collect()
}

fn gzip(blank_megabytes: usize, body: &[u8]) -> Bytes {
    let level = if blank_megabytes > 0 { Compression::default() } else { Compression::fast() };
    let mut encoder = GzEncoder::new(Vec::new(), level);
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..blank_megabytes {
        encoder.write_all(&blanks).unwrap();
    }
    encoder.write_all(body).unwrap();
    Bytes::from(encoder.finish().unwrap())
}

impl Body for Played {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                std::task::ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match self.pieces.pop_front() {
                None => return Poll::Ready(None),
                Some(Piece::Bytes(bytes)) if bytes.is_empty() => {}
                Some(Piece::Bytes(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Piece::Swollen(0)) => {}
                Some(Piece::Swollen(bytes)) => {
                    let now = bytes.min(SWOLLEN.len() as u64);
                    self.pieces.push_front(Piece::Swollen(bytes - now));
                    return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&SWOLLEN[..usize::try_from(now).unwrap()])))));
                }
                Some(Piece::Pause(length)) => self.pause = Some(Box::pin(tokio::time::sleep(length))),
                Some(Piece::Never) => {
                    self.pieces.push_front(Piece::Never);
                    return Poll::Pending;
                }
                Some(Piece::Cut) => {
                    self.cut.store(true, Ordering::Relaxed);
                    return Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && self.pause.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.exact.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
