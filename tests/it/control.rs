//! The daemon and its socket: typed by hand, by many at once, by clients that misbehave; bells, pauses, reloads, and its end.
//!
//! The service is a listener that accepts and never answers, so whoever syncs with it is in mid-sync for as long as the test wants.

use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::net::TcpListener;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::home::until;

/// Longest wait for a fact on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

struct Daemon {
    home: tempfile::TempDir,
    child: Option<Child>,
    url: String,
}

/// One connection.
struct Client {
    stream: UnixStream,
    lines: BufReader<UnixStream>,
}

impl Daemon {
    /// With a configuration in which `URL` stands for the silent service.
    fn start(config: &str) -> Self {
        let service = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", service.local_addr().unwrap());
        std::thread::spawn(move || service.incoming().map(Result::unwrap).collect::<Vec<_>>());
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join("config/context-sync")).unwrap();
        std::fs::create_dir_all(home.path().join("run")).unwrap();
        let mut daemon = Self { home, child: None, url };
        daemon.configure(config);
        daemon.child = Some(daemon.command(&[]).stderr(Stdio::null()).spawn().unwrap());
        until("the socket", || UnixStream::connect(daemon.socket()).ok());
        daemon
    }

    fn configure(&self, config: &str) {
        let path = self.home.path().join("config/context-sync/config.toml");
        std::fs::write(&path, config.replace("URL", &self.url)).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_context-syncd"));
        command.args(arguments).env_clear().env("HOME", self.home.path()).stdin(Stdio::null()).stdout(Stdio::null());
        for (variable, folder) in
            [("XDG_RUNTIME_DIR", "run"), ("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state"), ("XDG_CACHE_HOME", "cache")]
        {
            command.env(variable, self.home.path().join(folder));
        }
        command
    }

    fn socket(&self) -> PathBuf {
        self.home.path().join("run/context-sync/control.sock")
    }

    fn client(&self) -> Client {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Client { lines: BufReader::new(stream.try_clone().unwrap()), stream }
    }

    /// One request, and the last word of its answer.
    fn ask(&self, request: Value) -> Value {
        self.client().ask(request)
    }

    fn status(&self, name: &str) -> Value {
        self.ask(json!({ "op": "status", "name": name }))["ok"]["connectors"][0].clone()
    }

    fn workers(&self) -> Vec<String> {
        let pid = self.child.as_ref().unwrap().id();
        let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn signal(&self, signal: nix::sys::signal::Signal) {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.child.as_ref().unwrap().id().try_into().unwrap()), signal).unwrap();
    }

    /// Stops it as systemd would; its exit code, and how long that took.
    fn stop(&mut self) -> (Option<i32>, Duration) {
        let began = Instant::now();
        self.signal(nix::sys::signal::Signal::SIGTERM);
        let code = self.child.take().unwrap().wait().unwrap().code();
        (code, began.elapsed())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Client {
    fn send(&mut self, request: &Value) {
        writeln!(self.stream, "{request}").unwrap();
    }

    /// The next line.
    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn ask(&mut self, request: Value) -> Value {
        self.send(&request);
        loop {
            let line = self.hear();
            if line.get("event").is_none() {
                return line;
            }
        }
    }
}

/// The child of a daemon, once it is a worker. Before that, as long as it is a copy of its parent, the parent waits for it.
fn worker(pid: u32) -> Option<nix::unistd::Pid> {
    let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    arguments.split(|byte| *byte == 0).any(|argument| argument == b"worker").then(|| nix::unistd::Pid::from_raw(pid.try_into().unwrap()))
}

/// Whether a process has ended. Who kills a worker at its own end does not live to collect it: until somebody does, it is a zombie.
fn is_dead(pid: nix::unistd::Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.is_empty() || stat.contains(") Z ")
}

/// Connectors of the silent service, whose bells ring at once and then not for a day.
fn silent(names: &[&str], more: &str) -> String {
    let mut config = format!("{more}\n[schedule]\nevery = \"daily\"\njitter_secs = 0\n");
    for name in names {
        config.push_str(&format!("[connectors.{name}]\ntype = \"confluence\"\nurl = \"URL\"\ncloud = false\napi_token = \"a-token\"\n"));
    }
    config
}

#[test]
fn the_socket_is_its_users_alone_and_there_is_one_daemon() {
    let mut daemon = Daemon::start("");
    let socket = std::fs::metadata(daemon.socket()).unwrap();
    assert!(socket.file_type().is_socket());
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(daemon.socket().parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    let second = daemon.command(&[]).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(second.status.code(), Some(7));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another context-syncd"));
    assert!(daemon.ask(json!({ "op": "status" }))["ok"]["daemon"]["problems"][0].as_str().unwrap().contains("config.toml"));
    assert_eq!(daemon.stop().0, Some(0));
    assert!(!daemon.socket().exists());
}

#[test]
fn a_socket_that_a_dead_daemon_left_is_taken_over() {
    let mut daemon = Daemon::start("");
    daemon.signal(nix::sys::signal::Signal::SIGKILL);
    daemon.child.take().unwrap().wait().unwrap();
    assert!(daemon.socket().exists());
    daemon.child = Some(daemon.command(&[]).stderr(Stdio::null()).spawn().unwrap());
    until("the second daemon", || UnixStream::connect(daemon.socket()).ok());
}

#[test]
fn every_line_is_answered_and_the_connection_lives_on() {
    let daemon = Daemon::start("");
    let mut client = daemon.client();
    client
        .stream
        .write_all(
            b"garbage\n[]\n{\"op\":\"dance\",\"id\":3}\n{\"v\":2,\"id\":4,\"op\":\"status\"}\n{\"id\":5,\"op\":\"status\",\"name\":\"nobody\"}\n",
        )
        .unwrap();
    let kinds: Vec<(u64, String)> =
        (0..5).map(|_| client.hear()).map(|line| (line["id"].as_u64().unwrap(), line["error"]["kind"].as_str().unwrap().to_owned())).collect();
    let expected = [(0, "usage"), (0, "usage"), (3, "unsupported"), (4, "unsupported"), (5, "not_found")].map(|(id, kind)| (id, kind.to_owned()));
    assert_eq!(kinds, expected);
    assert_eq!(client.ask(json!({ "id": 6, "op": "history" }))["id"], 6);
    let mut mad = daemon.client();
    let endless = vec![b'x'; 3 << 20];
    // It is told and hung up on in the middle of its line.
    let _ = mad.stream.write_all(&endless);
    let mut told = String::new();
    let _ = mad.lines.read_to_string(&mut told);
    assert!(told.is_empty() || told.contains("longer than"), "{told}");
    assert!(client.ask(json!({ "op": "config" }))["ok"]["resolved"]["max_parallel"] == 2);
}

#[test]
fn many_clients_that_misbehave_do_not_keep_others_waiting() {
    let daemon = Daemon::start(&silent(&["wiki"], ""));
    until("a worker", || (!daemon.workers().is_empty()).then_some(()));
    // Half a line each, and requests without end whose answers nobody takes.
    let _halves: Vec<Client> = (0..80)
        .map(|_| {
            let mut client = daemon.client();
            client.stream.write_all(b"{\"op\":\"sta").unwrap();
            client
        })
        .collect();
    let mut deaf = daemon.client();
    deaf.stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    while deaf.stream.write_all(b"{\"op\":\"config\"}\n".repeat(100).as_slice()).is_ok() {}
    let mut quickest = PATIENCE;
    for _ in 0..5 {
        let began = Instant::now();
        assert_eq!(daemon.status("wiki")["state"], "running");
        quickest = quickest.min(began.elapsed());
    }
    assert!(quickest < Duration::from_millis(50), "{quickest:?}");
}

#[test]
fn status_is_answered_while_a_worker_stands_still_and_a_stop_does_not_wait_for_it() {
    let mut daemon = Daemon::start(&silent(&["wiki"], ""));
    let worker = until("a worker", || daemon.workers().first().and_then(|pid| worker(pid.parse().unwrap())));
    nix::sys::signal::kill(worker, nix::sys::signal::Signal::SIGSTOP).unwrap();
    // A stopped process answers nobody: whatever is told is told from memory.
    let answers: Vec<Value> = (0..100).map(|_| daemon.status("wiki")).collect();
    assert!(answers.iter().all(|status| status["state"] == "running" && status["progress"] == answers[0]["progress"]), "{answers:?}");
    // It does not even hear that it shall stop.
    assert_eq!(daemon.stop().0, Some(0));
    until("the end of the worker", || is_dead(worker).then_some(()));
}

#[test]
fn a_single_run_whose_worker_stands_still_can_be_stopped() {
    let daemon = Daemon::start("");
    daemon.configure(&silent(&["wiki"], ""));
    let mut once = daemon.command(&["--once"]).stderr(Stdio::null()).spawn().unwrap();
    let worker = until("its worker", || crate::home::children(once.id()).first().and_then(|pid| worker(*pid)));
    nix::sys::signal::kill(worker, nix::sys::signal::Signal::SIGSTOP).unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(once.id().try_into().unwrap()), nix::sys::signal::Signal::SIGTERM).unwrap();
    assert_eq!(once.wait().unwrap().code(), Some(130));
    until("the end of the worker", || is_dead(worker).then_some(()));
}

#[test]
fn whoever_follows_the_log_and_vanishes_gives_up_the_place() {
    let daemon = Daemon::start("");
    // The daemon's own descriptors nobody but root can look at; its sockets stand in the kernel's list.
    let socket = format!(" {}", daemon.socket().display());
    let descriptors = || std::fs::read_to_string("/proc/net/unix").unwrap().lines().filter(|line| line.ends_with(&socket)).count();
    // Whoever has looked whether the daemon listens may not be gone yet.
    let quiet = (0..20).map(|_| (descriptors(), std::thread::sleep(Duration::from_millis(10))).0).min().unwrap();
    let follow = |client: &mut Client| client.send(&json!({ "op": "logs", "follow": true, "lines": 0 }));
    // One that follows once, and one that follows as often as a client may, and more.
    let (mut one, mut many) = (daemon.client(), daemon.client());
    follow(&mut one);
    (0..100).for_each(|_| follow(&mut many));
    assert_eq!(many.hear()["error"]["kind"], "busy");
    assert!(one.ask(json!({ "op": "status" }))["ok"].is_object());
    assert!(descriptors() >= quiet + 2);
    drop((one, many));
    until("the places", || (descriptors() <= quiet).then_some(()));
}

#[test]
fn a_sync_waits_for_the_run_that_began_after_the_call() {
    let daemon = Daemon::start(&silent(&["wiki"], ""));
    until("the first run", || (daemon.status("wiki")["state"] == "running").then_some(()));
    let mut waiting: Vec<Client> = (0..3).map(|_| daemon.client()).collect();
    waiting.iter_mut().for_each(|client| client.send(&json!({ "op": "sync", "id": 9 })));
    let first = until("its worker", || Some(daemon.workers()).filter(|workers| !workers.is_empty()));
    // One that does not wait joins them.
    assert_eq!(daemon.ask(json!({ "op": "sync", "wait": false }))["ok"]["connectors"], json!(["wiki"]));
    // The first run ends, the second begins: that is the one they wait for.
    for pid in &first {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.parse().unwrap()), nix::sys::signal::Signal::SIGKILL).unwrap();
    }
    until("the second run", || daemon.workers().iter().any(|pid| !first.contains(pid)).then_some(()));
    assert_eq!(daemon.workers().len(), 1);
    assert_eq!(daemon.ask(json!({ "op": "cancel" }))["ok"]["connectors"], json!(["wiki"]));
    for client in &mut waiting {
        let last = loop {
            let line = client.hear();
            if line.get("event").is_none() {
                break line;
            }
        };
        assert_eq!((&last["id"], &last["ok"]["runs"][0]["outcome"]), (&json!(9), &json!("cancelled")), "{last}");
    }
    let runs = daemon.ask(json!({ "op": "history", "name": "wiki" }))["ok"]["runs"].clone();
    assert_eq!(runs.as_array().unwrap().len(), 2, "ten rings are one more run: {runs}");
    assert_eq!((&runs[1]["outcome"], &runs[1]["cause"]), (&json!("failed"), &json!("start")));
    assert!(runs[1]["message"].as_str().unwrap().contains("SIGKILL"), "{runs}");
}

