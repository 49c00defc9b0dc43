//! What one run of the real program costs, as the kernel counts it: shared by the benchmarks that sync a whole simulated service.

#![allow(unreachable_pub, reason = "each benchmark takes a part; nothing outside it sees it")]

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use crate::home::{Home, children};

/// The kernel counts processor time in so many parts of a second.
const TICKS: u64 = 100;

/// What a run of `--once` cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// From start to end.
    pub wall: Duration,
    /// Processor time of daemon, worker, and what the worker starts.
    pub cpu: Duration,
    /// The most that all of them had together, as far as looking every 5 ms shows.
    pub together: u64,
    /// The most memory that the worker ever had.
    pub worker: u64,
    /// The most that any one program that the worker started had (git).
    pub programs: u64,
    /// Bytes that were given to the system to write: files, state, events, requests.
    pub written: u64,
    /// Bytes of them that a disk was asked to take; none on a file system in memory.
    pub disk: u64,
}

/// Runs `context-syncd --once` in `home` to its end, which must be a good one.
pub fn once(label: &str, home: &Home) -> Cost {
    let begun = Instant::now();
    let mut child = home.daemon_command(&["--once"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut cost = Cost::default();
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
    let ended = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    // It stays as it died until it is waited for, with what it and its children used.
    while waitid(Id::Pid(pid), ended).unwrap() == WaitStatus::StillAlive {
        let workers = children(child.id());
        let programs: Vec<u32> = workers.iter().flat_map(|worker| below(*worker)).collect();
        cost.together = cost.together.max([child.id()].iter().chain(&workers).chain(&programs).map(|pid| field(*pid, "VmRSS:")).sum());
        cost.worker = workers.iter().map(|pid| field(*pid, "VmHWM:")).max().unwrap_or(0).max(cost.worker);
        cost.programs = programs.iter().map(|pid| field(*pid, "VmHWM:")).max().unwrap_or(0).max(cost.programs);
        std::thread::sleep(Duration::from_millis(5));
    }
    cost.wall = begun.elapsed();
    cost.cpu = cpu(child.id());
    (cost.written, cost.disk) = (counted(child.id(), "wchar:"), counted(child.id(), "write_bytes:"));
    let status = child.wait().unwrap();
    assert!(status.success(), "{label}: {status}");
    cost
}

/// Megabytes.
pub fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// A field of a process's status that is a size, in bytes.
pub fn field(pid: u32, name: &str) -> u64 {
    number(&format!("/proc/{pid}/status"), name) * 1024
}

/// A number behind a name in a file of lines.
pub fn number(file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Bytes of all files below a folder.
#[allow(dead_code, reason = "each user takes a part")]
pub fn size(folder: &Path) -> u64 {
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

fn counted(pid: u32, name: &str) -> u64 {
    number(&format!("/proc/{pid}/io"), name)
}

/// All processes below one.
fn below(pid: u32) -> Vec<u32> {
    children(pid).into_iter().flat_map(|child| below(child).into_iter().chain([child])).collect()
}

/// Of a process and of its children that were waited for.
fn cpu(pid: u32) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name stands in brackets and may hold anything; user, system, and both of the children are the 14th field to the 17th.
    let fields = text.rsplit_once(") ").unwrap().1.split_whitespace().skip(11).take(4);
    Duration::from_millis(fields.map(|field| field.parse::<u64>().unwrap()).sum::<u64>() * 1000 / TICKS)
}
