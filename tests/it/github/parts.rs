//! Parts and kinds that are switched off, left out, never listed to their end: what leaves, what stays, and what is looked at when they are back.

use std::collections::BTreeMap;
use std::time::Duration;

use context_syncd::state::State;

use super::desk::Desk;
use super::stage::DAEMON;
use crate::home::Home;
use crate::support::github::{Class, FieldFault, GitHub};

const BOTH: &str = "discussions = false\nreleases = false\npull_requests = true\n";

/// Two issues and two pull requests.
fn mixed(more: &str) -> Desk {
    Desk::new(&format!("{BOTH}{more}"), |repo| {
        repo.add_issue("One", "x");
        repo.add_issue("Two", "x");
        repo.add_pull("Three", "x", "three");
        repo.add_pull("Four", "x", "four");
    })
}

/// Documents that the configuration does not ask for, as `cleanup` sees them.
fn unwanted(state: &State) -> Vec<String> {
    let scopes: BTreeMap<_, _> = state.scopes().unwrap().into_iter().collect();
    let mut paths = Vec::new();
    for document in state.documents() {
        let (_, record) = document.unwrap();
        if record.unwanted || scopes.get(&record.place.scope).is_some_and(|scope| scope.unwanted) {
            paths.push(record.path.unwrap().to_string());
        }
    }
    paths
}

fn state(home: &Home) -> State {
    State::open(&home.output().join("github/.sync_state"), Duration::from_secs(10)).unwrap().0
}

#[test]
fn who_is_too_old_leaves_although_another_kind_is_switched_off_at_the_service() {
    let desk = mixed("");
    let text = std::fs::read_to_string(desk.home.config()).unwrap().replace("max_age_days = 0\n", "max_age_days = 30\n");
    desk.home.configure(&text);
    desk.synced();
    desk.edit(|repo| {
        repo.set(|it| it.has_issues = false);
        repo.it().issues.get_mut(&3).unwrap().updated -= 29 * 86_400;
        repo.it().issues.get_mut(&4).unwrap().updated += 2 * 86_400;
    });
    desk.a_day_later();
    let said = desk.synced();
    assert_eq!(desk.paths(), ["_issues/1-one.md", "_issues/2-two.md", "_issues/4-four.md"], "{said:#?}\n{}", desk.site.transcript());
    assert!(!said.stderr.contains("The listing missed"), "nobody looked where they are: {said:#?}");
    assert_eq!(desk.trash(), ["_issues/3-three.md"]);
}

#[test]
fn labels_that_the_user_asks_for_narrow_although_another_kind_is_switched_off_at_the_service() {
    let desk = mixed("");
    desk.synced();
    desk.edit(|repo| {
        repo.set(|it| it.has_issues = false);
        repo.add_label("keep");
        repo.set_labels(4, &["keep"]);
    });
    desk.configure(&format!("{BOTH}labels = [\"keep\"]\n"));
    desk.synced();
    assert_eq!(unwanted(&state(&desk.home)), ["acme/app/_issues/3-three.md"], "issues are not looked at");
    // What the user chose meanwhile is no deletion there.
    desk.edit(|repo| repo.set(|it| it.has_issues = true));
    desk.synced();
    assert_eq!(unwanted(&state(&desk.home)).len(), 3, "{}", desk.site.transcript());
    assert_eq!((desk.paths().len(), desk.trash().len()), (4, 0));
}

#[test]
fn issues_that_are_deleted_leave_at_the_next_run_although_no_pull_request_changed() {
    let desk = mixed("");
    desk.synced();
    desk.edit(|repo| repo.delete_conversation(1));
    let said = desk.synced();
    assert_eq!(desk.paths(), ["_issues/2-two.md", "_issues/3-three.md", "_issues/4-four.md"], "{}", desk.site.transcript());
    assert!(!said.stderr.contains("The listing missed"), "{said:#?}");
    // The heads, the issues, and what became of the one.
    assert_eq!(desk.queries(), ["Heads", "List", "Numbers"], "{}", desk.site.transcript());
    // And the last of them, too.
    desk.edit(|repo| repo.delete_conversation(2));
    desk.synced();
    assert_eq!(desk.paths(), ["_issues/3-three.md", "_issues/4-four.md"]);
    desk.synced();
    assert_eq!(desk.queries(), ["Heads"]);
}

