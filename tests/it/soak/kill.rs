//! Starting a sync as users do, and killing it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill as signal};
use nix::unistd::Pid;

use crate::home::{Home, children, wait_for};

/// Whom to kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    Worker,
    /// `context-syncd` itself, whose worker is then alone.
    Supervisor,
    /// All of it, as when the machine's memory runs out.
    Both,
}

/// How the sync is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `context-syncd --once`.
    Once,
    /// The daemon, asked for a sync.
    Daemon,
    /// The daemon, asked for a full sync.
    Full,
}

/// How many milliseconds a run takes here that nobody kills.
pub fn usual_ms(home: &Home) -> u64 {
    let began = Instant::now();
    home.synced();
    u64::try_from(began.elapsed().as_millis()).unwrap().max(10)
}

/// Starts a sync and kills `victim` after `delay`; true if it was still alive. Returns when all of them have ended.
pub fn kill(home: &Home, way: Way, victim: Victim, delay: Duration) -> bool {
    match way {
        Way::Once => {
            let mut command = home.daemon_command(&["--once"]);
            let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(delay);
            let workers = children(child.id());
            let alive = child.try_wait().unwrap().is_none();
            strike(child.id(), &workers, victim);
            child.wait().unwrap();
            wait_until_ended(&workers);
            alive && (victim != Victim::Worker || !workers.is_empty())
        }
        Way::Daemon | Way::Full => {
            // Of a daemon that was killed.
            let _ = std::fs::remove_file(home.socket());
            let daemon = home.start();
            let mirror = home.mirror();
            let name = mirror.file_name().unwrap().to_string_lossy();
            let _asked = request(home, &format!("{{\"v\":1,\"id\":1,\"op\":\"sync\",\"names\":[\"{name}\"],\"full\":{}}}", way == Way::Full));
            wait_for("a worker", || !daemon.workers().is_empty(), || daemon.log());
            std::thread::sleep(delay);
            let workers = daemon.workers();
            strike(daemon.pid(), &workers, victim);
            if victim == Victim::Worker {
                // The daemon outlives its worker.
                wait_until_ended(&workers);
                assert!(daemon.stop().success());
            } else {
                daemon.kill();
                wait_until_ended(&workers);
            }
            !workers.is_empty()
        }
    }
}

/// Whether strace is there and may trace.
pub fn can_trace() -> bool {
    let mut command = std::process::Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "true"]).output().is_ok_and(|tried| tried.status.success())
}

/// Runs `context-syncd --once`, killing the process in which some thread makes its `count`th `call`; whether that happened to the worker, or to itself.
pub fn kill_at(home: &Home, call: &str, count: u32) -> bool {
    let mut command = home.command("strace");
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:signal=SIGKILL:when={count}"));
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject]);
    command.arg(home.daemon_command(&[]).get_program()).arg("--once");
    let said = crate::home::said(command);
    said.code != Some(0)
}

/// One request to the daemon; the connection, on which the answer will come.
fn request(home: &Home, line: &str) -> UnixStream {
    let mut stream = None;
    wait_for(
        "a connection",
        || {
            stream = UnixStream::connect(home.socket()).ok();
            stream.is_some()
        },
        String::new,
    );
    let mut stream = stream.unwrap();
    writeln!(stream, "{line}").unwrap();
    stream
}

/// One request to the daemon, and the last line of its answer.
pub fn ask(home: &Home, line: &str) -> serde_json::Value {
    let lines = BufReader::new(request(home, line)).lines().map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap());
    lines.into_iter().find(|line| line.get("event").is_none()).unwrap()
}

fn strike(supervisor: u32, workers: &[u32], victim: Victim) {
    let supervisor = [supervisor];
    let victims: Vec<u32> = match victim {
        Victim::Worker => workers.to_vec(),
        Victim::Supervisor => supervisor.to_vec(),
        Victim::Both => [&supervisor, workers].concat(),
    };
    for pid in victims {
        let _ = signal(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGKILL);
    }
}

/// A worker whose daemon is gone stops by itself.
pub fn wait_until_ended(workers: &[u32]) {
    wait_for("the workers' end", || workers.iter().all(|pid| has_ended(*pid)), || format!("{workers:?}"));
}

fn has_ended(pid: u32) -> bool {
    // One that nobody waits for stays as a zombie, where init does not.
    !Path::new(&format!("/proc/{pid}/fd")).exists()
        || std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| s.rsplit(')').next().is_some_and(|r| r.trim_start().starts_with('Z')))
}
