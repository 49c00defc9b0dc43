//! Images that documents of a repository embed by their path in it: named with its files, brought when a document shows one.

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;

use super::GitHub;
use super::file::is_pointer;
use super::place::{component, folders, parent};
use super::repository::{Part, Repository};
use super::tree::File;
use crate::connectors::connector::{AssetStream, SourceError};
use crate::git::Blob;
use crate::model::{AssetRef, Key, Owner, RemoteId, Revision};

impl GitHub {
    pub(super) fn image(&self, repository: &Repository, path: &str, file: &File) -> AssetRef {
        let name = path.rsplit('/').next().unwrap_or(path);
        AssetRef {
            id: RemoteId::new(format!("{}:asset/{path}", repository.id)),
            owner: Owner::Scope(repository.scope(Part::Files)),
            revision: Revision::new(&file.sha),
            keys: vec![Key::new(format!("file:{}:{path}", repository.id)), Key::new(format!("file:{}:{path}", repository.key()))],
            name: name.to_owned(),
            folder: folders(&repository.folder, parent(path)),
            file_name: component(name),
            size: file.size,
            media_type: None,
            modified_secs: None,
            url: repository.web("blob", path),
            source: format!("{}:{}", repository.id, file.sha),
            always: false,
        }
    }

    /// The bytes of an image, whole: they are bounded, and their name is looked at before any of them is written.
    pub(super) async fn image_bytes(&self, asset: &AssetRef) -> Result<AssetStream, SourceError> {
        let limit = self.config.max_asset_bytes;
        let what = || format!("the image {}", asset.name);
        if asset.size.is_some_and(|size| size > limit) {
            return Err(SourceError::TooLarge { what: what(), limit_bytes: limit });
        }
        let source = asset.source.split_once(':').and_then(|(number, sha)| Some((self.repository(number.parse().ok()?)?, sha)));
        let Some((repository, sha)) = source else { return Err(SourceError::NotVisible { what: what(), status: 404 }) };
        let bytes = match self.image_by_git(&repository, sha, limit).await {
            Some(bytes) => bytes,
            None => self.blob(&repository, sha, &asset.name, limit).await?,
        };
        if is_pointer(&bytes) {
            let why = "it is a pointer to a large file (Git LFS), which is not brought".to_owned();
            return Err(SourceError::Nothing { what: what(), why });
        }
        Ok(AssetStream { length: Some(bytes.len() as u64), bytes: stream::iter([Ok(bytes)]).boxed() })
    }

    async fn image_by_git(&self, repository: &Repository, sha: &str, limit: u64) -> Option<Bytes> {
        repository.head.as_ref().filter(|_| self.is_anonymous())?;
        let blobs = self.blobs_by_git(repository, &[sha.to_owned()], &[], limit).await.ok()?;
        match blobs.into_iter().next()? {
            Blob::Here(bytes) => Some(bytes),
            _ => None,
        }
    }
}
