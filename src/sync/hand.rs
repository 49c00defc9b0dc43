//! Notices what people did to the mirror by hand: one look at size and time of each known file, a hash where they differ, and no request.

use crate::mirror::{Found, Mirror, MirrorError};
use crate::model::{ContentHash, DocPath, Stamp};

/// A file that we left.
pub(super) struct Known<T> {
    /// Whose it is.
    pub whose: T,
    /// Where.
    pub path: DocPath,
    /// How it looked.
    pub stamp: Option<Stamp>,
    /// What it held.
    pub hash: Option<ContentHash>,
}

/// Those whose file is missing or holds something else. Blocking.
///
/// # Errors
/// When the mirror cannot be read.
pub(super) fn touched<T>(mirror: &Mirror, known: impl IntoIterator<Item = Known<T>>) -> Result<Vec<T>, MirrorError> {
    let mut touched = Vec::new();
    for file in known {
        let same = match mirror.find(&file.path)? {
            Found::File(stamp) if Some(stamp) == file.stamp => true,
            Found::File(_) => mirror.hash(&file.path)? == file.hash,
            Found::Nothing | Found::Other => false,
        };
        if !same {
            touched.push(file.whose);
        }
    }
    Ok(touched)
}
