//! A user's home in a temporary folder, and the real programs run in it: what end-to-end tests, the demo and the benchmarks drive.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test's furniture stops its test when it breaks"
)]

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::support::github::GitHub;
use crate::support::{EMAIL, Site, TOKEN};

/// How long anything may take before a test gives up; never what a test asserts.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for a fact, and gives up with its name.
pub fn until<T>(what: &str, mut fact: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = fact() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what} did not come within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The home.
pub struct Home {
    dir: tempfile::TempDir,
    daemon: PathBuf,
}

/// What a program said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Home {
    /// An empty home for the daemon program at `daemon`.
    pub fn new(daemon: impl Into<PathBuf>) -> Self {
        let dir = tempfile::Builder::new().prefix("context-sync-").tempdir().unwrap();
        for folder in ["run", "config/context-sync", "state", "cache"] {
            std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        std::fs::set_permissions(dir.path().join("run"), std::fs::Permissions::from_mode(0o700)).unwrap();
        Self { dir, daemon: daemon.into() }
    }

    /// A home whose one connector mirrors `site` with a classic token; `more` is added to its table.
    pub fn for_site(daemon: impl Into<PathBuf>, site: &Site, more: &str) -> Self {
        let home = Self::new(daemon);
        home.configure(&site_config(site, more));
        home
    }

    /// A home whose one connector mirrors a simulated GitHub with the token that sees everything; `more` is added to its table.
    pub fn for_github(daemon: impl Into<PathBuf>, site: &GitHub, more: &str) -> Self {
        let home = Self::new(daemon);
        home.configure(&site.config(more));
        home
    }

    /// Writes `config.toml`, for its owner alone.
    pub fn configure(&self, text: &str) {
        let path = self.config();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub fn config(&self) -> PathBuf {
        self.dir.path().join("config/context-sync/config.toml")
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The output folder.
    pub fn output(&self) -> PathBuf {
        self.dir.path().join("context-sync")
    }

    /// The connector's folder.
    pub fn mirror(&self) -> PathBuf {
        let text = std::fs::read_to_string(self.config()).unwrap_or_default();
        let tables: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("[connectors.")?.strip_suffix(']')).collect();
        self.output().join(match tables[..] {
            [only] => only,
            _ => "confluence",
        })
    }

    /// A command with this home's environment and no other.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.dir.path())
            .env("XDG_RUNTIME_DIR", self.dir.path().join("run"))
            .env("XDG_CONFIG_HOME", self.dir.path().join("config"))
            .env("XDG_STATE_HOME", self.dir.path().join("state"))
            .env("XDG_CACHE_HOME", self.dir.path().join("cache"))
            .env("RUST_BACKTRACE", "1")
            .current_dir(self.dir.path());
        command
    }

    /// Runs `context-syncd` with `arguments` to its end.
    pub fn daemon_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&self.daemon);
        command.args(arguments);
        command
    }

    /// Syncs once, without a daemon.
    pub fn once(&self) -> Said {
        said(self.daemon_command(&["--once"]))
    }

    /// Syncs once, which must go well.
    pub fn synced(&self) -> Said {
        let said = self.once();
        assert_eq!(said.code, Some(0), "{said:#?}");
        said
    }

    /// Starts the daemon; returns when its socket is there.
    pub fn start(&self) -> Daemon<'_> {
        self.start_with(|_| {})
    }

    /// The same, with something done to its command.
    pub fn start_with(&self, change: impl FnOnce(&mut Command)) -> Daemon<'_> {
        let log = self.dir.path().join("daemon.log");
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let mut command = self.daemon_command(&[]);
        change(&mut command);
        let child = command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        let daemon = Daemon { home: self, child: Some(child), log };
        // A socket is there for a moment before anybody listens at it.
        wait_for("the socket", || std::os::unix::net::UnixStream::connect(self.socket()).is_ok(), || daemon.log());
        daemon
    }

    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("run/context-sync/control.sock")
    }

    /// Every file of the mirror but the state's, by path: its bytes.
    pub fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.mirror()).into_iter().map(|path| (path.clone(), std::fs::read(self.mirror().join(path)).unwrap())).collect()
    }

    /// The mirror without its trash.
    pub fn living(&self) -> BTreeMap<String, Vec<u8>> {
        let mut tree = self.tree();
        tree.retain(|path, _| !path.starts_with(".trash/"));
        tree
    }

    /// Inode, time and size of every file of the mirror but the state's.
    pub fn looks(&self) -> BTreeMap<String, (u64, i64, i64, u64)> {
        let look = |path: String| {
            let meta = std::fs::symlink_metadata(self.mirror().join(&path)).unwrap();
            (path, (meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.size()))
        };
        files(&self.mirror()).into_iter().map(look).collect()
    }

    /// The text of the one mirrored file whose path ends in `end`.
    pub fn page(&self, end: &str) -> String {
        let paths = files(&self.mirror());
        let found: Vec<&String> = paths.iter().filter(|p| !p.starts_with(".trash/") && p.ends_with(end)).collect();
        assert_eq!(found.len(), 1, "`{end}` in {paths:#?}");
        std::fs::read_to_string(self.mirror().join(found[0])).unwrap()
    }
}

/// The five lines that a user writes, and `more`.
pub fn site_config(site: &Site, more: &str) -> String {
    format!(
        "[schedule]\nevery = \"hourly\"\n\n[connectors.confluence]\nurl = \"{}\"\nusername = \"{EMAIL}\"\napi_token = \"{TOKEN}\"\ncloud = true\n{more}\n",
        site.base_url()
    )
}

/// The same for a site of either flavour.
pub fn any_site_config(site: &Site, more: &str) -> String {
    match site.edit(|m| m.flavour) {
        crate::support::Flavour::Cloud => site_config(site, more),
        crate::support::Flavour::DataCenter => format!(
            "[connectors.confluence]\nurl = \"{}\"\napi_token = \"{}\"\ncloud = false\n{more}\n",
            site.base_url(),
            crate::support::PERSONAL_TOKEN
        ),
    }
}

/// Paths of all files below `root` but the state's, sorted.
pub fn files(root: &Path) -> Vec<String> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().starts_with(".sync_state") {
                continue;
            }
            if path.is_dir() && !path.is_symlink() {
                walk(root, &path, found);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(root, root, &mut found);
    found.sort();
    found
}

/// Runs a command to its end.
pub fn said(mut command: Command) -> Said {
    let output = command.stdin(Stdio::null()).output().unwrap();
    Said {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Waits for a fact.
pub fn wait_for(what: &str, mut fact: impl FnMut() -> bool, story: impl Fn() -> String) {
    let begun = Instant::now();
    while !fact() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not come about\n{}", story());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A running daemon; killed when dropped.
pub struct Daemon<'h> {
    home: &'h Home,
    child: Option<Child>,
    log: PathBuf,
}

impl Daemon<'_> {
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// What it wrote to its standard error.
    pub fn log(&self) -> String {
        let mut text = String::new();
        if let Ok(mut file) = std::fs::File::open(&self.log) {
            let _ = file.read_to_string(&mut text);
        }
        text
    }

    /// Ends it as systemd would.
    pub fn stop(mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap()), nix::sys::signal::Signal::SIGTERM).unwrap();
        child.wait().unwrap()
    }

    /// Ends it as nobody should.
    pub fn kill(mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Process ids of its workers.
    pub fn workers(&self) -> Vec<u32> {
        children(self.pid())
    }

    pub fn home(&self) -> &Home {
        self.home
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Process ids of the children of `pid`.
pub fn children(pid: u32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|p| p.parse().ok()).collect()
}
