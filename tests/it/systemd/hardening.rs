//! Each hardening setting of the unit denies an act that its user could do otherwise, and denies nothing that a worker needs.
//!
//! A setting that systemd counts and that does nothing would pass unseen in the whole unit, where others deny the same. So each is tried alone as well.

use std::collections::BTreeMap;

use super::{NO_USER_NAMESPACES, STRICT_HOME, UNIT, as_a_user, home, journal, put, run, systemctl, systemctl_ok};

const PROBE: &str = include_str!("../../systemd/probe");

/// Settings by the act of the probe that they deny by themselves; of those with one key, by the beginning of their value.
const SETTINGS: &[(&str, &str)] = &[
    ("UMask=", "file_for_others"),
    ("NoNewPrivileges=", "become_root"),
    ("SystemCallArchitectures=", "foreign_call"),
    ("SystemCallFilter=@system-service", "trace"),
    ("SystemCallFilter=~@privileged", "change_group"),
    ("RestrictAddressFamilies=", "other_socket"),
    ("RestrictNamespaces=", "namespace"),
    ("RestrictRealtime=", "realtime"),
    ("RestrictSUIDSGID=", "setuid_file"),
    ("LockPersonality=", "personality"),
    ("MemoryDenyWriteExecute=", "writable_code"),
];

/// Those that do nothing, or fail, without the first of them.
const IN_USER_NAMESPACE: &[(&str, &str)] = &[
    ("PrivateUsers=", "other_group"),
    ("PrivateTmp=", "other_temporary"),
    ("PrivateDevices=", "device"),
    ("ProtectSystem=", "system_file"),
    ("ProtectKernelTunables=", "tunable"),
    ("ProtectKernelModules=", "modules"),
    ("ProtectKernelLogs=", "kernel_log"),
    ("ProtectControlGroups=", "control_group"),
    ("ProtectClock=", "clock"),
    ("ProtectHostname=", "others_host_name"),
    ("CapabilityBoundingSet=", "capability"),
];

/// Settings of the unit that forbid nothing.
const OTHER: &[&str] = &[
    "Type=",
    "NotifyAccess=",
    "ExecStart=",
    "ExecReload=",
    "SyslogIdentifier=",
    "Restart=",
    "RestartSec=",
    "RestartPreventExitStatus=",
    "WatchdogSec=",
    "TimeoutStopSec=",
    "KillMode=",
    "OOMPolicy=",
    "SystemCallErrorNumber=",
];

/// What workers, the daemon and commands for secrets need.
const NEEDED: &[&str] = &[
    "landlock",
    "nice",
    "io_priority",
    "inet_socket",
    "inet6_socket",
    "netlink_socket",
    "socket_in_runtime_folder",
    "home",
    "own_temporary",
    "proc",
];

/// The lines of the unit's `[Service]` that decide what a process may do.
fn hardening() -> Vec<&'static str> {
    let service = UNIT.split_once("[Service]").unwrap().1.split_once("[Install]").unwrap().0;
    let settings = service.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    settings.filter(|line| !OTHER.iter().any(|key| line.starts_with(key)) || line.starts_with("SystemCallErrorNumber=")).collect()
}

/// A one-shot unit with these settings, running `command`.
fn unit(settings: &[&str], command: &str) -> String {
    format!("[Service]\nType=oneshot\nExecStart={command}\n{}\n", settings.join("\n"))
}

/// A one-shot unit with the settings of ours, running `command`.
fn probe_unit(command: &str) -> String {
    unit(&hardening(), command)
}

/// Runs the probe for `acts`, or all, within each of these units, all at once.
fn probe_in(units: &[(String, Vec<&str>, &str)]) -> Vec<BTreeMap<String, bool>> {
    put("probe", PROBE);
    for (name, settings, acts) in units {
        let command = format!("/bin/bash -c '/bin/bash %h/probe {acts} > %h/{name}.said'");
        put(&format!(".config/systemd/user/{name}.service"), &unit(settings, &command));
    }
    systemctl_ok(&["daemon-reload"]);
    let names: Vec<&str> = units.iter().map(|(name, ..)| name.as_str()).collect();
    systemctl_ok(&[&["start"], &names[..]].concat());
    names.iter().map(|name| answers(&std::fs::read_to_string(home().join(format!("{name}.said"))).unwrap())).collect()
}

fn answers(said: &str) -> BTreeMap<String, bool> {
    said.lines().filter_map(|line| line.split_once(' ')).map(|(name, answer)| (name.to_owned(), answer == "yes")).collect()
}

