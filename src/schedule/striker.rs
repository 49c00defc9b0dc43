//! The clock that strikes every minute: tokio-cron-scheduler on a thread and a runtime of its own, which run only around the full minute.
//!
//! The scheduler looks at its jobs twice a second and leaves tasks behind when it is shut down. Driven only when it has something to do, it costs an idle
//! daemon nothing; and setting it up anew drops the whole runtime with all that is in it. One that is driven late strikes at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// Every minute, at its first second. UTC, because an offset that the scheduler took once would be wrong after a change of daylight saving.
const STRIKE: &str = "0 * * * * *";
/// The scheduler looks at its jobs every 500 ms, so it strikes within so much of its minute.
const LONGEST: Duration = Duration::from_secs(3);

const GO_ON: u8 = 0;
const SET_UP_ANEW: u8 = 1;
const STOP: u8 = 2;

/// The thread; it ends when this is dropped.
pub(super) struct Striker {
    wish: Arc<AtomicU8>,
    thread: Thread,
}

impl Striker {
    /// Strikes into `strike` from now on. It closes if the scheduler fails.
    pub(super) fn start(strike: mpsc::Sender<()>) -> io::Result<Self> {
        let wish = Arc::new(AtomicU8::new(GO_ON));
        let heard = Arc::clone(&wish);
        let handle = thread::Builder::new().name("schedule".to_owned()).spawn(move || {
            if let Err(error) = live(&heard, &strike) {
                tracing::error!("The scheduler failed: {error}.");
            }
        })?;
        Ok(Self { wish, thread: handle.thread().clone() })
    }

    /// The clock was set: what the scheduler planned by the old one is void.
    pub(super) fn set_up_anew(&self) {
        self.wish.store(SET_UP_ANEW, Ordering::Relaxed);
        self.thread.unpark();
    }
}

impl Drop for Striker {
    fn drop(&mut self) {
        self.wish.store(STOP, Ordering::Relaxed);
        self.thread.unpark();
    }
}

fn live(wish: &AtomicU8, strike: &mpsc::Sender<()>) -> Result<(), JobSchedulerError> {
    loop {
        let runtime = Builder::new_current_thread().enable_time().build().map_err(|_| JobSchedulerError::StartScheduler)?;
        let (sender, mut strikes) = mpsc::channel(1);
        let _scheduler = runtime.block_on(every_minute(sender))?;
        loop {
            thread::park_timeout(until_the_minute(SystemTime::now()));
            match wish.swap(GO_ON, Ordering::Relaxed) {
                STOP => return Ok(()),
                SET_UP_ANEW => break,
                _ => {}
            }
            if drive(&runtime, &mut strikes) {
                // A strike that nobody has taken yet does for this one, too.
                let _ = strike.try_send(());
            }
        }
    }
}

/// Lets the scheduler work until it strikes.
fn drive(runtime: &Runtime, strikes: &mut mpsc::Receiver<()>) -> bool {
    runtime.block_on(async { matches!(tokio::time::timeout(LONGEST, strikes.recv()).await, Ok(Some(()))) })
}

async fn every_minute(strike: mpsc::Sender<()>) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let job = Job::new_async(STRIKE, move |_, _| {
        let strike = strike.clone();
        Box::pin(async move {
            let _ = strike.try_send(());
        })
    })?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    Ok(scheduler)
}

fn until_the_minute(now: SystemTime) -> Duration {
    let passed = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() % 60_000;
    Duration::from_millis(60_000 - u64::try_from(passed).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_wakes_at_the_full_minute() {
        let at = |ms| until_the_minute(UNIX_EPOCH + Duration::from_millis(ms));
        assert_eq!(at(0), Duration::from_secs(60));
        assert_eq!(at(60_000 * 7 + 59_999), Duration::from_millis(1));
    }

    #[test]
    fn it_strikes_and_strikes_again_when_set_up_anew() {
        let (sender, mut strikes) = mpsc::channel(1);
        let striker = Striker::start(sender).unwrap();
        striker.set_up_anew();
        // At most until the next full minute.
        assert_eq!(strikes.blocking_recv(), Some(()));
        let second = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() % 60;
        assert!(second < 10, "it struck at second {second}");
        drop(striker);
        assert_eq!(strikes.blocking_recv(), None);
    }
}
