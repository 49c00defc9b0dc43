//! The answers of limits, refusals and break-downs, in all the forms in which the service is known to give them.

use serde_json::{Value, json};

use super::rest::error;
use crate::support::habits::{Fault, RetryAfter};
use crate::support::wire::{Answer, machine_now};

fn limited(answer: Answer, left: u64, reset_in_secs: u64) -> Fault {
    let reset = machine_now() / 1000 + reset_in_secs;
    let answer = answer.with("x-ratelimit-limit", "5000").with("x-ratelimit-remaining", left.to_string());
    let answer = answer.with("x-ratelimit-used", (5000 - left).to_string()).with("x-ratelimit-reset", reset.to_string());
    Fault::Other(answer)
}

const SECONDARY: &str = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
const PRIMARY: &str = "API rate limit exceeded for user ID 1.";

/// The hour's budget is used up: 403 or 429, remaining 0, and when it starts anew.
pub fn primary(status: u16, reset_in_secs: u64) -> Fault {
    limited(error(status, PRIMARY).with("x-ratelimit-resource", "core"), 0, reset_in_secs)
}

/// A secondary limit while much is left: 403 or 429.
pub fn secondary(status: u16, wait: RetryAfter) -> Fault {
    limited(wait.on(error(status, SECONDARY)), 4321, 3000)
}

/// A secondary limit that says nothing but its text.
pub fn secondary_without_headers(status: u16) -> Fault {
    Fault::Other(error(status, SECONDARY))
}

/// How it was called once.
pub fn abuse(wait: RetryAfter) -> Fault {
    Fault::Other(wait.on(error(403, "You have triggered an abuse detection mechanism. Please wait a few minutes before you try again.")))
}

/// GraphQL's primary limit, a 200: `RATE_LIMITED`, or `RATE_LIMIT` with a code.
pub fn graphql_primary(kind: &str, reset_in_secs: u64) -> Fault {
    let mut error = json!({"type": kind, "message": PRIMARY});
    if kind == "RATE_LIMIT" {
        error["code"] = json!("graphql_rate_limit");
    }
    limited(Answer::json(&json!({"errors": [error]})).with("x-ratelimit-resource", "graphql"), 0, reset_in_secs)
}

/// GraphQL's primary limit without a header.
pub fn graphql_primary_without_headers(kind: &str) -> Fault {
    Fault::Other(Answer::json(&json!({"errors": [{"type": kind, "message": PRIMARY}]})))
}

/// GraphQL's secondary limit: 200 with errors, or 403 as REST has it.
pub fn graphql_secondary(status: u16, wait: RetryAfter) -> Fault {
    let answer = if status == 200 { Answer::json(&json!({"errors": [{"message": SECONDARY}]})) } else { error(status, SECONDARY) };
    Fault::Other(wait.on(answer))
}

/// A query that is too heavy, without data.
pub fn too_heavy() -> Fault {
    let message = "Resource limits for this query exceeded.";
    Fault::Other(Answer::json(&json!({"data": Value::Null, "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": message}]})))
}

/// What GraphQL says after ten seconds: 502, or a 200.
pub fn something_went_wrong(status: u16) -> Fault {
    Fault::Other(went_wrong(status))
}

pub(super) fn went_wrong(status: u16) -> Answer {
    let message = "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug. Please include `0000:1111:2222:3333` when reporting this issue.";
    Answer { status, ..Answer::json(&json!({"data": Value::Null, "errors": [{"message": message}]})) }
}

/// The page with the unicorn, for people: 503, 502 or 504.
pub fn unicorn(status: u16) -> Fault {
    let page = "<!DOCTYPE html>\n<html>\n<head><title>Unicorn! &middot; GitHub</title></head>\n<body><p><strong>We couldn't respond to your request in time.</strong></p></body>\n</html>\n";
    Fault::Other(Answer::html(status, page))
}

/// 401.
pub fn bad_credentials() -> Fault {
    Fault::Other(error(401, "Bad credentials"))
}

/// 403 of a permission that the token lacks.
pub fn forbidden(accepted: &str) -> Fault {
    limited(error(403, "Resource not accessible by personal access token").with("x-accepted-github-permissions", accepted), 4000, 3000)
}

/// 403 of an organisation with SSO.
pub fn sso(page: &str) -> Fault {
    Fault::Other(super::rest::sso_required(page))
}

/// 403 of an address that is not let in.
pub fn ip_allow_list() -> Fault {
    let message = "Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled, and your IP address is not permitted to access this resource.";
    Fault::Other(error(403, message))
}

/// Any status with a JSON error.
pub fn status(status: u16, message: &str) -> Fault {
    Fault::Other(error(status, message))
}

/// GraphQL answers an organisation's SSO.
pub fn graphql_saml() -> Fault {
    let message = "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.";
    let error = json!({"type": "FORBIDDEN", "path": ["repository"], "extensions": {"saml_failure": true}, "locations": [{"line": 1, "column": 1}], "message": message});
    Fault::Other(Answer::json(&json!({"data": {"repository": Value::Null}, "errors": [error]})))
}