#[test]
fn a_kind_that_is_taken_out_and_was_all_there_is_is_not_missed() {
    let desk = Desk::new(BOTH, |repo| {
        repo.add_issue("One", "x");
    });
    desk.synced();
    desk.configure(&format!("{BOTH}issues = false\n"));
    for _ in 0..2 {
        desk.synced();
        desk.a_day_later();
    }
    assert_eq!((desk.paths().len(), unwanted(&state(&desk.home)).len()), (1, 1));
}

#[test]
fn a_repository_that_comes_back_is_looked_at_as_a_whole() {
    let site = GitHub::new();
    site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("README.md", "# One\n")]);
        for title in ["One", "Two", "Three"] {
            app.add_issue(title, "x");
        }
    });
    let home = Home::new(DAEMON);
    home.configure(&site.config("repos = [\"acme/*\"]\narchived = false\nwiki = false\nretry_base_ms = 5\n"));
    let synced = || {
        let said = home.once();
        assert_eq!(said.code, Some(0), "{said:#?}\n{}", site.transcript());
    };
    synced();
    site.edit(|m| m.repo("acme/app").archive());
    synced();
    synced();
    let issues = || home.living().into_keys().filter(|path| path.contains("_issues/")).count();
    assert_eq!((issues(), unwanted(&state(&home)).len()), (3, 4), "it is `cleanup`'s");
    // As many as there were, and a newer one: nothing tells that another one is gone.
    site.edit(|m| {
        let mut app = m.repo("acme/app");
        app.set(|it| it.archived = None);
        app.delete_conversation(1);
        app.add_issue("Four", "x");
    });
    synced();
    let names: Vec<String> = home.living().into_keys().filter(|path| path.contains("_issues/")).collect();
    assert_eq!(names, ["acme/app/_issues/2-two.md", "acme/app/_issues/3-three.md", "acme/app/_issues/4-four.md"], "{}", site.transcript());
    assert!(unwanted(&state(&home)).is_empty());
    site.clear_requests();
    synced();
    assert_eq!(site.count(Class::Graphql), 1, "and once only: {}", site.transcript());
}

#[test]
fn a_repository_that_was_never_listed_to_its_end_is_cleanups_when_it_is_taken_out() {
    let site = GitHub::new();
    site.edit(|m| {
        m.add_repository("acme/app").add_issue("One", "x");
        m.add_repository("acme/other").add_issue("One", "x");
    });
    let home = Home::new(DAEMON);
    let others = "files = []\nwiki = false\ndiscussions = false\nreleases = false\nretry_base_ms = 5\n";
    let configure = |repos: &str| home.configure(&site.config(&format!("repos = [{repos}]\n{others}")));
    configure("\"acme/app\", \"acme/other\"");
    // Something of the list does not come, and so what is said of it is not all.
    let app = site.edit(|m| m.repo("acme/app").it().id);
    for _ in 0..2 {
        let (field, message, kind) = ("Issue.author".to_owned(), "not now".to_owned(), Some("SERVICE_UNAVAILABLE".to_owned()));
        site.habits(|h| h.fail_field_with(FieldFault { field, kind, message, saml: false, repository: Some(app), skip: 0, left: 1 }));
        let said = home.once();
        assert_eq!(said.code, Some(8), "{said:#?}\n{}", site.transcript());
    }
    assert!(home.living().contains_key("acme/app/_issues/1-one.md"), "{:?}", home.living().keys());
    configure("\"acme/other\"");
    for _ in 0..2 {
        let said = home.once();
        assert_eq!(said.code, Some(0), "{said:#?}");
        assert_eq!(unwanted(&state(&home)), ["acme/app/_issues/1-one.md"]);
    }
}
