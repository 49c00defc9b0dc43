//! The daemon as a user service: ready, reloaded, stopped, hung, and never again with a configuration that is wrong.

use std::net::TcpListener;
use std::time::Instant;

use super::{DENY_USER_NAMESPACES, SHOWN, STRICT_HOME, UNIT, as_a_user, home, journal, on_a_machine, put, run, systemctl, systemctl_ok, until};

/// A service that accepts and never answers: whoever syncs with it is in mid-sync for as long as the test wants.
struct Silent {
    url: String,
}

impl Silent {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || listener.incoming().map(Result::unwrap).collect::<Vec<_>>());
        Self { url }
    }
}

pub(super) fn configure(text: &str) {
    put(".config/context-sync/config.toml", text);
}

fn one_connector(url: &str) -> String {
    format!("[connectors.wiki]\ntype = \"confluence\"\nurl = \"{url}\"\nspaces = [\"ENG\"]\napi_token = {{ file = \"~/token\" }}\n")
}

/// The unit as `service install` would write it, and `drop_in` beside it.
pub(super) fn install(drop_in: &str) {
    put("token", "token-of-the-systemd-test\n");
    put(".config/systemd/user/context-syncd.service", &UNIT.replace("%h/.local/bin", SHOWN));
    if !drop_in.is_empty() {
        put(".config/systemd/user/context-syncd.service.d/test.conf", drop_in);
    }
    systemctl_ok(&["daemon-reload"]);
}

pub(super) fn start() {
    systemctl_ok(&["enable", "--now", "context-syncd"]);
}

/// Runs the control program.
pub(super) fn ctl(arguments: &[&str]) -> (bool, String) {
    run(&format!("{SHOWN}/context-syncctl"), arguments)
}

fn property(name: &str) -> String {
    systemctl_ok(&["show", "-P", name, "context-syncd"]).trim().to_owned()
}

