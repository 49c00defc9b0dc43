//! The bad habits: limits in all forms, partial answers, broken ones.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Reply, anonymous, get, get_with, post, query};
use super::queries::{DISCUSSION_PAGE, HEADS};
use crate::support::github::{FieldFault, GitHub, TOKEN, Token, faults, node_id};
use crate::support::habits::{Fault, RetryAfter};

fn site() -> GitHub {
    let site = GitHub::new();
    site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("a.md", "x")]);
        (0..3).for_each(|n| _ = app.add_issue(&format!("I{n}"), "x"));
        (0..3).for_each(|n| _ = app.add_discussion("General", &format!("D{n}"), "x"));
    });
    site
}

fn app() -> Value {
    json!({"owner": "acme", "name": "app"})
}

#[test]
fn a_limit_has_many_forms() {
    let site = site();
    let ask = |fault: Fault| -> Reply {
        site.habits(|h| h.next(1, "/repos/acme/app", fault));
        get(&site, "/repos/acme/app")
    };
    for status in [403, 429] {
        let primary = ask(faults::primary(status, 30));
        assert_eq!((primary.status, primary.header("x-ratelimit-remaining"), primary.header("retry-after")), (status, Some("0"), None));
        let secondary = ask(faults::secondary(status, RetryAfter::Seconds(7)));
        assert_eq!((secondary.status, secondary.header("x-ratelimit-remaining"), secondary.header("retry-after")), (status, Some("4321"), Some("7")));
        let bare = ask(faults::secondary_without_headers(status));
        assert_eq!((bare.header("x-ratelimit-remaining"), bare.json()["message"].as_str().unwrap().contains("secondary rate limit")), (None, true));
    }
    assert!(ask(faults::secondary(403, RetryAfter::Date(9))).header("retry-after").unwrap().ends_with("GMT"));
    assert!(ask(faults::abuse(RetryAfter::Absent)).text().contains("abuse detection"));
    assert_eq!(ask(faults::forbidden("contents=read")).header("x-accepted-github-permissions"), Some("contents=read"));
    assert!(ask(faults::unicorn(503)).text().contains("Unicorn!"));
    assert_eq!(ask(faults::bad_credentials()).status, 401);
    assert!(ask(faults::sso("https://example.com/sso")).header("x-github-sso").unwrap().starts_with("required; url="));
    assert_eq!(get(&site, "/repos/acme/app").status, 200, "each was for one request");
    for kind in ["RATE_LIMITED", "RATE_LIMIT"] {
        site.habits(|h| h.next(1, "/graphql", faults::graphql_primary(kind, 30)));
        let limited = post(&site, &format!("Bearer {TOKEN}"), "{ viewer { login } }", &json!({}));
        assert_eq!((limited.status, limited.header("x-ratelimit-remaining"), &limited.json()["errors"][0]["type"]), (200, Some("0"), &json!(kind)));
    }
    // The last point is answered well; the next is not.
    site.budgets(|b| b.leave(TOKEN, "graphql", 1, 60));
    let last = post(&site, &format!("Bearer {TOKEN}"), "{ viewer { login } }", &json!({}));
    assert_eq!((last.header("x-ratelimit-remaining"), last.json().get("errors")), (Some("0"), None));
    assert_eq!(query(&site, "{ viewer { login } }", &json!({}))["errors"][0]["type"], "RATE_LIMIT");
    site.budgets(|b| b.leave(TOKEN, "graphql", 0, 0));
    assert!(query(&site, "{ viewer { login } }", &json!({})).get("errors").is_none(), "the hour is over");
}

