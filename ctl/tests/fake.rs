//! A daemon that plays a part: it keeps what it is asked and says what it was told to say, right or wrong.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// What the daemon does after it has read a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Sends these bytes.
    Say(Vec<u8>),
    /// Keeps the connection open and says no more, until the test ends.
    FallSilent,
    /// Sends these bytes again and again, until the client goes away.
    Repeat(Vec<u8>),
}

/// A line of the daemon's.
pub(crate) fn line(text: &str) -> Act {
    Act::Say(format!("{text}\n").into_bytes())
}

/// The last word: done.
pub(crate) fn ok(result: &Value) -> Act {
    line(&format!(r#"{{"v":1,"id":1,"ok":{result}}}"#))
}

/// Something on the way.
pub(crate) fn event(event: &Value) -> Act {
    line(&format!(r#"{{"v":1,"id":1,"event":{event}}}"#))
}

/// A daemon, a home, and the control program.
pub(crate) struct Scene {
    pub(crate) home: TempDir,
    pub(crate) socket: PathBuf,
    requests: Receiver<String>,
}

/// How the control program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The document on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

impl Scene {
    /// A daemon that answers every request by these acts, then hangs up.
    pub(crate) fn new(acts: Vec<Act>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("control.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let (sender, requests) = channel();
        std::thread::spawn(move || {
            let mut kept = Vec::new();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let mut request = String::new();
                BufReader::new(&stream).read_line(&mut request).unwrap();
                // The scene is over when nobody wants to know any more.
                if sender.send(request).is_err() {
                    return;
                }
                if !play(&stream, &acts) {
                    kept.push(stream);
                }
            }
        });
        Self { home, socket, requests }
    }

    /// No daemon at all.
    pub(crate) fn deserted() -> Self {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("control.sock");
        Self { home, socket, requests: channel().1 }
    }

    /// The control program with these arguments, in a home of its own, not yet started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_context-syncctl"));
        command.args(arguments).arg("--socket").arg(&self.socket);
        command.env_clear().env("HOME", self.home.path()).env("PATH", self.home.path().join("bin"));
        command.stdin(Stdio::null());
        command
    }

    /// Runs it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments))
    }

    /// The next request that the daemon has got.
    pub(crate) fn request(&self) -> Value {
        serde_json::from_str(&self.requests.recv_timeout(Duration::from_secs(30)).unwrap()).unwrap()
    }
}

/// Runs a command to its end.
pub(crate) fn ended(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    Ended { code: output.status.code(), stdout: String::from_utf8(output.stdout).unwrap(), stderr: String::from_utf8(output.stderr).unwrap() }
}

/// False if the connection is to be kept open.
fn play(mut stream: &UnixStream, acts: &[Act]) -> bool {
    for act in acts {
        match act {
            // A client that has gone away is what some tests are about.
            Act::Say(bytes) => drop(stream.write_all(bytes)),
            Act::Repeat(bytes) => while stream.write_all(bytes).is_ok() {},
            Act::FallSilent => return false,
        }
    }
    true
}
