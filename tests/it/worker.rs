//! The real worker process: how low, how fenced in, and how obedient it is while it waits for a service that never answers.
//!
//! A listener that accepts and says nothing keeps the worker alive for as long as the test looks at it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use context_sync_protocol::event::{Event, Finished, Outcome};
use context_syncd::mirror::Mirror;
use context_syncd::model::DocPath;
use context_syncd::state::{Change, SiteRecord, State};
use serde_json::json;

use crate::home::until;

struct Worker {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<std::process::ChildStdout>,
    home: tempfile::TempDir,
    // Answers nothing, but keeps connections open.
    service: TcpListener,
}

impl Worker {
    /// A worker that validates a service that never answers, and has reached the point where it waits for it.
    fn waiting(adjust: impl FnOnce(&mut serde_json::Value)) -> Self {
        let service = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", service.local_addr().unwrap());
        let worker = Self::start(service, &url, adjust);
        // Whoever has reached the service has gone through all earlier steps of its life.
        worker.service.set_nonblocking(true).unwrap();
        let (connection, _) = until("the worker's question to its service", || worker.service.accept().ok());
        std::mem::forget(connection);
        worker
    }

    fn start(service: TcpListener, url: &str, adjust: impl FnOnce(&mut serde_json::Value)) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut job = job(home.path(), url);
        adjust(&mut job);
        let mut child = command(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        writeln!(input, "{job}").unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input: Some(input), output, home, service }
    }

    fn proc(&self) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string())
    }

    /// Every thread's id, once there are as many as a waiting worker has for certain: its own, the writer of
    /// events, the one that watches its input.
    fn threads(&self) -> Vec<u32> {
        until("three threads", || {
            let threads: Vec<u32> = std::fs::read_dir(self.proc().join("task"))
                .unwrap()
                .map(|thread| thread.unwrap().file_name().to_str().unwrap().parse().unwrap())
                .collect();
            (threads.len() >= 3).then_some(threads)
        })
    }

    fn signal(&self, signal: nix::sys::signal::Signal) {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Whether it says that it is fenced in, and if not, why: its first line.
    fn fence(&mut self) -> Result<(), String> {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        match serde_json::from_str(&line).unwrap() {
            Event::Log { fields, .. } if fields.contains_key("landlock") => Ok(()),
            Event::Log { fields, .. } => Err(fields["why"].clone()),
            other => panic!("not a word about the fence: {other:?}"),
        }
    }

    /// What it said, and how its process ended.
    fn end(mut self) -> (Vec<Event>, ExitStatus) {
        let events = (&mut self.output).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        let status = until("the worker's end", || self.child.try_wait().unwrap());
        (events, status)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(events: Stdio) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_context-syncd"));
    command.arg("worker").env("WORKER_TEST_TOKEN", "token-of-the-worker-test").stdin(Stdio::piped()).stdout(events);
    command
}

fn job(home: &Path, url: &str) -> serde_json::Value {
    json!({
        "connector": {
            "name": "wiki", "kind": "confluence", "folder": home.join("mirror/wiki"), "cache": home.join("cache/wiki"),
            "max_delete_percent": 20, "settings": { "url": url }, "secrets": { "api_token": { "env": "WORKER_TEST_TOKEN" } },
        },
        "operation": { "op": "validate" },
        "worker": { "nice": 10, "io_class": "best-effort", "io_level": 7, "sandbox": true },
        "log_level": "debug", "trash_days": 30,
    })
}

/// Makes a job one that brings the mirror up to date.
fn sync(job: &mut serde_json::Value) {
    job["operation"] = json!({ "op": "sync", "full": false, "accept_deletions": false });
}

fn last_word(events: &[Event]) -> &Finished {
    match events.last() {
        Some(Event::Finished(finished)) => finished,
        other => panic!("the last word is missing: {other:?}"),
    }
}

#[test]
fn every_thread_is_low_and_fenced_in() {
    // A sync has the most threads: the database brings its own.
    let mut worker = Worker::waiting(sync);
    let fence = worker.fence();
    // A worker never raises itself above what it was started with.
    let (nice, io) = (nice_of(Path::new("/proc/self")).max(10), io_of(std::process::id()));
    let io = if io == "idle" { io } else { "best-effort: prio 7".to_owned() };
    for thread in worker.threads() {
        let task = worker.proc().join("task").join(thread.to_string());
        assert_eq!((nice_of(&task), io_of(thread)), (nice, io.clone()));
        match &fence {
            Ok(()) => assert!(no_new_privileges(&task)),
            Err(why) => eprintln!("NOT RUN, the fence: {why}"),
        }
    }
    let limits = std::fs::read_to_string(worker.proc().join("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().rev().take(3).collect::<Vec<_>>(), ["bytes", "0", "0"], "{core}");
}

/// proc_pid_stat(5): the 19th field is the nice value; counted behind the name, which may hold blanks, it is the 17th.
fn nice_of(task: &Path) -> i32 {
    let stat = std::fs::read_to_string(task.join("stat")).unwrap();
    stat.rsplit_once(')').unwrap().1.split_whitespace().nth(16).unwrap().parse().unwrap()
}

fn io_of(thread: u32) -> String {
    let io = Command::new("ionice").args(["-p", &thread.to_string()]).output().unwrap();
    String::from_utf8(io.stdout).unwrap().trim().to_owned()
}

/// Landlock cannot be seen from outside. The flag that it demands of a thread can, and in the worker nothing but the fence sets it:
/// `without_the_fence_the_worker_says_so` shows that it is a witness. What the fence denies is shown where it is built, in `sandbox`.
fn no_new_privileges(task: &Path) -> bool {
    std::fs::read_to_string(task.join("status")).unwrap().lines().any(|line| line == "NoNewPrivs:\t1")
}

#[test]
fn without_the_fence_the_worker_says_so() {
    let mut worker = Worker::waiting(|job| job["worker"]["sandbox"] = json!(false));
    let why = worker.fence().unwrap_err();
    assert!(why.contains("sandbox = false"), "{why}");
    assert!(!no_new_privileges(&worker.proc()) || no_new_privileges(Path::new("/proc/self")));
}

#[test]
fn programs_that_hand_out_secrets_run_before_the_fence() {
    let outside = tempfile::tempdir().unwrap();
    let lock = outside.path().join("lock");
    let command = json!({ "api_token": { "command": ["sh", "-c", format!("touch '{}' && echo token", lock.display())] } });
    let _worker = Worker::waiting(|job| job["connector"]["secrets"] = command);
    assert!(lock.exists());
}

#[test]
fn the_end_of_its_input_stops_it() {
    let mut worker = Worker::waiting(|_| {});
    drop(worker.input.take());
    let (events, status) = worker.end();
    assert_eq!(last_word(&events).outcome, Outcome::Cancelled);
    assert_eq!(status.code(), Some(130));
}

#[test]
fn sigterm_and_sigint_cancel_it() {
    for (signal, operation) in [(nix::sys::signal::SIGTERM, sync as fn(&mut _)), (nix::sys::signal::SIGINT, |_| {})] {
        let worker = Worker::waiting(operation);
        worker.signal(signal);
        let (events, status) = worker.end();
        assert_eq!(last_word(&events).outcome, Outcome::Cancelled, "{signal}");
        assert_eq!(status.code(), Some(130), "{signal}");
    }
}

#[test]
fn its_folders_are_made_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let worker = Worker::waiting(|_| {});
    for folder in ["mirror/wiki", "cache/wiki"] {
        let mode = std::fs::metadata(worker.home.path().join(folder)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
}

#[test]
fn a_service_that_is_not_there_is_told_with_a_way_out() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let worker = Worker::start(TcpListener::bind("127.0.0.1:0").unwrap(), &url, |_| {});
    let (events, status) = worker.end();
    let finished = last_word(&events);
    assert_eq!((finished.outcome, status.code()), (Outcome::Unreachable, Some(5)), "{finished:?}");
    assert!(!finished.hint.is_empty());
}

#[test]
fn a_secret_that_cannot_be_had_ends_it_before_the_service_is_asked() {
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", service.local_addr().unwrap());
    let visitors = service.try_clone().unwrap();
    visitors.set_nonblocking(true).unwrap();
    let missing = json!({ "api_token": { "env": "WORKER_TEST_NO_SUCH_VARIABLE" } });
    let worker = Worker::start(service, &url, |job| job["connector"]["secrets"] = missing);
    let (events, status) = worker.end();
    assert!(visitors.accept().is_err());
    let finished = last_word(&events);
    assert_eq!((finished.outcome, status.code()), (Outcome::Misconfigured, Some(2)), "{finished:?}");
    assert!(finished.message.contains("WORKER_TEST_NO_SUCH_VARIABLE") && finished.message.contains("`api_token`"), "{finished:?}");
}

#[test]
fn what_only_tidies_up_needs_no_secret_and_works_behind_the_fence() {
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("wiki");
    let mirror = Mirror::open(&folder).unwrap();
    let page = DocPath::new("ENG/page.md").unwrap();
    let mut batch = mirror.batch("2000-01-01");
    batch.write(&page, b"text", None).unwrap();
    batch.place().unwrap();
    mirror.trash(&page, "2000-01-01").unwrap().unwrap();

    let run = |operation: serde_json::Value| {
        let worker = Worker::start(service.try_clone().unwrap(), "http://127.0.0.1:1", |job| {
            job["connector"]["folder"] = json!(folder);
            job["connector"]["secrets"] = json!({ "api_token": { "env": "WORKER_TEST_NO_SUCH_VARIABLE" } });
            job["operation"] = operation;
        });
        let (events, status) = worker.end();
        assert_eq!(status.code(), Some(0), "{events:?}");
        last_word(&events).clone()
    };
    let restored = run(json!({ "op": "restore", "paths": ["2000-01-01/ENG/page.md"] }));
    assert_eq!(restored.items[0].path, "ENG/page.md");
    assert_eq!(std::fs::read_to_string(folder.join("ENG/page.md")).unwrap(), "text");

    mirror.trash(&page, "2000-01-01").unwrap().unwrap();
    let kept = run(json!({ "op": "cleanup", "apply": true }));
    assert!(kept.items.len() == 1 && kept.items[0].kind == "note" && kept.items[0].reason.contains("clock"), "{:?}", kept.items);
    assert_eq!(mirror.list_trash().unwrap().len(), 1, "no sync has gone well, so that nobody knows whether the clock is right");
    {
        let (state, _) = State::open(&folder.join(".sync_state"), Duration::from_secs(5)).unwrap();
        let now_ms = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        let synced = SiteRecord { last_success_ms: u64::try_from(now_ms).unwrap(), ..state.site().unwrap() };
        state.commit(vec![Change::PutSite(synced)]).unwrap();
    }
    assert_eq!(run(json!({ "op": "cleanup", "apply": true })).items[0].kind, "trash");
    assert!(mirror.list_trash().unwrap().is_empty());
}

#[test]
fn a_stop_is_heard_while_it_waits_for_the_state() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("wiki");
    let _other_run = State::open(&folder.join(".sync_state"), Duration::ZERO).unwrap();
    let mut worker = Worker::start(TcpListener::bind("127.0.0.1:0").unwrap(), "http://127.0.0.1:1", |job| {
        job["connector"]["folder"] = json!(folder);
        job["operation"] = json!({ "op": "cleanup", "apply": false });
    });
    // Its first line comes before it asks for the lock; that nobody gives it away is certain.
    worker.fence().ok();
    let began = Instant::now();
    drop(worker.input.take());
    let (events, _) = worker.end();
    assert_eq!(last_word(&events).outcome, Outcome::Cancelled);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn a_daemon_that_reads_no_more_stops_it() {
    let (reader, events) = std::io::pipe().unwrap();
    drop(reader);
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut child = command(events.into()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{}", job(home.path(), &format!("http://{}", service.local_addr().unwrap()))).unwrap();
    // It notices when it says its first line; its input stays open all the while.
    let status = until("the worker's end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(130));
}
