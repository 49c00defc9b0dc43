//! An allowance that is spent: what goes on without it, and what the next worker knows of it.

use serde_json::Value;

use super::files::{FILES_ONLY, home_of, paths, synced};
use super::stage::DAEMON;
use crate::home::{Daemon, Home, said, wait_for};
use crate::support::github::{Class, GitHub, TOKEN, Token};

const OTHER: &str = "ghp_SimulatedTokenOfSomebodyElse000000002";

fn status(home: &Home) -> Value {
    let mut command = home.command(std::path::Path::new(DAEMON).with_file_name("context-syncctl"));
    command.args(["status", "github", "-o", "json"]);
    let said = said(command);
    let status: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:#?}"));
    status["connectors"][0].clone()
}

/// Waits until the run does, and returns until when.
fn waits_until_ms(home: &Home, daemon: &Daemon<'_>) -> u64 {
    wait_for("the wait", || status(home)["state"] == "waiting", || format!("{:#}\n{}", status(home), daemon.log()));
    status(home)["until_ms"].as_u64().unwrap()
}

fn limits(home: &Home) -> std::path::PathBuf {
    home.path().join("cache/context-sync/github/limits.json")
}

#[test]
fn one_spent_allowance_stops_its_own_requests_only_and_a_restart_does_not_forget_it() {
    let site = GitHub::new();
    let other = site.edit(|m| {
        m.add_repository("acme/app").commit("main", &[("README.md", "# App\n")]);
        m.add_repository("acme/docs").commit("main", &[("README.md", "# Docs\n")]);
        let user = m.tokens[TOKEN].user;
        m.tokens.insert(OTHER.to_owned(), Token::classic(user, &["repo"]));
        OTHER
    });
    let settings =
        "repos = [\"acme/app\", \"acme/docs\"]\nwiki = false\ndiscussions = false\nreleases = false\nreserve_percent = 0\nretry_base_ms = 5\n";
    let home = Home::new(DAEMON);
    home.configure(&site.config(settings));
    synced(&site, &home);
    assert!(!limits(&home).exists(), "a run that is never limited keeps nothing");
    // Of the first repository there are issues, by GraphQL; of the second files, by REST, of which nothing is left.
    site.edit(|m| {
        for n in 0..60 {
            m.repo("acme/app").add_issue(&format!("Number {n}"), "It fails.");
        }
        m.repo("acme/docs").commit("main", &[("docs/b.md", "# B\n")]);
    });
    site.budgets(|b| b.leave(TOKEN, "core", 0, 3600));
    site.clear_requests();
    let bodies = || site.requests().iter().filter(|seen| seen.operation == "Numbers").count();
    let daemon = home.start();
    wait_for("bodies of issues", || bodies() > 0, || format!("{}\n{}", site.transcript(), daemon.log()));
    let until = waits_until_ms(&home, &daemon);
    assert_eq!(site.count(Class::Trees), 1, "it was asked for once, and waits: {}", site.transcript());
    let looked: Vec<u64> = (0..5).map(|_| status(&home)["until_ms"].as_u64().unwrap_or_default()).collect();
    assert!(looked.iter().all(|looked| *looked == until), "no flutter: {until} {looked:?}");
    // Whatever ends the worker, the next one knows.
    daemon.kill();
    let kept = std::fs::read_to_string(limits(&home)).unwrap();
    assert!(!kept.contains(TOKEN) && kept.len() < 1000, "{kept}");
    site.clear_requests();
    let daemon = home.start();
    // Bodies of issues go on while files wait, though only one request is made at a time.
    wait_for("bodies of issues", || bodies() > 0, || format!("{}\n{}", site.transcript(), daemon.log()));
    let again = waits_until_ms(&home, &daemon);
    assert!(again.abs_diff(until) < 3000, "{until} {again}");
    assert_eq!(site.count(Class::Trees), 0, "{}", site.transcript());
    assert_eq!(std::fs::read_to_string(limits(&home)).unwrap(), kept, "nothing is written that is known");
    daemon.stop();
    // Another token has an allowance of its own.
    home.configure(&site.config_as(&format!("token = \"{other}\"\n{settings}")));
    synced(&site, &home);
    assert!(paths(&home).contains(&"acme/docs/docs/b.md".to_owned()), "{:?}", paths(&home));
    assert_eq!(paths(&home).len(), 63);
}

#[test]
fn a_reserve_that_is_reached_costs_the_next_run_no_request() {
    let site = GitHub::new();
    site.edit(|m| {
        m.add_repository("acme/app").commit("main", &[("README.md", "# App\n")]);
    });
    let home = home_of(&site, "");
    synced(&site, &home);
    site.budgets(|b| b.leave(TOKEN, "graphql", 100, 3600));
    site.edit(|m| {
        m.repo("acme/app").commit("main", &[("docs/b.md", "# B\n")]);
    });
    let requests = || {
        site.clear_requests();
        let said = home.once();
        (said.code, site.requests().len())
    };
    let (code, first) = requests();
    assert_eq!((code, first > 0), (Some(6), true), "{}", site.transcript());
    assert_eq!(requests(), (Some(6), 0), "{}", site.transcript());
    // What is damaged is not known, and heals.
    std::fs::write(limits(&home), "{\"v\":1,").unwrap();
    assert_eq!(requests(), (Some(6), first), "{}", site.transcript());
    assert_eq!(requests(), (Some(6), 0), "{}", site.transcript());
    // Who wants to take more may.
    home.configure(&site.config(&format!("repos = [\"acme/app\"]\nreserve_percent = 0\n{FILES_ONLY}")));
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 2);
}

#[test]
fn an_allowance_that_is_renewed_is_used_again_without_a_refusal() {
    let site = GitHub::new();
    site.edit(|m| {
        m.add_repository("acme/app").commit("main", &[("README.md", "# App\n")]);
    });
    let home = home_of(&site, "reserve_percent = 0\n");
    synced(&site, &home);
    // The last point goes for this query.
    site.budgets(|b| b.leave(TOKEN, "graphql", 1, 2));
    synced(&site, &home);
    site.edit(|m| {
        m.repo("acme/app").commit("main", &[("docs/b.md", "# B\n")]);
    });
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 2);
    let queries: Vec<_> = site.requests().into_iter().filter(|seen| seen.class == Class::Graphql).map(|seen| seen.points).collect();
    assert!(!queries.is_empty() && queries.iter().all(|points| *points > 0), "none was refused: {queries:?}");
}
