//! All that the program may ever send to a Confluence site: methods and shapes of paths. A site that saw anything else fails its test when it is dropped.
//!
//! `docs/reliability.md` lists the same, and a test compares the two.

use super::wire::{Listener, Request};

/// Method and shape; `{}` is one segment. What stands before it is the configured address, or the gateway's.
pub const ALLOWED: &[(&str, &str)] = &[
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

/// Whether a request of the program is one of these.
pub fn is_allowed(request: &Request) -> bool {
    if request.listener == Listener::Media {
        // Wherever the site sends us on to, we come without credentials.
        return request.method == "GET" && request.authorization.is_none() && request.cookie.is_none();
    }
    let tail = ["/_edge/", "/api/v2/", "/rest/api/", "/download/", "/login.action"].iter().filter_map(|mark| request.path.find(mark)).min();
    let Some(tail) = tail.map(|at| &request.path[at..]) else { return false };
    ALLOWED.iter().any(|(method, shape)| *method == request.method && fits(shape, tail))
}

fn fits(shape: &str, path: &str) -> bool {
    let (shape, path): (Vec<&str>, Vec<&str>) = (shape.split('/').collect(), path.split('/').collect());
    shape.len() == path.len() && shape.iter().zip(&path).all(|(shape, part)| *shape == "{}" && !part.is_empty() || shape == part)
}
