//! The register of connectors: one line each, and nothing else about any of them.

pub mod confluence;
pub mod connector;
pub mod github;
pub mod http;
pub mod locked;
pub mod settings;
pub mod wildcard;

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::{ConnectorName, Secret};
use connector::{Connector, SourceError};

type Built = Result<Box<dyn Connector>, SourceError>;
type Build = fn(ConnectorName, &serde_json::Value, &BTreeMap<String, Secret>, &Path) -> Built;
type Reader = fn(ConnectorName, &serde_json::Value) -> Built;

/// What configuration and program need to know about a type of connector.
pub struct Kind {
    /// Its `type` in the configuration.
    pub name: &'static str,
    /// Settings that are secrets: references in the configuration, never among the other settings.
    pub secrets: &'static [&'static str],
    /// Settings that are paths: `~` is the home folder, and what is not absolute lies there, too.
    pub paths: &'static [&'static str],
    /// Environment variables of its own, and the settings that they fill; of two for one setting the first that is set counts.
    pub env: &'static [(&'static str, &'static str)],
    /// Variables whose presence turns an unconfigured connector on.
    pub required: &'static [&'static str],
    /// Settings that are comma-separated lists in variables.
    pub lists: &'static [&'static str],
    /// Checks settings (without secrets) and fills in defaults; the error names the setting.
    pub check: fn(&serde_json::Value) -> Result<serde_json::Value, String>,
    build: Build,
    reader: Reader,
    notes: fn(&serde_json::Value) -> Vec<String>,
}

const REGISTER: &[Kind] = &[confluence::KIND, github::KIND];

/// The types that there are.
#[must_use]
pub fn kinds() -> &'static [&'static str] {
    const NAMES: [&str; REGISTER.len()] = {
        let mut names = [""; REGISTER.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = REGISTER[at].name;
            at += 1;
        }
        names
    };
    &NAMES
}

/// A type by name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    REGISTER.iter().find(|kind| kind.name == name)
}

/// Builds a connector of type `kind`; it may keep what can be had again in the folder `cache`.
///
/// # Errors
/// When there is no such type, or its settings and secrets cannot work.
pub fn build(
    kind: &str,
    name: &ConnectorName,
    settings: &serde_json::Value,
    secrets: BTreeMap<String, Secret>,
    cache: &Path,
) -> Result<Box<dyn Connector>, SourceError> {
    (known(kind, name)?.build)(name.clone(), settings, &secrets, cache)
}

/// Builds a connector of type `kind` that has no secret, so that it can do no more than read kept bodies.
///
/// # Errors
/// When there is no such type, or its settings cannot work.
pub fn reader(kind: &str, name: &ConnectorName, settings: &serde_json::Value) -> Result<Box<dyn Connector>, SourceError> {
    (known(kind, name)?.reader)(name.clone(), settings)
}

fn known(kind: &str, name: &ConnectorName) -> Result<&'static Kind, SourceError> {
    self::kind(kind).ok_or_else(|| SourceError::Misconfigured {
        detail: format!("[connectors.{name}] has the type `{kind}`, which this version does not know"),
        hint: format!("Known types: {}.", kinds().join(", ")),
    })
}

/// What was made of the settings, for people: an address that was pasted with more than its base, for one.
#[must_use]
pub fn host_notes(kind: &str, settings: &serde_json::Value) -> Vec<String> {
    self::kind(kind).map_or_else(Vec::new, |kind| (kind.notes)(settings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_name_and_an_unknown_one_is_said() {
        for name in kinds() {
            assert_eq!(kind(name).unwrap().name, *name);
        }
        let name = ConnectorName::new("wiki").unwrap();
        let Err(error) = build("sharepoint", &name, &serde_json::json!({}), BTreeMap::new(), Path::new("/nowhere")) else { panic!("built") };
        assert!(error.to_string().contains("sharepoint") && error.hint().contains("confluence"), "{error}");
    }

    #[test]
    fn checks_name_what_is_wrong() {
        let confluence = kind("confluence").unwrap();
        let filled = (confluence.check)(&serde_json::json!({"url": "acme.atlassian.net"})).unwrap();
        assert_eq!(filled["blog_posts"], true);
        assert!((confluence.check)(&serde_json::json!({"url": "acme.atlassian.net", "api_token": "x"})).unwrap_err().contains("api_token"));
        let notes = host_notes("confluence", &serde_json::json!({"url": "https://acme.atlassian.net/wiki/spaces/ENG"}));
        assert!(notes.iter().any(|note| note.contains("ENG")), "{notes:?}");
    }
}
