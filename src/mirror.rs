//! The mirror.

use std::path::Path;

/// The mirror.
pub struct Mirror;

/// Error.
#[derive(Debug, thiserror::Error)]
#[error("mirror")]
pub struct MirrorError;

impl Mirror {
    /// # Errors
    /// Never.
    pub fn open(_folder: &Path) -> Result<Self, MirrorError> {
        Ok(Self)
    }
}
