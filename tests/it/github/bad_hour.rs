//! A bad hour at GitHub never becomes a deletion here: a mirror of everything meets answers that are torn, silent, endless, somebody else's, or refusals, for
//! days, with a token and without. After each nothing has changed or left, the message says what failed, no secret was said, the requests are bounded, and the
//! next healthy run changes nothing.

use serde_json::json;

use super::refused::a_day_later;
use super::stage::DAEMON;
use crate::home::Home;
use crate::support::Fault;
use crate::support::github::{GitHub, TOKEN, faults};
use crate::support::wire::Answer;

/// What is done to the service, and what has to come of it.
struct Trouble {
    /// Of path, query or operation, one or the other.
    parts: Vec<&'static str>,
    fault: Fault,
    code: i32,
    /// What the user reads.
    says: &'static str,
    /// Runs on as many days: whatever is counted as missing would leave on the third.
    days: usize,
}

/// Something that could be taken for an absence.
fn doubt(parts: &[&'static str], code: i32, says: &'static str, fault: Fault) -> Trouble {
    Trouble { parts: parts.to_vec(), fault, code, says, days: 3 }
}

/// Something that ends a run, or a listing.
fn trouble(parts: &[&'static str], code: i32, says: &'static str, fault: Fault) -> Trouble {
    Trouble { days: 1, ..doubt(parts, code, says, fault) }
}

fn answers(value: &serde_json::Value) -> Fault {
    Fault::Other(Answer::json(value))
}

fn page(status: u16) -> Fault {
    Fault::Other(Answer::html(status, "<!DOCTYPE html><html><head><title>Proxy</title></head><body>Not here.</body></html>"))
}

fn site() -> GitHub {
    let site = GitHub::new();
    for name in ["acme/app", "acme/other"] {
        site.edit(|m| {
            let mut repo = m.add_repository(name);
            repo.commit(
                "main",
                &[("README.md", "# One\n\n![i](docs/i.png)\n"), ("docs/a.md", "# A\n"), ("docs/i.png", "picture"), ("docs/b/c.md", "# C\n")],
            );
            repo.commit_wiki(&[("Home.md", "[[Other]]\n"), ("Other.md", "Text\n")]);
            repo.add_discussion("General", "Talk", "Text");
            let issue = repo.add_issue("Problem", "Text");
            repo.comment(issue, "More");
            repo.add_release("v1", Some("One"), Some("Text"));
        });
    }
    site
}

/// Runs of three days under each trouble, then a healthy one.
fn endure(token: bool, repos: &str, troubles: Vec<Trouble>) {
    let site = site();
    let home = Home::new(DAEMON);
    let settings = format!("repos = [{repos}]\nretry_base_ms = 5\nlimit_pause_ms = 20\nread_timeout_ms = 400\n");
    home.configure(&if token { site.config(&settings) } else { site.config_as(&settings) });
    let said = home.once();
    assert_eq!(said.code, Some(0), "{said:#?}\n{}", site.transcript());
    let before = home.looks();
    assert!(before.len() >= 7, "{before:#?}");
    for Trouble { parts, fault, code, says, days } in troubles {
        let name = format!("{parts:?} {repos} {}", format!("{fault:?}").chars().take(300).collect::<String>());
        for part in parts {
            site.habits(|h| h.always(part, fault.clone()));
        }
        for _ in 0..days {
            a_day_later(&home);
            site.clear_requests();
            // All that is asked without a token in these days is more than an hour allows.
            site.budgets(|b| b.leave("", "core", 60, 3600));
            let said = home.once();
            assert_eq!(said.code, Some(code), "{name}: {said:#?}\n{}", site.transcript());
            assert!(said.stderr.contains(says) || said.stdout.contains(says), "{name}: {said:#?}");
            assert!(!format!("{said:?}").contains(TOKEN), "{name}");
            assert_eq!(home.looks(), before, "{name}: {said:#?}\n{}", site.transcript());
            assert!(site.requests().len() < 60, "{name}: {}", site.transcript());
        }
        site.habits(|h| h.forgive());
        site.take_violations();
        site.budgets(|b| b.leave("", "core", 60, 3600));
        let said = home.once();
        assert_eq!(said.code, Some(0), "after {name}: {said:#?}\n{}", site.transcript());
        assert_eq!(home.looks(), before, "after {name}");
    }
}

#[test]
fn no_answer_about_repositories_that_is_torn_or_somebody_elses_takes_anything_away() {
    let heads = ["Heads"];
    let of = |code, says, value: serde_json::Value| trouble(&heads, code, says, answers(&value));
    for repos in ["\"acme/app\", \"acme/other\"", "\"acme/*\""] {
        // Only of an owner `null` alone means that there is nobody.
        let silent = match repos.contains('*') {
            true => vec![("says nothing of it", json!({"data": {}})), ("does not say where it ends", json!({"data": {"r0": {}}}))],
            false => [json!({}), json!({"r0": {}, "r1": {}}), json!({"r0": null, "r1": 7})]
                .map(|data| ("says nothing of it", json!({"data": data})))
                .into(),
        };
        endure(true, repos, silent.into_iter().map(|(says, value)| doubt(&heads, 8, says, answers(&value))).collect());
    }
    endure(
        true,
        "\"acme/app\"",
        vec![
            of(5, "it has no data", json!({"data": null})),
            of(5, "it has no data", json!({})),
            of(5, "wrong answer", json!([])),
            of(5, "another shape", json!({"data": [1]})),
            of(5, "Something unheard of", json!({"data": null, "errors": [{"type": "UNHEARD_OF", "message": "Something unheard of."}]})),
            trouble(&heads, 5, "not the JSON", Fault::InvalidJson),
            trouble(&heads, 5, "ends in its middle", Fault::TruncatedJson),
        ],
    );
}

#[test]
fn no_list_that_is_torn_takes_anything_away() {
    const SOME: &str = "the service left some out";
    let torn = [
        (SOME, json!({"list": {}})),
        ("the service did not give", json!({"list": null})),
        ("the service did not give", json!({})),
        (SOME, json!({"list": {"totalCount": 1, "nodes": null, "pageInfo": {"hasNextPage": false}}})),
        (SOME, json!({"list": {"totalCount": 1, "nodes": [], "pageInfo": null}})),
        (SOME, json!({"list": {"totalCount": 1, "nodes": [null], "pageInfo": {"hasNextPage": false}}})),
        (SOME, json!({"list": {"totalCount": 1, "nodes": [], "pageInfo": {"hasNextPage": true, "endCursor": null}}})),
        ("the list has no end", json!({"list": {"totalCount": 1, "nodes": [], "pageInfo": {"hasNextPage": true, "endCursor": "again"}}})),
    ];
    let of = |node: serde_json::Value| answers(&json!({"data": {"node": node}}));
    let mut troubles: Vec<Trouble> = torn.into_iter().map(|(says, torn)| trouble(&["List", "Releases"], 8, says, of(torn))).collect();
    // A whole list without anything in it is counted, three times over a day; then each is asked after, and is there.
    let nothing = json!({"list": {"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": false, "endCursor": null}}});
    troubles.push(doubt(&["List", "Releases"], 8, "suddenly empty", of(nothing.clone())));
    // So it is where the repository does not come when they are asked after.
    let silent = answers(&json!({"data": {"node": nothing, "r0": null}}));
    troubles.push(doubt(&["List", "Releases", "Tags", "Numbers"], 8, "suddenly empty", silent));
    endure(true, "\"acme/app\"", troubles);
}

#[test]
fn no_bad_answer_about_files_or_wikis_takes_anything_away() {
    let portal = Fault::LoginPage;
    endure(
        true,
        "\"acme/app\"",
        vec![
            doubt(&["app.wiki.git"], 8, "no git: a page to log in", portal),
            trouble(&["app.wiki.git"], 8, "no git: a page to log in", page(200)),
            trouble(
                &["app.wiki.git"],
                8,
                "redirects are not followed",
                Fault::RedirectTo("https://elsewhere.example/acme/app.wiki.git/info/refs".to_owned()),
            ),
            trouble(&["app.wiki.git"], 8, "no answer", Fault::Silence),
            trouble(&["app.wiki.git"], 8, "limits our rate", faults::status(429, "Too many")),
        ],
    );
    let site = site();
    let home = Home::new(DAEMON);
    home.configure(&site.config("repos = [\"acme/app\"]\nretry_base_ms = 5\nlimit_pause_ms = 20\n"));
    assert_eq!(home.once().code, Some(0));
    let before = home.looks();
    // Trees are asked for when something changed.
    site.edit(|m| m.repo("acme/app").commit("main", &[("docs/b/c.md", "# C, again\n")]));
    for (torn, says) in [
        (answers(&json!({})), "not the JSON"),
        (answers(&json!({"tree": []})), "not the JSON"),
        (answers(&json!({"tree": [], "truncated": true})), "too large for one answer"),
        (
            answers(&json!({"tree": [{"path": "../../x.md", "mode": "100644", "type": "blob", "sha": "0".repeat(40)}], "truncated": true})),
            "too large",
        ),
        (page(404), "not there"),
        (faults::unicorn(502), "status 502"),
        (faults::status(409, "Git Repository is empty."), "status 409"),
        (faults::ip_allow_list(), "IP allow list"),
        (Fault::RedirectTo("https://127.0.0.1:9/x".to_owned()), "127.0.0.1"),
    ] {
        site.habits(|h| h.always("/git/trees", torn.clone()));
        for _ in 0..if says == "not the JSON" { 3 } else { 1 } {
            a_day_later(&home);
            let said = home.once();
            assert!(said.code == Some(8) || said.code == Some(5), "{torn:?} {said:#?}\n{}", site.transcript());
            assert!(said.stderr.contains(says), "{torn:?} {said:#?}");
            assert_eq!(home.looks(), before, "{torn:?} {said:#?}");
        }
        site.habits(|h| h.forgive());
    }
    // A content that is another than its name says is no content.
    site.habits(|h| {
        h.always(
            "Blobs",
            answers(&json!({"data": {"r0": {"b0": {"oid": "0".repeat(40), "isBinary": false, "isTruncated": false, "text": "# Forged\n"}}}})),
        );
        h.always(
            "/git/blobs",
            Fault::Other(Answer { headers: vec![("content-type", "application/vnd.github.raw+json".to_owned())], ..Answer::html(200, "# Forged\n") }),
        );
    });
    let said = home.once();
    assert_eq!(said.code, Some(8), "{said:#?}\n{}", site.transcript());
    assert_eq!(home.looks(), before);
    site.habits(|h| h.forgive());
    assert_eq!(home.once().code, Some(0));
    assert!(home.page("docs/b/c.md").contains("# C, again"));
}

#[test]
fn no_bad_answer_takes_anything_away_without_a_token() {
    for repos in ["\"acme/app\", \"acme/other\"", "\"acme/*\""] {
        let all = repos.contains('*');
        let one = if all { "/orgs/acme/repos" } else { "/repos/acme/app" };
        let torn = if all { json!([{}]) } else { json!({}) };
        let troubles = vec![
            doubt(&[one], 8, "by a page for people and not by the service", page(404)),
            doubt(&[one], 8, "does not say which repositor", answers(&torn)),
            trouble(&["/repos"], 8, "status 503", faults::unicorn(503)),
            trouble(&["/repos"], 3, "it answers with a page to log in", Fault::LoginPage),
            trouble(&["/releases"], 8, "could not be listed as a whole", answers(&json!([{}]))),
        ];
        endure(false, repos, troubles);
    }
}

#[test]
fn lists_that_lead_in_a_circle_end() {
    let site = site();
    let home = Home::new(DAEMON);
    home.configure(&site.config("repos = [\"acme/*\"]\nretry_base_ms = 5\n"));
    assert_eq!(home.once().code, Some(0));
    let before = home.looks();
    // Each page is the first one again, and leads to a cursor that was never seen.
    let url = format!("{}/acme/app", site.url());
    let node = |m: &mut crate::support::github::model::Model| {
        let id = m.look("acme/app").id;
        json!({"id": "R_1", "databaseId": id, "nameWithOwner": "acme/app", "url": url})
    };
    let node = site.edit(node);
    for round in 0..40 {
        let info = json!({"hasNextPage": true, "endCursor": format!("c{round}")});
        let page = json!({"data": {"r0": {"login": "acme", "repositories": {"totalCount": 2, "nodes": [node], "pageInfo": info}}}});
        site.habits(|h| h.next(1, "Heads", answers(&page)));
    }
    a_day_later(&home);
    site.clear_requests();
    let said = home.once();
    assert_eq!(said.code, Some(8), "{said:#?}\n{}", site.transcript());
    assert!(said.stderr.contains("does not end"), "{said:#?}");
    assert!(site.requests().len() < 12, "{}", site.transcript());
    assert_eq!(home.looks(), before);
}
