//! The bad habits of real services: faults for the next requests, and traits that stay until they are changed back.
//!
//! What a broken answer looks like on the wire is in `played`; the traits of one service are in its own folder, and how its listings misbehave is in the
//! listings, which ask here.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use super::log::Seen;
use super::service::Service;
use super::wire::{Answer, http_date, machine_now};

/// What `Retry-After` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// A number of seconds.
    Seconds(u64),
    /// A date, this many seconds from the machine's now.
    Date(u64),
    /// Nothing.
    Absent,
}

impl RetryAfter {
    /// An answer that says it.
    pub fn on(self, answer: Answer) -> Answer {
        match self {
            Self::Seconds(seconds) => answer.with("retry-after", seconds.to_string()),
            Self::Date(seconds) => {
                let now = machine_now();
                answer.with("date", http_date(now)).with("retry-after", http_date(now + seconds * 1000))
            }
            Self::Absent => answer,
        }
    }
}

/// What becomes of one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// 429, with a word for the reason where the service gives one (Confluence Cloud: `...burst...` or `...quota...`).
    TooManyRequests(RetryAfter, &'static str),
    /// 503 with or without `Retry-After`.
    Unavailable(RetryAfter),
    /// Any status with a JSON error.
    Status(u16),
    /// 200 and a page for people.
    LoginPage,
    /// 502 and a proxy's page for people.
    BadGateway,
    /// 403 that asks for a captcha (Confluence Data Center).
    Captcha,
    /// 302 to an address.
    RedirectTo(String),
    /// The connection is reset before any answer.
    Reset,
    /// The connection is reset in the middle of the body.
    ResetMidBody,
    /// No answer, ever.
    Silence,
    /// Half of the body, then nothing, for ever.
    Stall,
    /// The right answer, late.
    Late(Duration),
    /// The right answer, so many bytes at a time.
    Drip { bytes: usize, every: Duration },
    /// `Content-Length` promises more than comes.
    LengthTooLong,
    /// `Content-Length` promises less than there is: a well-formed answer whose JSON ends early.
    LengthTooShort,
    /// Well-framed, but the JSON ends in its middle.
    TruncatedJson,
    /// Well-framed, but not JSON.
    InvalidJson,
    /// The right answer in gzip, whether or not it was asked for.
    Gzip,
    /// So many megabytes of blanks and then the right answer, in gzip.
    GzipBomb { megabytes: usize },
    /// In place of [`Fault::MARK`], if it is in the right answer, come so many bytes, made while they are sent. `announced`: with the length of all of it.
    Swollen { bytes: u64, announced: bool },
    /// Anything else.
    Other(Answer),
}

impl Fault {
    /// What [`Fault::Swollen`] puts its bytes in the place of.
    pub const MARK: &'static str = "HERE-COMES-MUCH";

    /// 429 with seconds to wait.
    pub fn too_many(seconds: u64) -> Self {
        Self::TooManyRequests(RetryAfter::Seconds(seconds), "confluence-burst-based")
    }

    /// The answer that stands in for the right one, if the fault has one of its own.
    pub fn own_answer<S: Service>(&self) -> Option<Answer> {
        Some(match self {
            Self::TooManyRequests(wait, reason) => S::limited(*wait, reason),
            Self::Unavailable(wait) => wait.on(S::error(503, "Service Unavailable")),
            Self::Status(status) => S::error(*status, "The simulated service was told to answer this"),
            Self::LoginPage => {
                Answer::html(200, "<!DOCTYPE html><html><head><title>Log in</title></head><body><form id=\"login\"></form></body></html>")
            }
            Self::BadGateway => Answer::html(502, "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"),
            Self::Captcha => Answer::html(403, "<html><body>CAPTCHA required</body></html>").with("x-seraph-loginreason", "AUTHENTICATION_DENIED"),
            Self::RedirectTo(to) => Answer::html(302, "").with("location", to.clone()),
            Self::Other(answer) => answer.clone(),
            _ => return None,
        })
    }
}

type Matcher<S> = Box<dyn Fn(&Seen<S>) -> bool + Send>;
type Edit<S> = Box<dyn FnOnce(&mut <S as Service>::Model) + Send>;

struct Rule<S: Service> {
    matches: Matcher<S>,
    skip: usize,
    left: usize,
    fault: Fault,
}

