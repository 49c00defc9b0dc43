//! `resume`: end a pause, or a suspension.

use super::Context;
use super::asker::Answer;

pub(super) async fn answer(context: &Context, names: &[String]) -> Answer {
    super::pause::set(context, names, false).await
}
