//! The bad habits of real sites: faults for the next requests, and traits that stay until they are changed back.
//!
//! What a broken answer looks like on the wire is in `played`; how listings misbehave is in the listings, which ask here.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use super::log::Seen;
use super::model::{Id, Model};
use super::wire::{Answer, http_date, iso, machine_now};

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

/// What becomes of one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// 429, with a `RateLimit-Reason` (Cloud: `...burst...` or `...quota...`).
    TooManyRequests(RetryAfter, &'static str),
    /// 503 with or without `Retry-After`.
    Unavailable(RetryAfter),
    /// Any status with a JSON error.
    Status(u16),
    /// 200 and a page for people.
    LoginPage,
    /// 502 and a proxy's page for people.
    BadGateway,
    /// 403 that asks for a captcha (Data Center).
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
    pub fn own_answer(&self) -> Option<Answer> {
        Some(match self {
            Self::TooManyRequests(wait, reason) => {
                let answer = Answer::v1_error(429, "Rate limit exceeded").with("ratelimit-reason", *reason).with("x-ratelimit-remaining", "0");
                let reset = match wait {
                    RetryAfter::Seconds(seconds) | RetryAfter::Date(seconds) => Some(iso(machine_now() + seconds * 1000)),
                    RetryAfter::Absent => None,
                };
                let answer = wait.on(answer);
                match reset {
                    // The seconds may be missing on live sites: `2026-01-01T15:00Z`.
                    Some(at) => answer.with("x-ratelimit-reset", format!("{}Z", &at[..16])),
                    None => answer,
                }
            }
            Self::Unavailable(wait) => wait.on(Answer::v1_error(503, "Service Unavailable")),
            Self::Status(status) => Answer::v2_error(*status, "SIMULATED", "The simulated site was told to answer this"),
            Self::LoginPage => {
                Answer::html(200, "<!DOCTYPE html><html><head><title>Log in</title></head><body><form id=\"login\"></form></body></html>")
            }
            Self::BadGateway => Answer::html(502, "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"),
            Self::Captcha => Answer::html(403, "<html><body>CAPTCHA required</body></html>").with("x-seraph-loginreason", "AUTHENTICATION_DENIED"),
            Self::RedirectTo(to) => Answer { status: 302, ..Answer::html(302, "") }.with("location", to.clone()),
            Self::Other(answer) => answer.clone(),
            _ => return None,
        })
    }
}

impl RetryAfter {
    fn on(self, answer: Answer) -> Answer {
        match self {
            Self::Seconds(seconds) => answer.with("retry-after", seconds.to_string()),
            Self::Date(seconds) => answer.with("retry-after", http_date(machine_now() + seconds * 1000)),
            Self::Absent => answer,
        }
    }
}

/// Which rate limit headers come with a good answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RateHeaders {
    /// Plenty left.
    #[default]
    Usual,
    /// Less than a fifth left.
    NearLimit,
    /// None at all.
    Missing,
}

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

/// All habits of a site. None at the start.
#[derive(Default)]
pub struct Habits {
    rules: Vec<Rule>,
    hooks: Vec<Hook>,
    hidden: BTreeMap<Id, Cell<usize>>,
    token_requests_left: Option<usize>,
    /// A listing's second page names itself as the next, for ever.
    pub endless_cursor: bool,
    /// So many listing pages hold nothing but a `next`.
    pub empty_pages: usize,
    /// Each listing page begins with the last item of the page before.
    pub repeat_across_pages: bool,
    /// Requests for these spaces (by key) get this status; lists of spaces still name them.
    pub space_status: BTreeMap<String, u16>,
    /// Folders have `createdAt` as a number of milliseconds.
    pub folder_dates_are_numbers: bool,
    /// A wrong credential gets 200 and what an anonymous caller sees, which is nothing unless spaces are open.
    pub bad_token_is_anonymous: bool,
    /// Rate limit headers on good answers.
    pub rate_headers: RateHeaders,
    /// Answers in gzip to those who accept it.
    pub gzip: bool,
    /// Connections and requests are reset.
    pub offline: bool,
    /// Each request waits so long before it is looked at.
    pub latency: Duration,
    /// A lower cap on every page of a listing than the documented one.
    pub page_cap: Option<usize>,
    /// `content/scan` does not exist, as before Data Center 7.18.
    pub no_scan: bool,
    /// Listings name drafts as well.
    pub lists_drafts: bool,
    /// `start` beyond the end still brings one item (CONFSERVER-95312).
    pub ghost_item: bool,
}

impl Habits {
    /// The next `count` requests whose path and query contain `part` meet this fault.
    pub fn next(&mut self, count: usize, part: &str, fault: Fault) {
        self.after(0, count, part, fault);
    }

    /// Every request whose path and query contain `part` meets this fault, until [`Habits::forgive`].
    pub fn always(&mut self, part: &str, fault: Fault) {
        self.after(0, usize::MAX, part, fault);
    }

    /// As [`Habits::next`], but so many such requests pass first.
    pub fn after(&mut self, skip: usize, count: usize, part: &str, fault: Fault) {
        self.rules.push(Rule { matches: containing(part), skip, left: count, fault });
    }

    /// As [`Habits::next`], for requests that a predicate chooses.
    pub fn next_where(&mut self, count: usize, matches: impl Fn(&Seen) -> bool + Send + 'static, fault: Fault) {
        self.rules.push(Rule { matches: Box::new(matches), skip: 0, left: count, fault });
    }

    /// Once the next request whose path and query contain `part` has been answered, somebody edits the site: how a page vanishes between list and
    /// fetch, or moves while it is listed.
    pub fn after_next(&mut self, part: &str, edit: impl FnOnce(&mut Model) + Send + 'static) {
        self.hooks.push(Hook { matches: containing(part), edit: Box::new(edit) });
    }

    /// Leaves content out of the next `times` listing pages that should have named it.
    pub fn hide_from_listings(&mut self, id: Id, times: usize) {
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
    Box::new(move |seen| seen.path.contains(&part) || seen.query.contains(&part) || seen.target().contains(&part))
}
