//! Turns what the program's own code says through `tracing` into events.
//!
//! Guarantees that only this program's own spans of words pass: what outside crates say may hold addresses with their queries, so it is dropped here,
//! whatever its level. Knows no destination but [`Events`].

use std::collections::BTreeMap;
use std::fmt;

use context_sync_protocol::event::Level;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use super::events::Events;

/// Our crates' targets begin so.
const OURS: &str = "context_sync";

/// Makes `events` the destination of all of this process's `tracing` events. Only the first call in a process counts.
pub(super) fn install(events: Events) {
    // A second subscriber is refused and the first stays, which is what we want.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(EventsLayer(events)));
}

struct EventsLayer(Events);

impl<S: tracing::Subscriber> Layer<S> for EventsLayer {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target().starts_with(OURS) && level(*metadata.level()).is_some_and(|level| self.0.wants(level))
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if let Some(level) = level(*event.metadata().level()) {
            let mut words = Words::default();
            event.record(&mut words);
            self.0.tell(level, &words.message, words.fields);
        }
    }
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
        let subscriber = tracing_subscriber::registry().with(EventsLayer(events.clone()));
        tracing::subscriber::with_default(subscriber, || {
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
