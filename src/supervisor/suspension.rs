//! Why no bells ring for a connector, and whether that still holds in another life of the daemon.
//!
//! Guarantees that a suspension outlives the daemon only as long as nothing can be seen that may have mended its reason. Knows no secret, only traces of
//! the places where they stand.

use context_sync_protocol::event::Finished;
use serde::{Deserialize, Serialize};

use crate::config::job::ConnectorConfig;
use crate::config::trace::trace;
use crate::model::ContentHash;

/// A connector whose bells do not ring, because somebody has to mend something first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Suspension {
    /// The end of the run that said so.
    pub(super) finished: Finished,
    /// What that run went by; none where another life of the daemon may go by something else without anybody seeing it.
    pub(super) basis: Option<String>,
}

impl Suspension {
    /// Whether a new life of the daemon finds everything as it was. Blocking, for little files.
    pub(super) fn holds(&self, connector: &ConnectorConfig) -> bool {
        self.basis.is_some() && self.basis == basis(connector)
    }
}

/// What a run of this connector goes by: its settings, traces of its secrets, and the program, which may read them better after an update. Blocking, for
/// little files.
pub(super) fn basis(connector: &ConnectorConfig) -> Option<String> {
    let traces: Vec<String> = connector.secrets.values().map(trace).collect::<Option<_>>()?;
    let text = serde_json::to_vec(&(connector, traces, env!("CARGO_PKG_VERSION"))).ok()?;
    let ContentHash(hash) = ContentHash::of(&text);
    Some(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::super::desk::tests::instance;
    use super::*;
    use crate::config::job::SecretRef;

    #[test]
    fn it_holds_until_the_configuration_or_the_place_of_a_secret_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let write = |text: &str| std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), text.as_bytes()).unwrap();
        write("wrong");
        let mut connector = instance("wiki").config;
        connector.secrets.insert("api_token".to_owned(), SecretRef::File(path.clone()));
        let suspension = Suspension { finished: Finished::default(), basis: basis(&connector) };
        assert!(suspension.holds(&connector));
        let mut other = connector.clone();
        other.settings = serde_json::json!({ "url": "https://wiki.example" });
        assert!(!suspension.holds(&other));
        write("right, perhaps");
        assert!(!suspension.holds(&connector));
        // A new life has a new environment.
        connector.secrets.insert("api_token".to_owned(), SecretRef::Env("A_TOKEN".to_owned()));
        assert!(!Suspension { finished: Finished::default(), basis: basis(&connector) }.holds(&connector));
    }
}
