//! Limits that outlive the worker: until when a service said that it must not be asked, in a small file of the connector's cache folder, so that the next
//! worker need not ask in order to hear it again.
//!
//! Guarantees that the file is written only when a limit is met that it does not know, whole or not at all, and is for its owner alone; that what stands in
//! it is of use to the same account only (see [`super::account`]); and that no file and no clock keeps anybody waiting for longer than [`LONGEST`]. What
//! cannot be read is not known. Blocking.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use nix::fcntl::OFlag;
use serde::{Deserialize, Serialize};

use super::account::{self, Account};
use super::allowance::Rest;
use super::gates::Resource;
use super::moment::{Moment, Now, millis, since_1970_ms, since_start};

/// Its name.
const NAME: &str = "limits.json";
/// The form's version.
const VERSION: u32 = 1;
/// No service renews an allowance later than in an hour; the minute is for clocks that differ.
const LONGEST: Duration = Duration::from_secs(61 * 60);
/// Moments that differ by less are one: services tell them in whole seconds.
const ONE_MOMENT: Duration = Duration::from_secs(2);
/// Limits that are kept.
const MOST: usize = 64;
/// A file of ours is smaller.
const MOST_BYTES: u64 = 64 << 10;

/// The file, and what is known to stand in it.
pub(super) struct Limits {
    path: Option<PathBuf>,
    account: Account,
    known: Mutex<BTreeMap<Option<Resource>, (Moment, bool)>>,
}

#[derive(Default, Serialize, Deserialize)]
struct Form {
    v: u32,
    salt: String,
    limits: Vec<Entry>,
}

/// One limit. Moments stand by two clocks: by that of the running machine, which nobody sets, and by people's, for when it was started anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    account: String,
    host: String,
    /// None: all requests of the connector.
    resource: Option<String>,
    left: u64,
    of: u64,
    kept_ms: u64,
    until_ms: u64,
    boot: String,
    kept_since_start_ms: u64,
    until_since_start_ms: u64,
}

/// What the time is, by both clocks.
struct Clock {
    wall_ms: u64,
    boot: String,
    since_start_ms: u64,
}

impl Clock {
    fn read() -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned();
        Self { wall_ms: since_1970_ms(SystemTime::now()), boot, since_start_ms: millis(since_start()) }
    }
}

impl Entry {
    fn new(clock: &Clock, account: String, kind: Option<&Resource>, rest: Rest) -> Self {
        let wait_ms = millis(rest.renews_in.min(LONGEST));
        Self {
            account,
            host: kind.map(|kind| kind.host.clone()).unwrap_or_default(),
            resource: kind.map(|kind| kind.name.clone()),
            left: rest.left,
            of: rest.of,
            kept_ms: clock.wall_ms,
            until_ms: clock.wall_ms.saturating_add(wait_ms),
            boot: clock.boot.clone(),
            kept_since_start_ms: clock.since_start_ms,
            until_since_start_ms: clock.since_start_ms.saturating_add(wait_ms),
        }
    }

    fn kind(&self) -> Option<Resource> {
        self.resource.as_ref().map(|name| Resource { host: self.host.clone(), name: name.clone() })
    }

    /// How long it still lasts; none: it is over, or nobody can tell.
    fn left(&self, clock: &Clock) -> Option<Duration> {
        let since_start = !self.boot.is_empty() && self.boot == clock.boot && clock.since_start_ms >= self.kept_since_start_ms;
        let left_ms = match () {
            () if since_start => self.until_since_start_ms.checked_sub(clock.since_start_ms)?,
            // It is earlier than when this was written: the clock was set, and nothing can be reckoned.
            () if clock.wall_ms < self.kept_ms => return None,
            () => self.until_ms.checked_sub(clock.wall_ms)?,
        };
        Some(Duration::from_millis(left_ms)).filter(|left| !left.is_zero() && *left <= LONGEST)
    }
}

impl Limits {
    /// None as folder: nothing is kept.
    pub(super) fn new(folder: Option<&Path>, account: Account) -> Self {
        Self { path: folder.map(|folder| folder.join(NAME)), account, known: Mutex::default() }
    }

