//! The raw bodies that the state keeps: one line of JSON with a version and a kind, then, for files and wiki pages, the bytes as they are.
//!
//! They hold nothing short-lived, and nothing that changes without a new revision of the document.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::connectors::connector::ReadError;
use crate::model::Raw;

/// The form's version.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Written<'h, H> {
    v: u32,
    kind: &'h str,
    #[serde(flatten)]
    head: &'h H,
}

#[derive(serde::Deserialize)]
struct Door {
    #[serde(default)]
    v: u32,
    #[serde(default)]
    kind: String,
}

/// A kept body, opened.
pub(super) struct Kept<'r> {
    /// `file`, `wiki`, `discussion`, `issue`, `pull_request`, `release`.
    pub(super) kind: String,
    head: &'r [u8],
    /// What stands behind the first line.
    pub(super) bytes: &'r [u8],
}

/// Joins head and bytes. The head is a map of its own, without `v` and `kind`.
pub(super) fn encode(kind: &str, head: &impl Serialize, bytes: &[u8]) -> Raw {
    // Texts, numbers and lists: writing them as JSON cannot fail.
    let mut whole = serde_json::to_vec(&Written { v: VERSION, kind, head }).unwrap_or_default();
    whole.push(b'\n');
    whole.extend_from_slice(bytes);
    Raw(Bytes::from(whole))
}

/// Opens a raw body.
pub(super) fn open(raw: &Raw) -> Result<Kept<'_>, ReadError> {
    let bytes = &raw.0[..];
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(|| broken("it has no first line"))?;
    let (head, rest) = (&bytes[..end], &bytes[end + 1..]);
    let door: Door = serde_json::from_slice(head).map_err(|error| broken(&format!("its first line is damaged: {error}")))?;
    if door.v != VERSION {
        return Err(broken(&format!("it has the form {}, not {VERSION}", door.v)));
    }
    Ok(Kept { kind: door.kind, head, bytes: rest })
}

impl Kept<'_> {
    /// The head.
    pub(super) fn head<H: DeserializeOwned>(&self) -> Result<H, ReadError> {
        serde_json::from_slice(self.head).map_err(|error| broken(&format!("its first line is damaged: {error}")))
    }
}

pub(super) fn broken(why: &str) -> ReadError {
    ReadError::Unreadable(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_opened_again() {
        #[derive(Serialize, serde::Deserialize, PartialEq, Debug)]
        struct Head {
            path: String,
        }
        let head = Head { path: "docs/a.md".to_owned() };
        let raw = encode("file", &head, b"\xffa\nb");
        let kept = open(&raw).unwrap();
        assert_eq!((kept.kind.as_str(), kept.bytes), ("file", &b"\xffa\nb"[..]));
        assert_eq!(kept.head::<Head>().unwrap(), head);
        for bytes in [&b"no line"[..], b"{}\n", b"{\"v\":2,\"kind\":\"file\"}\n", b"junk\n"] {
            assert!(open(&Raw(Bytes::copy_from_slice(bytes))).is_err());
        }
    }
}
