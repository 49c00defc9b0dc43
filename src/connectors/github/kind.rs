//! What the register says of this connector.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Config, GitHub};
use crate::connectors::{Kind, http, settings};

/// The register's line.
pub const KIND: Kind = Kind {
    name: "github",
    secrets: &["token", "private_key", http::Settings::SECRET],
    paths: http::Settings::PATHS,
    env: &[
        ("GITHUB_URL", "url"),
        ("GITHUB_REPOS", "repos"),
        ("GITHUB_TOKEN", "token"),
        ("GITHUB_APP_ID", "app_id"),
        ("GITHUB_INSTALLATION_ID", "installation_id"),
        ("GITHUB_PRIVATE_KEY", "private_key"),
    ],
    required: &["GITHUB_REPOS"],
    lists: &["repos", "include", "exclude", "files", "images", "labels", "exclude_labels"],
    check: |given| settings::filled(&Config::read(given)?),
    build: |name, given, secrets, cache| Ok(Box::new(GitHub::new(name, given, secrets, cache)?)),
    // An App without its key is refused, and reading needs neither, nor any way to the service.
    reader: |name, given| {
        let given = settings::without(given, &[&["app_id", "installation_id"], http::Settings::WAYS]);
        Ok(Box::new(GitHub::new(name, &given, &BTreeMap::new(), Path::new(""))?))
    },
    notes: |given| Config::read(given).map(|config| config.notes()).unwrap_or_default(),
};
