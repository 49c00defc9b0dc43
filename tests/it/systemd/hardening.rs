//! Each hardening setting of the unit denies an act that its user could do otherwise, and denies nothing that a worker needs.

use std::collections::BTreeMap;

use super::{STRICT_HOME, UNIT, as_a_user, home, journal, put, run, systemctl_ok};

const PROBE: &str = include_str!("../../systemd/probe");

/// A one-shot unit with the settings of ours that decide what a process may do, running `command`.
fn probe_unit(command: &str) -> String {
    let kept = ["UMask=", "NoNewPrivileges=", "SystemCall", "RestrictAddressFamilies=", "RestrictNamespaces=", "RestrictRealtime="];
    let kept = [&kept[..], &["RestrictSUIDSGID=", "LockPersonality=", "MemoryDenyWriteExecute="]].concat();
    let settings: Vec<&str> = UNIT.lines().filter(|line| kept.iter().any(|key| line.starts_with(key))).collect();
    assert!(settings.len() >= kept.len(), "a setting has left the unit: {settings:?}");
    format!("[Service]\nType=oneshot\nExecStart={command}\n{}\n", settings.join("\n"))
}

fn answers(said: &str) -> BTreeMap<&str, bool> {
    said.lines().filter_map(|line| line.split_once(' ')).map(|(name, answer)| (name, answer == "yes")).collect()
}

#[test]
fn every_setting_denies_an_act_and_nothing_that_is_needed() {
    as_a_user("systemd::hardening::every_setting_denies_an_act_and_nothing_that_is_needed", || {
        let probe = put("probe", PROBE);
        put(".config/systemd/user/probe.service", &probe_unit(&format!("/bin/bash -c '/bin/bash {} > %h/inside'", probe.display())));
        systemctl_ok(&["start", "probe"]);
        let inside = std::fs::read_to_string(home().join("inside")).unwrap();
        let outside = run("/bin/bash", &[probe.to_str().unwrap()]).1;
        let (inside, outside) = (answers(&inside), answers(&outside));
        let mut shown = 0;
        for (name, could) in &outside {
            let can = inside[name];
            match *name {
                "landlock" | "nice" | "io_priority" | "inet_socket" | "inet6_socket" | "netlink_socket" => {
                    assert!(can || !could, "the unit denies `{name}`, which workers need");
                }
                _ if *could => {
                    assert!(!can, "the unit allows `{name}`");
                    shown += 1;
                }
                _ => println!("NOT RUN: `{name}` is denied to everybody here"),
            }
        }
        // Everywhere denied are at most user namespaces, real time, and the rarer sockets and calls.
        assert!(shown >= 5, "{outside:?}");
    });
}

#[test]
fn a_strict_home_leaves_only_our_folders_to_write_to() {
    as_a_user("systemd::hardening::a_strict_home_leaves_only_our_folders_to_write_to", || {
        let ours = ["context-sync", ".local/state/context-sync", ".cache/context-sync"];
        for folder in ours {
            std::fs::create_dir_all(home().join(folder)).unwrap();
        }
        std::fs::create_dir_all(home().join("documents")).unwrap();
        let places = format!("{} documents .", ours.join(" "));
        let script =
            format!("cd; for place in {places} %t/context-sync %t; do touch $place/new 2>/dev/null && echo $place >> context-sync/writable; done");
        put(".config/systemd/user/strict.service", &probe_unit(&format!("/bin/bash -c '{}; true'", script.replace('$', "$$"))));
        put(".config/systemd/user/strict.service.d/strict-home.conf", STRICT_HOME);
        let (ok, said) = super::systemctl(&["start", "strict"]);
        if !ok && run("unshare", &["--user", "true"]).0 {
            panic!("{said}\n{}", journal(&[]));
        } else if !ok {
            return println!("NOT RUN: this machine denies user namespaces, which a strict home needs");
        }
        let writable = std::fs::read_to_string(home().join("context-sync/writable")).unwrap();
        let socket = format!("{}/context-sync", std::env::var("XDG_RUNTIME_DIR").unwrap());
        assert_eq!(writable.lines().collect::<Vec<_>>(), [&ours[..], &[socket.as_str()]].concat());
    });
}

#[test]
fn systemd_finds_nothing_wrong_with_the_unit() {
    as_a_user("systemd::hardening::systemd_finds_nothing_wrong_with_the_unit", || {
        let runnable = UNIT.replace("%h/.local/bin/context-syncd", "/bin/true").replace("%h/.local/bin/context-syncctl", "/bin/true");
        let unit = put(".config/systemd/user/context-syncd.service", &runnable);
        put(".config/systemd/user/context-syncd.service.d/strict-home.conf", STRICT_HOME);
        // It warns of settings that this version does not know, and still succeeds: not a word is what we want.
        assert_eq!(run("systemd-analyze", &["--user", "verify", unit.to_str().unwrap()]), (true, String::new()));
    });
}
