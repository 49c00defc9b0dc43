//! The configuration in force, in the words of the configuration file: what `context-syncctl config show` prints.
//!
//! Guarantees that it holds no secret, and that all else, written into a `config.toml`, means the same again.

use serde_json::{Map, Value, json};

use super::job::SecretRef;
use super::{Config, Instance};

impl Config {
    /// Every setting by its key; connectors by their names.
    #[must_use]
    pub fn in_its_own_words(&self) -> Value {
        let connectors: Map<String, Value> = self.connectors.iter().map(|instance| (instance.config.name.clone(), connector(instance))).collect();
        json!({
            "output_dir": self.output_dir,
            "max_parallel": self.max_parallel,
            "trash_days": self.trash_days,
            "log_days": self.log_days,
            "log_level": self.log_level,
            "schedule": {
                "every": self.schedule.every,
                "time_zone": self.schedule.time_zone,
                "jitter_secs": self.schedule.jitter_secs,
            },
            "worker": self.worker,
            "connectors": connectors,
        })
    }
}

/// The connector's table.
fn connector(instance: &Instance) -> Value {
    let Instance { config, every, enabled } = instance;
    // What the type has no value for is not set, and TOML has no word for that.
    let own = config.settings.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let mut table: Map<String, Value> = own.map(|(key, value)| (key.clone(), value.clone())).collect();
    table.extend(config.secrets.iter().map(|(key, reference)| (key.clone(), secret(reference))));
    let common = [
        ("type", json!(config.kind)),
        ("enabled", json!(enabled)),
        ("every", json!(every)),
        ("output_dir", json!(config.folder)),
        ("max_delete_percent", json!(config.max_delete_percent)),
    ];
    table.extend(common.map(|(key, value)| (key.to_owned(), value)));
    Value::Object(table)
}

/// Where a secret stands. One that stands somewhere itself is shown by its place, for which the file has no words.
fn secret(reference: &SecretRef) -> Value {
    match reference {
        SecretRef::Env(name) => json!({ "env": name }),
        SecretRef::File(path) => json!({ "file": path }),
        SecretRef::Command(words) => json!({ "command": words }),
        SecretRef::Credential(name) => json!({ "credential": name }),
        SecretRef::Dotenv { path, variable } => json!({ "variable": variable, "in": path }),
        SecretRef::Literal { path, .. } => json!({ "in": path }),
    }
}