#[test]
fn graphql_is_partial_or_lacks_fields_or_takes_too_long() {
    let site = site();
    site.habits(|h| h.fail_field("Discussion.comments", Some("RESOURCE_LIMITS_EXCEEDED"), "Resource limits for this query exceeded.", 1, 1));
    let answer = query(&site, DISCUSSION_PAGE, &app());
    let nodes = answer["data"]["repository"]["discussions"]["nodes"].as_array().unwrap();
    assert_eq!((nodes[0].is_object(), nodes[1].is_null(), nodes[2].is_object()), (true, true, true), "{answer:#}");
    assert_eq!(answer["errors"][0]["path"], json!(["repository", "discussions", "nodes", 1, "comments"]));
    site.habits(|h| h.undefined.insert("Repository.hasDiscussionsEnabled".to_owned()));
    let lacks = query(&site, HEADS, &json!({"ids": []}));
    assert_eq!(lacks["errors"][0]["extensions"]["code"], "undefinedField");
    assert!(site.violations().is_empty(), "what a server lacks is no fault of the query");
    site.habits(|h| {
        h.forgive();
        h.too_large = Some(1000);
    });
    let slow = post(&site, &format!("Bearer {TOKEN}"), DISCUSSION_PAGE, &app());
    assert_eq!((slow.status, slow.text().contains("Something went wrong")), (502, true));
    let id = site.edit(|m| m.id_of("acme/app"));
    site.habits(|h| {
        h.forgive();
        let (field, kind) = ("Repository.issues".to_owned(), Some("FORBIDDEN".to_owned()));
        h.fail_field_with(FieldFault { field, kind, message: "no".to_owned(), saml: true, repository: Some(id), skip: 0, left: usize::MAX });
        h.hide(id, 1);
    });
    let hidden = query(&site, HEADS, &json!({"ids": [node_id(id)]}));
    assert_eq!(hidden["errors"][0]["type"], "NOT_FOUND");
    let shut = query(&site, HEADS, &json!({"ids": [node_id(id)]}));
    assert_eq!((&shut["data"]["nodes"][0], &shut["errors"][0]["extensions"]["saml_failure"]), (&Value::Null, &json!(true)));
}

#[test]
fn lists_never_end_or_repeat_or_refuse_deep_pages() {
    let site = site();
    let issues = "/repos/acme/app/issues?state=all&per_page=1";
    let first = get(&site, issues);
    let second = get(&site, &first.next().unwrap());
    assert!(first.next().unwrap().contains("/repositories/") && first.next().unwrap().contains("after="), "{:?}", first.next());
    assert_ne!(first.json()[0]["number"], second.json()[0]["number"]);
    site.habits(|h| h.endless_cursor = true);
    let again = get(&site, &first.next().unwrap());
    assert_eq!(get(&site, &again.next().unwrap()).json(), again.json(), "it names itself");
    site.habits(|h| {
        h.forgive();
        h.repeat_across_pages = true;
        h.deep_page = Some(2);
    });
    assert_eq!(get(&site, &first.next().unwrap()).json()[0]["number"], first.json()[0]["number"]);
    assert_eq!(get(&site, &format!("{issues}&page=3")).status, 422);
    let list = "query L($after: String) { repository(owner: \"acme\", name: \"app\") { issues(first: 1, after: $after) { pageInfo { hasNextPage endCursor } nodes { number } } } }";
    site.habits(|h| {
        h.forgive();
        h.endless_cursor = true;
    });
    let page = |after: &Value| query(&site, list, &json!({"after": after}))["data"]["repository"]["issues"].clone();
    let second = page(&page(&Value::Null)["pageInfo"]["endCursor"]);
    assert_eq!(page(&second["pageInfo"]["endCursor"]), second);
}

#[test]
fn what_is_blocked_empty_gone_or_moved_says_so() {
    let site = site();
    let other = site.edit(|m| {
        m.add_repository("acme/empty");
        m.add_repository("acme/taken").block(451, "dmca");
        m.add_repository("acme/tos").block(403, "tos");
        let mut app = m.repo("acme/app");
        app.delete_conversation(1);
        app.transfer_conversation(2, "acme/empty")
    });
    assert_eq!(get(&site, "/repos/acme/empty/git/trees/main").status, 409);
    let taken = get(&site, "/repos/acme/taken");
    assert_eq!((taken.status, &taken.json()["block"]["reason"]), (451, &json!("dmca")));
    assert_eq!((get(&site, "/repos/acme/tos").status, get(&site, "/repos/acme/none").status), (403, 404));
    assert_eq!(get(&site, "/repos/acme/app/issues/1").status, 410);
    let moved = get(&site, "/repos/acme/app/issues/2");
    assert_eq!((moved.status, moved.header("location").unwrap().ends_with(&format!("/issues/{other}"))), (301, true));
    let id = site.edit(|m| m.id_of("acme/app"));
    site.habits(|h| h.hide(id, 2));
    let seen: Vec<u16> = (0..3).map(|_| get(&site, "/repos/acme/app").status).collect();
    assert_eq!(seen, [404, 404, 200]);
    site.habits(|h| h.token_expires_after(1));
    assert_eq!((get(&site, "/user").status, get(&site, "/user").status), (200, 401));
    site.habits(|h| h.forgive());
    site.edit(|m| {
        let mut token = Token::classic(m.user("mira"), &["repo"]);
        token.expires = Some("2026-12-01 12:00:00 UTC".to_owned());
        m.tokens.insert("ghp_old".to_owned(), token);
        let owner = m.look("acme/app").owner;
        m.owners.get_mut(&owner).unwrap().sso = Some("https://example.com/sso".to_owned());
    });
    let mine = get_with(&site, "/user/repos?affiliation=owner,collaborator&sort=pushed&per_page=100", &[("authorization", "Bearer ghp_old")]);
    assert_eq!(mine.header("github-authentication-token-expiration"), Some("2026-12-01 12:00:00 UTC"));
    assert!(mine.header("x-github-sso").unwrap().starts_with("partial-results; organizations="));
    assert_eq!((mine.json(), get(&site, "/orgs/acme/repos?type=all&per_page=100").status), (json!([]), 403));
}

