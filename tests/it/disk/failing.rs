//! A disk that fails: system calls that strace lets fail with `EIO`.

use super::*;

/// One sync in which `call` fails; `call@path` is one on a path below the connector's folder.
fn traced(home: &Home, call: &str, how: &str) -> Said {
    let mut command = home.command("strace");
    let (call, path) = call.split_once('@').map_or((call, None), |(call, path)| (call, Some(home.mirror().join(path))));
    if let Some(path) = path {
        command.arg("-P").arg(path);
    }
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:error=EIO:{how}"));
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject, DAEMON, "--once"]);
    said(command)
}

fn can_trace() -> bool {
    let can = crate::soak::can_trace();
    if !can {
        not_run("strace is missing, or may not trace");
    }
    can
}

/// What fails, from which time on, and what the user reads.
const FAULTS: [(&str, &str, &str); 9] = [
    ("fsync", "when=1+", "database in"),
    ("fsync", "when=4+", "cannot write"),
    ("pwrite64", "when=2+", "/.sync_state`"),
    ("sync_file_range", "when=1+", "/.sync_state`"),
    ("syncfs", "when=1+", "cannot make durable"),
    ("renameat", "when=1+", "cannot write"),
    ("openat@ENG", "when=1+", "/ENG/"),
    ("mkdirat", "when=1+", "cannot create"),
    ("renameat2", "when=1+", "cannot move to the trash"),
];

#[test]
fn a_failing_disk_is_named_and_once_it_works_again_the_next_run_heals() {
    if !can_trace() {
        return;
    }
    let small = Small::new();
    for (call, how, words) in FAULTS {
        for first in [true, false] {
            // A first sync meets the others as an incremental one does.
            if first && call != "fsync" {
                continue;
            }
            let story = format!("{call} {how}, {}", if first { "a first sync" } else { "an incremental one" });
            let home = small.home();
            let mut before = BTreeMap::new();
            if !first {
                home.synced();
                small.edit();
                before = home.tree();
            }
            small.site.clear_requests();
            let said = traced(&home, call, how);
            assert!(small.site.requests().len() < 25, "{story}: {}", small.site.transcript());
            if said.code != Some(0) {
                assert_refused(&said, &["Input/output error", "check the disk"], &story);
            }
            if !first {
                assert_refused(&said, &[words], &story);
            }
            assert_whole(&home, &before, &small.fresh(), &story);
            small.assert_heals(&home, &story);
        }
    }
}
