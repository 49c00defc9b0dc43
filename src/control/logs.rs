//! `logs`: lines of the log files, and with `follow` what is logged from now.

use context_sync_protocol::error::{ErrorBody, ErrorKind};
use context_sync_protocol::reply::{Empty, LogLine};
use tokio::sync::broadcast::error::RecvError;

use super::asker::{Answer, Asker, ok};
use super::{Context, names};
use crate::logging;

/// More past lines are for a pager: the files are plain text.
const MOST: u32 = 10_000;

pub(super) async fn answer(context: &Context, asker: &Asker, name: Option<&str>, follow: bool, lines: u32) -> Answer {
    if let Some(name) = name {
        names::chosen(context, &[name.to_owned()])?;
    }
    // Before the files are read, so that nothing falls between.
    let mut heard = logging::follow();
    let past = past(context, name, lines).await?;
    for line in &past {
        if asker.event(line).await.is_err() {
            return ok(&Empty {});
        }
    }
    if !follow {
        return ok(&Empty {});
    }
    loop {
        let line = match heard.recv().await {
            Ok(line) => line,
            Err(RecvError::Lagged(missed)) => LogLine { connector: String::new(), line: format!("({missed} lines were too fast to follow)") },
            Err(RecvError::Closed) => break,
        };
        let wanted = name.is_none_or(|name| line.connector == name);
        if wanted && !past.contains(&line) && asker.event(&line).await.is_err() {
            break;
        }
    }
    ok(&Empty {})
}

async fn past(context: &Context, name: Option<&str>, lines: u32) -> Result<Vec<LogLine>, ErrorBody> {
    let (folder, name) = (context.supervisor.config().logs(), name.map(str::to_owned));
    let count = usize::try_from(lines.min(MOST)).unwrap_or_default();
    let read = move || {
        // What was said before the follower listened is in the files then, or it would fall between.
        logging::flush();
        let wanted = |line: &str| name.as_deref().is_none_or(|name| logging::is_of(line, name));
        logging::past::last_lines(&folder, count, wanted)
    };
    let lines = context.beside.work(read).await;
    let lines = lines.map_err(|error| ErrorBody::new(ErrorKind::Failed, format!("The log files cannot be read: {error}."), ""))?;
    Ok(lines.into_iter().map(|line| LogLine { connector: logging::connector_of(&line).to_owned(), line }).collect())
}