struct Hook<S: Service> {
    matches: Matcher<S>,
    edit: Edit<S>,
}

/// All habits of a service. None at the start. Those that only this service has are fields as well.
pub struct Habits<S: Service> {
    rules: Vec<Rule<S>>,
    hooks: Vec<Hook<S>>,
    hidden: BTreeMap<u64, Cell<usize>>,
    token_requests_left: Option<usize>,
    /// A list's second page names itself as the next, for ever.
    pub endless_cursor: bool,
    /// Each further page of a list begins with the last item of the page before.
    pub repeat_across_pages: bool,
    /// A lower cap on every page of a list than the documented one.
    pub page_cap: Option<usize>,
    /// Answers in gzip to those who accept it.
    pub gzip: bool,
    /// Answers in chunks, without a length.
    pub chunked: bool,
    /// Connections and requests are reset.
    pub offline: bool,
    /// Each request waits so long before it is looked at.
    pub latency: Duration,
    own: S::Traits,
}

impl<S: Service> Default for Habits<S> {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            hooks: Vec::new(),
            hidden: BTreeMap::new(),
            token_requests_left: None,
            endless_cursor: false,
            repeat_across_pages: false,
            page_cap: None,
            gzip: false,
            chunked: false,
            offline: false,
            latency: Duration::ZERO,
            own: S::Traits::default(),
        }
    }
}

impl<S: Service> Deref for Habits<S> {
    type Target = S::Traits;

    fn deref(&self) -> &S::Traits {
        &self.own
    }
}

impl<S: Service> DerefMut for Habits<S> {
    fn deref_mut(&mut self) -> &mut S::Traits {
        &mut self.own
    }
}

impl<S: Service> Habits<S> {
    /// The next `count` requests whose path and query (or other name, see [`Service::is_called`]) contain `part` meet this fault.
    pub fn next(&mut self, count: usize, part: &str, fault: Fault) {
        self.after(0, count, part, fault);
    }

    /// As [`Habits::next`], until [`Habits::forgive`].
    pub fn always(&mut self, part: &str, fault: Fault) {
        self.after(0, usize::MAX, part, fault);
    }

    /// As [`Habits::next`], after `skip` such requests that go well.
    pub fn after(&mut self, skip: usize, count: usize, part: &str, fault: Fault) {
        self.rules.push(Rule { matches: containing(part), skip, left: count, fault });
    }

    /// As [`Habits::next`], for requests that a predicate chooses.
    pub fn next_where(&mut self, count: usize, matches: impl Fn(&Seen<S>) -> bool + Send + 'static, fault: Fault) {
        self.rules.push(Rule { matches: Box::new(matches), skip: 0, left: count, fault });
    }

    /// Once the next request that contains `part` has been answered, somebody edits: how a page vanishes between list and fetch, or moves while it is
    /// listed.
    pub fn after_next(&mut self, part: &str, edit: impl FnOnce(&mut S::Model) + Send + 'static) {
        self.hooks.push(Hook { matches: containing(part), edit: Box::new(edit) });
    }

    /// Leaves what has this id out of the next `times` answers that should have named it: of Confluence content out of listings, of a GitHub repository out of
    /// everything.
    pub fn hide(&mut self, id: u64, times: usize) {
        self.hidden.insert(id, Cell::new(times));
    }

    /// After so many further requests with a credential, all get 401.
    pub fn token_expires_after(&mut self, requests: usize) {
        self.token_requests_left = Some(requests);
    }

    /// Forgets all faults and traits.
    pub fn forgive(&mut self) {
        *self = Self { latency: self.latency, ..Self::default() };
    }

    pub(super) fn fault_for(&mut self, seen: &Seen<S>) -> Option<Fault> {
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

    pub(super) fn edits_after(&mut self, seen: &Seen<S>) -> Vec<Edit<S>> {
        let due = self.hooks.extract_if(.., |hook| (hook.matches)(seen));
        due.map(|hook| hook.edit).collect()
    }

    /// Whether what has this id is left out of this answer.
    pub(super) fn hides(&self, id: u64) -> bool {
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

fn containing<S: Service>(part: &str) -> Matcher<S> {
    let part = part.to_owned();
    Box::new(move |seen| seen.target().contains(&part) || S::is_called(seen, &part))
}