    /// The limits of this account that still last.
    pub(super) fn recall(&self) -> Vec<(Option<Resource>, Rest)> {
        self.recall_at(&Clock::read())
    }

    fn recall_at(&self, clock: &Clock) -> Vec<(Option<Resource>, Rest)> {
        let Some(form) = self.path.as_deref().and_then(read) else { return Vec::new() };
        let mark = self.account.mark(&form.salt);
        let ours = form.limits.into_iter().filter(|entry| entry.account == mark);
        let lasting = ours.filter_map(|entry| Some((entry.kind(), Rest { left: entry.left, of: entry.of, renews_in: entry.left(clock)? })));
        lasting
            .inspect(|(kind, rest)| {
                self.is_news(kind.as_ref(), *rest);
            })
            .collect()
    }

    /// Keeps a limit: of one kind of request, or of all.
    pub(super) fn keep(&self, kind: Option<&Resource>, rest: Rest) {
        self.keep_at(&Clock::read(), kind, rest);
    }

    fn keep_at(&self, clock: &Clock, kind: Option<&Resource>, rest: Rest) {
        let Some(path) = &self.path else { return };
        if self.is_news(kind, rest)
            && let Err(error) = self.write(path, clock, kind, rest)
        {
            tracing::debug!("The limit that the service told is forgotten at the end of this worker: {} cannot be written: {error}.", path.display());
        }
    }

    /// Whether the file does not say so already.
    fn is_news(&self, kind: Option<&Resource>, rest: Rest) -> bool {
        let now = Now::read();
        let Some(until) = Moment::after(&now, rest.renews_in) else { return false };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kind.cloned();
        let same = known.get(&kind).is_some_and(|(before, spent)| {
            let before = before.left(&now);
            // Of waits of all requests the longest counts.
            let covered = kind.is_none() && before >= rest.renews_in;
            covered || (before.abs_diff(rest.renews_in) <= ONE_MOMENT && *spent == (rest.left == 0))
        });
        if !same {
            known.insert(kind, (until, rest.left == 0));
        }
        !same
    }

    fn write(&self, path: &Path, clock: &Clock, kind: Option<&Resource>, rest: Rest) -> io::Result<()> {
        // Anew from the file, which another worker may have written meanwhile.
        let mut form = match read(path) {
            Some(form) => form,
            None => Form { v: VERSION, salt: account::salt().ok_or(io::ErrorKind::Unsupported)?, limits: Vec::new() },
        };
        let entry = Entry::new(clock, self.account.mark(&form.salt), kind, rest);
        let same = |old: &Entry| (&old.account, &old.host, &old.resource) == (&entry.account, &entry.host, &entry.resource);
        form.limits.retain(|old| !same(old) && old.left(clock).is_some());
        let most = form.limits.len().saturating_sub(MOST - 1);
        form.limits.drain(..most);
        form.limits.push(entry);
        replace(path, &serde_json::to_vec(&form)?)
    }
}

/// What stands in the file; none where there is none, or it is not one of ours.
fn read(path: &Path) -> Option<Form> {
    let said = |why: &str| tracing::debug!("{} {why}; limits of earlier workers are not known.", path.display());
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            said(&format!("cannot be opened: {error}"));
            return None;
        }
    };
    let mut text = Vec::new();
    let is_file = file.metadata().is_ok_and(|meta| meta.is_file());
    if !is_file || file.take(MOST_BYTES).read_to_end(&mut text).is_err() {
        said("cannot be read");
        return None;
    }
    let form = serde_json::from_slice::<Form>(&text).ok().filter(|form| form.v == VERSION && form.salt.len() >= 32);
    if form.is_none() {
        said("is damaged, or of another version");
    }
    form
}

/// Puts a file in the place of another, whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let temporary = path.with_extension(format!("{}-{}.tmp", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    let flags = OFlag::O_NOFOLLOW.bits();
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(flags).open(&temporary).and_then(|mut file: File| {
        file.write_all(bytes)?;
        file.sync_data()?;
        std::fs::rename(&temporary, path)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests;
