//! One request to the daemon, and its answers. Never waits longer than it was told to, whatever the other side does or fails to do.
//!
//! Everything that can block (connecting, writing, reading) happens in a thread of its own, so that one clock in the caller bounds it all.

use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use context_sync_protocol::codec::{self, CodecError};
use context_sync_protocol::error::ErrorKind;
use context_sync_protocol::reply::{self, Body};
use context_sync_protocol::request::{Op, Request};
use context_sync_protocol::socket;
use interprocess::local_socket::traits::{Stream as _, StreamCommon as _};
use interprocess::local_socket::{GenericFilePath, Stream, ToFsName};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::commands::service;
use crate::stop::Stop;

/// How long a daemon may stay silent that has only to look something up. It promises 50 ms for `status`; ten seconds are a machine in deep swap.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a caller that waits may redraw what it shows.
const TICK: Duration = Duration::from_secs(1);

/// The only id on a connection that carries one request.
const ID: u64 = 1;

/// How to reach the daemon, and for how long to try.
#[derive(Debug)]
pub(crate) struct Client {
    socket: Option<PathBuf>,
    deadline: Option<(Instant, Duration)>,
}

/// What a caller hears while it waits.
pub(crate) enum Heard {
    /// An event, still as JSON.
    Event(Value),
    /// Nothing for a second.
    Nothing,
}

/// How long an answer may take where there is no `--timeout`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// The daemon answers by itself.
    Moments,
    /// A worker, and perhaps a slow service, has to do something first.
    AsLongAsItTakes,
}

enum FromSocket {
    Unreachable(io::Error),
    /// Whoever listens is another user.
    Foreign,
    Line(Vec<u8>),
    Broken(CodecError),
}

impl Client {
    pub(crate) fn new(socket: Option<PathBuf>, timeout: Option<Duration>) -> Self {
        // A clock that cannot count so far has no deadline.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout).map(|at| (at, timeout)));
        Self { socket, deadline }
    }

    /// Asks, and hands on what is heard until the last word.
    pub(crate) fn call<T: DeserializeOwned>(&self, op: Op, takes: Takes, mut hear: impl FnMut(Heard) -> Result<(), Stop>) -> Result<T, Stop> {
        let path = socket::resolve(self.socket.as_deref(), nix::unistd::geteuid().as_raw())
            .map_err(|error| Stop::failed(ErrorKind::DaemonUnreachable, format!("{error}."), ""))?;
        let lines = start(path.clone(), Request::new(ID, op));
        let mut last_heard = Instant::now();
        loop {
            let reply = match lines.recv_timeout(self.wait(&path, last_heard, takes)?) {
                Ok(FromSocket::Line(line)) => codec::decode_reply(&line).map_err(|error| stranger(&path, &error))?,
                Ok(FromSocket::Unreachable(error)) => return Err(unreachable(&path, &error)),
                Ok(FromSocket::Foreign) => return Err(foreign(&path)),
                Ok(FromSocket::Broken(error)) => return Err(broken(&path, error)),
                Err(RecvTimeoutError::Disconnected) => return Err(hung_up(&path)),
                Err(RecvTimeoutError::Timeout) => {
                    hear(Heard::Nothing)?;
                    continue;
                }
            };
            last_heard = Instant::now();
            if reply.id != ID && reply.id != 0 {
                continue;
            }
            match reply.body {
                Body::Ok(value) => return reply::typed(value).map_err(|error| stranger(&path, &CodecError::Malformed(error))),
                Body::Error(error) => return Err(error.into()),
                Body::Event(event) => hear(Heard::Event(event))?,
            }
        }
    }

    /// How long to wait for the next line.
    ///
    /// # Errors
    /// When there is no time left.
    fn wait(&self, path: &Path, last_heard: Instant, takes: Takes) -> Result<Duration, Stop> {
        let mut wait = TICK;
        if let Some(left) = self.time_left()? {
            wait = wait.min(left);
        }
        if takes == Takes::Moments {
            wait = wait.min(PATIENCE.saturating_sub(last_heard.elapsed()));
            if wait.is_zero() {
                return Err(silent(path));
            }
        }
        Ok(wait)
    }

    /// What is left of `--timeout`, if there is one.
    ///
    /// # Errors
    /// When nothing is left.
    pub(crate) fn time_left(&self) -> Result<Option<Duration>, Stop> {
        let left = self.deadline.map(|(at, _)| at.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) { Err(self.timed_out()) } else { Ok(left) }
    }

