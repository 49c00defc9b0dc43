//! `cancel`: stop what runs or waits for its turn, between two documents.

use context_sync_protocol::request::Op;

use super::Context;
use crate::stop::Stop;

pub(crate) fn run(context: &Context, names: Vec<String>) -> Result<u8, Stop> {
    context.touch(Op::Cancel { names }, "asked to stop", "Nothing was running.")
}
