//! The life of repositories: renamed, transferred, taken over, gone, closed, empty, and all of an owner.

use super::files::{FILES_ONLY, home_of, paths, synced};
use super::stage::DAEMON;
use crate::home::Home;
use crate::support::github::Habits;
use crate::support::github::faults::status;
use crate::support::github::{Class, GitHub};

fn one_page(site: &GitHub, name: &str, text: &str) {
    site.edit(|m| {
        m.add_repository(name).commit("main", &[("README.md", text)]);
    });
}

fn home_with(site: &GitHub, repos: &str, more: &str) -> Home {
    let home = Home::new(DAEMON);
    home.configure(&site.config(&format!("repos = [{repos}]\n{FILES_ONLY}{more}")));
    home
}

#[test]
fn a_renamed_repository_moves_without_a_body_and_its_links_follow() {
    let site = GitHub::new();
    site.edit(|m| {
        m.add_repository("acme/app").commit("main", &[("README.md", "# App\n\n[code](src/x.rs)\n"), ("docs/a.md", "# A\n")]);
    });
    let home = home_of(&site, "");
    synced(&site, &home);
    site.edit(|m| m.repo("acme/app").rename("web"));
    synced(&site, &home);
    assert_eq!(paths(&home), ["acme/web/README.md", "acme/web/docs/a.md"]);
    assert_eq!(site.requests().len(), 1, "{}", site.transcript());
    assert!(home.page("README.md").contains("/acme/web/blob/main/src/x.rs"), "{}", home.page("README.md"));
    site.edit(|m| {
        m.add_organization("other");
        m.repo("acme/web").transfer("other");
    });
    synced(&site, &home);
    assert_eq!(paths(&home), ["other/web/README.md", "other/web/docs/a.md"]);
    assert_eq!(site.requests().len(), 1, "{}", site.transcript());
}

#[test]
fn a_name_that_another_repository_takes_over_mixes_nothing() {
    let site = GitHub::new();
    one_page(&site, "acme/app", "# Old\n");
    let home = home_of(&site, "");
    synced(&site, &home);
    site.edit(|m| m.repo("acme/app").rename("app-old"));
    one_page(&site, "acme/app", "# New\n");
    site.edit(|m| m.repo("acme/app").forget_redirects());
    let said = home.once();
    let all = paths(&home);
    assert_eq!(all.len(), 2, "{all:?} {said:#?}");
    assert!(all.contains(&"acme/app/README.md".to_owned()) && all.iter().any(|path| path.starts_with("acme/app--")), "{all:?}");
    assert!(home.page("acme/app/README.md").contains("# Old"), "what was there stays where it was");
}

#[test]
fn what_is_not_there_any_more_stays_until_that_is_sure() {
    let site = GitHub::new();
    one_page(&site, "acme/app", "# App\n");
    one_page(&site, "acme/other", "# Other\n");
    let home = home_with(&site, "\"acme/app\", \"acme/other\"", "");
    synced(&site, &home);
    let before = home.looks();
    site.edit(|m| m.delete_repository("acme/app"));
    for _ in 0..4 {
        let said = home.once();
        assert_eq!(said.code, Some(8), "{said:#?}");
        assert!(said.stderr.contains("acme/app"), "{}", said.stderr);
    }
    assert_eq!(home.looks(), before, "not within a day, however often it is looked");
}

#[test]
fn an_entry_that_leads_nowhere_does_not_make_every_run_a_thorough_one() {
    let site = GitHub::new();
    site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("README.md", "# App\n")]);
        app.add_release("v1", Some("One"), Some("Text"));
    });
    one_page(&site, "acme/other", "# Other\n");
    let home = Home::new(DAEMON);
    let repos = "repos = [\"acme/app\", \"acme/other\", \"acme/nowhere\"]\nwiki = false\nretry_base_ms = 5\n";
    home.configure(&site.config(repos));
    assert_eq!(home.once().code, Some(8));
    site.edit(|m| m.delete_repository("acme/other"));
    for _ in 0..3 {
        site.clear_requests();
        let said = home.once();
        assert_eq!(said.code, Some(8), "{said:#?}");
        assert!(said.stderr.contains("acme/nowhere") && said.stderr.contains("acme/other"), "{said:#?}");
        assert_eq!(site.requests().len(), 1, "the heads and no more: {}", site.transcript());
    }
    assert_eq!(paths(&home).iter().filter(|path| path.starts_with("acme/other/")).count(), 1);
}

