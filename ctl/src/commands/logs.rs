//! `logs`: lines of the daemon's file logs, and with `-f` what is logged from now.

use context_sync_protocol::reply::{Empty, LogLine, typed};
use context_sync_protocol::request::Op;
use serde::Serialize;

use super::Context;
use crate::client::{Heard, Takes};
use crate::stop::Stop;
use crate::text::clean;

#[derive(Serialize)]
struct Lines {
    lines: Vec<LogLine>,
}

pub(crate) fn run(context: &Context, name: Option<String>, follow: bool, lines: u32) -> Result<u8, Stop> {
    // One document needs the last line before its end; a stream, and people, want each line when it comes.
    let collect = context.output.is_json() && !follow;
    let mut collected = Lines { lines: Vec::new() };
    let takes = if follow { Takes::AsLongAsItTakes } else { Takes::Moments };
    let Empty {} = context.client.call(Op::Logs { name, follow, lines }, takes, |heard| {
        let Heard::Event(event) = heard else { return Ok(()) };
        match typed::<LogLine>(event) {
            Ok(line) if collect => collected.lines.push(line),
            Ok(line) => context.output.line(&line, &clean(&line.line))?,
            // An event that this version does not know is none of its business.
            Err(_) => {}
        }
        Ok(())
    })?;
    if collect {
        context.output.data(&collected, |_| String::new())?;
    }
    Ok(0)
}
