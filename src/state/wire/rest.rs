//! Stored forms of scopes, the site, and people.

use serde::{Deserialize, Serialize};

use super::Stored;
use super::document::is_false;
use crate::model::Cursor;
use crate::state::records::{Missing, ScopeRecord, SiteRecord};

#[derive(Serialize, Deserialize)]
pub(in crate::state) struct ScopeWire {
    #[serde(rename = "n")]
    name: String,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    missing: Option<MissingWire>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    denied: Option<String>,
    #[serde(rename = "u", default, skip_serializing_if = "is_false")]
    unwanted: bool,
}

#[derive(Serialize, Deserialize)]
struct MissingWire {
    #[serde(rename = "n")]
    listings: u32,
    #[serde(rename = "f")]
    first_ms: u64,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    first_service_ms: Option<u64>,
    #[serde(rename = "l")]
    last_ms: u64,
    #[serde(rename = "w")]
    why: String,
}

impl Stored for ScopeRecord {
    type Wire = ScopeWire;

    fn to_wire(&self) -> ScopeWire {
        ScopeWire {
            name: self.name.clone(),
            cursor: self.cursor.as_ref().map(|cursor| cursor.as_str().to_owned()),
            missing: self.missing.as_ref().map(|missing| MissingWire {
                listings: missing.listings,
                first_ms: missing.first_ms,
                first_service_ms: missing.first_service_ms,
                last_ms: missing.last_ms,
                why: missing.why.clone(),
            }),
            denied: self.denied.clone(),
            unwanted: self.unwanted,
        }
    }

    fn from_wire(wire: ScopeWire) -> Result<Self, String> {
        let missing = wire.missing.map(|missing| Missing {
            listings: missing.listings,
            first_ms: missing.first_ms,
            first_service_ms: missing.first_service_ms,
            last_ms: missing.last_ms,
            why: missing.why,
        });
        Ok(Self { name: wire.name, cursor: wire.cursor.map(Cursor::new), missing, denied: wire.denied, unwanted: wire.unwanted })
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::state) struct SiteWire {
    #[serde(rename = "ok")]
    last_success_ms: u64,
    #[serde(rename = "all")]
    last_everything_ms: u64,
    #[serde(rename = "full")]
    full_wanted: bool,
    #[serde(rename = "set")]
    settings: u64,
    #[serde(rename = "runs")]
    runs: u64,
    #[serde(rename = "dirty", default, skip_serializing_if = "is_false")]
    unclean: bool,
    #[serde(rename = "ahead", default, skip_serializing_if = "is_zero")]
    ahead_ms: i64,
}

/// For serde, which passes references.
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl Stored for SiteRecord {
    type Wire = SiteWire;

    fn to_wire(&self) -> SiteWire {
        SiteWire {
            last_success_ms: self.last_success_ms,
            last_everything_ms: self.last_everything_ms,
            full_wanted: self.full_wanted,
            settings: self.settings,
            runs: self.runs,
            unclean: self.unclean,
            ahead_ms: self.ahead_ms,
        }
    }

    fn from_wire(wire: SiteWire) -> Result<Self, String> {
        Ok(Self {
            last_success_ms: wire.last_success_ms,
            last_everything_ms: wire.last_everything_ms,
            full_wanted: wire.full_wanted,
            settings: wire.settings,
            runs: wire.runs,
            unclean: wire.unclean,
            ahead_ms: wire.ahead_ms,
        })
    }
}

/// A person's display name.
impl Stored for String {
    type Wire = String;

    fn to_wire(&self) -> String {
        self.clone()
    }

    fn from_wire(wire: String) -> Result<Self, String> {
        Ok(wire)
    }
}
