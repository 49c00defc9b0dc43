//! Clients of the control socket that misbehave, each on a thread of its own, and one that does not and whose patience is measured.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a measurement that cannot go on must stop")]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longest line of the protocol.
const LINE: usize = 1 << 20;

/// Ways to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manner {
    /// Half of a request, and then nothing.
    HalfWritten,
    /// Asks for much, and takes a byte of the answers now and then.
    SlowReader,
    /// A line twice as long as may be, again and again.
    LongLine,
    /// A request as long as may be, again and again.
    LongRequest,
    /// Bytes that mean nothing, with ends of lines among them.
    Garbage,
    /// Asks and is gone, again and again.
    Vanishing,
    /// Follows the log and never reads.
    DeafFollower,
    /// Asks without end, and takes all answers.
    Flood,
}

pub const MANNERS: [Manner; 8] = [
    Manner::HalfWritten,
    Manner::SlowReader,
    Manner::LongLine,
    Manner::LongRequest,
    Manner::Garbage,
    Manner::Vanishing,
    Manner::DeafFollower,
    Manner::Flood,
];

/// The clients, until this is dropped.
pub struct Crowd {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    /// What each manner has done so far: connections, requests or bytes.
    done: Arc<[AtomicU64; MANNERS.len()]>,
}

impl Crowd {
    /// So many clients, of all manners in turn.
    pub fn gather(socket: &Path, clients: usize) -> Self {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::<[AtomicU64; MANNERS.len()]>::default());
        let threads = (0..clients).map(|number| {
            let (socket, stop, done) = (socket.to_owned(), Arc::clone(&stop), Arc::clone(&done));
            std::thread::spawn(move || {
                let at = number % MANNERS.len();
                while !stop.load(Ordering::Relaxed) {
                    // Whoever is hung up on comes back, but not at once: else this measures how many processes the machine can run.
                    let _ = misbehave(MANNERS[at], &socket, &stop, &done[at], number as u64);
                    std::thread::sleep(Duration::from_millis(2));
                }
            })
        });
        Self { threads: threads.collect(), stop, done }
    }

    /// What each manner has done so far.
    pub fn done(&self) -> Vec<(Manner, u64)> {
        MANNERS.iter().zip(self.done.iter()).map(|(manner, done)| (*manner, done.load(Ordering::Relaxed))).collect()
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

fn misbehave(manner: Manner, socket: &PathBuf, stop: &AtomicBool, done: &AtomicU64, seed: u64) -> std::io::Result<()> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_write_timeout(Some(Duration::from_millis(200)))?;
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    let did = |count: u64| done.fetch_add(count, Ordering::Relaxed);
    let going = || !stop.load(Ordering::Relaxed);
    match manner {
        Manner::HalfWritten => {
            stream.write_all(b"{\"op\":\"sta")?;
            did(1);
            while going() {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Manner::SlowReader => {
            // Writes until nobody takes it any more, for its own answers stand in the way.
            while going() && stream.write_all(&b"{\"op\":\"config\"}\n".repeat(64)).is_ok() {
                did(64);
            }
            while going() && stream.read(&mut [0])? > 0 {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Manner::LongLine => {
            did(1);
            stream.write_all(&vec![b'x'; 2 * LINE])?;
        }
        Manner::LongRequest => {
            let names = "\"wiki\",".repeat(LINE / 8);
            did(1);
            stream.write_all(format!("{{\"op\":\"cancel\",\"names\":[{names}\"nobody\"]}}\n").as_bytes())?;
            let _ = stream.read(&mut [0; 4096])?;
        }
        Manner::Garbage => {
            let mut dice = seed;
            let bytes: Vec<u8> = std::iter::repeat_with(|| {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (dice >> 56) as u8
            })
            .take(16 << 10)
            .collect();
            while going() {
                did(1);
                stream.write_all(&bytes)?;
                while matches!(stream.read(&mut [0; 65536]), Ok(1..)) {}
            }
        }
        Manner::Vanishing => {
            did(1);
            stream.write_all(b"{\"op\":\"status\"}\n{\"op\":\"logs\",\"lines\":1000}\n")?;
        }
        Manner::DeafFollower => {
            stream.write_all(b"{\"op\":\"logs\",\"follow\":true,\"lines\":10000}\n")?;
            did(1);
            while going() {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Manner::Flood => {
            stream.write_all(&b"{\"op\":\"status\"}\n".repeat(32))?;
            let mut lines = BufReader::new(stream.try_clone()?).lines();
            while going() {
                let Some(Ok(_)) = lines.next() else { break };
                did(1);
                stream.write_all(b"{\"op\":\"status\"}\n")?;
            }
        }
    }
    Ok(())
}

/// How long `status` took, so many times over one connection with a pause between: sorted.
pub fn patience(socket: &Path, times: usize, pause: Duration) -> Vec<Duration> {
    let stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut took: Vec<Duration> = (0..times)
        .map(|_| {
            std::thread::sleep(pause);
            let asked = Instant::now();
            (&stream).write_all(b"{\"op\":\"status\"}\n").unwrap();
            let line = lines.next().unwrap().unwrap();
            assert!(line.contains("\"ok\""), "{line}");
            asked.elapsed()
        })
        .collect();
    took.sort_unstable();
    took
}

/// The most memory that a process has had, in bytes; nothing once it has ended.
pub fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

/// One request, and the last word of its answer.
pub fn ask(socket: &Path, request: &str) -> serde_json::Value {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    writeln!(stream, "{request}").unwrap();
    let values = BufReader::new(stream).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
    values.into_iter().find(|line: &serde_json::Value| line.get("event").is_none()).unwrap()
}
