//! REST: trees, blobs, heads, pages, ETags, renames, limits.

use super::client::{anonymous, get, get_with};
use crate::support::github::{GitHub, Put, TOKEN};

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
    let by_node =
        super::client::data(&site, "query N($id: ID!) { node(id: $id) { ... on Commit { oid } } }", &serde_json::json!({"id": commit["node_id"]}));
    assert_eq!(by_node["node"]["oid"], head, "one id in both");
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

#[test]
fn contents_answer_for_files_links_folders_and_what_is_large() {
    let site = GitHub::new();
    site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        let large = vec![b'x'; (1 << 20) + 1];
        app.commit("main", &[("docs/a.md", Put::from("A\n")), ("docs/run", Put::Executable(b"#!\n".to_vec())), ("large.txt", Put::from(large))]);
        app.commit("main", &[("link.md", Put::Symlink(b"docs/a.md".to_vec())), ("out.md", Put::Symlink(b"../../etc".to_vec()))]);
        app.commit("main", &[("sub", Put::Submodule("1".repeat(40))), ("media/a.bin", Put::lfs(1234))]);
    });
    let shown = |path: &str| get(&site, &format!("/repos/acme/app/contents/{path}")).json();
    assert_eq!((&shown("docs/a.md")["content"], &shown("docs/a.md")["type"]), (&"QQo=\n".into(), &"file".into()));
    assert_eq!((&shown("link.md")["content"], &shown("link.md")["path"]), (&"QQo=\n".into(), &"link.md".into()), "the target answers");
    assert_eq!((&shown("out.md")["type"], &shown("out.md")["target"]), (&"symlink".into(), &"../../etc".into()));
    assert_eq!((&shown("large.txt")["content"], &shown("large.txt")["encoding"]), (&"".into(), &"none".into()));
    let folder = shown("docs");
    assert_eq!((folder[0]["name"].as_str(), folder[1]["name"].as_str()), (Some("a.md"), Some("run")));
    let tree = get(&site, "/repos/acme/app/git/trees/main?recursive=0").json();
    let modes: Vec<(&str, &str)> =
        tree["tree"].as_array().unwrap().iter().map(|entry| (entry["path"].as_str().unwrap(), entry["mode"].as_str().unwrap())).collect();
    assert!(modes.contains(&("docs/run", "100755")) && modes.contains(&("sub", "160000")) && modes.contains(&("link.md", "120000")), "{modes:?}");
    assert_eq!(get(&site, "/repos/acme/app/contents/docs/").status, 404, "no slash at the end");
    let raw = get_with(&site, "/repos/acme/app/contents/media/a.bin", &[("accept", "application/vnd.github.raw+json")]);
    assert!(raw.text().starts_with("version https://git-lfs.github.com/spec/v1\noid sha256:") && raw.body.len() < 200, "{}", raw.text());
    assert_eq!(get(&site, "/repos/acme/app/readme").status, 404);
}

#[test]
fn names_that_git_itself_refuses_and_any_bytes_are_in_trees() {
    let site = GitHub::new();
    site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[(&b"caf\xe9.md"[..], "x")]);
        let blob = app.it().git.write_object("blob", b"evil\n");
        app.commit_raw_tree("evil", &[("100644", b"..", blob.clone()), ("100644", b"a\nb.md", blob)]);
    });
    let paths = |branch: &str| {
        let tree = get(&site, &format!("/repos/acme/app/git/trees/{branch}")).json();
        tree["tree"].as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((paths("main"), paths("evil")), (vec!["caf\u{fffd}.md".to_owned()], vec!["..".to_owned(), "a\nb.md".to_owned()]));
}

#[test]
fn lists_of_repositories_come_by_pages_of_at_most_a_hundred() {
    let site = GitHub::new();
    site.edit(|m| (0..103).for_each(|n| _ = m.add_repository(&format!("acme/r{n}")).id));
    let first = get(&site, "/orgs/acme/repos?type=all&sort=pushed&direction=desc&per_page=250");
    assert_eq!((first.json().as_array().unwrap().len(), &first.json()[0]["name"]), (100, &"r102".into()));
    assert!(first.header("link").unwrap().contains("rel=\"last\""));
    let rest = get(&site, &first.next().unwrap());
    assert_eq!((rest.json().as_array().unwrap().len(), rest.next()), (3, None));
    assert_eq!(get(&site, "/users/acme").json()["type"], "Organization");
    assert_eq!((get(&site, "/orgs/mira/repos").status, get(&site, "/users/mira/repos").status), (404, 200));
    let both = get(&site, "/user/repos?type=all&affiliation=owner");
    assert_eq!(both.status, 422);
}

#[test]
fn conversations_and_releases_have_the_documented_shapes() {
    let site = GitHub::new();
    let (issue, pull) = site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("a.md", "x")]);
        let issue = app.add_issue("Bug", "text");
        app.set_body(issue, None);
        app.comment(issue, "hm");
        let pull = app.add_pull("Fix", "text", "main");
        app.review(pull, "APPROVED", "ok");
        let (thread, _) = app.review_thread(pull, "a.md", 1, "here");
        app.review_reply(pull, thread, "there");
        let release = app.add_release("v1", None, Some("notes"));
        app.add_asset(release, "a.tar.gz", 9);
        let draft = app.add_release("v2", None, None);
        app.edit_release(draft, |it| it.draft = true);
        (issue, pull)
    });
    let one = get(&site, &format!("/repos/acme/app/issues/{issue}")).json();
    assert_eq!(
        (&one["body"], &one["comments"], &one["user"]["login"], one.get("pull_request")),
        (&serde_json::Value::Null, &1.into(), &"ann".into(), None)
    );
    let comments = get(&site, &format!("/repos/acme/app/issues/comments?sort=updated&direction=asc&since={}", one["created_at"].as_str().unwrap()));
    assert!(comments.json()[0]["issue_url"].as_str().unwrap().ends_with(&format!("/issues/{issue}")));
    let list = get(&site, "/repos/acme/app/issues?state=all&sort=updated&direction=asc").json();
    assert_eq!((list.as_array().unwrap().len(), list[1]["pull_request"].is_object()), (2, true));
    let whole = get(&site, &format!("/repos/acme/app/pulls/{pull}")).json();
    assert_eq!((&whole["base"]["ref"], &whole["head"]["repo"]["full_name"], &whole["merged"]), (&"main".into(), &"acme/app".into(), &false.into()));
    assert_ne!(whole["id"], list[1]["id"], "an issue's id is not its pull request's");
    assert_eq!(get(&site, &format!("/repos/acme/app/pulls/{pull}/reviews")).json()[0]["state"], "APPROVED");
    let inline = get(&site, &format!("/repos/acme/app/pulls/{pull}/comments")).json();
    assert_eq!(inline[1]["in_reply_to_id"], inline[0]["id"]);
    let releases = get(&site, "/repos/acme/app/releases?per_page=100");
    assert_eq!((releases.json().as_array().unwrap().len(), &releases.json()[0]["assets"][0]["name"]), (1, &"a.tar.gz".into()), "no draft");
    assert_eq!(get(&site, "/repos/acme/app/releases/tags/v1").json()["name"], serde_json::Value::Null);
    assert_eq!(get(&site, "/repos/acme/app/issues?since=yesterday").status, 422);
    site.edit(|m| m.repo("acme/app").set(|it| it.has_issues = false));
    assert_eq!(get(&site, &format!("/repos/acme/app/issues/{issue}")).status, 410);
    assert_eq!(get(&site, "/repos/acme/app/issues?state=all").json().as_array().unwrap().len(), 1, "pull requests go on");
}