/// What can be done outside of any unit. Others' files that a unit may hide are left, and others' names told.
fn outside() -> BTreeMap<String, bool> {
    std::fs::write("/tmp/left-by-others", "").unwrap();
    put("uts", std::fs::read_link("/proc/self/ns/uts").unwrap().to_str().unwrap());
    let probe = put("probe", PROBE);
    answers(&run("/bin/bash", &[probe.to_str().unwrap()]).1)
}

fn has_user_namespaces() -> bool {
    let there = run("unshare", &["--user", "true"]).0;
    if !there {
        println!("NOT RUN: this machine denies user namespaces to ordinary users");
    }
    there
}

#[test]
fn every_setting_of_the_unit_has_its_act() {
    for line in hardening().into_iter().filter(|line| !line.starts_with("SystemCallErrorNumber=")) {
        let acts = SETTINGS.iter().chain(IN_USER_NAMESPACE).filter(|(key, _)| line.starts_with(key)).count();
        assert_eq!(acts, 1, "no act shows what `{line}` denies");
    }
    for (key, _) in SETTINGS.iter().chain(IN_USER_NAMESPACE) {
        assert!(hardening().iter().any(|line| line.starts_with(key)), "`{key}` has left the unit");
    }
    for key in IN_USER_NAMESPACE.iter().map(|(key, _)| key) {
        assert!(NO_USER_NAMESPACES.lines().any(|line| line.starts_with(key)), "`{key}` is not taken back without user namespaces");
    }
}

#[test]
fn every_setting_denies_an_act_by_itself() {
    as_a_user("systemd::hardening::every_setting_denies_an_act_by_itself", || {
        let outside = outside();
        let line = |key: &str| hardening().into_iter().find(|line| line.starts_with(key)).unwrap();
        let alone = SETTINGS.iter().map(|(key, act)| (*key, *act, vec![line(key)], vec![]));
        let mut tried: Vec<(&str, &str, Vec<&str>, Vec<&str>)> = alone.collect();
        if has_user_namespaces() {
            let private = line("PrivateUsers=");
            tried.extend(IN_USER_NAMESPACE.iter().map(|(key, act)| match *key {
                "PrivateUsers=" => (*key, *act, vec![private], vec![]),
                _ => (*key, *act, vec![private, line(key)], vec![private]),
            }));
        }
        let mut units = Vec::new();
        for (at, (_, act, with, without)) in tried.iter().enumerate() {
            units.push((format!("with-{at}"), with.clone(), *act));
            units.push((format!("without-{at}"), without.clone(), *act));
        }
        let said = probe_in(&units);
        let mut shown = 0;
        for (at, (key, act, ..)) in tried.iter().enumerate() {
            let (with, without) = (said[2 * at][*act], said[2 * at + 1][*act]);
            if outside[*act] {
                assert!(without, "something else than `{key}` denies `{act}`");
                assert!(!with, "`{key}` allows `{act}`");
                shown += 1;
            } else {
                println!("NOT RUN: `{act}`, which `{key}` denies, is denied to everybody here");
            }
        }
        // Everywhere denied are at most real time and programs of another architecture.
        assert!(shown + 2 >= tried.len(), "{outside:?}");
    });
}

#[test]
fn the_whole_unit_denies_all_acts_and_nothing_that_is_needed() {
    as_a_user("systemd::hardening::the_whole_unit_denies_all_acts_and_nothing_that_is_needed", || {
        let outside = outside();
        if !has_user_namespaces() {
            return;
        }
        let inside = probe_in(&[("probe".to_owned(), hardening(), "")]).remove(0);
        let can: Vec<&str> = inside.iter().filter(|(_, can)| **can).map(|(act, _)| act.as_str()).collect();
        let mut needed: Vec<&str> = NEEDED.iter().copied().filter(|act| outside[*act]).collect();
        needed.sort_unstable();
        assert_eq!(can, needed);
        // Only a kernel without Landlock, or a machine without IPv6, lacks one of them.
        assert!(needed.len() + 2 >= NEEDED.len(), "{outside:?}");
    });
}

