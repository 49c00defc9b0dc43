//! The configuration in force, for people: what they can write, with every default, and secrets as references.

use serde_json::{Value, json};

use super::Config;
use super::job::SecretRef;

/// Every setting. There is nothing in it that must not be shown.
#[must_use]
pub fn resolved(config: &Config) -> Value {
    let connectors: serde_json::Map<String, Value> = config
        .connectors
        .iter()
        .map(|connector| {
            let own = &connector.config;
            let mut table = own.settings.as_object().cloned().unwrap_or_default();
            table.insert("type".to_owned(), own.kind.clone().into());
            table.insert("enabled".to_owned(), connector.enabled.into());
            table.insert("schedule".to_owned(), connector.every.clone().into());
            table.insert("output_dir".to_owned(), own.folder.to_string_lossy().into_owned().into());
            table.insert("max_delete_percent".to_owned(), own.max_delete_percent.into());
            table.extend(own.secrets.iter().map(|(setting, reference)| (setting.clone(), shown(reference))));
            (own.name.clone(), Value::Object(table))
        })
        .collect();
    json!({
        "output_dir": config.output_dir.to_string_lossy(),
        "max_parallel": config.max_parallel,
        "trash_days": config.trash_days,
        "log_days": config.log_days,
        "log_level": config.log_level,
        "schedule": config.schedule,
        "worker": config.worker,
        "connectors": connectors,
    })
}

fn shown(reference: &SecretRef) -> Value {
    match reference {
        SecretRef::Env(variable) => json!({ "env": variable }),
        SecretRef::File(path) => json!({ "file": path.to_string_lossy() }),
        SecretRef::Command(words) => json!({ "command": words }),
        SecretRef::Credential(name) => json!({ "credential": name }),
        SecretRef::Dotenv { path, variable } => json!({ "dotenv": format!("{variable} in {}", path.display()) }),
        SecretRef::Literal { path, .. } => json!({ "literal": format!("in {}", path.display()) }),
    }
}
