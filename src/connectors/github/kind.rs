//! What the register says of this connector.

use super::{Config, GitHub};
use crate::connectors::Kind;

/// The register's line.
pub const KIND: Kind = Kind {
    name: "github",
    secrets: &["token", "private_key", "proxy_password"],
    paths: &["ca_file", "client_certificate", "client_key"],
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
    check: |settings| {
        let config = Config::read(settings)?;
        serde_json::to_value(config).map_err(|error| error.to_string())
    },
    build: |name, settings, secrets, cache| Ok(Box::new(GitHub::new(name, settings, secrets, cache)?)),
    reader: |name, settings| {
        let mut settings = settings.clone();
        // An App without its key is refused, and reading needs neither, nor any way to the service.
        if let Some(settings) = settings.as_object_mut() {
            let ways = ["app_id", "installation_id", "ca_file", "client_certificate", "client_key", "proxy", "proxy_username"];
            settings.retain(|name, _| !ways.contains(&name.as_str()));
        }
        Ok(Box::new(GitHub::new(name, &settings, &std::collections::BTreeMap::new(), std::path::Path::new(""))?))
    },
    notes: |settings| Config::read(settings).map(|config| config.notes()).unwrap_or_default(),
};
