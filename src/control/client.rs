//! One client, from its first line to its last.
//!
//! What is known at once is answered one after the other, and after each answer it is another client's turn, so that nobody who asks a lot keeps others
//! waiting. What takes time is worked on side by side, up to a bound. A client's lines wait in a bounded queue, and one that does not take them in time is
//! dropped.

use std::sync::Arc;
use std::time::Duration;

use context_sync_protocol::codec::{self, CodecError};
use context_sync_protocol::error::{ErrorBody, ErrorKind};
use context_sync_protocol::reply::Reply;
use context_sync_protocol::request::{Op, Request};
use interprocess::local_socket::tokio::Stream;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::asker::{Answer, Asker};
use super::{Context, cancel, cleanup, config, explain, history, logs, pause, reload, restore, resume, status, sync, validate};
use crate::config::job::Operation;
use crate::supervisor::lines::Lines;

/// Lines that wait for a slow client.
const QUEUED_LINES: usize = 8;
/// How long a client may take for one of them.
const SLOWEST: Duration = Duration::from_secs(30);
/// Requests of one client that take time, at a time; the next ones wait.
const MOST_REQUESTS: usize = 16;
/// Lines above this are decoded beside the thread that serves all: a request of the greatest length takes it many milliseconds.
const LARGE: usize = 16 << 10;
/// Followers of one client. They never end, so the next one is refused: were it to wait, nobody would hear the client hang up.
const MOST_FOLLOWERS: usize = 4;

/// Answers a client until it hangs up.
pub(super) async fn serve(stream: Stream, context: Arc<Context>) {
    let (reader, writer) = tokio::io::split(stream);
    let (sender, lines) = mpsc::channel(QUEUED_LINES);
    let writing = tokio::spawn(write(writer, lines));
    let (mut requests, mut followers) = (JoinSet::new(), JoinSet::new());
    let mut reader = Lines::new(reader);
    let mut open = true;
    while open || !requests.is_empty() || !followers.is_empty() {
        tokio::select! {
            line = reader.next(), if open && requests.len() < MOST_REQUESTS => {
                open = match line {
                    Ok(Some(line)) => {
                        begin(line, &sender, &context, &mut requests, &mut followers).await;
                        // It may have sent a thousand more, and others are waiting.
                        tokio::task::yield_now().await;
                        true
                    }
                    Ok(None) | Err(CodecError::CutOff | CodecError::Io(_)) => false,
                    Err(error) => {
                        let error = ErrorBody::new(ErrorKind::Usage, format!("{error}."), "Send one request a line.");
                        Asker::new(0, sender.clone()).end(Err(error)).await;
                        false
                    }
                };
                if !open {
                    // A client that asks no more still wants its answers; one that follows without end has hung up.
                    followers.abort_all();
                }
            }
            // What a request panicked with is in the log; the others go on.
            _ = requests.join_next(), if !requests.is_empty() => {}
            _ = followers.join_next(), if !followers.is_empty() => {}
            // The client takes no more lines: nobody is left to answer.
            () = sender.closed() => {
                requests.abort_all();
                followers.abort_all();
                break;
            }
        }
    }
    drop(sender);
    // The last lines; bounded, because each of them is.
    let _ = writing.await;
}

async fn begin(line: &[u8], sender: &mpsc::Sender<Vec<u8>>, context: &Arc<Context>, requests: &mut JoinSet<()>, followers: &mut JoinSet<()>) {
    if line.iter().all(u8::is_ascii_whitespace) {
        return;
    }
    match decode(line, context).await {
        Ok(Request { id, op, .. }) => {
            let (asker, context) = (Asker::new(id, sender.clone()), Arc::clone(context));
            let follows = matches!(op, Op::Logs { follow: true, .. });
            if follows && followers.len() >= MOST_FOLLOWERS {
                let message = format!("One connection can follow the log {MOST_FOLLOWERS} times.");
                return asker.end(Err(ErrorBody::new(ErrorKind::Busy, message, "Follow it all and filter, or open another connection."))).await;
            }
            let known_at_once = matches!(op, Op::Status { .. } | Op::Cancel { .. } | Op::History { .. } | Op::Config {});
            let answered = async move {
                let answer = answer(&context, &asker, op).await;
                asker.end(answer).await;
            };
            if known_at_once {
                return answered.await;
            }
            let set = if follows { followers } else { requests };
            set.spawn(answered);
        }
        Err(reply) => {
            let Reply { id, body, .. } = *reply;
            if let context_sync_protocol::reply::Body::Error(error) = body {
                Asker::new(id, sender.clone()).end(Err(error)).await;
            }
        }
    }
}

async fn decode(line: &[u8], context: &Context) -> Result<Request, Box<Reply>> {
    if line.len() < LARGE {
        return codec::decode_request(line);
    }
    let line = line.to_vec();
    context.beside.work(move || codec::decode_request(&line)).await.unwrap_or_else(|panic| {
        let error = ErrorBody::new(ErrorKind::Failed, format!("The request cannot be read: {panic}."), "Send a shorter one.");
        Err(Box::new(Reply::error(0, error)))
    })
}

async fn answer(context: &Context, asker: &Asker, op: Op) -> Answer {
    match op {
        Op::Status { name, fidelity } => status::answer(context, name.as_deref(), fidelity),
        Op::Sync { names, rerender: true, wait, .. } => sync::answer(context, asker, &names, Operation::Rerender, wait).await,
        Op::Sync { names, full, accept_deletions, wait, .. } => {
            sync::answer(context, asker, &names, Operation::Sync { full, accept_deletions }, wait).await
        }
        Op::Explain { what } => explain::answer(context, asker, &what).await,
        Op::Cancel { names } => cancel::answer(context, &names),
        Op::Pause { names } => pause::answer(context, &names).await,
        Op::Resume { names } => resume::answer(context, &names).await,
        Op::Cleanup { names, apply } => cleanup::answer(context, asker, &names, apply).await,
        Op::Restore { paths } => restore::answer(context, asker, &paths).await,
        Op::Validate { names } => validate::answer(context, asker, &names).await,
        Op::History { name, limit } => history::answer(context, name.as_deref(), limit),
        Op::Logs { name, follow, lines } => logs::answer(context, asker, name.as_deref(), follow, lines).await,
        Op::Reload {} => reload::answer(context).await,
        Op::Config {} => config::answer(context),
    }
}

async fn write(mut writer: impl AsyncWrite + Unpin, mut lines: mpsc::Receiver<Vec<u8>>) {
    while let Some(line) = lines.recv().await {
        match timeout(SLOWEST, writer.write_all(&line)).await {
            Ok(Ok(())) => {}
            // Gone, or as good as gone.
            _ => return,
        }
    }
}
