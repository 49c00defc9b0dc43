//! Releases in GraphQL.

use super::{commit, groups, reactions};
use crate::support::github::graphql::ids;
use crate::support::github::graphql::node::{Args, Failure, Found, Node};
use crate::support::github::model::{Release, Repository};
use crate::support::github::site::World;

/// A field of a release or of one of its files.
pub(super) fn field(world: &World, node: &Node, name: &str) -> Result<Found, Failure> {
    let id = node.repository().unwrap();
    let r = &world.model.repositories[&id];
    let base = world.model.full_name(r);
    match node {
        Node::Release(_, release) => of_release(world, r, node, &r.releases[release], name),
        Node::Asset(_, release, asset) => {
            let release = &r.releases[release];
            let asset = release.assets.iter().find(|known| known.id == *asset).unwrap();
            match name {
                "id" => Found::value(ids::below("RA", id, release.id, asset.id)),
                "name" => Found::value(asset.name.as_str()),
                "size" => Found::value(asset.size),
                "contentType" => Found::value(asset.content_type.as_str()),
                "downloadCount" => Found::value(asset.downloads),
                "downloadUrl" | "url" => Found::value(format!("{}/{base}/releases/download/{}/{}", world.origins.web, release.tag, asset.name)),
                "release" => Found::node(Node::Release(id, release.id)),
                "uploadedBy" => Found::person(world, release.author),
                _ => Found::time(asset.created),
            }
        }
        _ => unreachable!("{node:?}"),
    }
}

fn of_release(world: &World, r: &Repository, node: &Node, it: &Release, name: &str) -> Result<Found, Failure> {
    let path = format!("/{}/releases/tag/{}", world.model.full_name(r), it.tag);
    match name {
        "id" => Found::value(ids::within("RE", r.id, it.id)),
        "databaseId" => Found::value(it.id),
        "tagName" => Found::value(it.tag.as_str()),
        "tag" => Ok(Found::Node(r.git.tags.contains_key(&it.tag).then(|| Node::Ref(r.id, format!("refs/tags/{}", it.tag))))),
        "tagCommit" => Ok(Found::Node(r.git.tags.get(&it.tag).and_then(|oid| commit(r, oid)))),
        "name" => Found::value(it.name.clone()),
        "description" => Found::value(it.body.clone()),
        "author" => Found::person(world, it.author),
        "isDraft" => Found::value(it.draft),
        "isPrerelease" => Found::value(it.prerelease),
        "isLatest" => Found::value(latest(r).is_some_and(|latest| latest.id == it.id)),
        "createdAt" => Found::time(it.created),
        "updatedAt" => Found::time(it.updated),
        "publishedAt" => Found::maybe_time(it.published),
        "releaseAssets" => Ok(Found::Connection(it.assets.iter().map(|asset| Node::Asset(r.id, it.id, asset.id)).collect())),
        "reactions" => reactions(node, &it.reactions, &Args::new()),
        "reactionGroups" => groups(node, &it.reactions),
        "url" => Found::value(format!("{}{path}", world.origins.web)),
        _ => Found::value(path),
    }
}

/// The latest one, as the service chooses it.
pub(super) fn latest(r: &Repository) -> Option<&Release> {
    r.releases.values().filter(|release| !release.draft && !release.prerelease).max_by_key(|release| (release.created, release.id))
}
