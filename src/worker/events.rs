//! The worker's voice: everything that it tells its daemon goes through one writer, as JSON lines on one descriptor.
//!
//! Guarantees that telling never waits for the daemon: lines queue up to a bound and what does not fit is counted and said; progress keeps only its latest
//! word and is written at most five times a second; [`Events::finish`] is the last line, after all others. A daemon that is gone cancels the work.
//! Does not know what it carries.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use context_sync_protocol::event::{Event, Finished, Level, Progress};
use tokio_util::sync::CancellationToken;

use crate::sync::report::Reporter;

/// The contract of [`Event::Progress`]: at most five a second.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);
/// Lines that wait for a slow daemon before more are dropped: some hundred kilobytes.
const QUEUED_LINES: usize = 1000;
/// Bytes of one field or message that are kept, so that no line comes near the protocol's limit of 1 MiB.
const FIELD_BYTES: usize = 4096;

/// Takes the standard output for events alone: from here on, what is printed goes to the standard error. Children do not inherit the result.
///
/// # Errors
/// When the process was started without these descriptors.
pub(super) fn claim_stdout() -> io::Result<OwnedFd> {
    use std::os::fd::AsFd;
    // Cloning sets close-on-exec, which a plain dup would not.
    let events = io::stdout().as_fd().try_clone_to_owned()?;
    nix::unistd::dup2_stdout(io::stderr())?;
    Ok(events)
}

/// Tells; cheap to clone.
#[derive(Clone)]
pub(super) struct Events {
    shared: Arc<Shared>,
    level: Level,
}

/// Writes what is told.
pub(super) struct Writer {
    shared: Arc<Shared>,
    to: File,
    cancel: CancellationToken,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    bell: Condvar,
}

#[derive(Default)]
struct Queue {
    lines: VecDeque<Event>,
    progress: Option<Progress>,
    /// The newest progress, also after it was written.
    newest: Progress,
    finished: Option<Box<Finished>>,
    lost: u64,
    deaf: bool,
}

/// Opens the voice: events graver than or as grave as `level` go to `to`, once the writer runs. Where `to` is closed at the other end, `cancel` is
/// cancelled.
pub(super) fn open(to: OwnedFd, level: Level, cancel: CancellationToken) -> (Events, Writer) {
    let shared = Arc::new(Shared::default());
    (Events { shared: Arc::clone(&shared), level }, Writer { shared, to: File::from(to), cancel })
}

impl Events {
    /// Whether lines of this gravity are wanted.
    #[must_use]
    pub(super) fn wants(&self, level: Level) -> bool {
        level <= self.level
    }

    /// One line, its fields in any order.
    pub(super) fn tell(&self, level: Level, message: &str, fields: BTreeMap<String, String>) {
        if !self.wants(level) {
            return;
        }
        let fields = fields.into_iter().map(|(name, value)| (name, clip(value))).collect();
        self.shared.push(Event::Log { level, message: clip(message.to_owned()), fields });
    }

    /// What the network sees, which the work itself does not tell while it waits: told where the service makes us wait until another time than was told
    /// last, and where there is a `sign_of_life` to give.
    pub(super) fn network(&self, waiting_until_ms: Option<u64>, requests: u64, sign_of_life: bool) {
        let newest = self.shared.lock().newest.clone();
        if sign_of_life || newest.waiting_until_ms != waiting_until_ms {
            let phase = if newest.phase.is_empty() { "listing".to_owned() } else { newest.phase };
            self.progress(Progress { phase, requests, waiting_until_ms, ..newest });
        }
    }

    /// The last word. Nothing that is told afterwards is heard.
    pub(super) fn finish(&self, finished: Finished) {
        self.shared.lock().finished = Some(Box::new(finished));
        self.shared.bell.notify_one();
    }
}

impl Reporter for Events {
    fn log(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        self.tell(level, message, fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect());
    }

    fn progress(&self, progress: Progress) {
        let waiting = {
            let mut queue = self.shared.lock();
            queue.newest.clone_from(&progress);
            queue.progress.replace(progress).is_some()
        };
        // One that waits has woken the writer already: a thousand documents a second must not be as many wake-ups.
        if !waiting {
            self.shared.bell.notify_one();
        }
    }
}

impl Shared {
    // A panic elsewhere must not keep the last word from being said.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, event: Event) {
        let mut queue = self.lock();
        if queue.deaf {
            return;
        }
        if queue.lines.len() < QUEUED_LINES {
            queue.lines.push_back(event);
        } else {
            queue.lost += 1;
        }
        drop(queue);
        self.bell.notify_one();
    }
}

impl Writer {
    /// Writes until the last word is written, or nobody listens any more.
    pub(super) fn run(mut self) {
        let mut progress_due = Instant::now();
        loop {
            let (events, last) = self.next(&mut progress_due);
            if self.write(&events).is_err() {
                let mut queue = self.shared.lock();
                queue.deaf = true;
                queue.lines.clear();
                self.cancel.cancel();
                return;
            }
            if last {
                return;
            }
        }
    }

