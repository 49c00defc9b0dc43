//! `resume`: end a pause, or a suspension.

use context_sync_protocol::request::Op;

use super::Context;
use crate::stop::Stop;

pub(crate) fn run(context: &Context, names: Vec<String>) -> Result<u8, Stop> {
    context.touch(Op::Resume { names }, "resumed", "Nothing to do: none was paused or suspended.")
}
