//! The bad habits of the real service: faults for the next requests, and traits that stay until they are changed back.
//!
//! The answers of its many limits and refusals are in `faults`; how a broken answer goes over the wire is shared with the simulated Confluence.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::log::Seen;
use super::model::{Id, Model};
use crate::support::habits::Fault;

type Matcher = Box<dyn Fn(&Seen) -> bool + Send>;
type Edit = Box<dyn FnOnce(&mut Model) + Send>;

struct Rule {
    matches: Matcher,
    skip: usize,
    left: usize,
    fault: Fault,
}

struct Hook {
    matches: Matcher,
    edit: Edit,
}

/// An error that GraphQL reports at a field, which is null then.
#[derive(Clone, Debug)]
pub struct FieldFault {
    /// `Repository.discussions`.
    pub field: String,
    /// `FORBIDDEN`, `RESOURCE_LIMITS_EXCEEDED`, `SERVICE_UNAVAILABLE`; none has no type.
    pub kind: Option<String>,
    pub message: String,
    /// `extensions.saml_failure`.
    pub saml: bool,
    /// Only for what belongs to this repository.
    pub repository: Option<Id>,
    pub skip: usize,
    pub left: usize,
}

/// All habits. None at the start.
#[derive(Default)]
pub struct Habits {
    rules: Vec<Rule>,
    hooks: Vec<Hook>,
    hidden: BTreeMap<Id, Cell<usize>>,
    pub(super) field_faults: Vec<FieldFault>,
    token_requests_left: Option<usize>,
    /// Fields that this server does not know yet: `Repository.hasDiscussionsEnabled`. How an old Enterprise Server is.
    pub undefined: BTreeSet<String>,
    /// A recursive tree has at most so many entries, then `truncated`.
    pub tree_limit: Option<usize>,
    /// A lower cap on REST pages than 100.
    pub page_cap: Option<usize>,
    /// `page=` beyond so many items is refused in lists of issues; 1,000 unless set.
    pub deep_page: Option<usize>,
    /// A list's second page, in either API, names itself as the next, for ever.
    pub endless_cursor: bool,
    /// Each further page, in either API, begins with the last item of the page before.
    pub repeat_across_pages: bool,
    /// A query that asks for more than so many nodes at one connection times out: 502.
    pub too_large: Option<u64>,
    /// `text` of a blob longer than so many bytes is cut, with `isTruncated`; 512,000 unless set.
    pub text_limit: Option<usize>,
    /// Answers carry no `x-ratelimit-*`.
    pub no_rate_headers: bool,
    /// Answers carry no ETag.
    pub no_etags: bool,
    /// Answers in gzip to those who accept it.
    pub gzip: bool,
    /// Answers in chunks, without a length.
    pub chunked: bool,
    /// Connections and requests are reset.
    pub offline: bool,
    /// Each request waits so long before it is looked at.
    pub latency: Duration,
}

impl Habits {
    /// The next `count` requests whose path and query contain `part` meet `fault`. GraphQL requests also match by the name of their operation.
    pub fn next(&mut self, count: usize, part: &str, fault: Fault) {
        self.rules.push(Rule { matches: containing(part), skip: 0, left: count, fault });
    }

    /// As [`Habits::next`], after `skip` such requests that go well.
    pub fn after(&mut self, skip: usize, count: usize, part: &str, fault: Fault) {
        self.rules.push(Rule { matches: containing(part), skip, left: count, fault });
    }

    /// As [`Habits::next`], for ever.
    pub fn always(&mut self, part: &str, fault: Fault) {
        self.rules.push(Rule { matches: containing(part), skip: 0, left: usize::MAX, fault });
    }

    /// As [`Habits::next`], for requests that a predicate chooses.
    pub fn next_where(&mut self, count: usize, matches: impl Fn(&Seen) -> bool + Send + 'static, fault: Fault) {
        self.rules.push(Rule { matches: Box::new(matches), skip: 0, left: count, fault });
    }

    /// Once the next request that contains `part` has been answered, somebody edits.
    pub fn after_next(&mut self, part: &str, edit: impl FnOnce(&mut Model) + Send + 'static) {
        self.hooks.push(Hook { matches: containing(part), edit: Box::new(edit) });
    }

    /// A repository is 404 (or null) for the next `times` requests that name it.
    pub fn hide(&mut self, repository: Id, times: usize) {
        self.hidden.insert(repository, Cell::new(times));
    }

    /// GraphQL fails at a field (`Discussion.comments`), `left` times after `skip` that go well.
    pub fn fail_field(&mut self, field: &str, kind: Option<&str>, message: &str, skip: usize, left: usize) {
        let (field, kind, message) = (field.to_owned(), kind.map(str::to_owned), message.to_owned());
        self.field_faults.push(FieldFault { field, kind, message, saml: false, repository: None, skip, left });
    }

    /// The same, as one wants it.
    pub fn fail_field_with(&mut self, fault: FieldFault) {
        self.field_faults.push(fault);
    }

    /// After so many further requests with a credential, all get 401.
    pub fn token_expires_after(&mut self, requests: usize) {
        self.token_requests_left = Some(requests);
    }

    /// Forgets all faults and traits.
    pub fn forgive(&mut self) {
        *self = Self { latency: self.latency, ..Self::default() };
    }

    pub(super) fn fault_for(&mut self, seen: &Seen) -> Option<Fault> {
        let mut concerned = self.rules.iter_mut().filter(|rule| rule.left > 0 && (rule.matches)(seen));
        let rule = concerned.find_map(|rule| match rule.skip {
            0 => Some(rule),
            _ => {
                rule.skip -= 1;
                None
            }
        })?;
        rule.left -= usize::from(rule.left != usize::MAX);
        Some(rule.fault.clone())
    }

    pub(super) fn edits_after(&mut self, seen: &Seen) -> Vec<Edit> {
        let due = self.hooks.extract_if(.., |hook| (hook.matches)(seen));
        due.map(|hook| hook.edit).collect()
    }

    /// The fault that a field meets now.
    pub(super) fn field_fault(&mut self, field: &str, repository: Option<Id>) -> Option<FieldFault> {
        let mut concerned = self.field_faults.iter_mut().filter(|fault| fault.left > 0 && fault.field == field);
        let fault = concerned.find(|fault| fault.repository.is_none() || fault.repository == repository)?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.left -= usize::from(fault.left != usize::MAX);
        Some(fault.clone())
    }

    /// Whether a repository is hidden from this request.
    pub(super) fn hides(&self, id: Id) -> bool {
        let left = self.hidden.get(&id).map_or(0, Cell::get);
        if left > 0 {
            self.hidden[&id].set(left - 1);
        }
        left > 0
    }

    pub(super) fn token_has_expired(&mut self) -> bool {
        match &mut self.token_requests_left {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }
}

fn containing(part: &str) -> Matcher {
    let part = part.to_owned();
    Box::new(move |seen| seen.target().contains(&part) || !seen.operation.is_empty() && seen.operation.contains(&part))
}
