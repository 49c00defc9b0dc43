//! Turns what the program's own code says through `tracing` into events.
//!
//! Guarantees that only this program's own words pass: what outside crates say may hold addresses with their queries, so it is dropped here,
//! whatever its level. Knows no destination but [`Events`].

use std::collections::BTreeMap;
use std::fmt;

use context_sync_protocol::event::Level;
use tracing::field::{Field, Visit};
use tracing::span;

use super::events::Events;

/// Our crates' targets begin so.
const OURS: &str = "context_sync";

/// Makes `events` the destination of all of this process's `tracing` events. Only the first call in a process counts.
pub(super) fn install(events: Events) {
    // A second subscriber is refused and the first stays, which is what we want.
    let _ = tracing::subscriber::set_global_default(Told(events));
}

struct Told(Events);

impl tracing::Subscriber for Told {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with(OURS) && level(*metadata.level()).is_some_and(|level| self.0.wants(level))
    }

    fn event(&self, event: &tracing::Event<'_>) {
        if let Some(level) = level(*event.metadata().level()) {
            let mut words = Words::default();
            event.record(&mut words);
            self.0.tell(level, &words.message, words.fields);
        }
    }

    // Spans are not enabled, so that none of these is ever asked for one.
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn level(level: tracing::Level) -> Option<Level> {
    match level {
        tracing::Level::ERROR => Some(Level::Error),
        tracing::Level::WARN => Some(Level::Warn),
        tracing::Level::INFO => Some(Level::Info),
        tracing::Level::DEBUG => Some(Level::Debug),
        _ => None,
    }
}

#[derive(Default)]
struct Words {
    message: String,
    fields: BTreeMap<String, String>,
}

impl Words {
    fn put(&mut self, field: &Field, value: String) {
        if field.name() == "message" {
            self.message = value;
        } else {
            self.fields.insert(field.name().to_lowercase(), value);
        }
    }
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    // Without this a string would be recorded by its debug form, in quotation marks.
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use tokio_util::sync::CancellationToken;

    use super::super::events;
    use super::*;

    #[test]
    fn our_words_pass_with_their_fields_and_others_do_not() {
        let (mut reader, to) = std::io::pipe().unwrap();
        let (events, writer) = events::open(to.into(), Level::Info, CancellationToken::new());
        tracing::subscriber::with_default(Told(events.clone()), || {
            let _span = tracing::error_span!("a span", of = "no interest").entered();
            tracing::warn!(doc = "7", tries = 3, "A page was deferred.");
            tracing::debug!("below the level");
            tracing::error!(target: "hyper::proto", "https://wiki.example/?token=x");
        });
        events.finish(Default::default());
        writer.run();
        let mut told = String::new();
        reader.read_to_string(&mut told).unwrap();
        let first = told.lines().next().unwrap();
        assert_eq!(first, r#"{"event":"log","level":"warn","message":"A page was deferred.","fields":{"doc":"7","tries":"3"}}"#);
        assert_eq!(told.lines().count(), 2, "{told}");
    }
}
