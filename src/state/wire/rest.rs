//! Stored forms of scopes, the site, and people.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::Stored;
use super::document::is_false;
use crate::model::Cursor;
use crate::state::records::{Missing, ScopeRecord, SiteRecord};

/// A longer cursor is packed: one that names all files of a repository has megabytes, and is written again with each change of one of them.
const PACKED_FROM_BYTES: usize = 4096;
/// What of a longer one stands in one record, before it is packed: from so many bytes to so many. A page of sled has up to seventeen records, and lies in a
/// file of its own above an eighth of a megabyte.
const PIECE_BYTES: std::ops::Range<usize> = 4 << 10..12 << 10;
/// A piece ends behind a comma, if what stands before that says so once in so many times: so a change of one entry, or a new one, leaves the other pieces as
/// they are.
const ENDS_ONCE_IN: u64 = 32;
/// What stands before, in bytes.
const BEFORE: usize = 64;
/// What a packed cursor may be at most.
const MOST_BYTES: u64 = 256 << 20;
/// Fast, and nearly as small as it gets: most of such a cursor is names of contents, which nothing makes smaller.
const LEVEL: i32 = 3;

#[derive(Serialize, Deserialize)]
pub(in crate::state) struct ScopeWire {
    #[serde(rename = "n")]
    name: String,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    /// A long one: base64 of zstd. A program that does not know this field lists everything once more.
    #[serde(rename = "z", default, skip_serializing_if = "Option::is_none")]
    packed: Option<String>,
    /// The packed form of one that is longer still lies in so many records of its own.
    #[serde(rename = "k", default, skip_serializing_if = "is_none")]
    pieces: u32,
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
        let cursor = self.cursor.as_ref().map(Cursor::as_str);
        let packed = cursor.filter(|cursor| cursor.len() >= PACKED_FROM_BYTES).and_then(pack);
        ScopeWire {
            name: self.name.clone(),
            cursor: cursor.filter(|_| packed.is_none()).map(str::to_owned),
            packed,
            pieces: 0,
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
        let cursor = match wire.packed {
            Some(packed) => Some(unpack(&packed).ok_or("its cursor cannot be unpacked")?),
            None => wire.cursor,
        };
        Ok(Self { name: wire.name, cursor: cursor.map(Cursor::new), missing, denied: wire.denied, unwanted: wire.unwanted })
    }
}

/// A scope, and in how many records its cursor lies. A value that is large goes into a file of its own in sled, which a process that comes later never
/// removes: a cursor of megabytes would leave another one with each change.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::state) struct StoredScope {
    /// Without its cursor, where that lies in pieces.
    pub(in crate::state) record: ScopeRecord,
    pub(in crate::state) pieces: u32,
}

impl StoredScope {
    /// The stored form of a scope, and the pieces of its cursor.
    pub(in crate::state) fn of(record: &ScopeRecord) -> (Self, Vec<String>) {
        let long = record.cursor.as_ref().map(Cursor::as_str).filter(|cursor| cursor.len() > PIECE_BYTES.end);
        match long.and_then(|cursor| cut(cursor).into_iter().map(pack).collect::<Option<Vec<_>>>()) {
            Some(pieces) => {
                let stored = Self { record: ScopeRecord { cursor: None, ..record.clone() }, pieces: u32::try_from(pieces.len()).unwrap_or(u32::MAX) };
                (stored, pieces)
            }
            None => (Self { record: record.clone(), pieces: 0 }, Vec::new()),
        }
    }

    /// The scope, with the cursor that the pieces are.
    ///
    /// # Errors
    /// When they are none.
    pub(in crate::state) fn with(self, pieces: &[String]) -> Result<ScopeRecord, String> {
        let cursor = match self.pieces {
            0 => self.record.cursor,
            _ => {
                let whole: Option<String> = pieces.iter().map(|piece| unpack(piece)).collect();
                Some(Cursor::new(whole.ok_or("its cursor cannot be unpacked")?))
            }
        };
        Ok(ScopeRecord { cursor, ..self.record })
    }
}

impl Stored for StoredScope {
    type Wire = ScopeWire;

    fn to_wire(&self) -> ScopeWire {
        ScopeWire { pieces: self.pieces, ..self.record.to_wire() }
    }

    fn from_wire(wire: ScopeWire) -> Result<Self, String> {
        Ok(Self { pieces: wire.pieces, record: ScopeRecord::from_wire(wire)? })
    }
}

fn is_none(number: &u32) -> bool {
    *number == 0
}

/// Pieces of a cursor, whose ends its content says.
fn cut(cursor: &str) -> Vec<&str> {
    let bytes = cursor.as_bytes();
    let (mut pieces, mut begin) = (Vec::new(), 0);
    for at in 0..bytes.len() {
        let ends = || {
            let before = &bytes[at.saturating_sub(BEFORE).max(begin)..at];
            before.iter().fold(0_u64, |hash, byte| (hash.rotate_left(5) ^ u64::from(*byte)).wrapping_mul(0x517C_C1B7_2722_0A95)) >> 32
        };
        let is_long = at + 1 - begin >= PIECE_BYTES.end - 3 && cursor.is_char_boundary(at + 1);
        if is_long || (bytes[at] == b',' && at + 1 - begin >= PIECE_BYTES.start && ends().is_multiple_of(ENDS_ONCE_IN)) {
            pieces.push(&cursor[begin..=at]);
            begin = at + 1;
        }
    }
    pieces.push(&cursor[begin..]);
    pieces
}

/// None where it cannot be packed: then it stays as it is.
fn pack(cursor: &str) -> Option<String> {
    zstd::bulk::compress(cursor.as_bytes(), LEVEL).ok().map(|bytes| STANDARD.encode(bytes))
}

fn unpack(packed: &str) -> Option<String> {
    let bytes = STANDARD.decode(packed).ok()?;
    let size = zstd::zstd_safe::get_frame_content_size(&bytes).ok()??;
    let size = usize::try_from(size).ok().filter(|_| size <= MOST_BYTES)?;
    String::from_utf8(zstd::bulk::decompress(&bytes, size).ok()?).ok()
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
