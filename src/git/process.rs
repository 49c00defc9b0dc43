//! One run of the program: its limits, what it says, and its end, which comes whatever becomes of us.
//!
//! Guarantees that dropping the future ends the process and all that it started at once, and that they end as well when this process is killed: a shell leads
//! their process group and kills it when the pipe that only we hold is closed. Silence on its standard error and in its folder for too long is an end, too.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};

use super::environment::Environment;
use super::{Git, GitError};

/// A POSIX shell, which every system has there.
const SHELL: &str = "/bin/sh";
/// Leads the group: waits for the end of its input, and takes everybody along.
const WATCH: &str = "read -r _; kill -KILL 0";
/// Sets limits that hold for git and all that it starts: no core files, the size of a file (512-byte blocks), address space (KiB).
const LIMITED: &str = "ulimit -c 0; ulimit -f \"$1\"; ulimit -v \"$2\"; shift 2; exec \"$@\"";
/// Address space of each process of git: what is made to grow when it is unpacked ends there.
const ADDRESS_SPACE_KIB: u64 = 1 << 20;
/// How often a folder is measured.
const LOOK: Duration = Duration::from_millis(200);
/// What comes slower than this, on the whole, would never end; the other side may think for so many silences before.
const LEAST_BYTES_PER_SECOND: u64 = 1024;
const THINKING: u32 = 20;
/// The end of what git says is kept for the reason of a failure.
const KEPT_WORDS: usize = 16 << 10;

/// What to run.
pub(super) struct Call<'c> {
    pub(super) program: &'c Path,
    pub(super) environment: &'c Environment,
    pub(super) arguments: Vec<OsString>,
    /// What it reads.
    pub(super) input: Vec<u8>,
    /// The most that it may say on its standard output.
    pub(super) most_output: usize,
    /// The folder that must not grow beyond the limit; its growth is a sign of life.
    pub(super) grows: Option<&'c Path>,
}

/// Whether a line of standard error shows what was said in git's protocol, see [`Environment::telling`].
pub(super) fn is_protocol(line: &str) -> bool {
    line.contains(" packet: ")
}

impl Git {
    /// Runs the program to its end; what it said on its standard output.
    pub(super) async fn run(&self, call: Call<'_>) -> Result<Vec<u8>, GitError> {
        Ok(self.run_and_listen(call).await?.0)
    }

    /// The same, with the end of what it said on its standard error.
    pub(super) async fn run_and_listen(&self, call: Call<'_>) -> Result<(Vec<u8>, String), GitError> {
        let (mut child, group) = Group::start(self, &call)?;
        let (Some(mut stdin), Some(stdout), Some(mut stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
            return Err(GitError::Failed("its pipes are not there".to_owned()));
        };
        let life = std::sync::Mutex::new(Instant::now());
        let alive = || *life.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now();
        let feed = async {
            // One that ends early does not read all, and says why.
            let _ = stdin.write_all(&call.input).await;
            drop(stdin);
        };
        let words = async {
            let (mut kept, mut part) = (Vec::new(), [0; 4096]);
            while let Ok(read @ 1..) = stderr.read(&mut part).await {
                alive();
                kept.extend_from_slice(&part[..read]);
                if kept.len() > 2 * KEPT_WORDS {
                    kept.drain(..kept.len() - KEPT_WORDS);
                }
            }
            kept
        };
        let work = async {
            let ((), output, words) = tokio::join!(feed, output(stdout, call.most_output, &alive), words);
            (child.wait().await, output, words)
        };
        let (status, output, words) = tokio::select! {
            done = work => done,
            why = self.watch(call.grows, &life) => return Err(why),
        };
        // Nothing that it started goes on behind it.
        drop(group);
        let output = output?;
        match status {
            Ok(status) if status.success() => Ok((output, String::from_utf8_lossy(&words).into_owned())),
            // What the service said in the protocol is no word of git's.
            Ok(_) => Err(GitError::of(&String::from_utf8_lossy(&words).lines().filter(|line| !is_protocol(line)).collect::<Vec<_>>().join("\n"))),
            Err(error) => Err(GitError::Failed(format!("its end cannot be seen: {error}"))),
        }
    }

    /// Returns when a run must not go on.
    async fn watch(&self, grows: Option<&Path>, life: &std::sync::Mutex<Instant>) -> GitError {
        let (mut size, mut came, silence, began) = (0, 0, self.setup.silence * 2, Instant::now());
        loop {
            tokio::time::sleep(LOOK).await;
            if let Some(folder) = grows {
                let now = measure(folder.to_owned()).await;
                if now > self.setup.max_bytes {
                    return GitError::TooLarge;
                }
                if now != size {
                    came += now.saturating_sub(size);
                    self.bytes.fetch_add(now.saturating_sub(size), Ordering::Relaxed);
                    size = now;
                    *life.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now();
                }
            }
            let last = *life.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            // A byte now and then is no silence, and never an end.
            if began.elapsed() > self.setup.silence * THINKING + Duration::from_secs(came / LEAST_BYTES_PER_SECOND) {
                return GitError::Slow;
            }
            if last.elapsed() > silence {
                return GitError::Network(format!("nothing came for {} s", silence.as_secs()));
            }
        }
    }
}

/// Reads all that is said, up to a limit; one that says more is not listened to any longer.
async fn output(mut stdout: impl AsyncRead + Unpin, most: usize, alive: &impl Fn()) -> Result<Vec<u8>, GitError> {
    let (mut all, mut part) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        match stdout.read(&mut part).await {
            Ok(0) => return Ok(all),
            Ok(read) if all.len() + read > most => return Err(GitError::TooLarge),
            Ok(read) => {
                alive();
                all.extend_from_slice(&part[..read]);
            }
            Err(error) => return Err(GitError::Failed(format!("what it says cannot be read: {error}"))),
        }
    }
}

/// Bytes below a folder, by what files take on the disk or say that they hold, whichever is more.
pub(super) async fn measure(folder: PathBuf) -> u64 {
    tokio::task::spawn_blocking(move || size(&folder)).await.unwrap_or(0)
}

fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => size(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}

/// A process group that ends with this value, and with this process.
struct Group {
    leader: Child,
    pid: Pid,
    /// Held open, and by nobody else.
    _lifeline: Option<ChildStdin>,
}

impl Group {
    fn start(git: &Git, call: &Call<'_>) -> Result<(Child, Self), GitError> {
        let failed = |error: std::io::Error| GitError::Failed(format!("a process cannot be started: {error}"));
        let mut leader = Command::new(SHELL)
            .args(["-c", WATCH])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let pid = leader
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .map(Pid::from_raw)
            .ok_or_else(|| GitError::Failed("a process has no number".to_owned()))?;
        let group = Self { _lifeline: leader.stdin.take(), leader, pid };
        let (blocks, space) = ((git.setup.max_bytes / 512 + 1).to_string(), ADDRESS_SPACE_KIB.to_string());
        let child = Command::new(SHELL)
            .args([OsStr::new("-c"), OsStr::new(LIMITED), OsStr::new("git"), OsStr::new(&blocks), OsStr::new(&space)])
            .arg(call.program)
            .args(&call.arguments)
            .env_clear()
            .envs(call.environment.pairs())
            .current_dir(git.root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(pid.as_raw())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        Ok((child, group))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The leader is not waited for before, so the number is still its own.
        let _ = killpg(self.pid, Signal::SIGKILL);
        let _ = self.leader.start_kill();
    }
}