#[test]
fn one_bad_repository_harms_no_other() {
    for (status, reason) in [(451, "dmca"), (403, "tos")] {
        let site = GitHub::new();
        for name in ["acme/app", "acme/bad", "acme/other"] {
            one_page(&site, name, "# One\n");
        }
        let home = home_with(&site, "\"acme/app\", \"acme/bad\", \"acme/other\"", "");
        synced(&site, &home);
        site.edit(|m| m.repo("acme/bad").block(status, reason));
        site.edit(|m| {
            m.repo("acme/other").commit("main", &[("README.md", "# Two\n")]);
        });
        let said = home.once();
        assert!(home.page("acme/other/README.md").contains("# Two"), "{said:#?}");
        assert!(home.page("acme/bad/README.md").contains("# One"), "{said:#?}");
    }
}

#[test]
fn an_empty_repository_has_no_documents_and_is_no_error() {
    let site = GitHub::new();
    site.edit(|m| {
        m.add_repository("acme/app");
    });
    let home = home_of(&site, "");
    synced(&site, &home);
    assert!(paths(&home).is_empty());
    site.edit(|m| {
        m.repo("acme/app").commit("main", &[("README.md", "# App\n")]);
    });
    synced(&site, &home);
    assert_eq!(paths(&home), ["acme/app/README.md"]);
}

#[test]
fn another_default_branch_takes_only_what_differs() {
    let site = GitHub::new();
    site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("README.md", "# App\n\n[x](src/x.rs)\n"), ("docs/a.md", "# A\n")]);
        app.add_branch("next", "main");
        app.commit("next", &[("docs/a.md", "# A, next\n")]);
    });
    let home = home_of(&site, "");
    synced(&site, &home);
    site.edit(|m| m.repo("acme/app").default_branch("next"));
    synced(&site, &home);
    // The heads and one body.
    assert_eq!(site.count(Class::Graphql), 2, "{}", site.transcript());
    assert!(home.page("docs/a.md").contains("# A, next") && home.page("README.md").contains("/blob/next/src/x.rs"));
}

#[test]
fn a_branch_that_is_asked_for_and_gone_is_said_and_its_files_stay() {
    let site = GitHub::new();
    site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("README.md", "# Main\n")]);
        app.add_branch("release/2.x", "main");
        app.commit("release/2.x", &[("README.md", "# Release\n")]);
    });
    let home = home_with(&site, "\"acme/app@release/2.x\"", "");
    synced(&site, &home);
    assert!(home.page("README.md").contains("# Release") && home.page("README.md").contains("/blob/release/2.x/README.md"));
    site.edit(|m| m.repo("acme/app").delete_branch("release/2.x"));
    let said = home.once();
    assert_eq!(said.code, Some(8), "{said:#?}");
    assert!(said.stderr.contains("release/2.x"), "{}", said.stderr);
    assert!(home.page("README.md").contains("# Release"));
}

#[test]
fn a_force_push_is_a_change_like_any_other() {
    let site = GitHub::new();
    one_page(&site, "acme/app", "# One\n");
    let home = home_of(&site, "");
    synced(&site, &home);
    site.edit(|m| {
        m.repo("acme/app").force_push("main", &[("README.md", "# Other\n"), ("docs/a.md", "# A\n")]);
    });
    synced(&site, &home);
    assert_eq!(paths(&home), ["acme/app/README.md", "acme/app/docs/a.md"]);
    assert!(home.page("README.md").contains("# Other"));
}

#[test]
fn all_of_an_owner_is_one_query_for_25_and_settings_choose() {
    let site = GitHub::new();
    for n in 0..30 {
        one_page(&site, &format!("acme/app-{n:02}"), "# App\n");
    }
    site.edit(|m| m.repo("acme/app-03").archive());
    site.edit(|m| m.repo("acme/app-04").set(|r| r.fork_of = Some(1)));
    let home = home_with(&site, "\"acme/*\"", "exclude = [\"app-29\"]\n");
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 28, "{:?}", paths(&home));
    assert!(home.page("acme/app-03/README.md").contains("archived"), "{}", home.page("acme/app-03/README.md"));
    let before = home.looks();
    synced(&site, &home);
    assert_eq!(site.requests().len(), 2, "{}", site.transcript());
    assert_eq!(home.looks(), before);
    // One leaves the owner, one is deleted, one comes.
    site.edit(|m| {
        m.add_organization("other");
        m.repo("acme/app-07").transfer("other");
        m.delete_repository("acme/app-08");
    });
    one_page(&site, "acme/new", "# New\n");
    let said = home.once();
    assert_eq!(said.code, Some(8), "what is gone is not sure yet: {said:#?}");
    let all = paths(&home);
    assert!(all.contains(&"acme/new/README.md".to_owned()) && all.len() == 29, "{all:?}");
}

