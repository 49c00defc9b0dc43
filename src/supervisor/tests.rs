//! The supervisor with workers that say what a test wants: scripts in place of this program.

use std::path::Path;
use std::time::Duration;

use context_sync_protocol::reply::State;
use tokio::process::Command;
use tokio::sync::broadcast::error::TryRecvError;

use super::*;
use crate::config::{Surroundings, load};

/// With one connector, `confluence`, whose token stands in `.env`.
fn config(home: &Path) -> Arc<Config> {
    let around = Surroundings {
        environment: [("HOME", home.to_str().unwrap()), ("CONFLUENCE_URL", "https://wiki.example")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..Default::default()
    };
    Arc::new(load(&around).unwrap())
}

fn token(home: &Path, token: &str) {
    use std::os::unix::fs::OpenOptionsExt;
    let folder = home.join(".config/context-sync");
    std::fs::create_dir_all(&folder).unwrap();
    let mut file = std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(folder.join(".env")).unwrap();
    std::io::Write::write_all(&mut file, format!("CONFLUENCE_API_TOKEN={token}\n").as_bytes()).unwrap();
}

/// Workers that read their job and then do what the script says.
macro_rules! workers {
    ($script:literal) => {
        Workers {
            command: || {
                let mut command = Command::new("/bin/sh");
                command.args(["-c", concat!("read job; ", $script)]);
                Ok(command)
            },
            ..Workers::default()
        }
    };
}

fn sync() -> Operation {
    Operation::Sync { full: false, accept_deletions: false }
}

fn refusing(home: &Path) -> Supervisor {
    let workers = workers!(r#"echo '{"event":"finished","outcome":"unauthorized","message":"No.","hint":"Mend it."}'"#);
    Supervisor::with_workers(config(home), workers).0
}

fn state(supervisor: &Supervisor) -> State {
    supervisor.status()[0].state
}

#[tokio::test]
async fn an_end_is_heard_by_who_lags_behind_as_well() {
    let home = tempfile::tempdir().unwrap();
    let workers = workers!(
        r#"i=0; while [ $i -lt 600 ]; do echo '{"event":"log","level":"debug","message":"x"}'; i=$((i+1)); done; echo '{"event":"finished","outcome":"unreachable"}'"#
    );
    let (supervisor, mut ends) = Supervisor::with_workers(config(home.path()), workers);
    let mut told = supervisor.follow();
    supervisor.order("confluence", sync()).unwrap().ended.await.unwrap();
    assert!(matches!(told.try_recv(), Err(TryRecvError::Lagged(_))), "the follower did not lag, so the test shows nothing");
    assert_eq!(ends.try_recv().unwrap(), End { connector: "confluence".into(), operation: "sync", outcome: Outcome::Unreachable });
    assert!(ends.try_recv().is_err(), "one run ended twice");
}

#[tokio::test]
async fn the_starts_bell_is_not_rung_for_a_sync_that_runs() {
    let home = tempfile::tempdir().unwrap();
    let workers = workers!(r#"sleep 0.3; echo '{"event":"finished","outcome":"done"}'"#);
    let (supervisor, _ends) = Supervisor::with_workers(config(home.path()), workers);
    let asked = supervisor.order("confluence", sync()).unwrap();
    assert_eq!(state(&supervisor), State::Running);
    supervisor.ring("confluence", Cause::Start);
    asked.ended.await.unwrap();
    assert_eq!(state(&supervisor), State::Idle);
    // The schedule's means something that happened since.
    let asked = supervisor.order("confluence", sync()).unwrap();
    supervisor.ring("confluence", Cause::Schedule);
    asked.ended.await.unwrap();
    assert_ne!(state(&supervisor), State::Idle);
}

#[tokio::test]
async fn a_suspension_outlives_the_daemon_until_something_may_have_been_mended() {
    let home = tempfile::tempdir().unwrap();
    token(home.path(), "wrong");
    let first = refusing(home.path());
    first.order("confluence", sync()).unwrap().ended.await.unwrap();
    assert_eq!(state(&first), State::Suspended);
    first.drain(Duration::from_secs(60)).await;

    let second = refusing(home.path());
    second.ring("confluence", Cause::Start);
    assert_eq!(state(&second), State::Suspended);
    assert!(second.status()[0].todo.starts_with("Mend it."), "{}", second.status()[0].todo);

    token(home.path(), "another");
    let third = refusing(home.path());
    third.ring("confluence", Cause::Start);
    assert_eq!(state(&third), State::Running);
    third.drain(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn whoever_resumes_or_reloads_ends_a_suspension_for_good() {
    for by_hand in [true, false] {
        let home = tempfile::tempdir().unwrap();
        token(home.path(), "wrong");
        let first = refusing(home.path());
        first.order("confluence", sync()).unwrap().ended.await.unwrap();
        let names = ["confluence".to_owned()];
        if by_hand {
            assert_eq!(first.pause(&names, false).await.unwrap(), names);
        } else {
            assert_eq!(first.put_in_force(config(home.path())).1, names);
        }
        assert_eq!(state(&first), State::Idle);
        first.drain(Duration::from_secs(60)).await;
        assert_eq!(state(&refusing(home.path())), State::Idle);
    }
}
