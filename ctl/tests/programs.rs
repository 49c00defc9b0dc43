//! The verbs that run other programs, `systemctl` and `context-syncd`, with stand-ins that note how they were run.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::fake::{Ended, Scene, ended, ok};

/// Writes an executable script. Another process writes it: were a descriptor for writing open here while a test beside this one forks, the kernel would
/// refuse to run the script (`ETXTBSY`).
fn script(path: &Path, body: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let body = format!("#!/bin/sh\n{body}\n");
    let status = Command::new("sh").args(["-c", r#"printf %s "$2" > "$1" && chmod 755 "$1""#, "sh"]).arg(path).arg(body).status();
    assert!(status.unwrap().success());
}

/// A folder with the control program and, beside it, a daemon's program that is `body`.
fn installed(scene: &Scene, body: &str) -> PathBuf {
    let folder = scene.home.path().join("opt");
    script(&folder.join("context-syncd"), body);
    let ctl = folder.join("context-syncctl");
    std::fs::hard_link(env!("CARGO_BIN_EXE_context-syncctl"), &ctl)
        .or_else(|_| std::fs::copy(env!("CARGO_BIN_EXE_context-syncctl"), &ctl).map(drop))
        .unwrap();
    ctl
}

fn run(scene: &Scene, ctl: &Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new(ctl);
    command.args(arguments).arg("--socket").arg(&scene.socket).env_clear().env("HOME", scene.home.path());
    command.env("PATH", format!("{}:/usr/bin:/bin", scene.home.path().join("bin").display()));
    ended(command)
}

/// A `systemctl` that notes its arguments, and what it has noted.
fn systemctl(scene: &Scene, and_then: &str) -> PathBuf {
    let notes = scene.home.path().join("systemctl.log");
    script(&scene.home.path().join("bin/systemctl"), &format!("echo \"$@\" >> {}\n{and_then}", notes.display()));
    notes
}

#[test]
fn a_service_is_installed_and_uninstalled() {
    let scene = Scene::deserted();
    let notes = systemctl(&scene, "");
    let ctl = installed(&scene, "");
    let unit = scene.home.path().join(".config/systemd/user/context-syncd.service");
    for _ in 0..2 {
        let ended = run(&scene, &ctl, &["service", "install", "-o", "json"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.json()["unit"], json!(unit));
        let noted = std::fs::read_to_string(&notes).unwrap();
        assert_eq!(noted, "--user daemon-reload\n--user enable context-syncd.service\n--user restart context-syncd.service\n");
        std::fs::remove_file(&notes).unwrap();
        let text = std::fs::read_to_string(&unit).unwrap();
        let daemon = scene.home.path().join("opt/context-syncd");
        assert!(text.contains(&format!("\nExecStart={}\n", daemon.display())), "{text}");
        assert!(text.contains(&format!("\nExecReload={} reload\n", ctl.display())), "{text}");
    }
    let ended = run(&scene, &ctl, &["service", "uninstall", "-o", "text"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(std::fs::read_to_string(&notes).unwrap(), "--user disable --now context-syncd.service\n--user daemon-reload\n");
    assert!(!unit.exists());
    let ended = run(&scene, &ctl, &["service", "uninstall", "-o", "text"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "It was not installed.\n"));
}

#[test]
fn a_unit_of_somebody_else_is_left_alone() {
    let scene = Scene::deserted();
    let notes = systemctl(&scene, "");
    let ctl = installed(&scene, "");
    let unit = scene.home.path().join(".config/systemd/user/context-syncd.service");
    std::fs::create_dir_all(unit.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/dev/null", &unit).unwrap();
    for action in ["install", "uninstall"] {
        let ended = run(&scene, &ctl, &["service", action, "-o", "text"]);
        assert_eq!(ended.code, Some(7), "{ended:?}");
        assert!(ended.stderr.contains("left alone"), "{ended:?}");
    }
    assert!(!notes.exists() && unit.symlink_metadata().unwrap().is_symlink());
}

#[test]
fn a_machine_without_user_namespaces_gets_a_unit_without_them() {
    let scene = Scene::deserted();
    // Only with the drop-in does the unit start.
    let drop_in = scene.home.path().join(".config/systemd/user/context-syncd.service.d/no-user-namespaces.conf");
    let refuse = |status: &str| {
        format!("case $2 in show) echo {status} ;; restart) test -e {} || {{ echo 'Job failed.' >&2; exit 1; }} ;; esac", drop_in.display())
    };
    let ctl = installed(&scene, "");
    systemctl(&scene, &refuse("217"));
    let ended = run(&scene, &ctl, &["service", "install", "-o", "json"]);
    assert_eq!((ended.code, &ended.json()["user_namespaces"]), (Some(0), &json!(false)), "{ended:?}");
    assert!(std::fs::read_to_string(&drop_in).unwrap().contains("\nPrivateUsers=no\n"));
    // Once the machine allows them, another install takes the drop-in away.
    systemctl(&scene, "");
    let ended = run(&scene, &ctl, &["service", "install", "-o", "json"]);
    assert_eq!((ended.code, &ended.json()["user_namespaces"]), (Some(0), &json!(true)), "{ended:?}");
    assert!(!drop_in.parent().unwrap().exists());
    // A service that fails for a reason of its own is not changed.
    systemctl(&scene, &refuse("2"));
    let ended = run(&scene, &ctl, &["service", "install", "-o", "json"]);
    assert!(ended.code == Some(1) && !drop_in.exists(), "{ended:?}");
}

#[test]
fn a_service_that_does_not_start_says_why() {
    let scene = Scene::deserted();
    systemctl(&scene, "echo 'Failed to connect to bus: No medium found' >&2; exit 1");
    let ctl = installed(&scene, "");
    let ended = run(&scene, &ctl, &["service", "install", "-o", "text"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("No medium found") && ended.stderr.contains("enable-linger"), "{ended:?}");
    let ended = run(&scene, &ctl, &["service", "install", "--daemon", "/nowhere/context-syncd", "-o", "text"]);
    assert_eq!(ended.code, Some(4), "{ended:?}");
}

#[test]
fn a_program_that_hangs_is_not_waited_for_beyond_the_timeout() {
    let scene = Scene::deserted();
    // Its output goes elsewhere, as that of a program that was left to itself would keep this test waiting.
    let ctl = installed(&scene, "exec sleep 5 > /dev/null 2>&1");
    let ended = run(&scene, &ctl, &["--timeout", "1", "config", "check", "-o", "json"]);
    assert_eq!((ended.code, &ended.json()["error"]["kind"]), (Some(11), &json!("timeout")), "{ended:?}");
}

#[test]
fn a_configuration_is_checked_without_a_daemon() {
    let scene = Scene::deserted();
    let ctl = installed(&scene, r#"echo "$@"; test "$3" != bad.toml || { echo 'bad.toml: unknown key `spces`' >&2; exit 2; }"#);
    let ended = run(&scene, &ctl, &["config", "check", "-o", "text"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "--check-config\n"), "{ended:?}");
    let ended = run(&scene, &ctl, &["config", "check", "good.toml", "-o", "json"]);
    assert_eq!((ended.code, &ended.json()["valid"]), (Some(0), &json!(true)), "{ended:?}");
    let ended = run(&scene, &ctl, &["config", "check", "bad.toml", "-o", "json"]);
    assert_eq!((ended.code, &ended.json()["error"]["kind"]), (Some(2), &json!("misconfigured")), "{ended:?}");
    assert!(ended.json()["error"]["message"].as_str().unwrap().contains("unknown key `spces`"), "{ended:?}");
    let ended = run(&scene, &ctl, &["config", "path", "-o", "text"]);
    assert_eq!(ended.stdout, format!("{}/.config/context-sync/config.toml\n", scene.home.path().display()));
}

#[test]
fn the_running_daemons_configuration_is_the_one_that_is_checked() {
    let scene = Scene::new(vec![ok(&json!({ "path": "/etc/other.toml", "resolved": {} }))]);
    let ctl = installed(&scene, r#"echo "$@""#);
    let ended = run(&scene, &ctl, &["config", "check", "-o", "text"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "--check-config --config /etc/other.toml\n"));
}