#[test]
fn no_more_run_at_once_than_may() {
    let daemon = Daemon::start(&silent(&["a", "b", "c"], "max_parallel = 2"));
    let states = || -> Vec<String> {
        let report = daemon.ask(json!({ "op": "status" }));
        report["ok"]["connectors"].as_array().unwrap().iter().map(|connector| connector["state"].as_str().unwrap().to_owned()).collect()
    };
    until("two that run and one that waits", || (states() == ["running", "running", "queued"]).then_some(()));
    assert_eq!(daemon.workers().len(), 2);
    daemon.ask(json!({ "op": "cancel", "names": ["a"] }));
    until("the third", || (states()[1..] == ["running", "running"]).then_some(()));
}

#[test]
fn a_pause_outlives_the_daemon_and_what_is_asked_for_runs_all_the_same() {
    let mut daemon = Daemon::start(&silent(&["wiki"], ""));
    until("the first run", || (daemon.status("wiki")["state"] == "running").then_some(()));
    assert_eq!(daemon.ask(json!({ "op": "pause" }))["ok"]["connectors"], json!(["wiki"]));
    assert_eq!(daemon.ask(json!({ "op": "pause" }))["ok"]["connectors"], json!([]));
    let (code, took) = daemon.stop();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(10), "{took:?}");
    daemon.child = Some(daemon.command(&[]).stderr(Stdio::null()).spawn().unwrap());
    until("the socket", || UnixStream::connect(daemon.socket()).ok());
    assert_eq!((&daemon.status("wiki")["state"], &daemon.status("wiki")["paused"]), (&json!("paused"), &json!(true)));
    assert_eq!(daemon.status("wiki")["last_outcome"], "cancelled");
    daemon.ask(json!({ "op": "sync", "wait": false }));
    until("the run that was asked for", || (daemon.status("wiki")["state"] == "running").then_some(()));
    assert_eq!(daemon.ask(json!({ "op": "resume" }))["ok"]["connectors"], json!(["wiki"]));
}

