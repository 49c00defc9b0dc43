//! Traps of GitHub's interfaces that no other test meets; the table in docs/connectors/github.md names all of them.

use super::files::{FILES_ONLY, home_of, paths, synced};
use super::refused::a_day_later;
use super::stage::DAEMON;
use crate::home::Home;
use crate::support::github::{APP_ID, Class, GitHub, TOKEN, faults};

fn site() -> GitHub {
    let site = GitHub::new();
    site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("README.md", "# App\n"), ("docs/a.md", "# A\n")]);
        let issue = app.add_issue("Problem", "Text");
        app.comment(issue, "First");
    });
    site
}

#[test]
fn a_good_answer_that_takes_the_last_of_an_allowance_is_used_and_the_next_waits() {
    let site = site();
    let plain = home_of(&site, "");
    synced(&site, &plain);
    let usual = site.requests().len();
    site.budgets(|b| b.leave(TOKEN, "graphql", 1, 2));
    let home = home_of(&site, "");
    synced(&site, &home);
    assert_eq!(home.living(), plain.living());
    assert_eq!(site.requests().len(), usual, "nothing was sent to be refused: {}", site.transcript());
}

#[test]
fn bodies_in_pieces_or_packed_and_heads_without_marks_or_allowances_are_no_matter() {
    let site = site();
    let plain = home_of(&site, "");
    synced(&site, &plain);
    let anonymous = Home::new(DAEMON);
    anonymous.configure(&site.config_as(&format!("repos = [\"acme/app\"]\n{FILES_ONLY}")));
    for home in [&home_of(&site, ""), &anonymous] {
        for (gzip, chunked) in [(true, false), (false, true)] {
            site.habits(|h| (h.gzip, h.chunked, h.no_rate_headers, h.no_etags) = (gzip, chunked, true, true));
            synced(&site, home);
            assert_eq!(home.living(), plain.living());
            let before = home.looks();
            synced(&site, home);
            assert_eq!(home.looks(), before);
            site.habits(|h| h.forgive());
        }
    }
}

#[test]
fn an_owners_list_has_pages_and_what_its_unchanged_first_one_hides_is_found_within_a_day() {
    let site = GitHub::new();
    site.edit(|m| {
        m.add_organization("umbrella");
        for n in 0..3 {
            m.add_repository(&format!("umbrella/app-{n}")).commit("main", &[("README.md", format!("# {n}\n"))]);
        }
    });
    site.habits(|h| h.page_cap = Some(1));
    let home = Home::new(DAEMON);
    home.configure(&site.config_as(&format!("repos = [\"umbrella/*\"]\n{FILES_ONLY}")));
    synced(&site, &home);
    assert_eq!((paths(&home).len(), site.count(Class::Repositories)), (3, 3), "three pages: {}", site.transcript());
    // The one that was pushed to first stands on the last page.
    site.edit(|m| m.delete_repository("umbrella/app-0"));
    synced(&site, &home);
    assert!(site.requests().len() == 1 && site.requests()[0].status == Some(304), "{}", site.transcript());
    a_day_later(&home);
    let said = home.once();
    assert_eq!(said.code, Some(8), "{said:#?}\n{}", site.transcript());
    assert!(said.stderr.contains("umbrella/app-0"), "{said:#?}");
    assert_eq!(paths(&home).len(), 3, "not before that is sure");
}

#[test]
fn a_part_that_failed_once_is_asked_for_by_the_next_run_and_one_that_is_denied_within_a_day() {
    for (kind, comes) in [("SERVICE_UNAVAILABLE", true), ("FORBIDDEN", false)] {
        let site = site();
        let home = Home::new(DAEMON);
        home.configure(&site.config("repos = [\"acme/app\"]\nwiki = false\nretry_base_ms = 5\n"));
        synced(&site, &home);
        site.edit(|m| m.repo("acme/app").comment(1, "Second"));
        site.habits(|h| h.fail_field("Repository.issues", Some(kind), "Not now.", 0, 1));
        let said = home.once();
        assert!(said.code == Some(8) && said.stderr.contains("the issues of acme/app: Not now."), "{said:#?}");
        assert!(!home.page("1-problem.md").contains("Second"));
        assert_eq!(home.once().code, Some(if comes { 0 } else { 8 }), "{kind}: {}", site.transcript());
        assert_eq!(home.page("1-problem.md").contains("Second"), comes, "{kind}: {}", site.transcript());
        a_day_later(&home);
        synced(&site, &home);
        assert!(home.page("1-problem.md").contains("Second"), "{kind}: {}", site.transcript());
    }
}

#[test]
fn an_app_that_was_given_less_than_all_permissions_gets_what_it_was_given() {
    let site = site();
    site.edit(|m| m.install("acme", None));
    let home = Home::new(DAEMON);
    let file = home.path().join("app.pem");
    std::fs::write(&file, site.app_key()).unwrap();
    home.configure(
        &site.config_as(&format!("repos = [\"acme/app\"]\napp_id = {APP_ID}\nprivate_key = {{ file = \"{}\" }}\n{FILES_ONLY}", file.display())),
    );
    site.habits(|h| h.next(1, "access_tokens", faults::status(422, "The permissions requested are not granted to this installation.")));
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 2);
}

#[test]
fn a_repository_that_is_renamed_while_it_is_read_is_read_on() {
    let site = site();
    let home = home_of(&site, "");
    site.habits(|h| h.after_next("Heads", |m| m.repo("acme/app").rename("engine")));
    let said = home.once();
    assert!(matches!(said.code, Some(0 | 8)), "{said:#?}\n{}", site.transcript());
    synced(&site, &home);
    assert_eq!(paths(&home), ["acme/engine/README.md", "acme/engine/docs/a.md"], "{}", site.transcript());
}
