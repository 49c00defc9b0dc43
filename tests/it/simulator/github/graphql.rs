//! GraphQL: validation, costs, pages, errors.

use serde_json::{Value, json};

use super::client::{data, post, query};
use super::queries::{BLOBS, CATEGORIES, COMMENT_REPLIES, DISCUSSION_COMMENTS, DISCUSSION_PAGE, HEADS, ISSUE_PAGE, PULL_PAGE};
use crate::support::github::{Class, GitHub, TOKEN, Token};

const APP: &str = r#"{"owner": "acme", "name": "app"}"#;

fn app() -> Value {
    serde_json::from_str(APP).unwrap()
}

#[test]
fn heads_of_many_repositories_cost_a_point() {
    let site = GitHub::new();
    let (ids, head) = site.edit(|m| {
        let ids: Vec<String> = (0..25).map(|n| crate::support::github::node_id(m.add_repository(&format!("acme/r{n}")).id)).collect();
        let mut first = m.repo("acme/r0");
        let head = first.commit("main", &[("a.md", "x")]);
        first.add_issue("One", "text");
        first.add_issue("Two", "text");
        first.add_release("v1", None, Some("notes"));
        (ids, head)
    });
    let shown = data(&site, HEADS, &json!({"ids": ids}));
    let first = &shown["nodes"][0];
    assert_eq!((&first["nameWithOwner"], &first["defaultBranchRef"]["target"]["oid"]), (&json!("acme/r0"), &json!(head)));
    assert_eq!((&first["issues"]["totalCount"], &first["issues"]["nodes"][0]["number"]), (&json!(2), &json!(2)));
    assert_eq!((&first["releases"]["nodes"][0]["tagName"], &first["discussions"]["nodes"]), (&json!("v1"), &json!([])));
    assert_eq!((&shown["nodes"][24]["isEmpty"], &shown["nodes"][24]["defaultBranchRef"]), (&json!(true), &json!(null)));
    assert_eq!((&shown["rateLimit"]["cost"], &shown["rateLimit"]["remaining"]), (&json!(1), &json!(4999)));
    assert_eq!((site.points(), site.count(Class::Graphql)), (1, 1));
    // What is gone is null, with an error that names its place.
    site.edit(|m| m.delete_repository("acme/r3"));
    let answer = query(&site, HEADS, &json!({"ids": ids}));
    assert_eq!((&answer["data"]["nodes"][3], &answer["errors"][0]["path"]), (&Value::Null, &json!(["nodes", 3])));
    assert_eq!(answer["errors"][0]["type"], "NOT_FOUND");
}

#[test]
fn blobs_are_text_or_null_or_cut() {
    let site = GitHub::new();
    let oids = site.edit(|m| {
        m.add_repository("acme/app").commit("main", &[("a.md", &b"# A\n"[..]), ("b.bin", b"\0\x01"), ("bad.md", b"caf\xe9\n")]);
        ["a.md", "b.bin", "bad.md"].map(|path| m.look("acme/app").git.read(&format!("main:{path}")).unwrap().0)
    });
    let shown = data(&site, &BLOBS.replace("OID0", &oids[0]).replace("OID1", &oids[1]), &app());
    assert_eq!(shown["repository"]["b0"], json!({"oid": oids[0], "byteSize": 4, "isBinary": false, "isTruncated": false, "text": "# A\n"}));
    assert_eq!((&shown["repository"]["b1"]["isBinary"], &shown["repository"]["b1"]["text"]), (&json!(true), &Value::Null));
    site.habits(|h| h.text_limit = Some(2));
    let shown = data(&site, &BLOBS.replace("OID0", &oids[0]).replace("OID1", &oids[2]), &app());
    assert_eq!((&shown["repository"]["b0"]["text"], &shown["repository"]["b0"]["isTruncated"]), (&json!("# "), &json!(true)));
    site.habits(|h| h.forgive());
    let shown = data(&site, &BLOBS.replace("OID0", &oids[0]).replace("OID1", &oids[2]), &app());
    assert_eq!(shown["repository"]["b1"]["text"], "caf\u{fffd}\n", "what is no UTF-8 is replaced");
}