#[test]
fn a_reload_adds_and_removes_and_a_broken_one_changes_nothing() {
    let daemon = Daemon::start(&silent(&["a", "b"], ""));
    daemon.configure(&silent(&["b", "c"], ""));
    let report = daemon.ask(json!({ "op": "reload" }))["ok"].clone();
    assert_eq!((&report["added"], &report["removed"], &report["changed"]), (&json!(["c"]), &json!(["a"]), &json!([])));
    until("the new one's run", || (daemon.status("c")["state"] == "running").then_some(()));
    daemon.configure("[connectors.b]\nno_such_key = 1\n");
    let refused = daemon.ask(json!({ "op": "reload" }))["error"].clone();
    assert_eq!(refused["kind"], "misconfigured");
    assert!(refused["message"].as_str().unwrap().contains("no_such_key"), "{refused}");
    daemon.configure(&silent(&["b"], "").replace("daily", "often"));
    assert!(daemon.ask(json!({ "op": "reload" }))["error"]["message"].as_str().unwrap().contains("often"));
    assert_eq!(daemon.status("c")["name"], "c");
    daemon.configure(&silent(&["b"], ""));
    daemon.signal(nix::sys::signal::Signal::SIGHUP);
    until("the reload by signal", || (daemon.status("c") == Value::Null).then_some(()));
}

