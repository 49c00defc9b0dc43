//! Records as they are stored: JSON with short names, `{"v":1,...}`, so that a person can read them and an old one is told from a new one.
//!
//! A promise (`tests/fossils/state-v1`): what version 1 wrote, every later program reads. Fields may be added with a default; anything else is a new version.
//! JSON, because 100,000 records load in well under a second with it, and it needs no further dependency.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

mod asset;
mod document;
mod rest;

pub(super) use rest::StoredScope;

/// The version that this program writes.
const VERSION: u32 = 1;

/// A record that has a stored form.
pub(super) trait Stored: Sized {
    /// The stored form.
    type Wire: Serialize + DeserializeOwned;
    fn to_wire(&self) -> Self::Wire;
    /// The error names the field that cannot be.
    fn from_wire(wire: Self::Wire) -> Result<Self, String>;
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    v: u32,
    #[serde(rename = "r")]
    record: T,
}

pub(super) fn encode<R: Stored>(record: &R) -> Result<Vec<u8>, String> {
    serde_json::to_vec(&Versioned { v: VERSION, record: record.to_wire() }).map_err(|error| error.to_string())
}

pub(super) fn decode<R: Stored>(bytes: &[u8]) -> Result<R, String> {
    check_version(bytes)?;
    let versioned: Versioned<R::Wire> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    R::from_wire(versioned.record)
}

/// Looks at a stored record's version only: what a walk over all records can afford.
pub(super) fn check_version(bytes: &[u8]) -> Result<(), String> {
    let digits = bytes.strip_prefix(b"{\"v\":").unwrap_or_default();
    let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    let version = std::str::from_utf8(digits.get(..end).unwrap_or_default()).unwrap_or_default();
    match version.parse::<u32>() {
        Ok(VERSION) => Ok(()),
        Ok(other) => Err(format!("it has version {other}, this program knows {VERSION}")),
        Err(_) => Err("it has no version".to_owned()),
    }
}

#[cfg(test)]
mod tests;
