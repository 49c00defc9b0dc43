//! One run from end to end, step by step; each step's rule lives in the file of its name.

mod again;
mod close;
mod leave_out;
mod list;
mod orphans;
mod rerender;
mod write;

use std::sync::Arc;

use context_sync_protocol::event::Summary;
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::book::Book;
use super::clock::day_of;
use super::fetch::fetch;
use super::listing::Rules;
use super::press::Ask;
use super::progress::Progressed;
use super::render::Desk;
use super::view::View;
use super::writer::{self, Writer};
use super::{Abort, Run};
use crate::connectors::connector::{Connector, Depth, Wanted};
use crate::mirror::Mirror;
use crate::model::{DocPath, Key, RemoteId};
use crate::state::{Change, State};

/// Labels and attachments that change without a new version are looked for at least so often.
const EVERYTHING_MS: u64 = 24 * 60 * 60 * 1000 - 30 * 60 * 1000;
/// Documents that one rendering thread takes at a time.
const PRESS_CHUNK: usize = 48;
/// Rendering threads at once.
const PRESSES: usize = 2;

/// So much of the whole, in percent, has to be listed after such a pause that all of it is within a day, with four hours to spare. A clock that went back
/// makes a long pause, and so a thorough run.
fn share(pause_ms: u64) -> u8 {
    const DAY_MS: u64 = 20 * 60 * 60 * 1000;
    u8::try_from((pause_ms.saturating_mul(100)).div_ceil(DAY_MS).clamp(5, 100)).unwrap_or(100)
}

struct Engine {
    connector: Arc<dyn Connector>,
    state: Arc<State>,
    mirror: Arc<Mirror>,
    reporter: Arc<dyn super::report::Reporter>,
    progressed: Arc<Progressed>,
    cancel: CancellationToken,
    source: String,
    options: super::Options,
    day: String,
    now_ms: u64,
    rules: Rules,
}

/// What is left over for later steps.
#[derive(Default)]
struct Rest {
    /// Fetched documents that wait for people's names.
    postponed: Vec<Ask>,
    /// Those people.
    unknown: Vec<Key>,
    /// Documents that show pieces of others.
    inserting: Vec<Ask>,
    /// Documents whose kept body is of no use.
    bodiless: Vec<RemoteId>,
    /// Documents that the service no longer showed when it was asked for the body.
    vanished: Vec<Wanted>,
    /// Why documents could not be had.
    failures: Vec<(RemoteId, String)>,
    /// Documents of which there is nothing to mirror, and why.
    nothing: Vec<(RemoteId, String)>,
    /// Labels that came with bodies.
    labels: FxHashMap<RemoteId, Vec<String>>,
    /// Documents whose files are as they should be.
    settled: FxHashSet<RemoteId>,
}

/// Runs.
///
/// # Errors
/// Why it ended early; everything committed until then stays.
pub(super) async fn go(run: Run, summary: &mut Summary) -> Result<(), Abort> {
    let state = Arc::clone(&run.state);
    let mut book = tokio::task::spawn_blocking(move || Book::load(&state)).await??;
    let now_ms = run.clock.now_ms();
    let full = run.options.full || book.site.full_wanted;
    let first = book.site.last_everything_ms == 0;
    let due = now_ms.saturating_sub(book.site.last_everything_ms) >= EVERYTHING_MS || book.site.last_everything_ms > now_ms;
    let depth = match () {
        () if full || first || book.site.settings != run.options.settings => Depth::Everything,
        // Who accepts deletions means all that were held back, wherever the listing by parts stands.
        () if book.docs.len() > run.options.whole_up_to && run.options.accept_deletions => Depth::Everything,
        () if book.docs.len() > run.options.whole_up_to => Depth::Rolling(share(now_ms.checked_sub(book.site.last_success_ms).unwrap_or(u64::MAX))),
        () if due => Depth::Everything,
        () => Depth::Changes,
    };
    summary.full = full || first;
    let engine = Engine {
        progressed: Arc::new(Progressed::new(Arc::clone(&run.reporter), Arc::clone(&run.connector))),
        connector: run.connector,
        state: run.state,
        mirror: run.mirror,
        reporter: run.reporter,
        cancel: run.cancel,
        source: run.source,
        options: run.options,
        // By a clock that was set back, what comes to the trash today would have lain there for long.
        day: day_of(now_ms.max(book.site.last_success_ms)),
        now_ms,
        rules: Rules { depth, full, daily: due || depth == Depth::Everything },
    };
    if engine.options.rerender {
        book.offline = true;
        return engine.rerender(&mut book, summary).await;
    }
    if full && !book.site.full_wanted {
        book.site.full_wanted = true;
        engine.commit(vec![Change::PutSite(book.site.clone())]).await?;
    }
    engine.go(&mut book, summary).await
}

