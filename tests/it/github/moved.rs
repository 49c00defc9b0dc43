//! A repository that is renamed takes along all that is mirrored of it.

use std::collections::BTreeMap;

use super::stage::DAEMON;
use crate::home::Home;
use crate::support::github::GitHub;

fn everything() -> GitHub {
    let site = GitHub::new();
    site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit(
            "main",
            &[("README.md", "# App\n\n![flow](docs/flow.png)\n"), ("docs/a.md", "[home](../README.md)\n"), ("docs/flow.png", "picture")],
        );
        app.commit_wiki(&[("Home.md", "[[Other]]\n"), ("Other.md", "Text\n")]);
        let issue = app.add_issue("Broken", "See #2");
        app.comment(issue, "Yes");
        app.add_discussion("general", "Why?", "See #1");
        app.add_release("v1", None, Some("First"));
    });
    site
}

/// The mirror, with its folder's name left out of the paths.
fn below(home: &Home, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let tree = home.living();
    let lies_there = |path: &String| path.strip_prefix(folder).map(str::to_owned).unwrap_or_else(|| panic!("{path} is not below {folder}"));
    tree.iter().map(|(path, bytes)| (lies_there(path), bytes.clone())).collect()
}

#[test]
fn a_renamed_repository_moves_in_the_same_run_and_no_body_is_fetched_again() {
    let site = everything();
    let home = Home::for_github(DAEMON, &site, "repos = [\"acme/app\"]\nretry_base_ms = 5\n");
    home.synced();
    let before = below(&home, "acme/app/");
    assert_eq!(before.len(), 8, "{:#?}", before.keys());
    site.edit(|m| m.repo("acme/app").rename("engine"));
    site.clear_requests();
    home.synced();
    let after = below(&home, "acme/engine/");
    assert!(before.keys().eq(after.keys()), "{:#?}", after.keys());
    let asked: Vec<String> = site.requests().iter().map(|seen| seen.operation.clone()).filter(|operation| !operation.is_empty()).collect();
    assert!(asked.iter().all(|operation| ["Heads", "List", "Releases"].contains(&operation.as_str())), "{asked:?}\n{}", site.transcript());
    for (path, bytes) in &after {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("/acme/app/"), "{path} still says where it was: {text}");
    }
    // The configuration may go on to name it as it was called, or be corrected.
    home.configure(&site.config("repos = [\"acme/engine\"]\nretry_base_ms = 5\n"));
    let looks = home.looks();
    home.synced();
    assert_eq!(home.looks(), looks);
    let fresh = Home::for_github(DAEMON, &site, "repos = [\"acme/engine\"]\nretry_base_ms = 5\n");
    fresh.synced();
    let differs: Vec<String> =
        home.living().into_iter().filter(|(path, bytes)| fresh.living().get(path) != Some(bytes)).map(|(path, _)| path).collect();
    assert_eq!(differs, Vec::<String>::new());
}

#[test]
fn what_names_a_repository_as_it_was_called_leads_to_the_same_place_in_old_and_new_mirrors() {
    let site = everything();
    site.edit(|m| {
        let mut other = m.add_repository("acme/other");
        other.commit("main", &[("README.md", "[a](https://github.com/acme/app/blob/main/docs/a.md)\n")]);
        other.add_issue("Elsewhere", "As acme/app#1 says");
        m.repo("acme/app").comment(1, "I mean acme/app#2");
    });
    let settings = "repos = [\"acme/*\"]\nretry_base_ms = 5\n";
    let home = Home::for_github(DAEMON, &site, settings);
    home.synced();
    assert!(home.page("acme/other/_issues/1-elsewhere.md").contains("](../../app/_issues/1-broken.md)"));
    site.edit(|m| m.repo("acme/app").rename("engine"));
    home.synced();
    let fresh = Home::for_github(DAEMON, &site, settings);
    fresh.synced();
    let (old, new) = (home.living(), fresh.living());
    let differs: Vec<&String> = old.iter().filter(|(path, bytes)| new.get(*path) != Some(*bytes)).map(|(path, _)| path).collect();
    assert_eq!(differs, Vec::<&String>::new());
    let text = home.page("acme/other/_issues/1-elsewhere.md");
    assert!(text.contains("/acme/app/issues/1)"), "the service redirects it: {text}");
}
