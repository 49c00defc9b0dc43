//! The requests that the site saw, in order, with what they were for: what tests count and print.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use super::wire::{Listener, Request};

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

/// A request that was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    pub listener: Listener,
    pub method: String,
    /// Percent-encoded, as sent.
    pub path: String,
    /// Percent-encoded, as sent, without `?`.
    pub query: String,
    pub had_authorization: bool,
    pub had_cookie: bool,
    pub host: String,
    pub class: Class,
    /// When it came, by the machine's clock: for tests of pauses and rates.
    pub at: Instant,
    /// The answer's status; none while there is no answer.
    pub status: Option<u16>,
}

impl Seen {
    pub(super) fn of(request: &Request) -> Self {
        Self {
            listener: request.listener,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            had_authorization: request.authorization.is_some(),
            had_cookie: request.cookie.is_some(),
            host: request.host.clone(),
            class: classify(request),
            at: Instant::now(),
            status: None,
        }
    }

    /// Path and query.
    pub fn target(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }
}

fn classify(request: &Request) -> Class {
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

/// The site's memory of requests.
#[derive(Default)]
pub(super) struct Log {
    seen: Vec<Seen>,
    forgotten: usize,
    in_flight: usize,
    peak: usize,
    pub(super) violations: Vec<String>,
    /// Requests of the program that are not in the list of what it may send.
    pub(super) not_reading: Vec<String>,
}

impl Log {
    /// Notes an arrival; the number is for [`Log::answered`].
    pub(super) fn arrived(&mut self, seen: Seen) -> usize {
        self.seen.push(seen);
        self.in_flight += 1;
        self.peak = self.peak.max(self.in_flight);
        self.forgotten + self.seen.len() - 1
    }

    pub(super) fn answered(&mut self, number: usize, status: Option<u16>) {
        self.in_flight -= 1;
        if let Some(seen) = number.checked_sub(self.forgotten).and_then(|at| self.seen.get_mut(at)) {
            seen.status = status;
        }
    }

    pub(super) fn seen(&self) -> &[Seen] {
        &self.seen
    }

    pub(super) fn peak(&self) -> usize {
        self.peak
    }

    pub(super) fn clear(&mut self) {
        self.forgotten += self.seen.len();
        self.seen.clear();
        self.peak = self.in_flight;
    }

    pub(super) fn counts(&self) -> BTreeMap<Class, usize> {
        let mut counts = BTreeMap::new();
        for seen in &self.seen {
            *counts.entry(seen.class).or_default() += 1;
        }
        counts
    }

    pub(super) fn transcript(&self) -> String {
        let mut text = format!("{} requests {:?}\n", self.seen.len(), self.counts());
        for seen in &self.seen {
            let status = seen.status.map_or_else(|| "---".to_owned(), |status| status.to_string());
            let who = if seen.had_authorization { "auth" } else { "    " };
            let _ = writeln!(text, "  {status} {who} {:?} {} {} {}", seen.class, seen.method, seen.host, seen.target());
        }
        for violation in &self.violations {
            let _ = writeln!(text, "  VIOLATION {violation}");
        }
        text
    }
}
