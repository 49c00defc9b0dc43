//! What a request to GitHub is for, and what is remembered of a query.

use serde_json::Value;

use crate::support::wire::Request;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Who am I, what server is this, what is left.
    Identity,
    /// An App's own requests.
    App,
    /// One repository, or a list of them.
    Repositories,
    /// Where a branch stands.
    Heads,
    /// Commits, branches, tags.
    Commits,
    Trees,
    Blobs,
    /// Files by path, READMEs.
    Contents,
    /// Issues, pull requests, their comments.
    Issues,
    Releases,
    /// One query.
    Graphql,
    /// git: `info/refs`, with which each of its conversations begins.
    GitHello,
    /// git: which references there are.
    GitRefs,
    /// git: objects.
    GitPack,
    /// Anything else.
    Other,
}

/// What is remembered of a request besides what is remembered of all: a query's. Empty for others.
#[derive(Clone, Debug, Default)]
pub struct Note {
    /// The name of a GraphQL operation.
    pub operation: String,
    /// The text of a GraphQL query.
    pub graphql: String,
    pub variables: Value,
    /// What a GraphQL query cost.
    pub points: u64,
}

/// What a request is for, and its query.
pub(super) fn of(request: &Request) -> (Class, Note) {
    let class = classify(request);
    if class != Class::Graphql {
        return (class, Note::default());
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let graphql = body["query"].as_str().unwrap_or_default().to_owned();
    let named = graphql.trim_start().strip_prefix("query").map(|rest| rest.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next());
    let operation = body["operationName"].as_str().or(named.flatten()).unwrap_or_default().to_owned();
    (class, Note { operation, graphql, variables: body["variables"].clone(), points: 0 })
}

fn classify(request: &Request) -> Class {
    let path = request.path.as_str();
    if path.ends_with("/info/refs") {
        return Class::GitHello;
    }
    if path.ends_with("/git-upload-pack") {
        let refs = request.body.windows(15).any(|window| window == b"command=ls-refs");
        return if refs { Class::GitRefs } else { Class::GitPack };
    }
    let path = path.strip_prefix("/api/v3").unwrap_or(path);
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let inner = match parts.as_slice() {
        ["repos", _, _, inner @ ..] | ["repositories", _, inner @ ..] => inner,
        ["graphql"] | ["api", "graphql"] => return Class::Graphql,
        ["user"] | ["users", _] | ["orgs", _] | ["meta"] | ["rate_limit"] => return Class::Identity,
        ["app", ..] | ["orgs" | "users", _, "installation"] => return Class::App,
        ["user" | "installation", "repos" | "repositories"] | ["users" | "orgs", _, "repos"] => return Class::Repositories,
        _ => return Class::Other,
    };
    match inner {
        [] => Class::Repositories,
        ["installation"] => Class::App,
        ["commits", _, ..] if request.header("accept").is_some_and(|accept| accept.contains(".sha")) => Class::Heads,
        ["commits" | "branches" | "tags", ..] | ["git", "commits" | "ref" | "matching-refs" | "tags", ..] => Class::Commits,
        ["git", "trees", ..] => Class::Trees,
        ["git", "blobs", ..] => Class::Blobs,
        ["contents" | "readme", ..] => Class::Contents,
        ["issues" | "pulls" | "labels" | "milestones", ..] => Class::Issues,
        ["releases", ..] => Class::Releases,
        _ => Class::Other,
    }
}
