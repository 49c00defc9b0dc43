//! git's objects by REST: heads, commits, trees, blobs, files by path.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::{at, error, page, path_in};
use crate::support::github::git::{Commit, Entry, Git};
use crate::support::github::graphql::ids;
use crate::support::github::model::{Id, time};
use crate::support::github::site::World;
use crate::support::wire::{Answer, Request};

/// The most of a file that `contents` brings as JSON, and of a blob at all.
const CONTENTS_BYTES: usize = 1 << 20;
const BLOB_BYTES: usize = 100 << 20;

/// Answers what is about objects.
pub(super) fn answer(world: &World, request: &Request, id: Id, inner: &[&str]) -> Answer {
    let git = &at(world, id).git;
    if git.branches.is_empty() {
        return match inner {
            ["branches"] | ["tags"] => Answer::json(&json!([])),
            ["contents", ..] | ["readme", ..] => error(404, "This repository is empty."),
            _ => error(409, "Git Repository is empty."),
        };
    }
    let accept = request.header("accept").unwrap_or_default();
    let base = format!("{}/repos/{}", world.rest(), world.model.full_name(at(world, id)));
    match inner {
        ["commits"] => commits(world, request, id, git, &base),
        ["commits", reference @ ..] => {
            let reference = reference.join("/");
            let Some(commit) = git.resolve(&reference).and_then(|oid| git.commit_of(&oid)) else {
                return error(422, &format!("No commit found for SHA: {reference}"));
            };
            if accept.contains(".sha") {
                let tag = format!("\"{}\"", commit.oid);
                let text = Answer { body: Bytes::from(commit.oid), ..Answer::html(200, "") };
                let headers = vec![("content-type", "application/vnd.github.sha; charset=utf-8".to_owned()), ("etag", tag)];
                return Answer { headers, ..text };
            }
            Answer::json(&listed_commit(world, id, &base, &commit))
        }
        ["git", "commits", sha] => match sha40(sha).then(|| git.commit_of(sha)).flatten() {
            Some(commit) => Answer::json(&git_commit(id, &base, &commit)),
            None => error(404, "Not Found"),
        },
        ["git", "trees", reference @ ..] => tree(world, request, git, &reference.join("/"), &base),
        ["git", "blobs", sha] => blob(id, git, accept, sha, &base),
        ["git", "ref", reference @ ..] => {
            let name = reference.join("/");
            let found = name.contains('/').then(|| git.resolve(&name)).flatten();
            found.map_or_else(|| error(404, "Not Found"), |oid| Answer::json(&reference_of(id, &base, &name, &oid)))
        }
        ["git", "matching-refs", reference @ ..] => {
            let start = reference.join("/");
            let heads = git.branches.iter().map(|(name, oid)| (format!("heads/{name}"), oid));
            let tags = git.tags.iter().map(|(name, oid)| (format!("tags/{name}"), oid));
            let found = heads.chain(tags).filter(|(name, _)| name.starts_with(&start));
            Answer::json(&found.map(|(name, oid)| reference_of(id, &base, &name, oid)).collect::<Vec<_>>())
        }
        ["branches"] => {
            let all = git
                .branches
                .iter()
                .map(|(name, oid)| json!({"name": name, "commit": {"sha": oid, "url": format!("{base}/commits/{oid}")}, "protected": false}));
            page(world, request, all.collect(), &path_in(id, inner), None)
        }
        ["branches", name @ ..] => {
            let name = name.join("/");
            let Some(commit) = git.branches.get(&name).and_then(|oid| git.commit_of(oid)) else { return error(404, "Branch not found") };
            Answer::json(&json!({"name": name, "commit": listed_commit(world, id, &base, &commit), "protected": false}))
        }
        ["tags"] => {
            let all = git.tags.iter().map(|(name, oid)| json!({"name": name, "commit": {"sha": oid, "url": format!("{base}/commits/{oid}")}}));
            page(world, request, all.collect(), &path_in(id, inner), None)
        }
        ["contents", path @ ..] => contents(world, request, id, &path.join("/"), &base),
        ["readme", dir @ ..] => readme(world, request, id, &dir.join("/"), &base),
        _ => error(404, "Not Found"),
    }
}

