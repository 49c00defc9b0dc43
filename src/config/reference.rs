//! Reads what stands where a secret belongs, and keeps only where the secret can be found.

use std::path::Path;

use config::{Value, ValueKind};

use super::job::SecretRef;
use super::origin::Origin;

const FORMS: &str = "write `{ env = \"NAME\" }`, `{ file = \"~/path\" }`, `{ command = [\"program\", \"argument\"] }` or `{ credential = \"name\" }`";

/// Where the two files are, and whether a secret may stand in them.
pub(super) struct Files<'a> {
    pub(super) config: &'a Path,
    pub(super) config_private: bool,
    pub(super) dotenv_private: bool,
}

/// The reference for the value at `key`.
///
/// # Errors
/// What is wrong, without the value.
pub(super) fn read(key: &str, value: Value, origin: Origin, files: &Files<'_>) -> Result<SecretRef, String> {
    match (value.kind, origin) {
        (ValueKind::String(_), Origin::Variable(variable)) => Ok(SecretRef::Env(variable)),
        (ValueKind::String(_), Origin::Dotenv { path, variable }) => {
            private(files.dotenv_private, key, &path)?;
            Ok(SecretRef::Dotenv { path, variable })
        }
        (ValueKind::String(_), Origin::File) => {
            private(files.config_private, key, files.config)?;
            Ok(SecretRef::Literal { path: files.config.to_owned(), key: key.to_owned() })
        }
        (ValueKind::Table(table), _) => {
            let mut entries = table.into_iter();
            let (Some((form, value)), None) = (entries.next(), entries.next()) else {
                return Err(format!("`{key}` must have exactly one key; {FORMS}"));
            };
            reference(&form, value).ok_or_else(|| format!("`{key}` is no reference to a secret; {FORMS}"))
        }
        _ => Err(format!("`{key}` must be text, or say where the secret is; {FORMS}")),
    }
}

fn reference(form: &str, value: Value) -> Option<SecretRef> {
    let text = |value: Value| match value.kind {
        ValueKind::String(text) if !text.is_empty() => Some(text),
        _ => None,
    };
    match form {
        "env" => Some(SecretRef::Env(text(value)?)),
        "file" => Some(SecretRef::File(text(value)?.into())),
        "credential" => Some(SecretRef::Credential(text(value).filter(|name| !name.contains('/') && !name.starts_with('.'))?)),
        "command" => match value.kind {
            ValueKind::Array(words) if !words.is_empty() => Some(SecretRef::Command(words.into_iter().map(text).collect::<Option<_>>()?)),
            _ => None,
        },
        _ => None,
    }
}

fn private(private: bool, key: &str, path: &Path) -> Result<(), String> {
    if private {
        return Ok(());
    }
    let path = path.display();
    Err(format!("{path}: a secret (`{key}`) stands in this file, which others can read too; run `chmod 600 {path}`, or write where the secret is"))
}
