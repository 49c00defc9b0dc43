//! Checks that need more than one value: whose folder lies where, and whether a secret lies open.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use config::{Value, ValueKind};

use super::job::SecretRef;
use super::layers::{Found, Layers};
use super::{ConfigError, Instance, Origin};

/// The reference to a secret: what stands there literally is referred to by its place, and only if nobody else can read that.
pub(super) fn secret(key: &str, found: &Found) -> Result<SecretRef, ConfigError> {
    let bad = |why: &str| Err(ConfigError::bad(key, &found.origin, why));
    match &found.value.kind {
        ValueKind::String(text) if text.trim().is_empty() => bad("is empty; leave it out, or say where the secret is"),
        ValueKind::String(_) => match &found.origin {
            Origin::File(path) => {
                owner_only(path, key)?;
                Ok(SecretRef::Literal { path: path.clone(), key: key.to_owned() })
            }
            Origin::Dotenv { path, variable } => {
                owner_only(path, variable)?;
                Ok(SecretRef::Dotenv { path: path.clone(), variable: variable.clone() })
            }
            Origin::Env(variable) => Ok(SecretRef::Env(variable.clone())),
            Origin::CommandLine(_) => bad("cannot be given on the command line, which others can read"),
        },
        ValueKind::Table(table) if table.len() == 1 => match table.iter().next().map(|(word, value)| (word.as_str(), value)) {
            Some(("env", Value { kind: ValueKind::String(name), .. })) => Ok(SecretRef::Env(name.clone())),
            Some(("file", Value { kind: ValueKind::String(path), .. })) => Ok(SecretRef::File(PathBuf::from(path))),
            Some(("credential", Value { kind: ValueKind::String(name), .. })) => Ok(SecretRef::Credential(name.clone())),
            Some(("command", Value { kind: ValueKind::Array(words), .. })) => {
                let words: Option<Vec<String>> = words.iter().map(|word| word.clone().into_string().ok()).collect();
                match words {
                    Some(words) if !words.is_empty() => Ok(SecretRef::Command(words)),
                    _ => bad(FORMS),
                }
            }
            _ => bad(FORMS),
        },
        _ => bad(FORMS),
    }
}

const FORMS: &str = "must be one of { env = \"NAME\" }, { file = \"~/path\" }, { command = [\"pass\", \"show\", \"wiki\"] }, { credential = \"name\" }, or the secret itself in quotation marks";

fn owner_only(path: &Path, key: &str) -> Result<(), ConfigError> {
    let meta = std::fs::metadata(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    if meta.mode() & 0o077 == 0 { Ok(()) } else { Err(ConfigError::Exposed { path: path.to_owned(), key: key.to_owned() }) }
}

/// No connector's folder lies in another's, around the output folder, or where the logs are: each of them belongs to one writer.
pub(super) fn folders(connectors: &[Instance], output_dir: &Path, layers: &Layers) -> Result<(), ConfigError> {
    let logs = output_dir.join("logs");
    for (at, instance) in connectors.iter().enumerate() {
        let (name, folder) = (&instance.config.name, &instance.config.folder);
        let table = layers.connectors.get(name);
        let found = table.and_then(|table| table.get("output_dir").or_else(|| table.values().next()));
        let origin = found.map_or_else(|| Origin::File(layers.path.clone()), |found| found.origin.clone());
        let clash = |what: String| {
            let why = format!("its folder {} {what}; give it one of its own with `output_dir`", folder.display());
            Err(ConfigError::Connector { name: name.clone(), origin: origin.clone(), why })
        };
        if folder.starts_with(&logs) {
            return clash("is that of the logs".to_owned());
        }
        if output_dir.starts_with(folder) {
            return clash("holds the whole output folder".to_owned());
        }
        let mut others = connectors.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| &other.config);
        if let Some(other) = others.find(|other| folder.starts_with(&other.folder)) {
            return clash(format!("lies in that of `{}`", other.name));
        }
    }
    Ok(())
}
