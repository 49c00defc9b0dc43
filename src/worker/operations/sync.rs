//! Brings the mirror up to date, or writes it again: hands the engine what it needs, and nothing more.

use std::sync::Arc;

use context_sync_protocol::event::Finished;
use tokio_util::sync::CancellationToken;

use super::super::events::Events;
use super::open::Both;
use crate::config::job::ConnectorConfig;
use crate::connectors::connector::Connector;
use crate::model::ContentHash;
use crate::sync::clock::SystemClock;
use crate::sync::{self, Options, Run};

/// What the caller wishes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wishes {
    /// Write every document again from its kept body, and nothing else.
    pub(super) rerender: bool,
    /// Fetch every body again.
    pub(super) full: bool,
    /// Carry out deletions that the limit held back.
    pub(super) accept_deletions: bool,
}

/// One run of the engine.
pub(super) async fn run(
    config: &ConnectorConfig,
    connector: Arc<dyn Connector>,
    both: Both,
    events: Events,
    cancel: CancellationToken,
    Wishes { rerender, full, accept_deletions }: Wishes,
) -> Finished {
    let Both { state, mirror } = both;
    sync::run(Run {
        connector,
        source: config.kind.clone(),
        state,
        mirror,
        clock: Arc::new(SystemClock),
        reporter: Arc::new(events),
        cancel,
        options: Options {
            rerender,
            full,
            accept_deletions,
            max_delete_percent: config.max_delete_percent,
            whole_up_to: sync::WHOLE_UP_TO,
            settings: fingerprint(&config.settings),
        },
    })
    .await
}

/// A number that is another one as soon as a setting is. It is kept between runs, so it must not change with the program's version.
fn fingerprint(settings: &serde_json::Value) -> u64 {
    // serde_json keeps the keys of an object sorted, so equal settings have equal texts.
    let ContentHash(hash) = ContentHash::of(settings.to_string().as_bytes());
    hash.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_fingerprint_is_the_settings_and_nothing_else() {
        let one = fingerprint(&json!({ "spaces": ["ENG"], "url": "https://wiki.example" }));
        assert_eq!(one, fingerprint(&json!({ "url": "https://wiki.example", "spaces": ["ENG"] })));
        assert_ne!(one, fingerprint(&json!({ "url": "https://wiki.example", "spaces": ["OPS"] })));
        // A fossil: it is compared with what an earlier version kept.
        assert_eq!(fingerprint(&json!({})), 0x4413_6fa3_55b3_678a);
    }
}
