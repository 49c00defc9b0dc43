//! The requests that the service saw, in order, with what they were for: what tests count and print.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use serde_json::Value;

use crate::support::wire::{Listener, Request};

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
    pub accept: String,
    /// It asked for what is not as it was.
    pub conditional: bool,
    pub user_agent: String,
    pub class: Class,
    /// The name of a GraphQL operation.
    pub operation: String,
    /// The text of a GraphQL query.
    pub graphql: String,
    pub variables: Value,
    /// What a GraphQL query cost.
    pub points: u64,
    pub at: Instant,
    /// The answer's status; none while there is no answer.
    pub status: Option<u16>,
}

impl Seen {
    pub(super) fn of(request: &Request) -> Self {
        let class = classify(request);
        let body: Value = if class == Class::Graphql { serde_json::from_slice(&request.body).unwrap_or_default() } else { Value::Null };
        let graphql = body["query"].as_str().unwrap_or_default().to_owned();
        let named = graphql.trim_start().strip_prefix("query").map(|rest| rest.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next());
        let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
        Self {
            listener: request.listener,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            had_authorization: request.authorization.is_some(),
            accept: header("accept"),
            conditional: request.header("if-none-match").is_some(),
            user_agent: header("user-agent"),
            class,
            operation: body["operationName"].as_str().or(named.flatten()).unwrap_or_default().to_owned(),
            graphql,
            variables: body["variables"].clone(),
            points: 0,
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

/// The service's memory of requests.
#[derive(Default)]
pub(super) struct Log {
    seen: Vec<Seen>,
    forgotten: usize,
    in_flight: usize,
    peak: usize,
    pub(super) violations: Vec<String>,
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
        if let Some(seen) = self.at(number) {
            seen.status = status;
        }
    }

    /// What a query cost.
    pub(super) fn cost(&mut self, number: usize, points: u64) {
        if let Some(seen) = self.at(number) {
            seen.points = points;
        }
    }

    fn at(&mut self, number: usize) -> Option<&mut Seen> {
        let at = number.checked_sub(self.forgotten)?;
        self.seen.get_mut(at)
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
            let asked = if seen.conditional { " if-none-match" } else { "" };
            let _ = write!(text, "  {status} {who} {:?} {} {}{asked}", seen.class, seen.method, seen.target());
            if seen.class == Class::Graphql {
                let _ = write!(text, " {} {} ({} points)", seen.operation, seen.variables, seen.points);
            }
            text.push('\n');
        }
        for violation in &self.violations {
            let _ = writeln!(text, "  VIOLATION {violation}");
        }
        text
    }
}
