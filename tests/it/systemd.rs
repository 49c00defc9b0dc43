//! The unit under a real `systemd --user` with a real journald: what `systemctl` and `journalctl` show is what a user sees.
//!
//! Each test starts itself again inside `tests/systemd/with-user-systemd`, as an ordinary user with a home of its own. Where that cannot be (not root, no
//! systemd) a test says NOT RUN and passes; with `CI` set it fails, because there nobody would notice.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

mod hardening;
mod life;
mod secrets;

/// Set inside; what the harness lets through.
const INSIDE: &str = "CONTEXT_SYNC_TEST_INSIDE";
/// Where the harness shows the folder of the binaries.
const SHOWN: &str = "/run/shown";
/// With this set, the harness's machine denies user namespaces.
const DENY_USER_NAMESPACES: &str = "CONTEXT_SYNC_TEST_NO_USER_NAMESPACES";
/// The harness says so when it cannot run at all.
const CANNOT: i32 = 77;
/// The unit as it is shipped.
const UNIT: &str = include_str!("../../systemd/context-syncd.service");
const STRICT_HOME: &str = include_str!("../../systemd/strict-home.conf");
const NO_USER_NAMESPACES: &str = include_str!("../../systemd/no-user-namespaces.conf");
/// Longest wait for a fact on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs `steps` as the harness's user. `test` is the calling test's path in this binary.
fn as_a_user(test: &str, steps: impl FnOnce()) {
    on_a_machine(test, &[], steps);
}

/// The same on a machine of which `traits` are set, as the harness knows them.
fn on_a_machine(test: &str, traits: &[&str], steps: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return steps();
    }
    let binaries = Path::new(env!("CARGO_BIN_EXE_context-syncd")).parent().unwrap();
    let this = std::env::current_exe().unwrap();
    let this = Path::new(SHOWN).join(this.strip_prefix(binaries).unwrap());
    let harness = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/systemd/with-user-systemd");
    let mut command = Command::new(harness);
    command.arg(binaries).arg(this).args(["--exact", test, "--nocapture"]).env(INSIDE, "1").envs(traits.iter().map(|name| (name, "1")));
    let output = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match output.status.code() {
        Some(0) => {
            // A test that was renamed would run nothing inside, and pass.
            assert!(said.contains("1 passed"), "{said}");
            print!("{}", said.lines().filter(|line| line.contains("NOT RUN")).map(|line| format!("{line}\n")).collect::<String>());
        }
        Some(CANNOT) if std::env::var_os("CI").is_none() => println!("NOT RUN: {}", said.trim()),
        code => panic!("inside, it ended with {code:?}:\n{said}"),
    }
}

fn home() -> PathBuf {
    std::env::var_os("HOME").unwrap().into()
}

/// Writes a file below the user's home.
fn put(path: &str, text: &str) -> PathBuf {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let path = home().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    path
}

/// What a command printed, and whether it succeeded.
fn run(program: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program).args(arguments).output().unwrap();
    (output.status.success(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}

fn systemctl(arguments: &[&str]) -> (bool, String) {
    run("systemctl", &[&["--user", "--no-pager"], arguments].concat())
}

/// A `systemctl` that must succeed.
fn systemctl_ok(arguments: &[&str]) -> String {
    let (ok, said) = systemctl(arguments);
    assert!(ok, "systemctl {arguments:?}: {said}\n{}", journal(&[]));
    said
}

/// The user's journal.
fn journal(arguments: &[&str]) -> String {
    run("journalctl", &[&["--user", "--no-pager"], arguments].concat()).1
}

fn until<T>(what: &str, mut fact: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = fact() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what} did not come within {PATIENCE:?}\n{}", journal(&[]));
        std::thread::sleep(Duration::from_millis(50));
    }
}
