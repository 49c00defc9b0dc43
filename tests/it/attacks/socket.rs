//! Who wants to speak to the daemon, or in its place: other users, those who were at the socket's place first, and a second daemon.

use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::DAEMON;
use crate::home::{Home, Said, said, wait_for};

/// Somebody who is not who runs the tests, and somebody else.
const ANN: u32 = 54_321;
const MALLORY: u32 = 54_322;

/// The daemon in this home, which must not come to life.
#[track_caller]
fn refused(home: &Home) -> Said {
    let mut child = home.daemon_command(&[]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = std::time::Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > crate::home::PATIENCE {
            let _ = child.kill();
            panic!("the daemon came to life, or waits for ever");
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_others_put_at_the_socket_s_place_is_refused_and_left_alone() {
    let home = Home::new(DAEMON);
    let (folder, victim) = (home.path().join("run/context-sync"), home.path().join("victim"));
    std::fs::create_dir(&victim).unwrap();
    symlink(&victim, &folder).unwrap();
    assert!(refused(&home).stderr.contains("is a link"));
    assert_eq!(std::fs::read_dir(&victim).unwrap().count(), 0);
    std::fs::remove_file(&folder).unwrap();
    std::fs::create_dir(&folder).unwrap();

    let (socket, lock, file) = (folder.join("control.sock"), folder.join("control.lock"), victim.join("file"));
    for link in [&socket, &lock] {
        let _ = std::fs::remove_file(&lock);
        symlink(&file, link).unwrap();
        let said = refused(&home);
        assert!(said.stderr.contains("in the way") && said.code == Some(1), "{said:?}");
        assert!(!file.exists(), "nothing is made at the other end of a link");
        std::fs::remove_file(link).unwrap();
    }
    nix::unistd::mkfifo(&lock, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(refused(&home).stderr.contains("in the way"));
    std::fs::remove_file(&lock).unwrap();
    std::fs::write(&socket, "somebody's").unwrap();
    assert!(refused(&home).stderr.contains("in the way"));
    assert_eq!(std::fs::read_to_string(&socket).unwrap(), "somebody's");
    std::fs::remove_file(&socket).unwrap();
    drop(home.start());
}

#[test]
fn where_everybody_may_replace_the_folder_nobody_listens() {
    let home = Home::new(DAEMON);
    let run = home.path().join("run");
    mode(&run, 0o777);
    let said = refused(&home);
    assert!(said.stderr.contains("chmod o-w") && said.code == Some(1), "{said:?}");
    // As in /tmp, where everybody replaces only what is theirs; and the folder itself is closed whatever it was.
    mode(&run, 0o1777);
    mode(&run.join("context-sync"), 0o777);
    let _daemon = home.start();
    assert_eq!(std::fs::metadata(run.join("context-sync")).unwrap().mode() & 0o777, 0o700);
    assert_eq!(std::fs::metadata(home.socket()).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn of_many_daemons_that_start_at_once_one_lives() {
    let home = Home::new(DAEMON);
    let mut children: Vec<_> =
        (0..6).map(|_| home.daemon_command(&[]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()).collect();
    let mut ended = Vec::new();
    wait_for(
        "the end of all but one",
        || {
            children.retain_mut(|child| match child.try_wait().unwrap() {
                Some(status) => {
                    ended.push(status.code());
                    false
                }
                None => true,
            });
            children.len() == 1
        },
        || "too many live".to_owned(),
    );
    assert_eq!(ended, [Some(7); 5]);
    UnixStream::connect(home.socket()).unwrap();
    children[0].kill().unwrap();
    children[0].wait().unwrap();
}

/// Whether other users can be played here.
fn can_play_others() -> bool {
    let can = nix::unistd::geteuid().is_root() && Command::new("setpriv").arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success());
    assert!(can || std::env::var_os("CI").is_none(), "this test needs root and setpriv");
    if !can {
        println!("NOT RUN: only root can play other users, and needs setpriv for it");
    }
    can
}

fn as_user(uid: u32, command: &Command) -> Command {
    let mut other = Command::new("setpriv");
    other.args([format!("--reuid={uid}"), format!("--regid={uid}"), "--clear-groups".to_owned()]).arg(command.get_program()).args(command.get_args());
    other.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir("/");
    other
}

/// Copies of the programs that everybody can run, in a folder that everybody can enter.
fn programs(folder: &Path) -> (PathBuf, PathBuf) {
    mode(folder, 0o755);
    let copy = |name: &str| {
        let to = folder.join(name);
        std::fs::copy(Path::new(DAEMON).with_file_name(name), &to).unwrap_or_else(|error| panic!("{name}: {error}; run `cargo test --workspace`"));
        mode(&to, 0o755);
        to
    };
    (copy("context-syncd"), copy("context-syncctl"))
}

#[test]
fn other_users_are_not_heard_and_cannot_look() {
    if !can_play_others() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (daemon, ctl) = programs(folder.path());
    let home = Home::new(&daemon);
    mode(home.path(), 0o755);
    for path in ["", "run", "config", "config/context-sync", "state", "cache"] {
        std::os::unix::fs::chown(home.path().join(path), Some(ANN), Some(ANN)).unwrap();
    }
    // A service that accepts and never answers keeps a worker alive; its token stands in the daemon's environment.
    let service = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = service.local_addr().unwrap();
    home.configure(&format!("[connectors.confluence]\nurl = \"http://{address}\"\ncloud = false\napi_token = {{ env = \"WIKI_TOKEN\" }}\n"));
    std::os::unix::fs::chown(home.config(), Some(ANN), Some(ANN)).unwrap();
    let log = std::fs::File::create(home.path().join("daemon.log")).unwrap();
    let mut child =
        as_user(ANN, home.daemon_command(&[]).env("WIKI_TOKEN", "a-token")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
    let story = || std::fs::read_to_string(home.path().join("daemon.log")).unwrap();
    let mut status = home.command(&ctl);
    status.args(["status", "-o", "text"]);
    wait_for("its own user to be heard", || said(as_user(ANN, &status)).code == Some(0), story);
    let mallory = said(as_user(MALLORY, &status));
    assert!(mallory.code == Some(9) && mallory.stderr.contains("not ours to open"), "{mallory:?}");
    // Whom no mode keeps out is asked who it is: root here, or who was let in before the folder was closed.
    let mut stream = UnixStream::connect(home.socket()).unwrap();
    stream.set_read_timeout(Some(crate::home::PATIENCE)).unwrap();
    let _ = stream.write_all(b"{\"op\":\"status\"}\n");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    wait_for("the word about it", || story().contains("another user knocked"), story);
    let root = said(status);
    assert!(root.code == Some(9) && root.stderr.contains("belongs to another user"), "{root:?}");

    // Neither memory nor environment of daemon and worker can be read by others; by their own user neither, because they are not dumpable.
    let (connection, _) = service.accept().unwrap();
    let worker = crate::home::children(child.id())[0];
    for (pid, file) in [child.id(), worker].into_iter().flat_map(|pid| ["environ", "maps", "fd"].map(|file| (pid, file))) {
        let path = format!("/proc/{pid}/{file}");
        assert_eq!(std::fs::metadata(&path).unwrap().uid(), 0, "{path} belongs to nobody but root");
        for uid in [ANN, MALLORY] {
            let mut look = Command::new(if file == "fd" { "ls" } else { "cat" });
            look.arg(&path);
            let seen = said(as_user(uid, &look));
            assert!(seen.code != Some(0) && seen.stdout.is_empty(), "{uid}: {seen:?}");
        }
    }
    for pid in [child.id(), worker] {
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().rev().take(3).collect::<Vec<_>>(), ["bytes", "0", "0"], "{core}");
    }
    drop(connection);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_control_program_asks_nobody_who_listens_in_the_daemon_s_place() {
    if !can_play_others() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (_, ctl) = programs(folder.path());
    let home = Home::new(DAEMON);
    mode(home.path(), 0o777);
    mode(&home.path().join("run"), 0o777);
    std::fs::create_dir(home.path().join("run/context-sync")).unwrap();
    // Root listens; who asks is Ann.
    let listener = UnixListener::bind(home.socket()).unwrap();
    mode(&home.path().join("run/context-sync"), 0o777);
    mode(&home.socket(), 0o777);
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = String::new();
        let _ = stream.read_to_string(&mut request);
        request
    });
    let mut status = home.command(&ctl);
    status.args(["status", "-o", "text"]);
    let asked = said(as_user(ANN, &status));
    assert!(asked.code == Some(9) && asked.stderr.contains("belongs to another user"), "{asked:?}");
    assert_eq!(heard.join().unwrap(), "");
}