#[test]
fn git_reads_over_https_within_the_unit() {
    as_a_user("systemd::hardening::git_reads_over_https_within_the_unit", || {
        if !has_user_namespaces() {
            return;
        }
        let site = crate::support::github::GitHub::new();
        let commit = site.edit(|m| m.add_repository("acme/app").commit("main", &[("docs/a.md", "# A\n")]));
        put("ca.pem", site.ca_pem());
        // As the git room runs it: limits, a copy without history, and the end of the whole group by its leader.
        let script = format!(
            "ulimit -c 0; ulimit -f 200000; ulimit -v 1048576\nexport GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0 LC_ALL=C\n\
             export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=http.sslCAInfo GIT_CONFIG_VALUE_0=$HOME/ca.pem\ngit init -q --bare --template= $HOME/copy.git\n\
             git --git-dir=$HOME/copy.git -c fetch.unpackLimit=1 -c transfer.fsckObjects=true -c remote.origin.url={} fetch -q --depth=1 --filter=blob:none origin +{commit}:refs/heads/synced \
             || exit 1\ngit --git-dir=$HOME/copy.git ls-tree -r --name-only refs/heads/synced\n",
            site.git_url("acme/app")
        );
        put("fetch", &script);
        put("lead", "sleep 1000 & sh -c 'read -r _; kill -KILL 0' </dev/null\necho alive");
        put(".config/systemd/user/fetch.service", &probe_unit("/bin/bash -c '/bin/bash %h/fetch > %h/fetch.said 2>&1'"));
        put(".config/systemd/user/lead.service", &probe_unit("/bin/bash -c '/bin/bash %h/lead > %h/lead.said 2>&1'"));
        systemctl_ok(&["daemon-reload"]);
        let fetched = systemctl(&["start", "fetch"]);
        let said = std::fs::read_to_string(home().join("fetch.said")).unwrap_or_default();
        assert_eq!(said, "docs/a.md\n", "{fetched:?}\n{}", journal(&[]));
        let led = systemctl(&["start", "lead"]);
        let said = std::fs::read_to_string(home().join("lead.said")).unwrap_or_default();
        assert!(!said.contains("alive"), "{led:?}");
    });
}

#[test]
fn without_user_namespaces_the_unit_still_denies_what_needs_none() {
    as_a_user("systemd::hardening::without_user_namespaces_the_unit_still_denies_what_needs_none", || {
        let outside = outside();
        put(".config/systemd/user/plain.service.d/no-user-namespaces.conf", NO_USER_NAMESPACES);
        let inside = probe_in(&[("plain".to_owned(), hardening(), "")]).remove(0);
        for (key, act) in SETTINGS {
            assert!(!inside[*act], "`{key}` allows `{act}`");
        }
        for act in NEEDED {
            assert!(inside[*act] || !outside[*act], "the unit denies `{act}`, which workers need");
        }
        assert!(inside["device"] || !outside["device"], "the drop-in takes nothing back, so this shows nothing");
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
        if !has_user_namespaces() {
            return;
        }
        let (ok, said) = systemctl(&["start", "strict"]);
        assert!(ok, "{said}\n{}", journal(&[]));
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
        for (name, text) in [("strict-home", STRICT_HOME), ("no-user-namespaces", NO_USER_NAMESPACES)] {
            let drop_in = put(&format!(".config/systemd/user/context-syncd.service.d/{name}.conf"), text);
            // It warns of settings that this version does not know, and still succeeds: not a word is what we want.
            assert_eq!(run("systemd-analyze", &["--user", "verify", unit.to_str().unwrap()]), (true, String::new()));
            std::fs::remove_file(drop_in).unwrap();
        }
    });
}

/// What systemd makes of the settings: exposure in tenths of a point, of ten.
#[test]
fn systemd_rates_the_unit_as_its_notes_say() {
    as_a_user("systemd::hardening::systemd_rates_the_unit_as_its_notes_say", || {
        put(".config/systemd/user/context-syncd.service", UNIT);
        let rated = || {
            systemctl_ok(&["daemon-reload"]);
            let (_, said) = run("systemd-analyze", &["--user", "--no-pager", "security", "context-syncd"]);
            let last = said.lines().last().unwrap_or_default();
            let number = last.split_once("service: ").and_then(|(_, rest)| rest.split(' ').next()?.parse::<f64>().ok());
            number.unwrap_or_else(|| panic!("no rating: {said}"))
        };
        let unit = rated();
        put(".config/systemd/user/context-syncd.service.d/strict-home.conf", STRICT_HOME);
        let strict = rated();
        println!("exposure: {unit}, with a strict home {strict}");
        // Later versions may count more; these are what README.md next to the unit says of 252, and a little.
        assert!(unit <= 2.5 && strict <= 2.3, "{unit} {strict}");
    });
}