#[test]
fn logs_are_shown_and_followed() {
    let daemon = Daemon::start(&silent(&["wiki"], ""));
    until("the first run", || (daemon.status("wiki")["state"] == "running").then_some(()));
    let mut client = daemon.client();
    client.send(&json!({ "op": "logs", "name": "wiki", "follow": true, "id": 1 }));
    let past = client.hear()["event"].clone();
    assert!(past["connector"] == "wiki" && past["line"].as_str().unwrap().contains("sync begins"), "{past}");
    daemon.ask(json!({ "op": "cancel" }));
    let ended =
        until("the end in the log", || Some(client.hear()["event"]["line"].as_str()?.to_owned()).filter(|line| line.contains("outcome=cancelled")));
    assert!(ended.contains("[wiki]"), "{ended}");
    let logs = std::fs::read_dir(daemon.home.path().join("context-sync/logs")).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>();
    assert_eq!(logs.len(), 1);
    let text = std::fs::read_to_string(&logs[0]).unwrap();
    assert!(text.contains(&ended) && !text.contains("a-token"), "{text}");
}

#[test]
fn whoever_reads_or_follows_the_log_misses_nothing_when_a_file_makes_room() {
    let daemon = Daemon::start("");
    let logs = daemon.home.path().join("context-sync/logs");
    // The folder itself may not be there yet.
    let today = || std::fs::read_dir(&logs).ok()?.map(|file| file.unwrap().path()).find(|path| !path.to_str().unwrap().ends_with(".1.log"));
    let file = until("the log", today);
    // A reader of its own, who has the file open as `tail -f` does.
    let mut tail = std::fs::File::open(&file).unwrap();
    tail.seek(std::io::SeekFrom::End(0)).unwrap();
    let mut follower = daemon.client();
    follower.send(&json!({ "op": "logs", "follow": true, "lines": 0, "id": 1 }));
    assert!(follower.ask(json!({ "op": "status", "id": 2 }))["ok"].is_object());
    // All but full; lines of the daemon's own kind, as somebody may look at them.
    let filler = "2026-01-01T00:00:00.000Z INFO [-] filler\n".repeat(250_000);
    assert!(filler.len() as u64 > context_syncd::logging::files::LARGEST);
    std::fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(filler.as_bytes()).unwrap();
    // Each of these is said in the log.
    for round in 0..5 {
        daemon.configure(&format!("log_days = {}", 20 + round));
        assert!(daemon.ask(json!({ "op": "reload" }))["ok"].is_object());
    }
    let said = "The configuration was read again.";
    let mut followed = 0;
    while followed < 5 {
        followed += usize::from(follower.hear()["event"]["line"].as_str().is_some_and(|line| line.contains(said)));
    }
    let mut client = daemon.client();
    client.send(&json!({ "op": "logs", "lines": 10, "id": 1 }));
    let past: Vec<Value> = (0..10).map(|_| client.hear()["event"]["line"].clone()).collect();
    assert_eq!(past.iter().filter(|line| line.as_str().unwrap().contains(said)).count(), 5, "{past:?}");
    // The first line filled the file up, and the others stand in a new one.
    let mut text = String::new();
    tail.read_to_string(&mut text).unwrap();
    assert_eq!(text.matches(said).count(), 1);
    assert_eq!(std::fs::read_to_string(until("the new file", today)).unwrap().matches(said).count(), 4);
    assert!(std::fs::metadata(file.with_extension("1.log")).unwrap().len() > context_syncd::logging::files::LARGEST);
}

#[test]
fn idle_it_costs_next_to_nothing() {
    let daemon = Daemon::start("");
    let pid = daemon.child.as_ref().unwrap().id();
    let switches = || -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap().trim().parse().unwrap()
    };
    // Until what belongs to the start has ended.
    std::thread::sleep(Duration::from_secs(3));
    let before = switches();
    std::thread::sleep(Duration::from_secs(10));
    let each_second = (switches() - before) as f64 / 10.0;
    println!("idle: {each_second} voluntary context switches a second");
    assert!(each_second < 3.0, "{each_second}");
}
