//! What is left of the hour, per token and resource; and the headers that say so.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::tokens::{Caller, TokenKind};
use crate::support::wire::{Answer, machine_now};

/// A window of an hour.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub limit: u64,
    pub used: u64,
    /// Seconds since 1970, by the machine's clock.
    pub reset: u64,
}

impl Window {
    pub fn left(self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

/// All windows.
#[derive(Debug)]
pub struct Budgets {
    windows: BTreeMap<(String, &'static str), Window>,
    pub core: u64,
    pub anonymous: u64,
    pub graphql: u64,
    /// No limits are counted, no headers are sent: how Enterprise Server comes.
    pub off: bool,
}

impl Default for Budgets {
    fn default() -> Self {
        Self { windows: BTreeMap::new(), core: 5000, anonymous: 60, graphql: 5000, off: false }
    }
}

impl Budgets {
    /// The window of a token (or of nobody: an empty one) for `core` or `graphql`.
    pub fn window(&mut self, token: &str, resource: &'static str) -> &mut Window {
        let now = machine_now() / 1000;
        let limit = match resource {
            "graphql" => self.graphql,
            _ if token.is_empty() => self.anonymous,
            _ => self.core,
        };
        let window = self.windows.entry((token.to_owned(), resource)).or_insert(Window { limit, used: 0, reset: now + 3600 });
        if window.reset <= now {
            *window = Window { limit, used: 0, reset: now + 3600 };
        }
        window
    }

    /// So many requests or points are left, and the window ends in so many seconds.
    pub fn leave(&mut self, token: &str, resource: &'static str, left: u64, reset_in_secs: u64) {
        let window = self.window(token, resource);
        window.used = window.limit.saturating_sub(left);
        window.reset = machine_now() / 1000 + reset_in_secs;
    }

    /// Puts the headers on an answer.
    pub(super) fn tell(&mut self, caller: &Caller, resource: &'static str, answer: Answer) -> Answer {
        if self.off {
            return answer;
        }
        let window = *self.window(key(caller), resource);
        let numbers = [
            ("x-ratelimit-limit", window.limit),
            ("x-ratelimit-remaining", window.left()),
            ("x-ratelimit-used", window.used),
            ("x-ratelimit-reset", window.reset),
        ];
        let answer = numbers.into_iter().fold(answer, |answer, (name, number)| answer.with(name, number.to_string()));
        answer.with("x-ratelimit-resource", resource)
    }

    /// The body of `/rate_limit`.
    pub(super) fn report(&mut self, caller: &Caller) -> Value {
        let mut show = |resource| {
            let window = *self.window(key(caller), resource);
            json!({"limit": window.limit, "used": window.used, "remaining": window.left(), "reset": window.reset, "resource": resource})
        };
        let (core, graphql) = (show("core"), show("graphql"));
        json!({"resources": {"core": core, "graphql": graphql}, "rate": core})
    }
}

/// Whose budget a request counts against.
pub(super) fn key(caller: &Caller) -> &str {
    caller.token.as_ref().map_or("", |(secret, _)| secret)
}

/// The text of a primary limit.
pub(super) fn exceeded(caller: &Caller) -> String {
    match &caller.token {
        None => "API rate limit exceeded for 127.0.0.1. (But here's the good news: Authenticated requests get a higher rate limit. Check out the documentation for more details.)".to_owned(),
        Some((_, token)) if token.kind == TokenKind::Installation => "API rate limit exceeded for installation ID 1.".to_owned(),
        Some((_, token)) => format!("API rate limit exceeded for user ID {}.", token.user),
    }
}
