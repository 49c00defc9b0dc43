//! The requests that a service saw, in order, with what they were for: what tests count and print.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Deref;
use std::time::Instant;

use super::service::Service;
use super::wire::{Listener, Request};

/// A request that was seen. What only this service remembers are fields as well.
pub struct Seen<S: Service> {
    pub listener: Listener,
    pub method: String,
    /// Percent-encoded, as sent.
    pub path: String,
    /// Percent-encoded, as sent, without `?`.
    pub query: String,
    pub host: String,
    pub had_authorization: bool,
    pub had_cookie: bool,
    pub accept: String,
    pub user_agent: String,
    /// It asked for what is not as it was.
    pub conditional: bool,
    pub class: S::Class,
    /// When it came, by the machine's clock: for tests of pauses and rates.
    pub at: Instant,
    /// The answer's status; none while there is no answer.
    pub status: Option<u16>,
    note: S::Note,
}

impl<S: Service> Clone for Seen<S> {
    fn clone(&self) -> Self {
        Self {
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            host: self.host.clone(),
            accept: self.accept.clone(),
            user_agent: self.user_agent.clone(),
            note: self.note.clone(),
            ..*self
        }
    }
}

impl<S: Service> std::fmt::Debug for Seen<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.line())
    }
}

impl<S: Service> Deref for Seen<S> {
    type Target = S::Note;

    fn deref(&self) -> &S::Note {
        &self.note
    }
}

impl<S: Service> Seen<S> {
    pub(super) fn of(request: &Request) -> Self {
        let (class, note) = S::note(request);
        let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
        Self {
            listener: request.listener,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            host: request.host.clone(),
            had_authorization: request.authorization.is_some(),
            had_cookie: request.cookie.is_some(),
            accept: header("accept"),
            user_agent: header("user-agent"),
            conditional: request.header("if-none-match").is_some(),
            class,
            at: Instant::now(),
            status: None,
            note,
        }
    }

    /// Path and query.
    pub fn target(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }

    fn line(&self) -> String {
        let status = self.status.map_or_else(|| "---".to_owned(), |status| status.to_string());
        let who = if self.had_authorization { "auth" } else { "    " };
        let asked = if self.conditional { " if-none-match" } else { "" };
        format!("{status} {who} {:?} {} {} {}{asked}{}", self.class, self.method, self.host, self.target(), S::told(self))
    }
}

/// The service's memory of requests.
pub(super) struct Log<S: Service> {
    seen: Vec<Seen<S>>,
    forgotten: usize,
    in_flight: usize,
    peak: usize,
    pub(super) violations: Vec<String>,
}

impl<S: Service> Default for Log<S> {
    fn default() -> Self {
        Self { seen: Vec::new(), forgotten: 0, in_flight: 0, peak: 0, violations: Vec::new() }
    }
}

impl<S: Service> Log<S> {
    /// Notes an arrival; the number is for [`Log::answered`].
    pub(super) fn arrived(&mut self, seen: Seen<S>) -> usize {
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

    /// What is remembered of a request, to be added to once it is known.
    pub(super) fn note(&mut self, number: usize) -> Option<&mut S::Note> {
        self.at(number).map(|seen| &mut seen.note)
    }

    fn at(&mut self, number: usize) -> Option<&mut Seen<S>> {
        let at = number.checked_sub(self.forgotten)?;
        self.seen.get_mut(at)
    }

    pub(super) fn seen(&self) -> &[Seen<S>] {
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

    pub(super) fn counts(&self) -> BTreeMap<S::Class, usize> {
        let mut counts = BTreeMap::new();
        for seen in &self.seen {
            *counts.entry(seen.class).or_default() += 1;
        }
        counts
    }

    pub(super) fn transcript(&self) -> String {
        let mut text = format!("{} requests {:?}\n", self.seen.len(), self.counts());
        for seen in &self.seen {
            let _ = writeln!(text, "  {}", seen.line());
        }
        for violation in &self.violations {
            let _ = writeln!(text, "  VIOLATION {violation}");
        }
        text
    }
}
