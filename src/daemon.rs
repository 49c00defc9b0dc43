//! The daemon's life: configuration, socket, bells, workers; and its words to systemd.
//!
//! Guarantees that it is ready only when its socket listens, that its watchdog is fed by the loop that does the work, that a broken configuration never
//! replaces one that works, and that it stops within ten seconds. It holds no network client, no database and no secret.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use context_sync_protocol::error::{ErrorBody, ErrorKind};
use context_sync_protocol::event::Event;
use context_sync_protocol::reply::{ReloadReport, State};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

mod once;
mod systemd;

use crate::config::{self, Config, ConfigError, Surroundings};
use crate::control::{self, Context, ListenError, Listener, ReloadWish};
use crate::logging::{self, Aloud};
use crate::priority;
use crate::schedule::{Bell, Schedule, ScheduleError, Why};
use crate::supervisor::{Cause, End, Supervisor};

/// Workers get so long to stop; with what else there is to do, less than ten seconds.
const PATIENCE: Duration = Duration::from_secs(9);
/// Clients get so long to take their last lines.
const LAST_LINES: Duration = Duration::from_millis(100);
/// What blocks gets so long at the very end.
const LAST_WORK: Duration = Duration::from_millis(500);
/// Once nothing has ended for so long, unused memory is handed back.
const QUIET: Duration = Duration::from_secs(1);
/// Bells, and wishes to reload, that wait for the loop.
const QUEUED: usize = 16;