    /// `--timeout` has passed.
    pub(crate) fn timed_out(&self) -> Stop {
        let secs = self.deadline.map_or(0, |(_, timeout)| timeout.as_secs());
        Stop::failed(
            ErrorKind::Timeout,
            format!("No end after {secs} s (--timeout)."),
            "What was begun goes on: `context-syncctl status` shows what the daemon does, `context-syncctl cancel` stops it.",
        )
    }
}

fn start(path: PathBuf, request: Request) -> Receiver<FromSocket> {
    let (sender, receiver) = sync_channel(64);
    // The thread ends with the process at the latest; nothing of it is left to be joined.
    std::thread::spawn(move || talk(&path, &request, &sender));
    receiver
}

/// Sends the request and hands on every line, until either side goes away.
fn talk(path: &Path, request: &Request, sender: &SyncSender<FromSocket>) {
    let connect = || Stream::connect(path.to_fs_name::<GenericFilePath>()?);
    let stream = match connect() {
        Ok(stream) => stream,
        Err(error) => {
            let _ = sender.send(FromSocket::Unreachable(error));
            return;
        }
    };
    // Somebody who can write to the socket's folder may listen in the daemon's place: what is asked is not for them, nor what they answer for us.
    if !stream.peer_creds().is_ok_and(|peer| peer.euid() == Some(nix::unistd::geteuid().as_raw())) {
        let _ = sender.send(FromSocket::Foreign);
        return;
    }
    let exchange = || -> Result<(), CodecError> {
        // A daemon that refuses us may have hung up already; what it said is there to be read all the same.
        let sent = (&stream).write_all(&codec::encode(request)?);
        let mut reader = BufReader::new(&stream);
        let mut line = Vec::new();
        while codec::read_line(&mut reader, &mut line)? {
            if sender.send(FromSocket::Line(std::mem::take(&mut line))).is_err() {
                break;
            }
        }
        sent.map_err(CodecError::Io)
    };
    if let Err(error) = exchange() {
        let _ = sender.send(FromSocket::Broken(error));
    }
}

fn unreachable(path: &Path, error: &io::Error) -> Stop {
    let path = path.display();
    let (why, hint) = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            (format!("The daemon's socket {path} is not ours to open."), "Run this as the user whom the daemon belongs to.".to_owned())
        }
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            (format!("The daemon is not running: nobody listens at {path}."), service::how_to_start())
        }
        _ => (format!("The daemon cannot be reached at {path}: {error}."), service::how_to_start()),
    };
    Stop::failed(ErrorKind::DaemonUnreachable, why, hint)
}

fn foreign(path: &Path) -> Stop {
    Stop::failed(
        ErrorKind::DaemonUnreachable,
        format!("What listens at {} belongs to another user, so it is not asked.", path.display()),
        "See who owns the folder with `ls -ld`; `--socket` names another socket. Run this as the user whom the daemon belongs to.",
    )
}

fn hung_up(path: &Path) -> Stop {
    Stop::failed(
        ErrorKind::DaemonUnreachable,
        format!("The daemon at {} went away before it had answered.", path.display()),
        "See why with `journalctl --user -u context-syncd -n 20`; start it with `systemctl --user start context-syncd`.",
    )
}

fn silent(path: &Path) -> Stop {
    Stop::failed(
        ErrorKind::DaemonUnreachable,
        format!("The daemon at {} has not answered for {} s.", path.display(), PATIENCE.as_secs()),
        "If it stays so, start it again with `systemctl --user restart context-syncd`.",
    )
}

fn broken(path: &Path, error: CodecError) -> Stop {
    match error {
        // A daemon that is killed resets the connection or leaves half a line.
        CodecError::Io(_) | CodecError::CutOff => hung_up(path),
        error => stranger(path, &error),
    }
}

fn stranger(path: &Path, error: &CodecError) -> Stop {
    let why = match error {
        CodecError::Malformed(source) => format!("{error}: {source}"),
        _ => error.to_string(),
    };
    Stop::failed(
        ErrorKind::Failed,
        format!("What listens at {} does not answer as context-syncd does: {why}.", path.display()),
        "Daemon and control program should be of one version: after an update, `systemctl --user restart context-syncd`.",
    )
}
