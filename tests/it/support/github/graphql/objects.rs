//! git's objects in GraphQL: references, commits, trees, blobs, tags.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::ids;
use super::node::{Args, Failure, Found, Node, order};
use crate::support::github::git::Git;
use crate::support::github::model::{Id, Repository, time};
use crate::support::github::site::World;

/// The longest text of a blob that is not cut.
const TEXT_BYTES: usize = 512_000;

fn object(id: Id, git: &Git, name: &str) -> Option<Node> {
    let (oid, kind, _) = git.read(name)?;
    let kind = match kind.as_str() {
        "commit" => "commit",
        "tree" => "tree",
        "tag" => "tag",
        _ => "blob",
    };
    Some(Node::Object(id, oid, kind))
}

/// The fields of a repository that are about objects.
pub(super) fn of_repository(r: &Repository, name: &str, args: &Args) -> Result<Found, Failure> {
    let text = |name: &str| args.get(name).and_then(Value::as_str);
    match name {
        "defaultBranchRef" => {
            let there = r.git.branches.contains_key(&r.default_branch);
            Ok(Found::Node(there.then(|| Node::Ref(r.id, format!("refs/heads/{}", r.default_branch)))))
        }
        "ref" => {
            let asked = text("qualifiedName").unwrap();
            let short = asked.strip_prefix("refs/").unwrap_or(asked);
            let branch = short.strip_prefix("heads/").unwrap_or(short);
            let tag = short.strip_prefix("tags/").unwrap_or(short);
            let found = match () {
                () if r.git.branches.contains_key(branch) => Some(format!("refs/heads/{branch}")),
                () if r.git.tags.contains_key(tag) => Some(format!("refs/tags/{tag}")),
                () => None,
            };
            Ok(Found::Node(found.map(|name| Node::Ref(r.id, name))))
        }
        "refs" => {
            let prefix = text("refPrefix").unwrap();
            let wanted = |name: &&String| text("query").is_none_or(|query| name.contains(query));
            let named = if prefix.starts_with("refs/heads") { &r.git.branches } else { &r.git.tags };
            let mut names: Vec<&String> = named.keys().filter(wanted).collect();
            order(&mut names, args, |name, _| (*name).clone());
            let prefix = prefix.trim_end_matches('/');
            Ok(Found::Connection(names.into_iter().map(|name| Node::Ref(r.id, format!("{prefix}/{name}"))).collect()))
        }
        _ => {
            let found = match (text("oid"), text("expression")) {
                (Some(oid), _) if oid.len() == 40 && oid.bytes().all(|b| b.is_ascii_hexdigit()) => object(r.id, &r.git, oid),
                (Some(oid), _) => return Err(Failure::of("BAD_USER_INPUT", &format!("'{oid}' is not a valid GitObjectID"))),
                (None, Some(expression)) => object(r.id, &r.git, expression),
                (None, None) => return Err(Failure::of("BAD_USER_INPUT", "You must provide either an expression or oid.")),
            };
            Ok(Found::Node(found))
        }
    }
}

/// A field of a reference, object or entry.
pub(super) fn field(world: &World, node: &Node, name: &str, args: &Args) -> Result<Found, Failure> {
    let id = node.repository().unwrap();
    let r = &world.model.repositories[&id];
    if name == "repository" {
        return Found::node(Node::Repository(id));
    }
    match node {
        Node::Ref(_, full) => {
            let short = full.strip_prefix("refs/heads/").or_else(|| full.strip_prefix("refs/tags/")).unwrap_or(full);
            match name {
                "id" => Found::value(ids::plain("REF", &format!("{id}:{full}"))),
                "name" => Found::value(short),
                "prefix" => Found::value(full.strip_suffix(short).unwrap()),
                _ => Ok(Found::Node(r.git.resolve(full).and_then(|oid| object(id, &r.git, &oid)))),
            }
        }
        Node::Entry(_, entry) => match name {
            "name" => Found::value(entry.name().rsplit('/').next().unwrap_or_default()),
            "nameRaw" => Found::value(STANDARD.encode(entry.path.rsplit(|b| *b == b'/').next().unwrap_or_default())),
            "path" => Found::value(entry.name()),
            "pathRaw" => Found::value(STANDARD.encode(&entry.path)),
            "mode" => Found::value(entry.mode),
            "type" => Found::value(entry.kind),
            "oid" => Found::value(entry.oid.as_str()),
            "size" => Found::value(entry.size.unwrap_or(0)),
            "extension" => {
                let name = entry.name();
                Found::value(name.rsplit_once('.').map_or_else(String::new, |(_, end)| format!(".{end}")))
            }
            "submodule" => Ok(Found::Node((entry.kind == "commit").then(|| {
                Node::Plain("Submodule", json!({"branch": null, "gitUrl": "https://example.com/sub.git", "name": entry.name(), "path": entry.name(), "subprojectCommitOid": entry.oid}))
            }))),
            _ => Ok(Found::Node(if entry.kind == "commit" { None } else { object(id, &r.git, &entry.oid) })),
        },
        Node::Object(_, oid, kind) => of_object(world, r, oid, kind, name, args),
        _ => unreachable!("{node:?} is no object"),
    }
}

