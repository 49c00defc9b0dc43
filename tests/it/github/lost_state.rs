//! The state is lost, and before the next run something goes at the service: only the files are left to tell of it.

use crate::home::Home;
use crate::support::Fault;
use crate::support::github::{Class, GitHub, Seen};

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");
const SETTINGS: &str = "repos = [\"acme/app\"]\nissues = true\npull_requests = true\nretry_base_ms = 5\n";

/// Two documents in each part, synced; the second ones are gone, and so is the state.
fn stage() -> (GitHub, Home) {
    let site = GitHub::new();
    let (talk, issue, release) = site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("README.md", "# App\n"), ("docs/setup.md", "# Set up\n"), ("docs/other.md", "# Other\n")]);
        app.commit_wiki(&[("Home.md", "Welcome.\n"), ("How-to.md", "So.\n")]);
        app.add_discussion("general", "One", "Text");
        app.add_issue("Two", "Text");
        app.add_release("v1", Some("One"), Some("Text"));
        let talk = app.add_discussion("general", "Three", "Text");
        (talk, app.add_issue("Four", "Text"), app.add_release("old/v0+2", Some("Two"), Some("Text")))
    });
    let home = Home::for_github(DAEMON, &site, SETTINGS);
    home.synced();
    site.edit(|m| {
        let mut app = m.repo("acme/app");
        app.commit("main", &[("docs/setup.md", None::<String>)]);
        app.commit_wiki(&[("How-to.md", None::<String>)]);
        app.delete_conversation(talk);
        app.delete_conversation(issue);
        app.delete_release(release);
    });
    std::fs::remove_dir_all(home.mirror().join(".sync_state")).unwrap();
    (site, home)
}

#[test]
fn what_is_gone_of_each_part_leaves_for_the_trash() {
    let (site, home) = stage();
    let before = home.living();
    home.synced();
    let fresh = Home::for_github(DAEMON, &site, SETTINGS);
    fresh.synced();
    assert_eq!(home.living(), fresh.living());
    assert_eq!(before.len(), fresh.living().len() + 5);
    let trash: Vec<Vec<u8>> = home.tree().into_iter().filter(|(path, _)| path.starts_with(".trash/")).map(|(_, bytes)| bytes).collect();
    for (path, bytes) in before.iter().filter(|(path, _)| !fresh.living().contains_key(*path)) {
        assert!(trash.contains(bytes), "{path}");
    }
}

#[test]
fn what_is_gone_leaves_though_the_repository_is_called_otherwise_and_another_has_its_name() {
    let (site, home) = stage();
    site.edit(|m| {
        m.repo("acme/app").rename("engine");
        m.add_repository("acme/app").commit("main", &[("README.md", "# Another\n")]);
    });
    let settings = SETTINGS.replace("acme/app", "acme/engine");
    home.configure(&site.config(&settings));
    home.synced();
    let fresh = Home::for_github(DAEMON, &site, &settings);
    fresh.synced();
    assert_eq!(home.living(), fresh.living());
}

#[test]
fn files_stay_as_long_as_the_list_of_files_is_not_whole_whatever_else_is() {
    let (site, home) = stage();
    site.habits(|h| h.next_where(usize::MAX, |seen: &Seen| seen.class == Class::Trees, Fault::Status(500)));
    let said = home.once();
    assert_eq!(said.code, Some(8), "{said:#?}");
    assert!(home.living().contains_key("acme/app/docs/setup.md"), "{said:#?}");
    site.habits(|habits| habits.forgive());
    home.synced();
    assert!(!home.living().contains_key("acme/app/docs/setup.md"));
}