impl Engine {
    async fn go(&self, book: &mut Book, summary: &mut Summary) -> Result<(), Abort> {
        self.heal(book).await?;
        let (wanted, queue) = mpsc::unbounded_channel();
        let (arrived, arrivals) = mpsc::unbounded_channel();
        let stop = self.cancel.child_token();
        // Listing and fetching go on side by side; writing begins when the listing is whole, for only then all paths are known.
        let fetching = fetch(&self.connector, &self.state, queue, arrived, &self.progressed, &stop);
        let writing = async {
            let done = self.list_and_write(book, wanted, arrivals, summary).await;
            if done.is_err() {
                stop.cancel();
            }
            done
        };
        let (fetched, written) = tokio::join!(fetching, writing);
        // What made the fetching stop is the cause; that the writing then ended too is the consequence.
        let (mut view, mut rest, touched) = match (fetched, written) {
            (Err(Abort::Cancelled), Err(cause)) => return Err(cause),
            (Err(cause), _) | (Ok(()), Err(cause)) => return Err(cause),
            (Ok(()), Ok(done)) => done,
        };
        self.after_fetch(book, &mut view, &mut rest).await?;
        let mut referenced = self.settle(book, &mut view, &mut rest, &touched, summary).await?;
        if self.leave_out(book, &mut rest).await? {
            // A better reader may find nothing where there was something: who links to it follows.
            self.look_around(book, &mut view);
            referenced = self.settle(book, &mut view, &mut rest, &touched, summary).await?;
        }
        self.bring_assets(book, &mut view, &mut rest, referenced, &touched, summary).await?;
        // Nothing is written any more, and what comes now needs memory of its own.
        drop(view);
        self.remove(book, summary).await?;
        let no_orphans = self.clear_orphans(book, summary).await?;
        self.finish(book, &rest, no_orphans, summary).await
    }

    /// Mends what a killed run may have left: temporary files, and old copies of moved documents.
    async fn heal(&self, book: &Book) -> Result<(), Abort> {
        let movers: Vec<RemoteId> = book.docs.iter().filter(|(_, e)| e.kept.as_ref().is_some_and(|k| k.leaving)).map(|(id, _)| id.clone()).collect();
        let taken: FxHashSet<DocPath> =
            if movers.is_empty() { FxHashSet::default() } else { book.docs.values().filter_map(|e| e.kept.as_ref()?.path()).collect() };
        // Looking into every folder is for runs that follow a bad end, and once a day.
        let sweeps = book.site.unclean || self.rules.daily;
        let (mirror, state, day) = (Arc::clone(&self.mirror), Arc::clone(&self.state), self.day.clone());
        tokio::task::spawn_blocking(move || {
            if sweeps {
                mirror.sweep_temporary()?;
            }
            let mut records = Vec::new();
            for id in movers {
                if let Some(record) = state.document(&id)? {
                    records.push((id, record));
                }
            }
            writer::leave_behind(&mirror, &state, records, &day, &|path| taken.contains(path))
        })
        .await?
    }

    /// Takes a new snapshot. The one before goes first: a large site is not to be held twice.
    fn look_around(&self, book: &Book, view: &mut Arc<View>) {
        *view = Arc::default();
        *view = Arc::new(self.view(book));
    }

    /// A snapshot. Earlier names count only where a body of today may hold them.
    fn view(&self, book: &Book) -> View {
        book.view(self.rules.full || !self.connector.rewrites_links())
    }

    fn desk(&self, view: &Arc<View>) -> Arc<Desk> {
        Arc::new(Desk { connector: Arc::clone(&self.connector), source: self.source.clone(), state: Arc::clone(&self.state), view: Arc::clone(view) })
    }

    fn writer(&self, view: &Arc<View>) -> Writer {
        Writer::start(Arc::clone(&self.mirror), Arc::clone(&self.state), self.day.clone(), Arc::clone(view))
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), Abort> {
        if changes.is_empty() {
            return Ok(());
        }
        let state = Arc::clone(&self.state);
        Ok(tokio::task::spawn_blocking(move || state.commit(changes)).await??)
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn the_whole_comes_round_within_a_day_whatever_the_schedule() {
        let hour = 60 * 60 * 1000;
        for (hours_between, least) in [(1, 5), (2, 10), (6, 30), (24, 100), (24 * 30, 100)] {
            assert_eq!(share(hours_between * hour), least);
            let runs_a_day = 24 / hours_between.min(24);
            assert!(u64::from(least) * runs_a_day >= 100, "every {hours_between} hours");
        }
        assert_eq!((share(0), share(u64::MAX)), (5, 100));
    }
}
