//! Why the service refuses something, in our words, with the way out: read off refusals of REST and errors of queries alike.
//!
//! Pure. What it does not know is left to the number, or to the service's own sentence.

use super::config::Config;
use super::slots::BRANCHES;
use crate::connectors::http::Refusal;

/// An organisation that wants a login.
pub(super) const SAML: &str =
    "its organisation wants a login by SAML: authorise the token for it (`Configure SSO` beside the token in GitHub's settings)";
/// The service shows it to nobody.
pub(super) const BLOCKED: &str = "the service has blocked it";
/// A permission that the token was not given.
const LACKS: &str = "the token lacks a permission";

/// What the service means by `said`; none where it is not known.
pub(super) fn known(said: &str) -> Option<&'static str> {
    let said = said.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    match () {
        () if has(&["ip allow list"]) => Some(
            "its organisation lets in listed addresses only (IP allow list), and this machine's is none of them: ask its owners, or come from a network of theirs",
        ),
        () if has(&["saml"]) => Some(SAML),
        () if has(&["forbids access via", "lifetime is greater than"]) => {
            Some("its organisation does not let this kind of token in (classic, or one that lives too long): use another kind, or a GitHub App")
        }
        () if has(&["suspended"]) => Some("the account, or the App's installation, is suspended: its owner can lift that in GitHub's settings"),
        () if has(&["access blocked", "\"block\"", "disabled by github"]) => Some(BLOCKED),
        () if has(&["not accessible by", "insufficient scopes", "has not been granted the required scopes"]) => Some(LACKS),
        () => None,
    }
}

/// The same of a refusal of REST, where its head tells more; none where it only says no.
pub(super) fn of_rest(said: &Refusal) -> Option<String> {
    let header = |name: &str| said.headers.get(name).filter(|value| !value.is_empty());
    match known(&said.text) {
        Some(why) if why != LACKS => return Some(why.to_owned()),
        _ => {}
    }
    match (header("x-github-sso"), header("x-accepted-github-permissions"), header("x-accepted-oauth-scopes")) {
        (Some(_), ..) => Some(SAML.to_owned()),
        (_, Some(permissions), _) => Some(format!("{LACKS}; it takes {permissions}")),
        (_, _, Some(scopes)) if !has_scope(header("x-oauth-scopes").unwrap_or_default(), scopes) => {
            Some(format!("the token lacks a scope; it takes one of {scopes}"))
        }
        _ => known(&said.text).map(str::to_owned),
    }
}

/// Whether one of the scopes that are accepted is among those that the token has.
fn has_scope(has: &str, accepted: &str) -> bool {
    accepted.split(',').map(str::trim).any(|one| has.split(',').any(|own| own.trim() == one))
}

/// The permission that a part takes which a query may not read, and the setting that turns it off; `field` is GraphQL's word.
fn permission(field: &str) -> Option<(&'static str, &'static str)> {
    match field {
        "discussions" => Some(("Discussions: read", "discussions = false")),
        "issues" => Some(("Issues: read", "issues = false")),
        "pullRequests" => Some(("Pull requests: read", "pull_requests = false")),
        "releases" => Some(("Contents: read", "releases = false")),
        BRANCHES => Some(("Contents: read", "files = []")),
        _ => None,
    }
}

/// Why a part cannot be read, and what to do.
pub(super) fn why_of_part(field: &str, said: &str) -> String {
    match (known(said), permission(field)) {
        (Some(LACKS), Some((permission, setting))) => format!("the token lacks `{permission}`; give it that, or set `{setting}`"),
        (Some(why), _) => why.to_owned(),
        (None, _) => said.to_owned(),
    }
}

/// Why a repository shows no branch at all.
pub(super) fn no_branch(config: &Config, way: &str) -> String {
    let lacks = match way {
        "anonymous" => "",
        "App" => ", or the App lacks `Contents: read`",
        _ => ", or the token lacks `Contents: read`",
    };
    let named = if config.branch.is_empty() { "name one in `repos` (`owner/name@branch`)" } else { "correct `branch`" };
    format!("it shows no default branch: {named}{lacks}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_says_is_told_with_the_way_out() {
        for (said, told) in [
            (
                "Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled",
                "IP allow list",
            ),
            ("Resource protected by organization SAML enforcement.", "Configure SSO"),
            ("`acme` forbids access via a personal access token (classic).", "another kind"),
            ("This installation has been suspended", "is suspended"),
            ("{\"message\":\"Repository access blocked\"}", "blocked"),
            ("Resource not accessible by integration", "lacks a permission"),
        ] {
            assert!(known(said).is_some_and(|why| why.contains(told)), "{said}: {:?}", known(said));
        }
        assert_eq!(known("Not Found"), None);
    }

    #[test]
    fn a_part_that_is_closed_names_permission_and_setting() {
        let said = why_of_part("pullRequests", "Resource not accessible by personal access token");
        assert!(said.contains("`Pull requests: read`") && said.contains("pull_requests = false"), "{said}");
        assert!(why_of_part("issues", "SAML enforcement").contains("Configure SSO"));
        assert_eq!(why_of_part("issues", "Something else."), "Something else.");
    }
}