/// Why the daemon did not come to life.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("the runtime cannot be started; the system may have run out of memory or descriptors")]
    Runtime(#[source] std::io::Error),
    #[error("the control socket has no place")]
    Place(#[from] context_sync_protocol::socket::SocketError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
enum RefusedConfig {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    #[error("the configuration could not be read to its end")]
    Crashed(#[from] tokio::task::JoinError),
}

/// What the command line asks of the daemon.
#[derive(Debug, Default)]
pub struct Wish {
    /// The configuration file, if not the usual one.
    pub config: Option<PathBuf>,
    /// Settings that lie over all others, by dotted key: the option and its value.
    pub options: BTreeMap<String, (String, String)>,
    /// Only say whether the configuration can work.
    pub check_config: bool,
    /// Only sync these, or all, once.
    pub once: Option<Vec<String>>,
}

/// Does what is asked: by default, runs until SIGTERM or SIGINT.
#[must_use]
pub fn run(wish: Wish) -> ExitCode {
    let around = Surroundings::of_this_process(wish.config, wish.options);
    let config = match config::load(&around) {
        Ok(config) => config,
        Err(error) => return refuse(&error),
    };
    if wish.check_config {
        return check(&config);
    }
    logging::set_level(&config.log_level);
    let aloud = if wish.once.is_some() { Aloud::Stderr } else { Aloud::Journal };
    if let Err(error) = logging::install(aloud, logging::files(&config.logs(), config.log_days)) {
        logging::last_words(&format!("error: the thread for the log files cannot be started: {error}"));
        return ExitCode::FAILURE;
    }
    let code = match wish.once {
        Some(names) => once::run(config, &names),
        None => serve(around, config),
    };
    logging::flush();
    code
}

fn serve(around: Surroundings, config: Config) -> ExitCode {
    match start(around, config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{}", chain(&error));
            let kind = match error {
                StartError::Schedule(_) => ErrorKind::Misconfigured,
                StartError::Listen(ListenError::Taken(_)) => ErrorKind::Busy,
                _ => ErrorKind::Failed,
            };
            ExitCode::from(kind.exit_code())
        }
    }
}

/// Says whether a configuration that could be read can work as a whole, and what is to be known about it.
fn check(config: &Config) -> ExitCode {
    if let Err(error) = Schedule::new(config) {
        return refuse(&error);
    }
    let names: Vec<&str> = config.enabled().map(|instance| instance.config.name.as_str()).collect();
    let first = match names.is_empty() {
        true => no_connector(config),
        false => format!("{} can work; connectors: {}.", config.path.display(), names.join(", ")),
    };
    for line in [&first].into_iter().chain(&config.notes) {
        // A closed standard output is nothing to die of.
        let _ = writeln!(io::stdout(), "{line}");
    }
    ExitCode::SUCCESS
}

/// Says what is wrong with the configuration.
fn refuse(error: &dyn Error) -> ExitCode {
    logging::last_words(&format!("error: {}", chain(error)));
    ExitCode::from(ErrorKind::Misconfigured.exit_code())
}

fn start(around: Surroundings, config: Config) -> Result<(), StartError> {
    // Threads come and go with the few things that block.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().max_blocking_threads(4).thread_keep_alive(Duration::from_secs(1)).build().map_err(StartError::Runtime)?;
    let ended = runtime.block_on(async {
        let schedule = Schedule::new(&config)?;
        let listener = Listener::open(&control::place()?)?;
        live(around, config, schedule, listener).await
    });
    runtime.shutdown_timeout(LAST_WORK);
    ended
}

async fn live(around: Surroundings, config: Config, schedule: Schedule, listener: Listener) -> Result<(), StartError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Runtime)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Runtime)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(StartError::Runtime)?;
    greet(&config);
    let (supervisor, mut ends) = Supervisor::new(Arc::new(config));
    let mut told = supervisor.follow();
    for silent in supervisor.status().iter().filter(|connector| connector.state == State::Suspended) {
        tracing::warn!(connector = silent.name, "No bells ring, because nothing changed since the last run: {} {}", silent.message, silent.todo);
    }
    let (ringer, mut bells) = mpsc::channel(QUEUED);
    let (reload, mut wishes) = mpsc::channel::<ReloadWish>(QUEUED);
    let context = Context {
        supervisor: supervisor.clone(),
        schedule: schedule.clone(),
        reload,
        started: std::time::Instant::now(),
        beside: control::Beside::default(),
    };
    let controlling = tokio::spawn(control::run(listener, context));
    let ringing = schedule.clone();
    tokio::spawn(async move {
        if let Err(error) = ringing.run(ringer).await {
            tracing::error!("No bells ring any more: {error}. Restart with `systemctl --user restart context-syncd`.");
        }
    });
    let mut systemd = systemd::Systemd::new();
    systemd.ready(&supervisor.status());
    let mut watchdog = interval(systemd::watchdog_interval());
    watchdog.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // When it is quiet again after something was done.
    let quiet = sleep(QUIET);
    tokio::pin!(quiet);
    let mut stirred = true;
    loop {
        tokio::select! {
            Some(Bell { name, why }) = bells.recv() => supervisor.ring(&name, cause(why)),
            heard = told.recv() => match heard {
                Ok(told) => systemd.status(&supervisor.status(), matches!(*told.event, Event::Finished(_))),
                // What was missed may have been an end.
                Err(RecvError::Lagged(_)) => systemd.status(&supervisor.status(), true),
                Err(RecvError::Closed) => {}
            },
            // Not from `told`, where a loop that lags behind misses some.
            Some(end) = ends.recv() => {
                note_end(&schedule, &end);
                quiet.as_mut().reset(Instant::now() + QUIET);
                stirred = true;
            }
            () = &mut quiet, if stirred => {
                stirred = false;
                stand_back();
            }
            Some(wish) = wishes.recv() => {
                let came = reload_now(&around, &supervisor, &schedule, &mut systemd).await;
                // Who hung up does not want to know.
                let _ = wish.send(came);
            }
            Some(()) = hangup.recv() => drop(reload_now(&around, &supervisor, &schedule, &mut systemd).await),
            _ = watchdog.tick() => systemd.watchdog(),
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    tracing::info!("Stopping.");
    systemd.stopping();
    supervisor.drain(PATIENCE).await;
    tokio::time::sleep(LAST_LINES).await;
    controlling.abort();
    Ok(())
}

fn greet(config: &Config) {
    tracing::info!(version = env!("CARGO_PKG_VERSION"), config = %config.path.display(), "Started.");
    for note in &config.notes {
        tracing::info!("{note}");
    }
    if config.enabled().next().is_none() {
        tracing::warn!("{}", no_connector(config));
    }
    for instance in config.enabled().filter(|instance| systemd::is_private(&instance.config.folder)) {
        let folder = instance.config.folder.display();
        tracing::warn!(
            connector = instance.config.name,
            "The mirror lies in {folder}. The service has a /tmp of its own, which nobody else sees and which goes with it: choose another `output_dir`."
        );
    }
}

fn no_connector(config: &Config) -> String {
    let path = config.path.display();
    format!(
        "No connector is configured: add a table like [connectors.confluence] to {path} (config.example.toml shows one), then `context-syncctl reload`."
    )
}

fn cause(why: Why) -> Cause {
    match why {
        Why::Schedule => Cause::Schedule,
        Why::Start => Cause::Start,
        Why::Retry => Cause::Retry,
    }
}

/// What the start and the last run needed of the program, an idle daemon does not.
fn stand_back() {
    if let Err(error) = priority::let_go_of_code() {
        tracing::debug!("The memory of unused code stays in use: {error}.");
    }
}

/// The schedule wants to know how syncs end.
fn note_end(schedule: &Schedule, end: &End) {
    if end.operation == "sync" {
        schedule.ended(&end.connector, end.outcome);
    }
}

/// Reads the configuration again, and puts it in force if it can work.
async fn reload_now(
    around: &Surroundings,
    supervisor: &Supervisor,
    schedule: &Schedule,
    systemd: &mut systemd::Systemd,
) -> Result<ReloadReport, ErrorBody> {
    systemd.reloading();
    let came = try_reload(around, supervisor, schedule).await;
    systemd.ready(&supervisor.status());
    match came {
        Ok(report) => {
            let (added, removed, changed) = (report.added.join(" "), report.removed.join(" "), report.changed.join(" "));
            tracing::info!(added, removed, changed, "The configuration was read again.");
            report.notes.iter().for_each(|note| tracing::info!("{note}"));
            Ok(report)
        }
        Err(error) => {
            let message = format!("The configuration is refused, the old one stays: {}", chain(&error));
            tracing::error!("{message}");
            Err(ErrorBody::new(ErrorKind::Misconfigured, message, "Correct it, then run `context-syncctl reload` again."))
        }
    }
}

async fn try_reload(around: &Surroundings, supervisor: &Supervisor, schedule: &Schedule) -> Result<ReloadReport, RefusedConfig> {
    let around = around.clone();
    let config = tokio::task::spawn_blocking(move || config::load(&around)).await??;
    schedule.replace(&config)?;
    let old = supervisor.config();
    let config = Arc::new(config);
    logging::set_level(&config.log_level);
    let (reconfigured, new) = (supervisor.clone(), Arc::clone(&config));
    let (mut report, woken) = tokio::task::spawn_blocking(move || reconfigured.put_in_force(new)).await?;
    for name in woken {
        supervisor.ring(&name, Cause::Reload);
    }
    supervisor.start_waiting();
    if (&old.output_dir, old.log_days) != (&config.output_dir, config.log_days) {
        report.notes.push(format!("The log files stay in {} as they were until a restart.", old.logs().display()));
    }
    Ok(report)
}

/// An error and its causes in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_a_stop_waits_for_is_less_than_ten_seconds() {
        assert!(PATIENCE + LAST_LINES + LAST_WORK < Duration::from_secs(10));
    }
}
