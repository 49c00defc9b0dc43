//! `pause`: ring no bells until `resume`.

use context_sync_protocol::request::Op;

use super::Context;
use crate::stop::Stop;

pub(crate) fn run(context: &Context, names: Vec<String>) -> Result<u8, Stop> {
    context.touch(Op::Pause { names }, "paused; `context-syncctl resume` ends it", "Nothing to do: paused already, or no connector is configured.")
}