    /// Waits for something to write; true with the last of it.
    fn next(&self, progress_due: &mut Instant) -> (Vec<Event>, bool) {
        let mut queue = self.shared.lock();
        loop {
            let now = Instant::now();
            let last = queue.finished.is_some();
            let mut events: Vec<Event> = queue.lines.drain(..).collect();
            if queue.lost > 0 && !events.is_empty() {
                let message = format!("{} lines of the log were lost because they came faster than they were read.", std::mem::take(&mut queue.lost));
                events.push(Event::Log { level: Level::Warn, message, fields: BTreeMap::new() });
            }
            if (last || now >= *progress_due)
                && let Some(progress) = queue.progress.take()
            {
                events.push(Event::Progress(progress));
                *progress_due = now + PROGRESS_INTERVAL;
            }
            events.extend(queue.finished.take().map(Event::Finished));
            if !events.is_empty() {
                return (events, last);
            }
            queue = if queue.progress.is_some() {
                self.shared.bell.wait_timeout(queue, progress_due.saturating_duration_since(now)).unwrap_or_else(PoisonError::into_inner).0
            } else {
                self.shared.bell.wait(queue).unwrap_or_else(PoisonError::into_inner)
            };
        }
    }

    fn write(&mut self, events: &[Event]) -> io::Result<()> {
        let mut lines = Vec::new();
        for event in events {
            serde_json::to_writer(&mut lines, event)?;
            lines.push(b'\n');
        }
        self.to.write_all(&lines)
    }
}

fn clip(mut text: String) -> String {
    if text.len() > FIELD_BYTES {
        text.truncate(text.floor_char_boundary(FIELD_BYTES));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};

    use super::*;

    fn pipe() -> (BufReader<File>, OwnedFd) {
        let (reader, writer) = std::io::pipe().unwrap();
        (BufReader::new(File::from(OwnedFd::from(reader))), writer.into())
    }

    fn lines(reader: BufReader<File>) -> Vec<Event> {
        reader.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
    }

    #[test]
    fn the_last_word_comes_last_and_levels_are_kept() {
        let (reader, to) = pipe();
        let (events, writer) = open(to, Level::Info, CancellationToken::new());
        events.log(Level::Debug, "not wanted", &[]);
        events.log(Level::Warn, "wanted", &[("doc", "7")]);
        events.progress(Progress { done: 3, ..Progress::default() });
        events.finish(Finished { message: "end".to_owned(), ..Finished::default() });
        writer.run();
        let told = lines(reader);
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(matches!(&told[0], Event::Log { level: Level::Warn, fields, .. } if fields["doc"] == "7"));
        assert!(matches!(&told[1], Event::Progress(p) if p.done == 3));
        assert!(matches!(&told[2], Event::Finished(f) if f.message == "end"));
    }

    #[test]
    fn progress_is_rare_and_its_latest_word_is_written() {
        let (reader, to) = pipe();
        let (events, writer) = open(to, Level::Info, CancellationToken::new());
        let thread = std::thread::spawn(move || writer.run());
        let began = Instant::now();
        let mut done = 0;
        while began.elapsed() < PROGRESS_INTERVAL * 3 {
            done += 1;
            events.progress(Progress { done, ..Progress::default() });
            std::thread::sleep(Duration::from_millis(1));
        }
        let at_most = began.elapsed().as_millis() / PROGRESS_INTERVAL.as_millis() + 2;
        events.finish(Finished::default());
        thread.join().unwrap();
        let told: Vec<u64> = lines(reader).into_iter().filter_map(|e| if let Event::Progress(p) = e { Some(p.done) } else { None }).collect();
        assert!(told.len() >= 2 && told.len() as u128 <= at_most, "{told:?}");
        assert_eq!(told.last(), Some(&done));
    }

    #[test]
    fn a_wait_is_told_once_and_a_sign_of_life_where_there_is_one() {
        let (reader, to) = pipe();
        let (events, writer) = open(to, Level::Info, CancellationToken::new());
        let thread = std::thread::spawn(move || writer.run());
        events.progress(Progress { phase: "fetching".to_owned(), done: 3, total: 9, ..Progress::default() });
        events.network(None, 7, false);
        assert_eq!(events.shared.lock().newest.requests, 0);
        events.network(None, 7, true);
        assert_eq!(events.shared.lock().newest.requests, 7);
        events.network(Some(5), 8, false);
        events.network(Some(5), 9, false);
        events.finish(Finished::default());
        thread.join().unwrap();
        let told: Vec<Progress> = lines(reader).into_iter().filter_map(|e| if let Event::Progress(p) = e { Some(p) } else { None }).collect();
        let last = Progress { phase: "fetching".to_owned(), done: 3, total: 9, requests: 8, waiting_until_ms: Some(5), ..Progress::default() };
        assert_eq!(told.last(), Some(&last));
    }

    #[test]
    fn what_does_not_fit_is_counted_and_nobody_waits() {
        let (reader, to) = pipe();
        let (events, writer) = open(to, Level::Info, CancellationToken::new());
        for _ in 0..QUEUED_LINES + 5 {
            events.log(Level::Info, &"long ".repeat(FIELD_BYTES), &[]);
        }
        events.finish(Finished::default());
        let thread = std::thread::spawn(move || writer.run());
        let told = lines(reader);
        thread.join().unwrap();
        assert_eq!(told.len(), QUEUED_LINES + 2);
        assert!(matches!(&told[QUEUED_LINES], Event::Log { level: Level::Warn, message, .. } if message.starts_with("5 lines")));
        assert!(matches!(&told[0], Event::Log { message, .. } if message.len() < FIELD_BYTES + 8));
    }

    #[test]
    fn a_listener_that_is_gone_cancels_the_work() {
        let (reader, to) = pipe();
        drop(reader);
        let cancel = CancellationToken::new();
        let (events, writer) = open(to, Level::Info, cancel.clone());
        events.log(Level::Info, "to nobody", &[]);
        writer.run();
        assert!(cancel.is_cancelled());
        events.log(Level::Info, "to nobody, for good", &[]);
        assert!(events.shared.lock().lines.is_empty());
    }
}
