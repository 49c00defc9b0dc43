//! All that the program may ever send: methods and shapes of paths, for each service. A simulated one that saw anything else fails its test when it is dropped.
//!
//! `docs/reliability.md` lists the same, and a test compares the two.

use super::wire::{Listener, Request};

/// What may be sent to all services together.
pub const LISTS: &[&[(&str, &str)]] = &[CONFLUENCE, GITHUB];

/// Method and shape; `{}` is one segment. What stands before it is the configured address, or the gateway's.
pub const CONFLUENCE: &[(&str, &str)] = &[
    ("GET", "/_edge/tenant_info"),
    ("GET", "/api/v2/spaces"),
    ("GET", "/api/v2/spaces/{}/pages"),
    ("GET", "/api/v2/spaces/{}/blogposts"),
    ("GET", "/api/v2/pages"),
    ("GET", "/api/v2/pages/{}/ancestors"),
    ("GET", "/api/v2/pages/{}/footer-comments"),
    ("GET", "/api/v2/pages/{}/inline-comments"),
    ("GET", "/api/v2/blogposts"),
    ("GET", "/api/v2/blogposts/{}/footer-comments"),
    ("GET", "/api/v2/blogposts/{}/inline-comments"),
    ("GET", "/api/v2/whiteboards/{}"),
    ("GET", "/api/v2/databases/{}"),
    ("GET", "/api/v2/embeds/{}"),
    ("POST", "/api/v2/users-bulk"),
    ("GET", "/rest/api/space"),
    ("GET", "/rest/api/content"),
    ("GET", "/rest/api/content/scan"),
    ("GET", "/rest/api/content/search"),
    ("GET", "/rest/api/search"),
    ("GET", "/rest/api/content/{}"),
    ("GET", "/rest/api/content/{}/child/comment"),
    ("GET", "/rest/api/content/{}/child/attachment/{}/download"),
    ("GET", "/rest/api/user"),
    ("GET", "/rest/api/user/bulk"),
    ("GET", "/rest/api/user/current"),
    ("GET", "/download/attachments/{}/{}"),
    ("GET", "/login.action"),
];

/// The same for GitHub. `{}` is one segment, `{..}` one or more; `/repositories/{}` may stand for `/repos/{}/{}`, where redirects and links lead. What is
/// posted to `/graphql` must be a query.
pub const GITHUB: &[(&str, &str)] = &[
    ("GET", "/user"),
    ("GET", "/users/{}"),
    ("GET", "/users/{}/repos"),
    ("GET", "/orgs/{}/repos"),
    ("GET", "/user/repos"),
    ("GET", "/rate_limit"),
    ("GET", "/meta"),
    ("GET", "/orgs/{}/installation"),
    ("GET", "/users/{}/installation"),
    ("GET", "/repos/{}/{}/installation"),
    ("GET", "/installation/repositories"),
    ("POST", "/app/installations/{}/access_tokens"),
    ("GET", "/repos/{}/{}"),
    ("GET", "/repos/{}/{}/commits/{..}"),
    ("GET", "/repos/{}/{}/git/commits/{}"),
    ("GET", "/repos/{}/{}/git/trees/{..}"),
    ("GET", "/repos/{}/{}/git/blobs/{}"),
    ("GET", "/repos/{}/{}/contents/{..}"),
    ("GET", "/repos/{}/{}/releases"),
    ("GET", "/repos/{}/{}/releases/{}"),
    ("POST", "/graphql"),
    ("GET", "/{}/{}/info/refs"),
    ("POST", "/{}/{}/git-upload-pack"),
];

/// Whether a request is the program's, or of the `git` that it starts. Tests' own requests by other clients may be anything.
pub fn is_ours(request: &Request) -> bool {
    request.user_agent.as_deref().is_some_and(|agent| ["context-sync", "git/"].iter().any(|name| agent.starts_with(name)))
}

/// Whether a request of ours is one of GitHub's.
pub fn github_allows(request: &Request) -> bool {
    let path = request.path.strip_prefix("/api/v3").unwrap_or(&request.path);
    let path = if path == "/api/graphql" { "/graphql" } else { path };
    let by_name = path.strip_prefix("/repositories/").and_then(|rest| rest.split_once('/')).map(|(_, rest)| format!("/repos/-/-/{rest}"));
    let by_name = by_name.or_else(|| path.starts_with("/repositories/").then(|| "/repos/-/-".to_owned()));
    let path = by_name.as_deref().unwrap_or(path);
    is_one_of(GITHUB, &request.method, path) && (path != "/graphql" || is_query(&request.body))
}

/// Whether a GraphQL body holds queries alone.
fn is_query(body: &[u8]) -> bool {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let text = body["query"].as_str().unwrap_or_default();
    let mut depth = 0_i32;
    let mut writes = text.is_empty();
    // Between definitions stand the words that say what each one is.
    for (at, c) in text.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        writes |= depth == 0 && ["mutation", "subscription"].iter().any(|word| text[at..].starts_with(word));
    }
    !writes
}

/// Whether a request of ours is one of Confluence's.
pub fn confluence_allows(request: &Request) -> bool {
    if request.listener == Listener::Media {
        // Wherever the site sends us on to, we come without credentials.
        return request.method == "GET" && request.authorization.is_none() && request.cookie.is_none();
    }
    let tail = ["/_edge/", "/api/v2/", "/rest/api/", "/download/", "/login.action"].iter().filter_map(|mark| request.path.find(mark)).min();
    let Some(tail) = tail.map(|at| &request.path[at..]) else { return false };
    is_one_of(CONFLUENCE, &request.method, tail)
}

/// Whether a list has this method for this path.
pub fn is_one_of(list: &[(&str, &str)], method: &str, path: &str) -> bool {
    list.iter().any(|(known, shape)| *known == method && fits(shape, path))
}

fn fits(shape: &str, path: &str) -> bool {
    let (shape, path): (Vec<&str>, Vec<&str>) = (shape.split('/').collect(), path.split('/').collect());
    let open = shape.last() == Some(&"{..}") && path.len() > shape.len();
    (open || shape.len() == path.len())
        && shape.iter().zip(&path).all(|(shape, part)| matches!(*shape, "{}" | "{..}") && !part.is_empty() || shape == part)
}