fn sha40(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn reference_of(id: Id, base: &str, name: &str, oid: &str) -> Value {
    let object = json!({"sha": oid, "type": "commit", "url": format!("{base}/git/commits/{oid}")});
    json!({"ref": format!("refs/{name}"), "node_id": ids::plain("REF", &format!("{id}:refs/{name}")), "url": format!("{base}/git/refs/{name}"), "object": object})
}

fn git_commit(id: Id, base: &str, commit: &Commit) -> Value {
    let who = |(name, email, at): &(String, String, u64)| json!({"name": name, "email": email, "date": time(*at)});
    let parents: Vec<Value> = commit.parents.iter().map(|oid| json!({"sha": oid, "url": format!("{base}/git/commits/{oid}")})).collect();
    json!({
        "sha": commit.oid, "node_id": ids::plain("C", &format!("{id}:{}", commit.oid)), "url": format!("{base}/git/commits/{}", commit.oid),
        "author": who(&commit.author), "committer": who(&commit.committer), "message": commit.message.trim_end_matches('\n'),
        "tree": {"sha": commit.tree, "url": format!("{base}/git/trees/{}", commit.tree)}, "parents": parents,
        "verification": {"verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null},
    })
}

fn listed_commit(world: &World, id: Id, base: &str, commit: &Commit) -> Value {
    let mut inner = git_commit(id, base, commit);
    let parents = inner["parents"].take();
    let account = |(_, address, _): &(String, String, u64)| {
        let login = address.split('@').next().unwrap_or_default();
        world.model.owner(login).map(|owner| super::shapes::owner(world, owner))
    };
    json!({
        "sha": commit.oid, "node_id": ids::plain("C", &format!("{id}:{}", commit.oid)), "url": format!("{base}/commits/{}", commit.oid), "commit": inner,
        "author": account(&commit.author), "committer": account(&commit.committer), "parents": parents,
    })
}

fn commits(world: &World, request: &Request, id: Id, git: &Git, base: &str) -> Answer {
    let start = match request.one("sha") {
        Some(name) => git.resolve(name),
        None => git.head(),
    };
    let Some(mut next) = start else { return error(404, "Not Found") };
    let path = request.one("path").map(str::as_bytes);
    let content = |commit: &Commit| path.and_then(|path| git.at(&commit.tree, path)).map(|entry| entry.oid);
    let mut found = Vec::new();
    while let Some(commit) = git.commit_of(&next) {
        let parent = commit.parents.first().and_then(|oid| git.commit_of(oid));
        if path.is_none() || content(&commit) != parent.as_ref().and_then(content) {
            found.push(listed_commit(world, id, base, &commit));
        }
        match parent {
            Some(parent) => next = parent.oid,
            None => break,
        }
    }
    page(world, request, found, &path_in(id, &["commits"]), None)
}

fn tree(world: &World, request: &Request, git: &Git, reference: &str, base: &str) -> Answer {
    let looks_like_sha = reference.bytes().all(|b| b.is_ascii_hexdigit());
    let named = git.resolve(reference).or_else(|| sha40(reference).then(|| reference.to_owned()));
    let Some(oid) = named.as_deref().and_then(|name| git.tree_of(name)) else {
        return if looks_like_sha && !sha40(reference) { error(422, "The tree_sha parameter is not a valid SHA") } else { error(404, "Not Found") };
    };
    // Any value turns it on.
    let deep = request.one("recursive").is_some();
    let entries = git.entries(&oid, deep);
    let limit = if deep { world.habits.tree_limit.unwrap_or(100_000) } else { usize::MAX };
    let shown: Vec<Value> = entries.iter().take(limit).map(|entry| tree_entry(entry, base)).collect();
    let body = json!({"sha": oid, "url": format!("{base}/git/trees/{oid}"), "tree": shown, "truncated": entries.len() > limit});
    Answer::json(&body)
}

fn tree_entry(entry: &Entry, base: &str) -> Value {
    let mut shown = json!({"path": entry.name(), "mode": format!("{:06o}", entry.mode), "type": entry.kind, "sha": entry.oid});
    if let Some(size) = entry.size {
        shown["size"] = json!(size);
    }
    match entry.kind {
        "tree" => shown["url"] = json!(format!("{base}/git/trees/{}", entry.oid)),
        "blob" => shown["url"] = json!(format!("{base}/git/blobs/{}", entry.oid)),
        _ => {}
    }
    shown
}

fn blob(id: Id, git: &Git, accept: &str, sha: &str, base: &str) -> Answer {
    if !sha40(sha) {
        return error(422, "The sha parameter must be exactly 40 characters and contain only [0-9a-f].");
    }
    let Some((oid, _, bytes)) = git.read(sha).filter(|(_, kind, _)| kind == "blob") else { return error(404, "Not Found") };
    if bytes.len() > BLOB_BYTES {
        return error(403, "This API returns blobs up to 100 MB in size.");
    }
    if accept.contains("raw") {
        return raw(bytes);
    }
    let body = json!({
        "sha": oid, "node_id": ids::plain("B", &format!("{id}:{oid}")), "size": bytes.len(), "url": format!("{base}/git/blobs/{oid}"), "content": lines(&bytes),
        "encoding": "base64",
    });
    Answer::json(&body)
}

fn raw(bytes: Vec<u8>) -> Answer {
    let headers = vec![("content-type", "application/vnd.github.raw+json; charset=utf-8".to_owned())];
    Answer { status: 200, headers, body: Bytes::from(bytes) }
}

/// base64 with its line breaks.
fn lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    text.as_bytes().chunks(60).map(|line| format!("{}\n", std::str::from_utf8(line).unwrap())).collect()
}

fn contents(world: &World, request: &Request, id: Id, path: &str, base: &str) -> Answer {
    let git = &at(world, id).git;
    let reference = request.one("ref").map_or_else(|| git.head(), |name| git.resolve(name));
    let Some(tree) = reference.as_deref().and_then(|name| git.tree_of(name)) else {
        return error(404, &format!("No commit found for the ref {}", request.one("ref").unwrap_or("HEAD")));
    };
    if request.path.ends_with('/') {
        return error(404, "Not Found");
    }
    let accept = request.header("accept").unwrap_or_default();
    if path.is_empty() {
        return folder(git, &tree, "", accept, base);
    }
    let Some(entry) = git.at(&tree, path.as_bytes()) else { return error(404, "Not Found") };
    match (entry.kind, entry.mode) {
        ("tree", _) => folder(git, &entry.oid, path, accept, base),
        ("commit", _) => Answer::json(&content(path, &entry, "submodule", base)),
        (_, 0o120000) => {
            let target = String::from_utf8_lossy(&git.read(&entry.oid).unwrap().2).into_owned();
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let aim = normal(folder, &target).and_then(|aim| git.at(&tree, aim.as_bytes())).filter(|aim| aim.kind == "blob" && aim.mode != 0o120000);
            match aim {
                // A file in the repository answers for its link.
                Some(aim) => file(git, path, &aim, accept, base),
                None if accept.contains("raw") => raw(target.into_bytes()),
                None => {
                    let mut shown = content(path, &entry, "symlink", base);
                    shown["target"] = json!(target);
                    Answer::json(&shown)
                }
            }
        }
        _ => file(git, path, &entry, accept, base),
    }
}

fn file(git: &Git, path: &str, entry: &Entry, accept: &str, base: &str) -> Answer {
    let (_, _, bytes) = git.read(&entry.oid).unwrap();
    if accept.contains("raw") {
        return raw(bytes);
    }
    let mut shown = content(path, entry, "file", base);
    let small = bytes.len() <= CONTENTS_BYTES;
    shown["encoding"] = json!(if small { "base64" } else { "none" });
    shown["content"] = json!(if small { lines(&bytes) } else { String::new() });
    Answer::json(&shown)
}

fn content(path: &str, entry: &Entry, kind: &str, base: &str) -> Value {
    let name = path.rsplit('/').next().unwrap_or_default();
    let address = format!("{base}/contents/{}", path.split('/').map(crate::support::wire::encode).collect::<Vec<_>>().join("/"));
    let git = if kind == "submodule" { Value::Null } else { json!(format!("{base}/git/blobs/{}", entry.oid)) };
    json!({
        "type": kind, "size": entry.size.unwrap_or_default(), "name": name, "path": path, "sha": entry.oid, "url": address, "git_url": git,
        "html_url": null, "download_url": if kind == "file" { json!(format!("{address}?token=once")) } else { Value::Null },
        "_links": {"self": address, "git": git, "html": null},
    })
}

fn folder(git: &Git, tree: &str, path: &str, accept: &str, base: &str) -> Answer {
    let shown: Vec<Value> = git
        .entries(tree, false)
        .iter()
        .take(1000)
        .map(|entry| {
            let path = if path.is_empty() { entry.name() } else { format!("{path}/{}", entry.name()) };
            // A submodule is called a file, as version 2022-11-28 has it.
            let kind = match entry.kind {
                "tree" => "dir",
                "commit" => "file",
                _ if entry.mode == 0o120000 => "symlink",
                _ => "file",
            };
            let mut shown = content(&path, entry, kind, base);
            if entry.kind == "commit" {
                shown["download_url"] = Value::Null;
                shown["submodule_git_url"] = json!("https://example.com/sub.git");
            }
            shown
        })
        .collect();
    if accept.contains(".object") { Answer::json(&json!({"type": "dir", "path": path, "entries": shown})) } else { Answer::json(&shown) }
}

fn readme(world: &World, request: &Request, id: Id, dir: &str, base: &str) -> Answer {
    let git = &at(world, id).git;
    let reference = request.one("ref").map_or_else(|| git.head(), |name| git.resolve(name));
    let Some(tree) = reference.as_deref().and_then(|name| git.tree_of(name)) else { return error(404, "Not Found") };
    let folders = if dir.is_empty() { vec![".github", "", "docs"] } else { vec![dir] };
    let accept = request.header("accept").unwrap_or_default();
    for folder in folders {
        let entries = match folder {
            "" => git.entries(&tree, false),
            folder => match git.at(&tree, folder.as_bytes()).filter(|entry| entry.kind == "tree") {
                Some(entry) => git.entries(&entry.oid, false),
                None => continue,
            },
        };
        let rank =
            |name: &str| ["md", "markdown", "mdx", "rst", "adoc", "txt"].iter().position(|end| name.ends_with(&format!(".{end}"))).unwrap_or(99);
        let mut found: Vec<&Entry> =
            entries.iter().filter(|entry| entry.kind == "blob" && entry.name().to_lowercase().starts_with("readme")).collect();
        found.sort_by_key(|entry| rank(&entry.name().to_lowercase()));
        if let Some(entry) = found.first() {
            let path = if folder.is_empty() { entry.name() } else { format!("{folder}/{}", entry.name()) };
            return file(git, &path, entry, if accept.is_empty() { "raw" } else { accept }, base);
        }
    }
    error(404, "Not Found")
}

/// A relative path from a folder, if it stays inside.
fn normal(folder: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