fn of_object(world: &World, r: &Repository, oid: &str, kind: &str, name: &str, args: &Args) -> Result<Found, Failure> {
    let full = world.model.full_name(r);
    let prefix = match kind {
        "commit" => "C",
        "tree" => "T",
        "tag" => "TAG",
        _ => "B",
    };
    match name {
        "id" => return Found::value(ids::plain(prefix, &format!("{}:{oid}", r.id))),
        "oid" => return Found::value(oid),
        "abbreviatedOid" => return Found::value(&oid[..7]),
        "commitUrl" | "url" => return Found::value(format!("{}/{full}/commit/{oid}", world.origins.web)),
        "commitResourcePath" | "resourcePath" => return Found::value(format!("/{full}/commit/{oid}")),
        _ => {}
    }
    match kind {
        "commit" => of_commit(world, r, oid, name, args),
        "tree" => Ok(Found::Nodes(r.git.entries(oid, false).iter().map(|entry| Some(Node::Entry(r.id, entry.clone()))).collect())),
        "tag" => Found::value(Value::Null),
        _ => {
            let (_, _, bytes) = r.git.read(oid).unwrap();
            let binary = bytes.iter().take(8000).any(|b| *b == 0);
            let limit = world.habits.text_limit.unwrap_or(TEXT_BYTES);
            match name {
                "byteSize" => Found::value(bytes.len()),
                "isBinary" => Found::value(binary),
                "isTruncated" => Found::value(bytes.len() > limit),
                // What is no UTF-8 is replaced, as the service does it.
                _ if binary => Found::value(Value::Null),
                _ => Found::value(String::from_utf8_lossy(&bytes[..bytes.len().min(limit)]).into_owned()),
            }
        }
    }
}

fn of_commit(world: &World, r: &Repository, oid: &str, name: &str, args: &Args) -> Result<Found, Failure> {
    let Some(commit) = r.git.commit_of(oid) else { return Found::value(Value::Null) };
    let actor = |(name, address, at): &(String, String, u64)| {
        let login = address.split('@').next().unwrap_or_default();
        let user = world.model.owner(login).map_or(Value::Null, |owner| json!({"__owner": owner.id}));
        Node::Plain("GitActor", json!({"name": name, "email": address, "date": time(*at), "user": user}))
    };
    let message = commit.message.trim_end_matches('\n');
    match name {
        "message" => Found::value(message),
        "messageHeadline" => Found::value(message.lines().next().unwrap_or_default()),
        "messageBody" => Found::value(message.split_once("\n\n").map_or("", |(_, body)| body)),
        "authoredDate" => Found::time(commit.author.2),
        "committedDate" => Found::time(commit.committer.2),
        "author" => Found::node(actor(&commit.author)),
        "committer" => Found::node(actor(&commit.committer)),
        "tree" => Found::node(Node::Object(r.id, commit.tree, "tree")),
        "file" => {
            let path = args["path"].as_str().unwrap_or_default();
            let found = r.git.at(&commit.tree, path.as_bytes()).map(|mut entry| {
                path.as_bytes().clone_into(&mut entry.path);
                Node::Entry(r.id, entry)
            });
            Ok(Found::Node(found))
        }
        "parents" => Ok(Found::Connection(commit.parents.iter().map(|oid| Node::Object(r.id, oid.clone(), "commit")).collect())),
        "history" => {
            let path = args.get("path").and_then(Value::as_str).map(str::as_bytes);
            let (mut found, mut next) = (Vec::new(), Some(commit));
            while let Some(commit) = next {
                let parent = commit.parents.first().and_then(|oid| r.git.commit_of(oid));
                let content = |tree: &str| path.and_then(|path| r.git.at(tree, path)).map(|entry| entry.oid);
                let before = parent.as_ref().and_then(|parent| content(&parent.tree));
                if path.is_none() || content(&commit.tree) != before {
                    found.push(Node::Object(r.id, commit.oid.clone(), "commit"));
                }
                next = parent;
            }
            Ok(Found::Connection(found))
        }
        other => panic!("the simulator does not answer Commit.{other}"),
    }
}
