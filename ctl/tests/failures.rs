//! Every way that the other side, or the reader, can fail: what is said, and the exit code.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::fake::{Act, Scene, event, line, ok};

#[test]
fn no_daemon_is_9_and_says_how_to_start_one() {
    let scene = Scene::deserted();
    let ended = scene.run(&["status", "-o", "text"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(9), ""));
    assert!(ended.stderr.starts_with("error: The daemon is not running: nobody listens at "), "{ended:?}");
    assert!(ended.stderr.contains("context-syncctl service install"), "{ended:?}");

    let unit = scene.home.path().join(".config/systemd/user/context-syncd.service");
    std::fs::create_dir_all(unit.parent().unwrap()).unwrap();
    std::fs::File::create(unit).unwrap();
    assert!(scene.run(&["status", "-o", "text"]).stderr.contains("systemctl --user start context-syncd"));

    let ended = scene.run(&["status", "-o", "json"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(9), ""), "{ended:?}");
    assert_eq!(ended.json()["error"]["kind"], "daemon_unreachable");
    let ended = scene.run(&["status"]);
    assert!(ended.json()["error"]["message"].is_string() && ended.stderr.starts_with("error: "), "both, where we only guess who reads: {ended:?}");
}

#[test]
fn a_socket_file_without_a_listener_is_9_too() {
    let scene = Scene::deserted();
    drop(std::os::unix::net::UnixListener::bind(&scene.socket).unwrap());
    assert_eq!(scene.run(&["status"]).code, Some(9));
}

#[test]
fn the_daemons_own_errors_keep_kind_message_and_hint() {
    for (kind, code) in [
        ("failed", 1),
        ("unsupported", 1),
        ("from_the_future", 1),
        ("usage", 2),
        ("misconfigured", 2),
        ("unauthorized", 3),
        ("not_found", 4),
        ("unreachable", 5),
        ("rate_limited", 6),
        ("busy", 7),
        ("partial", 8),
        ("deletions_held", 10),
        ("interrupted", 130),
    ] {
        let error = format!(r#"{{"v":1,"id":1,"error":{{"kind":"{kind}","message":"It\u001b[2J broke.","hint":"Mend it."}}}}"#);
        let scene = Scene::new(vec![line(&error)]);
        let ended = scene.run(&["reload", "-o", "text"]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(code), "error: It broke.\nhint: Mend it.\n"), "{kind}");
        let document = scene.run(&["reload", "-o", "json"]).json();
        let kind = if kind == "from_the_future" { "failed" } else { kind };
        assert_eq!(document["error"], json!({ "kind": kind, "message": "It\u{1b}[2J broke.", "hint": "Mend it." }));
    }
}

#[test]
fn a_daemon_that_goes_away_is_9() {
    let progress = json!({ "connector": "wiki", "event": { "event": "progress", "phase": "listing" } });
    for acts in [vec![], vec![event(&progress)], vec![Act::Say(br#"{"v":1,"id":1,"o"#.to_vec())]] {
        let ended = Scene::new(acts.clone()).run(&["sync", "-o", "text"]);
        assert_eq!(ended.code, Some(9), "{acts:?}: {ended:?}");
        assert!(ended.stderr.contains("went away before it had answered") && ended.stderr.contains("journalctl"), "{ended:?}");
    }
}

#[test]
fn garbage_is_1_and_names_the_socket() {
    let endless = Act::Repeat(vec![b'x'; 1 << 16]);
    let wrong_shape = ok(&json!({ "connectors": "all" }));
    for acts in [
        vec![line("HTTP/1.1 400 Bad Request")],
        vec![line("{}")],
        vec![line("")],
        vec![Act::Say(vec![0xff, b'\n'])],
        vec![wrong_shape],
        vec![endless],
    ] {
        let scene = Scene::new(acts);
        let ended = scene.run(&["status", "-o", "text"]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(scene.socket.to_str().unwrap()) && ended.stderr.contains("does not answer as context-syncd does"), "{ended:?}");
    }
}

#[test]
fn a_timeout_is_11_however_lively_the_daemon_is() {
    let progress = json!({ "connector": "wiki", "event": { "event": "progress", "phase": "listing" } });
    let Act::Say(chatter) = event(&progress) else { unreachable!() };
    for (verb, act) in [("status", Act::FallSilent), ("sync", Act::FallSilent), ("sync", Act::Repeat(chatter))] {
        let ended = Scene::new(vec![act]).run(&["--timeout", "1", verb, "-o", "json"]);
        assert_eq!((ended.code, &ended.json()["error"]["kind"]), (Some(11), &json!("timeout")), "{verb}: {ended:?}");
    }
}

#[test]
fn an_interrupt_ends_it_by_the_signal_and_prints_nothing() {
    let scene = Scene::new(vec![Act::FallSilent]);
    let mut command = scene.command(&["sync", "wiki"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    scene.request();
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    // 130 in a shell.
    assert_eq!(output.status.signal(), Some(Signal::SIGINT as i32));
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let Act::Say(log) = event(&json!({ "connector": "wiki", "line": "on and on" })) else { unreachable!() };
    let scene = Scene::new(vec![Act::Repeat(log)]);
    let mut child = scene.command(&["logs", "-f", "-o", "text"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    assert_eq!(first, "on and on\n");
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn a_full_disk_is_told() {
    let scene = Scene::new(vec![ok(&json!({}))]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = scene.command(&["status", "-o", "text"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be written"), "{output:?}");
}

#[test]
fn a_wrong_command_line_is_2_and_json_where_asked_for() {
    let scene = Scene::deserted();
    for arguments in [&["frobnicate"][..], &["sync", "--fulll"], &["--timeout", "0", "status"], &["-q", "-v", "status"], &[], &["config"]] {
        let ended = scene.run(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}: {ended:?}");
        assert!(!ended.stderr.is_empty(), "{arguments:?}");
    }
    let ended = scene.run(&["frobnicate", "-o", "json"]);
    assert_eq!((ended.code, ended.json()["error"]["kind"].as_str()), (Some(2), Some("usage")), "{ended:?}");
    assert_eq!(ended.stderr, "");
    let ended = scene.run(&["--help"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.stdout.contains("Exit codes:"), "{ended:?}");
}