fn workers() -> Vec<String> {
    run("pgrep", &["-f", " worker$"]).1.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn it_is_ready_says_how_it_is_and_keeps_a_structured_journal() {
    as_a_user("systemd::life::it_is_ready_says_how_it_is_and_keeps_a_structured_journal", || {
        let service = Silent::start();
        // What a waiting worker has to say is no news to most people.
        configure(&format!("log_level = \"debug\"\noutput_dir = \"/tmp/mirror\"\n{}", one_connector(&service.url)));
        install("");
        start();
        assert_eq!(property("ActiveState"), "active");
        until("a STATUS", || (!property("StatusText").is_empty()).then_some(()));
        // Ready means that the socket listens: this is no race.
        let (ok, said) = run(&format!("{SHOWN}/context-syncctl"), &["-o", "json", "status"]);
        assert!(ok && said.contains("wiki"), "{said}");
        let worker = until("a worker", || workers().pop());
        let records = until("structured records of daemon and worker", || {
            let said = journal(&["-u", "context-syncd", "-o", "json"]);
            let records: Vec<serde_json::Value> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
            let mut structured = records.iter().filter(|r| r["_TRANSPORT"] == "journal" && r["_COMM"] == "context-syncd");
            let of_daemon = structured.clone().any(|r| r["SYSLOG_IDENTIFIER"] == "context-syncd" && r["CONNECTOR"].is_null());
            let of_worker = structured.any(|r| r["CONNECTOR"] == "wiki" && r["OPERATION"] == "sync" && r["WORKER_PID"] == worker.as_str());
            (of_daemon && of_worker).then_some(records)
        });
        // Whoever asks for one worker's or one connector's lines gets them, and with `-p` the grades that syslog has.
        let of = |terms: &[&str]| journal(&[&["-o", "cat"], terms].concat());
        assert!(of(&["CONNECTOR=wiki", "OPERATION=sync"]).lines().all(|line| !line.contains("Started.")));
        assert_eq!(of(&["CONNECTOR=nobody"]).trim(), "");
        let grades = |message: &str| -> Vec<&str> {
            let found = records.iter().filter(|r| r["MESSAGE"].as_str().is_some_and(|said| said.contains(message)));
            found.filter_map(|r| r["PRIORITY"].as_str()).collect()
        };
        assert_eq!(grades("Started."), ["6"]);
        assert_eq!(grades("The mirror lies in /tmp/mirror/wiki. The service has a /tmp of its own"), ["4"]);
        let debug = records.iter().filter(|r| r["PRIORITY"] == "7" && r["CONNECTOR"] == "wiki").count();
        assert!(debug > 0, "no line of the level `debug` has its grade: {records:?}");
        let fence = |words: &str| records.iter().any(|r| r["MESSAGE"].as_str().is_some_and(|message| message.contains(words)));
        if fence("is not fenced in") {
            println!("NOT RUN: the fence within the unit, for this kernel has no Landlock");
        } else {
            assert!(fence("writes below its own folders only"), "{records:?}");
        }
        assert!(records.iter().all(|r| !r["MESSAGE"].to_string().contains("token-of-the-systemd-test")));
    });
}

#[test]
fn a_good_reload_counts_and_a_bad_one_fails_visibly() {
    as_a_user("systemd::life::a_good_reload_counts_and_a_bad_one_fails_visibly", || {
        configure("");
        install("");
        start();
        until("a warning that there is nothing to do", || journal(&["-o", "cat", "-p", "warning"]).contains("No connector").then_some(()));
        let daemon = property("MainPID");
        let status = || run(&format!("{SHOWN}/context-syncctl"), &["-o", "json", "status"]).1;
        let service = Silent::start();
        configure(&one_connector(&service.url));
        systemctl_ok(&["reload", "context-syncd"]);
        until("the new connector", || status().contains("\"wiki\"").then_some(()));

        configure(&format!("no_such_key = 1\n{}", one_connector(&service.url)));
        let (ok, said) = systemctl(&["reload", "context-syncd"]);
        assert!(!ok, "a broken configuration was accepted: {said}");
        // Of a process that is gone at once the journal may not know the unit any more, so the whole journal is asked, for errors alone.
        until("the reason in the journal", || journal(&["-o", "cat", "-p", "err"]).contains("no_such_key").then_some(()));
        assert_eq!((property("ActiveState"), property("MainPID")), ("active".to_owned(), daemon));
        assert!(status().contains("\"wiki\""), "the old configuration is gone: {}", status());
    });
}

#[test]
fn it_stops_within_ten_seconds_in_mid_sync() {
    as_a_user("systemd::life::it_stops_within_ten_seconds_in_mid_sync", || {
        let service = Silent::start();
        configure(&one_connector(&service.url));
        install("");
        start();
        until("a worker", || (!workers().is_empty()).then_some(()));
        let began = Instant::now();
        systemctl_ok(&["stop", "context-syncd"]);
        assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
        assert_eq!((property("ActiveState"), property("Result")), ("inactive".to_owned(), "success".to_owned()));
        assert!(workers().is_empty(), "an orphan is left");
    });
}

#[test]
fn one_that_hangs_is_killed_and_started_again() {
    as_a_user("systemd::life::one_that_hangs_is_killed_and_started_again", || {
        configure("");
        // Half of the second is when it pings; one that does not for two is taken to hang.
        install("[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\nRestartSec=0\n");
        start();
        // A daemon that pings outlives its watchdog.
        std::thread::sleep(std::time::Duration::from_secs(5));
        let hung = property("MainPID");
        assert_eq!(property("NRestarts"), "0");
        assert!(run("kill", &["-STOP", &hung]).0);
        until("the second life", || (property("NRestarts") == "1" && property("ActiveState") == "active").then_some(()));
        assert_ne!(property("MainPID"), hung);
        assert!(journal(&[]).contains("atchdog"));
    });
}

#[test]
fn one_that_crashes_again_and_again_stays_down_and_is_seen() {
    as_a_user("systemd::life::one_that_crashes_again_and_again_stays_down_and_is_seen", || {
        configure("");
        // What the unit says of intervals and counts stays; only the wait between two lives is shorter.
        install("[Service]\nRestartSec=0\n");
        start();
        let mut lives = 0;
        while property("ActiveState") != "failed" {
            let life = until("a life", || Some(property("MainPID")).filter(|_| property("ActiveState") == "active"));
            lives += 1;
            assert!(lives <= 5, "it is started without end");
            assert!(run("kill", &["-KILL", &life]).0);
            until("the next life, or the end", || (property("MainPID") != life && property("ActiveState") != "activating").then_some(()));
        }
        assert_eq!(lives, 5);
        let (_, failed) = systemctl(&["list-units", "--failed", "--plain", "--no-legend"]);
        assert!(failed.contains("context-syncd.service"), "{failed}");
        let (ok, said) = ctl(&["-o", "text", "status"]);
        assert!(!ok && said.contains("systemctl --user"), "{said}");
        until("a word in the journal", || journal(&["-u", "context-syncd"]).contains("Start request repeated too quickly").then_some(()));
        // Who has looked starts it again.
        systemctl_ok(&["reset-failed", "context-syncd"]);
        systemctl_ok(&["start", "context-syncd"]);
        assert_eq!(property("ActiveState"), "active");
    });
}

#[test]
fn the_journal_begins_a_new_file_and_no_line_is_lost() {
    as_a_user("systemd::life::the_journal_begins_a_new_file_and_no_line_is_lost", || {
        let machine = std::fs::read_to_string("/etc/machine-id").unwrap();
        let files = || std::fs::read_dir(format!("/var/log/journal/{}", machine.trim())).map_or(0, Iterator::count);
        let said = || journal(&["-u", "context-syncd", "-o", "cat"]).matches("The configuration was read again.").count();
        configure("");
        install("");
        start();
        systemctl_ok(&["reload", "context-syncd"]);
        until("the first line", || (said() == 1).then_some(()));
        let (before, daemon) = (files(), property("MainPID"));
        let wish = std::path::Path::new(&std::env::var("XDG_RUNTIME_DIR").unwrap()).join("rotate");
        std::fs::write(&wish, "").unwrap();
        until("the new file", || (!wish.exists() && files() > before).then_some(()));
        systemctl_ok(&["reload", "context-syncd"]);
        until("both lines", || (said() == 2).then_some(()));
        assert_eq!(property("MainPID"), daemon);
    });
}

#[test]
fn it_needs_no_session_and_starts_with_the_user_manager() {
    as_a_user("systemd::life::it_needs_no_session_and_starts_with_the_user_manager", || {
        // Nobody is logged in here, which is how a manager lives that `loginctl enable-linger` keeps.
        assert!(std::env::var_os("XDG_SESSION_ID").is_none() && !run("loginctl", &["list-sessions"]).0);
        configure("");
        install("");
        systemctl_ok(&["enable", "context-syncd"]);
        assert_eq!(property("ActiveState"), "inactive");
        // What the manager does when it comes up, at boot or at the first login.
        systemctl_ok(&["start", "default.target"]);
        until("the start", || (property("ActiveState") == "active").then_some(()));
        assert!(ctl(&["status"]).0);
    });
}

#[test]
fn it_lives_in_a_strict_home() {
    as_a_user("systemd::life::it_lives_in_a_strict_home", || {
        let service = Silent::start();
        configure(&one_connector(&service.url));
        for folder in ["context-sync", ".local/state/context-sync", ".cache/context-sync"] {
            std::fs::create_dir_all(home().join(folder)).unwrap();
        }
        if !run("unshare", &["--user", "true"]).0 {
            return println!("NOT RUN: this machine denies user namespaces, which a strict home needs");
        }
        install(STRICT_HOME);
        start();
        until("a worker", || (!workers().is_empty()).then_some(()));
        until("its state", || home().join("context-sync/wiki/.sync_state").is_dir().then_some(()));
        let (ok, said) = run(&format!("{SHOWN}/context-syncctl"), &["status"]);
        assert!(ok, "{said}");
    });
}

#[test]
fn the_control_program_installs_it_and_takes_it_away() {
    as_a_user("systemd::life::the_control_program_installs_it_and_takes_it_away", || {
        configure("");
        let ctl = |arguments: &[&str]| {
            let (ok, said) = run(&format!("{SHOWN}/context-syncctl"), arguments);
            assert!(ok, "context-syncctl {arguments:?}: {said}\n{}", journal(&[]));
        };
        ctl(&["service", "install"]);
        assert_eq!(property("ActiveState"), "active");
        assert_eq!(systemctl_ok(&["is-enabled", "context-syncd"]).trim(), "enabled");
        // Once more, over itself: an update.
        ctl(&["service", "install"]);
        assert!(property("ExecStart").contains(&format!("{SHOWN}/context-syncd")));
        ctl(&["service", "uninstall"]);
        assert_eq!(property("ActiveState"), "inactive");
        assert!(!home().join(".config/systemd/user/context-syncd.service").exists());
    });
}

#[test]
fn where_user_namespaces_are_denied_it_is_installed_without_them() {
    let test = "systemd::life::where_user_namespaces_are_denied_it_is_installed_without_them";
    on_a_machine(test, &[DENY_USER_NAMESPACES], || {
        assert!(!run("unshare", &["--user", "true"]).0, "the machine allows them");
        configure("");
        let (ok, said) = run(&format!("{SHOWN}/context-syncctl"), &["-o", "text", "service", "install"]);
        assert!(ok && said.contains("denies user namespaces"), "{said}\n{}", journal(&[]));
        assert_eq!(property("ActiveState"), "active");
        assert!(run(&format!("{SHOWN}/context-syncctl"), &["status"]).0);
        // What needs no namespace is still denied.
        assert_eq!((property("PrivateUsers"), property("RestrictNamespaces")), ("no".to_owned(), "yes".to_owned()));
        let (ok, said) = run(&format!("{SHOWN}/context-syncctl"), &["service", "uninstall"]);
        assert!(ok, "{said}");
        assert!(!home().join(".config/systemd/user/context-syncd.service.d").exists());
    });
}

#[test]
fn a_wrong_configuration_is_not_tried_again() {
    as_a_user("systemd::life::a_wrong_configuration_is_not_tried_again", || {
        configure("no_such_key = 1\n");
        install("[Service]\nRestartSec=0\n");
        let (ok, said) = systemctl(&["enable", "--now", "context-syncd"]);
        assert!(!ok, "{said}");
        assert_eq!((property("ActiveState"), property("ExecMainStatus"), property("NRestarts")), ("failed".into(), "2".into(), "0".into()));
        // Of a process that is gone at once the journal may not know the unit any more, so the whole journal is asked, for errors alone.
        until("the reason in the journal", || journal(&["-o", "cat", "-p", "err"]).contains("no_such_key").then_some(()));
    });
}