#[test]
fn discussions_come_by_pages_with_comments_replies_answer_and_poll() {
    let site = GitHub::new();
    let (first, comment) = site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        let number = app.add_discussion("Q&A", "How?", "Why\r\nnot");
        app.poll(number, "Tea?", &[("yes", 3), ("no", 1)]);
        let comment = app.comment(number, "So");
        let reply = app.reply(number, comment, "Indeed");
        app.answer(number, reply);
        (0..60).for_each(|n| _ = app.comment(number, &format!("more {n}")));
        (0..30).for_each(|n| _ = app.add_discussion("General", &format!("D{n}"), "x"));
        (number, comment)
    });
    let page = data(&site, DISCUSSION_PAGE, &app());
    let list = &page["repository"]["discussions"];
    assert_eq!((&list["totalCount"], list["nodes"].as_array().unwrap().len(), &page["rateLimit"]["cost"]), (&json!(31), 25, &json!(13)));
    let rest = json!({"owner": "acme", "name": "app", "after": list["pageInfo"]["endCursor"]});
    let rest = data(&site, DISCUSSION_PAGE, &rest);
    let list = &rest["repository"]["discussions"];
    assert_eq!((list["nodes"].as_array().unwrap().len(), &list["pageInfo"]["hasNextPage"]), (6, &json!(false)));
    let discussion = list["nodes"].as_array().unwrap().iter().find(|d| d["number"] == first).unwrap();
    assert_eq!(
        (&discussion["body"], &discussion["isAnswered"], &discussion["category"]["slug"]),
        (&json!("Why\r\nnot"), &json!(true), &json!("q-a"))
    );
    assert_eq!((&discussion["poll"]["totalVoteCount"], &discussion["author"]["login"]), (&json!(4), &json!("ann")));
    let reply = &discussion["comments"]["nodes"][0]["replies"]["nodes"][0];
    assert_eq!((&reply["body"], &reply["id"]), (&json!("Indeed"), &discussion["answer"]["id"]));
    let more = json!({"id": discussion["id"], "after": discussion["comments"]["pageInfo"]["endCursor"]});
    assert_eq!(data(&site, DISCUSSION_COMMENTS, &more)["node"]["comments"]["nodes"].as_array().unwrap().len(), 11);
    let of = json!({"id": discussion["comments"]["nodes"][0]["id"]});
    assert_eq!(data(&site, COMMENT_REPLIES, &of)["node"]["replies"]["nodes"][0]["body"], "Indeed");
    assert_eq!(data(&site, CATEGORIES, &app())["repository"]["discussionCategories"]["nodes"][1]["name"], "General");
    // A comment that has replies stays as a deleted one; what goes moves nothing.
    let before = discussion["updatedAt"].clone();
    site.edit(|m| m.repo("acme/app").delete_comment(comment));
    let after = data(&site, DISCUSSION_COMMENTS, &json!({"id": discussion["id"]}));
    let gone = &after["node"]["comments"]["nodes"][0];
    assert_eq!((gone["deletedAt"].is_string(), &gone["body"], &gone["replies"]["totalCount"]), (true, &json!(""), &json!(1)));
    let again = data(&site, "query D($id: ID!) { node(id: $id) { ... on Discussion { updatedAt } } }", &json!({"id": discussion["id"]}));
    assert_eq!(again["node"]["updatedAt"], before);
}

#[test]
fn issues_and_pull_requests_are_two_lists_with_one_count_of_numbers() {
    let site = GitHub::new();
    site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("a.md", "x")]);
        app.add_branch("topic", "main");
        let issue = app.add_issue("Bug", "text");
        app.set_labels(issue, &["bug"]);
        app.comment(issue, "me too");
        app.close(issue, "NOT_PLANNED");
        let pull = app.add_pull("Fix", "closes #1", "topic");
        let review = app.review(pull, "CHANGES_REQUESTED", "hm");
        let (thread, _) = app.review_thread(pull, "a.md", 3, "here");
        app.review_reply(pull, thread, "done");
        app.minimize(review, "outdated");
        app.merge(pull);
        app.model.delete_user("ann");
    });
    let issues = data(&site, ISSUE_PAGE, &app());
    let issue = &issues["repository"]["issues"]["nodes"][0];
    assert_eq!(
        (&issue["stateReason"], &issue["labels"]["nodes"][0]["name"], &issue["comments"]["totalCount"]),
        (&json!("NOT_PLANNED"), &json!("bug"), &json!(1))
    );
    assert_eq!(issue["author"], Value::Null, "the account is gone");
    let since = json!({"owner": "acme", "name": "app", "since": "2099-01-01T00:00:00Z"});
    assert_eq!(data(&site, ISSUE_PAGE, &since)["repository"]["issues"]["nodes"], json!([]));
    let pulls = data(&site, PULL_PAGE, &app());
    let pull = &pulls["repository"]["pullRequests"]["nodes"][0];
    assert_eq!(
        (&pull["number"], &pull["state"], &pull["merged"], &pull["headRefName"]),
        (&json!(2), &json!("MERGED"), &json!(true), &json!("topic"))
    );
    assert_eq!(
        (&pull["reviews"]["nodes"][0]["state"], &pull["reviewThreads"]["nodes"][0]["comments"]["totalCount"]),
        (&json!("CHANGES_REQUESTED"), &json!(2))
    );
}

#[test]
fn nobody_asks_without_a_token_and_permissions_are_seen() {
    let site = GitHub::new();
    assert_eq!(post(&site, "Bearer wrong", "{ viewer { login } }", &json!({})).status, 401);
    assert_eq!(data(&site, "{ viewer { login } }", &json!({}))["viewer"]["login"], "mira");
    site.edit(|m| {
        let id = m.add_repository("acme/app").id;
        let mut token = Token::fine_grained(m.user("mira"), [id]);
        token.lacks.insert("discussions".to_owned());
        m.tokens.insert("github_pat_few".to_owned(), token);
        let mut shut = m.add_repository("closed/app");
        shut.make_private();
        let owner = shut.it().owner;
        m.owners.get_mut(&owner).unwrap().sso = Some("https://example.com/orgs/closed/sso".to_owned());
    });
    let answer = post(&site, "Bearer github_pat_few", CATEGORIES, &app()).json();
    assert_eq!((&answer["data"]["repository"], &answer["errors"][0]["type"]), (&Value::Null, &json!("FORBIDDEN")));
    let answer = query(&site, CATEGORIES, &json!({"owner": "closed", "name": "app"}));
    assert_eq!(answer["errors"][0]["extensions"]["saml_failure"], true, "{answer}");
}