#[test]
fn answers_break_on_the_wire() {
    let site = site();
    site.habits(|h| h.next(1, "/repos/acme/app", Fault::ResetMidBody));
    let broken = get(&site, "/repos/acme/app");
    assert!(broken.broken.is_some() && broken.status == 200);
    site.habits(|h| {
        h.next(1, "/repos/acme/app", Fault::Late(Duration::from_millis(20)));
        h.chunked = true;
    });
    let chunked = get(&site, "/repos/acme/app");
    assert_eq!((chunked.status, chunked.header("transfer-encoding"), chunked.header("content-length")), (200, Some("chunked"), None));
    site.habits(|h| {
        h.forgive();
        h.gzip = true;
    });
    let packed = get_with(&site, "/repos/acme/app", &[("accept-encoding", "gzip")]);
    assert_eq!((packed.header("content-encoding"), &packed.body[..2]), (Some("gzip"), &b"\x1f\x8b"[..]));
    site.habits(|h| {
        h.forgive();
        h.no_rate_headers = true;
    });
    assert_eq!(get(&site, "/repos/acme/app").header("x-ratelimit-remaining"), None);
}

#[test]
fn an_enterprise_server_has_its_interface_below_its_pages_and_no_limits() {
    let site = GitHub::enterprise();
    site.edit(|m| drop(m.add_repository("acme/app").commit("main", &[("a.md", "x")])));
    assert!(site.api_url().ends_with("/api/v3") && site.graphql_url().ends_with("/api/graphql"));
    let meta = anonymous(&site, "/meta");
    assert_eq!((meta.header("x-ratelimit-limit"), meta.json()["installed_version"].is_string()), (None, true));
    assert!(meta.header("x-github-enterprise-version").is_some());
    assert_eq!((get(&site, "/rate_limit").status, get(&site, "/repos/acme/app").status), (404, 200));
    assert_eq!(query(&site, "{ viewer { login } rateLimit { cost } }", &json!({}))["data"], json!({"viewer": {"login": "mira"}, "rateLimit": null}));
    let newer = get_with(&site, "/meta", &[("x-github-api-version", "2026-03-10")]);
    assert_eq!(newer.status, 400, "it is older");
}

#[test]
#[should_panic(expected = "`sort` of /repos/{owner}/{repo}/issues is one of")]
fn an_undocumented_value_fails_the_test_that_sent_it() {
    get(&site(), "/repos/acme/app/issues?sort=nonsense");
}

#[test]
fn what_is_not_documented_is_noticed() {
    let site = site();
    for (path, why) in [
        ("/repos/acme/app/wiki", "no such path"),
        ("/repos/acme/app/issues?since_when=1", "is no parameter"),
        ("/repos/acme/app/issues?per_page=many", "is a number"),
        ("/repos/acme/app/issues?after=QQ", "is no parameter"),
    ] {
        let sent = get(&site, path);
        let wrong = site.take_violations();
        assert!(!wrong.is_empty() && wrong[0].contains(why), "{path}: {wrong:?} {}", sent.text());
    }
    let refused = get_with(&site, "/meta", &[("user-agent", "")]);
    assert_eq!(refused.status, 403);
}
