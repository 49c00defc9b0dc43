//! What the register says of this connector.

use super::{Config, Confluence};
use crate::connectors::Kind;

/// The register's line.
pub const KIND: Kind = Kind {
    name: "confluence",
    secrets: &["api_token", "password", "proxy_password"],
    paths: &["ca_file", "client_certificate", "client_key"],
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
    check: |settings| {
        let config = Config::read(settings)?;
        serde_json::to_value(config).map_err(|error| error.to_string())
    },
    build: |name, settings, secrets, cache| Ok(Box::new(Confluence::new(name, settings, secrets, cache)?)),
    reader: |name, settings| {
        let mut settings = settings.clone();
        // A name without its secret is refused, and reading needs neither, nor any way to the site.
        if let Some(settings) = settings.as_object_mut() {
            settings
                .retain(|name, _| !["username", "ca_file", "client_certificate", "client_key", "proxy", "proxy_username"].contains(&name.as_str()));
        }
        Ok(Box::new(Confluence::new(name, &settings, &std::collections::BTreeMap::new(), std::path::Path::new(""))?))
    },
    notes: |settings| Config::read(settings).and_then(|config| config.address()).map(|address| address.notes).unwrap_or_default(),
};