fn refused(text: &str, variables: &Value) -> (Value, Vec<String>) {
    let site = GitHub::new();
    let answer = query(&site, text, variables);
    assert!(answer.get("data").is_none(), "{answer}");
    (answer["errors"][0].clone(), site.take_violations())
}

#[test]
fn wrong_queries_are_refused_in_github_s_words_and_fail_their_test() {
    let (error, wrong) = refused("query Q { repository(owner: \"a\", name: \"b\") { nmae } }", &json!({}));
    assert_eq!(error["message"], "Field 'nmae' doesn't exist on type 'Repository'");
    assert_eq!(error["extensions"], json!({"code": "undefinedField", "typeName": "Repository", "fieldName": "nmae"}));
    assert_eq!((&error["path"], wrong.len()), (&json!(["query Q", "repository", "nmae"]), 1));
    for (text, message) in [
        ("{ repository(owner: \"a\") { id } }", "Field 'repository' is missing required arguments: name"),
        ("{ viewer(id: 1) { login } }", "Field 'viewer' doesn't accept argument 'id'"),
        ("{ viewer }", "Field must have selections (field 'viewer' returns User but has no selections. Did you mean 'viewer { ... }'?)"),
        (
            "{ viewer { repositories { totalCount } } }",
            "You must provide a `first` or `last` value to properly paginate the `repositories` connection.",
        ),
        (
            "{ viewer { repositories(first: 101) { totalCount } } }",
            "Requesting 101 records on the `repositories` connection exceeds the `first` limit of 100 records.",
        ),
    ] {
        let (error, wrong) = refused(text, &json!({}));
        assert_eq!((error["message"].as_str().unwrap(), wrong.len()), (message, 1));
    }
    let heavy = "{ viewer { repositories(first: 100) { nodes { issues(first: 100) { nodes { comments(first: 100) { totalCount } } } } } } }";
    assert_eq!(refused(heavy, &json!({})).0["type"], "MAX_NODE_LIMIT_EXCEEDED");
    assert!(!refused("query Q($id: ID!) { node(id: $id) { id } }", &json!({})).1.is_empty(), "a variable is missing");
    assert!(!refused("{ viewer { login } ", &json!({})).1.is_empty());
}

#[test]
#[should_panic(expected = "a query that GitHub refuses")]
fn a_wrong_query_fails_the_test_that_sent_it() {
    query(&GitHub::new(), "{ nothing }", &json!({}));
}

#[test]
#[should_panic(expected = "is not in the list")]
fn a_mutation_of_the_program_fails_its_test() {
    let site = GitHub::new();
    let body = json!({"query": "query A { viewer { login } } mutation B { addStar(input: {}) { clientMutationId } }"}).to_string();
    let headers = [("user-agent", "context-sync/0"), ("authorization", &format!("Bearer {TOKEN}"))];
    super::client::request(&site, "POST", &site.graphql_url(), &headers, &body);
}

#[test]
fn every_field_of_the_schema_is_answered() {
    // A type that the simulator does not know panics in its thread, and the connection ends.
    let site = GitHub::new();
    site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("a.md", "x")]);
        app.set(|it| (it.license, it.topics) = (Some("MIT".to_owned()), vec!["docs".to_owned()]));
        let talk = app.add_discussion("General", "D", "d");
        app.poll(talk, "?", &[("a", 1)]);
        let comment = app.comment(talk, "c");
        let reply = app.reply(talk, comment, "r");
        app.answer(talk, reply);
        app.react(comment, "mira", "HEART");
        let milestone = app.add_milestone("M");
        let issue = app.add_issue("I", "i");
        app.edit_issue(issue, |it| it.milestone = Some(milestone));
        app.set_labels(issue, &["bug"]);
        app.comment(issue, "c");
        let pull = app.add_pull("P", "p", "main");
        app.review(pull, "APPROVED", "ok");
        app.review_thread(pull, "a.md", 1, "t");
        app.merge(pull);
        let release = app.add_release("v1", Some("One"), Some("notes"));
        app.add_asset(release, "a.tar.gz", 9);
    });
    let mut asked = 0;
    for (path, text) in super::every_field::queries() {
        let answer = query(&site, &text, &json!({}));
        let errors = answer["errors"].as_array().cloned().unwrap_or_default();
        let others: Vec<_> = errors.iter().filter(|error| error["type"] != "NOT_FOUND" && error["type"] != "BAD_USER_INPUT").collect();
        assert!(others.is_empty(), "{path}: {others:#?}\n{text}");
        asked += 1;
    }
    assert!(asked > 40, "{asked}");
}
