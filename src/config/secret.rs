//! Resolves references to secrets.

use crate::config::job::SecretRef;
use crate::model::Secret;

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(String);

/// # Errors
/// When the secret cannot be had.
pub fn resolve(reference: &SecretRef) -> Result<Secret, SecretError> {
    match reference {
        SecretRef::Env(name) => std::env::var(name).map(Secret::new).map_err(|_| SecretError(format!("the variable `{name}` is not set"))),
        SecretRef::Command(words) => {
            let output = std::process::Command::new(&words[0]).args(&words[1..]).output().map_err(|e| SecretError(e.to_string()))?;
            Ok(Secret::new(String::from_utf8_lossy(&output.stdout).trim().to_owned()))
        }
        other => Err(SecretError(format!("{other:?}"))),
    }
}
