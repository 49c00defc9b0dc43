//! What a request to Confluence is for.

use crate::support::wire::{Listener, Request};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Who am I, what server is this.
    Identity,
    /// Spaces.
    Spaces,
    /// Pages or posts without bodies.
    Listing,
    /// Pages or posts with bodies, one or many.
    Bodies,
    /// CQL.
    Search,
    /// Which comments there are, and their bodies.
    Comments,
    /// People's names.
    Users,
    /// Labels of one page or post.
    Labels,
    /// One folder, whiteboard, database or embed.
    Nodes,
    /// Which attachments there are.
    Attachments,
    /// An attachment's bytes, or the way to them.
    Downloads,
    /// The media host.
    Media,
    /// Anything else.
    Other,
}

/// What a request is for.
pub(super) fn of(request: &Request) -> Class {
    let path = request.path.as_str();
    let has = |part: &str| path.contains(part);
    match () {
        () if request.listener == Listener::Media => Class::Media,
        () if has("/user/current") || has("/server-information") || has("/tenant_info") => Class::Identity,
        () if has("/users-bulk") || has("/rest/api/user") => Class::Users,
        () if path.ends_with("/download") || has("/download/attachments/") => Class::Downloads,
        () if path.ends_with("/attachments") || path.ends_with("/child/attachment") => Class::Attachments,
        () if path.ends_with("/labels") || path.ends_with("/label") => Class::Labels,
        () if path.ends_with("-comments") || path.ends_with("/child/comment") => Class::Comments,
        () if has("/content/search") && request.one("cql").is_some_and(|cql| cql.starts_with("type=comment")) => Class::Comments,
        () if has("/content/search") || path.ends_with("/rest/api/search") => Class::Search,
        () if has("/folders/") || has("/whiteboards/") || has("/databases/") || has("/embeds/") => Class::Nodes,
        () if request.one("body-format").is_some() || request.params.iter().any(|(_, value)| value.contains("body.")) => Class::Bodies,
        () if has("/pages") || has("/blogposts") || has("/rest/api/content") || has("/content/page") => Class::Listing,
        () if has("/spaces") || has("/rest/api/space") => Class::Spaces,
        () => Class::Other,
    }
}
