//! REST: trees, blobs, heads, pages, ETags, renames, limits.

use super::client::{anonymous, get, get_with};
use crate::support::github::{GitHub, TOKEN};

#[test]
fn heads_trees_and_blobs_lead_from_one_to_the_next() {
    let site = GitHub::new();
    let head = site.edit(|m| m.add_repository("acme/app").commit("main", &[("README.md", "# App\n"), ("docs/a.md", "A\n"), ("docs/b/c.md", "C\n")]));
    let bearer = format!("Bearer {TOKEN}");
    let sha = get_with(&site, "/repos/acme/app/commits/heads/main", &[("authorization", &bearer), ("accept", "application/vnd.github.sha")]);
    assert_eq!((sha.status, sha.text()), (200, head.clone()));
    let tag = format!("\"{head}\"");
    let again = [("authorization", bearer.as_str()), ("accept", "application/vnd.github.sha"), ("if-none-match", &tag)];
    let left = |reply: &super::client::Reply| reply.header("x-ratelimit-remaining").unwrap().parse::<u64>().unwrap();
    let same = get_with(&site, "/repos/acme/app/commits/heads/main", &again);
    assert_eq!((same.status, same.body.len(), left(&same)), (304, 0, left(&sha)), "what is unchanged is free");
    let commit = get(&site, &format!("/repos/acme/app/git/commits/{head}")).json();
    let tree = get(&site, &format!("/repos/acme/app/git/trees/{}?recursive=1", commit["tree"]["sha"].as_str().unwrap())).json();
    let paths: Vec<&str> = tree["tree"].as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["README.md", "docs", "docs/a.md", "docs/b", "docs/b/c.md"]);
    assert_eq!((&tree["truncated"], &tree["tree"][0]["mode"], &tree["tree"][0]["size"]), (&false.into(), &"100644".into(), &6.into()));
    let blob = tree["tree"][2]["sha"].as_str().unwrap();
    let raw = [("authorization", bearer.as_str()), ("accept", "application/vnd.github.raw+json")];
    assert_eq!(get_with(&site, &format!("/repos/acme/app/git/blobs/{blob}"), &raw).body, b"A\n");
    assert_eq!(get(&site, &format!("/repos/acme/app/git/blobs/{blob}")).json()["content"], "QQo=\n");
    site.habits(|h| h.tree_limit = Some(2));
    let cut = get(&site, "/repos/acme/app/git/trees/main?recursive=1").json();
    assert_eq!((cut["truncated"].as_bool(), cut["tree"].as_array().unwrap().len()), (Some(true), 2));
}

#[test]
fn a_renamed_repository_is_a_redirect_to_its_id_until_its_name_is_taken() {
    let site = GitHub::new();
    let id = site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("a.md", "x")]);
        app.rename("tool");
        app.id
    });
    let moved = get(&site, "/repos/acme/app");
    assert_eq!((moved.status, moved.header("location")), (301, Some(format!("{}/repositories/{id}", site.api_url()).as_str())));
    assert_eq!(get(&site, moved.header("location").unwrap()).json()["full_name"], "acme/tool");
    let other = site.edit(|m| m.add_repository("acme/app").id);
    assert_eq!(get(&site, "/repos/acme/app").json()["id"], other);
    assert_eq!(get(&site, "/repos/acme/app/git/trees/main").status, 409, "it is empty");
}

#[test]
fn anonymous_callers_see_what_is_public_and_pay_for_what_is_unchanged() {
    let site = GitHub::new();
    site.edit(|m| {
        m.add_repository("acme/app").commit("main", &[("a.md", "x")]);
        m.add_repository("acme/secret").make_private();
    });
    let first = anonymous(&site, "/repos/acme/app");
    assert_eq!((first.status, first.header("x-ratelimit-limit")), (200, Some("60")));
    let again = get_with(&site, "/repos/acme/app", &[("if-none-match", first.header("etag").unwrap())]);
    assert_eq!((again.status, again.header("x-ratelimit-remaining")), (304, Some("58")));
    assert_eq!(anonymous(&site, "/repos/acme/secret").status, 404);
    assert_eq!(get(&site, "/repos/acme/secret").status, 200);
    assert_eq!(get_with(&site, "/repos/acme/app", &[("authorization", "Bearer nonsense")]).status, 401);
    site.budgets(|b| b.leave("", "core", 0, 60));
    let none = anonymous(&site, "/repos/acme/app");
    assert_eq!((none.status, none.header("x-ratelimit-remaining")), (403, Some("0")));
}
