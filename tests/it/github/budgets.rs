//! Limits in all their forms, and what is left to the account's other programs.

use super::files::{FILES_ONLY, home_of, paths, synced};
use super::stage::DAEMON;
use crate::home::Home;
use crate::support::github::{APP_ID, Class, GitHub, TOKEN, faults};
use crate::support::habits::{Fault, RetryAfter};

fn site_of_two() -> GitHub {
    let site = GitHub::new();
    site.edit(|m| {
        m.add_repository("acme/app").commit("main", &[("README.md", "# App\n"), ("docs/a.md", "# A\n")]);
    });
    site
}

#[test]
fn a_limit_in_whatever_form_is_waited_for_and_nothing_is_lost() {
    let forms: Vec<(&str, &str, Fault)> = vec![
        ("/graphql", "secondary 403", faults::secondary(403, RetryAfter::Seconds(1))),
        ("/graphql", "secondary 429", faults::secondary(429, RetryAfter::Seconds(1))),
        ("/graphql", "secondary without a word", faults::secondary_without_headers(403)),
        ("/graphql", "primary in a good answer", faults::graphql_primary("RATE_LIMITED", 1)),
        ("/graphql", "primary in its younger form", faults::graphql_primary("RATE_LIMIT", 1)),
        ("/graphql", "primary without headers", faults::graphql_primary_without_headers("RATE_LIMITED")),
        ("/graphql", "secondary in a good answer", faults::graphql_secondary(200, RetryAfter::Seconds(1))),
        ("/git/trees", "primary 403", faults::primary(403, 1)),
        ("/git/trees", "primary 429", faults::primary(429, 1)),
        ("/git/trees", "abuse detection", faults::abuse(RetryAfter::Seconds(1))),
        ("/git/trees", "secondary without a word", faults::secondary_without_headers(403)),
    ];
    for (path, form, fault) in forms {
        let site = site_of_two();
        site.habits(|h| h.next(1, path, fault));
        let home = home_of(&site, "");
        let said = home.once();
        assert_eq!(said.code, Some(0), "{form}: {said:#?}\n{}", site.transcript());
        assert_eq!(paths(&home).len(), 2, "{form}");
    }
}

#[test]
fn a_tenth_is_left_to_others_but_not_by_a_first_sync() {
    let site = site_of_two();
    site.budgets(|b| b.leave(TOKEN, "graphql", 100, 3600));
    site.budgets(|b| b.leave(TOKEN, "core", 100, 3600));
    let home = home_of(&site, "");
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 2, "the first sync may take all");
    site.edit(|m| {
        m.repo("acme/app").commit("main", &[("docs/b.md", "# B\n")]);
    });
    site.clear_requests();
    let said = home.once();
    assert_eq!(said.code, Some(6), "{said:#?}\n{}", site.transcript());
    assert!(site.requests().len() <= 2, "{}", site.transcript());
    assert_eq!(paths(&home).len(), 2);
    site.budgets(|b| b.leave(TOKEN, "graphql", 5000, 3600));
    site.budgets(|b| b.leave(TOKEN, "core", 5000, 3600));
    // Sooner than the service said; the cache may be deleted at any time.
    std::fs::remove_file(home.path().join("cache/context-sync/github/limits.json")).unwrap();
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 3, "and then it goes on");
}

#[test]
fn a_refused_token_suspends_and_a_lacking_permission_is_named() {
    let site = site_of_two();
    let home = home_of(&site, "");
    synced(&site, &home);
    let before = home.looks();
    site.habits(|h| h.always("/", faults::bad_credentials()));
    let said = home.once();
    assert_eq!(said.code, Some(3), "{said:#?}");
    assert!(!said.stderr.contains(TOKEN), "{}", said.stderr);
    site.habits(|h| h.forgive());
    assert_eq!(home.looks(), before);
    site.edit(|m| {
        m.repo("acme/app").commit("main", &[("docs/b.md", "# B\n")]);
    });
    site.habits(|h| h.always("/git/trees", faults::forbidden("contents=read")));
    let said = home.once();
    assert_eq!(said.code, Some(8), "{said:#?}");
    assert!(said.stderr.contains("contents=read"), "{}", said.stderr);
    assert_eq!(home.looks(), before, "nothing is removed for want of a permission");
}

#[test]
fn requests_go_one_at_a_time_and_a_server_without_limits_tells_none() {
    let site = GitHub::enterprise();
    for n in 0..3 {
        site.edit(|m| {
            m.add_repository(&format!("acme/app-{n}")).commit("main", &[("README.md", "# App\n"), ("docs/a.md", "# A\n")]);
        });
    }
    let home = Home::new(DAEMON);
    home.configure(&site.config(&format!("repos = [\"acme/*\"]\n{FILES_ONLY}")));
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 6);
    assert_eq!(site.peak_concurrency(), 1);
    assert_eq!(site.count(Class::Graphql), 2, "{}", site.transcript());
}

#[test]
fn an_app_signs_in_and_its_ended_token_is_renewed_once() {
    let site = site_of_two();
    site.edit(|m| m.install("acme", None));
    let home = Home::new(DAEMON);
    let key = home.path().join("app.pem");
    std::fs::write(&key, site.app_key()).unwrap();
    let settings = format!("repos = [\"acme/app\"]\napp_id = {APP_ID}\nprivate_key = {{ file = \"{}\" }}\n{FILES_ONLY}", key.display());
    home.configure(&site.config_as(&settings));
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 2);
    // Which installation, its token; then as with any token.
    assert_eq!(site.count(Class::App), 2, "{}", site.transcript());
    site.habits(|h| h.next(1, "/graphql", faults::bad_credentials()));
    synced(&site, &home);
    assert_eq!(site.count(Class::App), 3, "the installation is asked for once, a token twice: {}", site.transcript());
    let said = home.once();
    assert!(!said.stderr.contains("ghs_") && !said.stderr.contains("BEGIN"), "{}", said.stderr);
}

#[test]
fn validate_tells_who_we_are_what_is_seen_and_what_is_wrong() {
    let site = site_of_two();
    let home = Home::new(DAEMON);
    home.configure(&site.config(&format!("repos = [\"acme/app\", \"acme/nowhere\"]\n{FILES_ONLY}")));
    let daemon = home.start();
    let mut command = home.command(std::path::Path::new(DAEMON).with_file_name("context-syncctl"));
    command.args(["validate", "-o", "text"]);
    let said = crate::home::said(command);
    let all = format!("{}{}", said.stdout, said.stderr);
    assert!(all.contains("1 repository to mirror: acme/app") && all.contains("acme/nowhere") && all.contains("are left this hour"), "{said:#?}");
    assert!(!all.contains(TOKEN), "{all}");
    drop(daemon);
}
