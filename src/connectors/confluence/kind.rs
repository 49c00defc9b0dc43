//! What the register says of this connector.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Config, Confluence};
use crate::connectors::{Kind, http, settings};

/// The register's line.
pub const KIND: Kind = Kind {
    name: "confluence",
    secrets: &["api_token", "password", http::Settings::SECRET],
    paths: http::Settings::PATHS,
    env: &[
        ("CONFLUENCE_URL", "url"),
        ("CONFLUENCE_USERNAME", "username"),
        ("CONFLUENCE_EMAIL", "username"),
        ("CONFLUENCE_API_TOKEN", "api_token"),
        ("CONFLUENCE_PASSWORD", "password"),
        ("CONFLUENCE_SPACES", "spaces"),
    ],
    required: &["CONFLUENCE_URL"],
    lists: &["spaces", "include_spaces", "exclude_spaces", "pages", "exclude_pages", "labels", "exclude_labels"],
    check: |given| settings::filled(&Config::read(given)?),
    build: |name, given, secrets, cache| Ok(Box::new(Confluence::new(name, given, secrets, cache)?)),
    // A name without its secret is refused, and reading needs neither, nor any way to the site.
    reader: |name, given| {
        let given = settings::without(given, &[&["username"], http::Settings::WAYS]);
        Ok(Box::new(Confluence::new(name, &given, &BTreeMap::new(), Path::new(""))?))
    },
    notes: |given| Config::read(given).and_then(|config| config.address()).map(|address| address.notes).unwrap_or_default(),
};