#[test]
fn a_repository_that_the_configuration_no_longer_names_is_cleanups() {
    let site = GitHub::new();
    one_page(&site, "acme/app", "# App\n");
    one_page(&site, "acme/other", "# Other\n");
    let home = home_with(&site, "\"acme/app\", \"acme/other\"", "");
    synced(&site, &home);
    home.configure(&site.config(&format!("repos = [\"acme/app\"]\n{FILES_ONLY}")));
    synced(&site, &home);
    assert_eq!(paths(&home), ["acme/app/README.md", "acme/other/README.md"]);
}

#[test]
fn names_and_addresses_that_many_use_lead_to_the_same() {
    let site = GitHub::new();
    one_page(&site, "acme/app", "# App\n");
    let home = home_with(&site, &format!("\"ACME/App\", \"{}/acme/app/tree/main\"", site.url()), "");
    synced(&site, &home);
    assert_eq!(paths(&home), ["acme/app/README.md"]);
}

#[test]
fn without_a_token_a_quiet_run_is_one_conditional_request_for_each_repository() {
    let site = GitHub::new();
    for name in ["acme/app", "acme/other"] {
        one_page(&site, name, "# One\n");
    }
    let home = Home::new(DAEMON);
    home.configure(&site.config_as(&format!("repos = [\"acme/app\", \"acme/other\"]\n{FILES_ONLY}")));
    synced(&site, &home);
    assert_eq!(paths(&home), ["acme/app/README.md", "acme/other/README.md"]);
    assert_eq!((site.count(Class::Graphql), site.count(Class::Trees), site.count(Class::Blobs)), (0, 0, 0), "{}", site.transcript());
    let before = home.looks();
    synced(&site, &home);
    let seen = site.requests();
    assert!(seen.len() == 2 && seen.iter().all(|request| request.class == Class::Heads && request.conditional), "{}", site.transcript());
    assert_eq!(home.looks(), before);
    site.edit(|m| {
        m.repo("acme/other").commit("main", &[("README.md", "# Two\n")]);
    });
    synced(&site, &home);
    assert!(home.page("acme/other/README.md").contains("# Two"), "{}", site.transcript());
}

/// Two repositories of one owner, mirrored without a token.
fn an_owner_of_two() -> (GitHub, Home) {
    let site = GitHub::new();
    one_page(&site, "acme/app", "# One\n");
    one_page(&site, "acme/other", "# One\n");
    let home = Home::new(DAEMON);
    home.configure(&site.config_as(&format!("repos = [\"acme/*\"]\n{FILES_ONLY}")));
    synced(&site, &home);
    (site, home)
}

#[test]
fn what_a_failed_run_did_not_look_at_of_an_owner_is_looked_at_by_the_next() {
    let (site, home) = an_owner_of_two();
    site.edit(|m| {
        m.repo("acme/app").commit("main", &[("README.md", "# Two\n")]);
    });
    // The list says that somebody pushed; the head of the repository does not come.
    site.habits(|h| h.next(50, "/commits/heads/", status(500, "Something went wrong")));
    let said = home.once();
    assert_ne!(said.code, Some(0), "{said:#?}");
    site.habits(Habits::forgive);
    synced(&site, &home);
    assert!(home.page("acme/app/README.md").contains("# Two"), "{}", site.transcript());
}

#[test]
fn a_repository_whose_owner_does_not_list_it_is_not_gone_while_asking_after_it_fails() {
    let (site, home) = an_owner_of_two();
    site.edit(|m| m.delete_repository("acme/app"));
    site.habits(|h| h.always("/repositories/", status(451, "Repository access blocked")));
    let said = home.once();
    assert_eq!(said.code, Some(0), "blocked, it stays as it is and nothing is missing: {said:#?}");
    assert!(said.stderr.contains("acme/app: the service has blocked it"), "{}", said.stderr);
    assert_eq!(paths(&home), ["acme/app/README.md", "acme/other/README.md"]);
}
