//! Stored form of attachments.

use serde::{Deserialize, Serialize};

use super::Stored;
use super::document::{DeferredWire, StampWire, hash_from_hex, hash_to_hex, is_false, keys, path_from, texts};
use crate::model::{AssetRef, Owner, RemoteId, Revision, Scope, Stamp};
use crate::state::records::{AssetRecord, Deferred};

#[derive(Serialize, Deserialize)]
pub(in crate::state) struct AssetWire {
    #[serde(rename = "o", default, skip_serializing_if = "String::is_empty")]
    owner: String,
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(rename = "v")]
    listed_revision: String,
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<String>,
    #[serde(rename = "t")]
    name: String,
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    folder: Vec<String>,
    #[serde(rename = "n")]
    file_name: String,
    #[serde(rename = "z", default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    modified_secs: Option<i64>,
    #[serde(rename = "u")]
    url: String,
    #[serde(rename = "w")]
    source: String,
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    stamp: Option<StampWire>,
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    deferred: Option<DeferredWire>,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    missing_ms: Option<u64>,
    #[serde(rename = "i")]
    id: String,
    #[serde(rename = "y", default, skip_serializing_if = "is_false")]
    always: bool,
}

impl Stored for AssetRecord {
    type Wire = AssetWire;

    fn to_wire(&self) -> AssetWire {
        let asset = &self.asset;
        AssetWire {
            id: asset.id.as_str().to_owned(),
            owner: asset.owner.document().map_or("", RemoteId::as_str).to_owned(),
            scope: match &asset.owner {
                Owner::Document(_) => None,
                Owner::Scope(scope) => Some(scope.as_str().to_owned()),
            },
            listed_revision: asset.revision.as_str().to_owned(),
            keys: texts(&asset.keys),
            name: asset.name.clone(),
            folder: asset.folder.clone(),
            file_name: asset.file_name.clone(),
            size: asset.size,
            media_type: asset.media_type.clone(),
            modified_secs: asset.modified_secs,
            url: asset.url.clone(),
            source: asset.source.clone(),
            always: asset.always,
            path: self.path.as_ref().map(|path| path.as_str().to_owned()),
            revision: self.revision.as_ref().map(|revision| revision.as_str().to_owned()),
            stamp: self.stamp.map(StampWire::from),
            hash: self.hash.map(hash_to_hex),
            deferred: self.deferred.as_ref().map(DeferredWire::from),
            missing_ms: self.missing_ms,
        }
    }

    fn from_wire(wire: AssetWire) -> Result<Self, String> {
        Ok(Self {
            asset: AssetRef {
                id: RemoteId::new(wire.id),
                owner: wire.scope.map_or_else(|| Owner::Document(RemoteId::new(wire.owner)), |scope| Owner::Scope(Scope::new(scope))),
                revision: Revision::new(wire.listed_revision),
                keys: keys(wire.keys),
                name: wire.name,
                folder: wire.folder,
                file_name: wire.file_name,
                size: wire.size,
                media_type: wire.media_type,
                modified_secs: wire.modified_secs,
                url: wire.url,
                source: wire.source,
                always: wire.always,
            },
            path: path_from(wire.path)?,
            revision: wire.revision.map(Revision::new),
            stamp: wire.stamp.map(Stamp::from),
            hash: wire.hash.as_deref().map(hash_from_hex).transpose()?,
            deferred: wire.deferred.map(Deferred::from),
            missing_ms: wire.missing_ms,
        })
    }
}
