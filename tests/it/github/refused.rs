//! What is refused, closed or gone: organisations that want a login, repositories that are being moved, and the day that a missing one has.

use std::time::Duration;

use context_syncd::state::{Change, SiteRecord, State};

use super::files::FILES_ONLY;
use super::stage::DAEMON;
use crate::home::{Home, Said};
use crate::support::github::{FieldFault, GitHub, TOKEN, faults};
use crate::support::habits::Fault;
use crate::support::wire::Answer;

/// All but the wiki is asked for.
const NO_WIKI: &str = "wiki = false\nretry_base_ms = 5\nlimit_pause_ms = 20\n";

/// Two repositories with a file, a discussion, an issue and a release each.
fn site() -> GitHub {
    let site = GitHub::new();
    for name in ["acme/app", "acme/other"] {
        site.edit(|m| {
            let mut repo = m.add_repository(name);
            repo.commit("main", &[("README.md", "# One\n"), ("docs/a.md", "# A\n")]);
            repo.add_discussion("General", "Talk", "Text");
            repo.add_issue("Problem", "Text");
            repo.add_release("v1", Some("One"), Some("Text"));
        });
    }
    site
}

fn home(site: &GitHub, repos: &str, more: &str) -> Home {
    let home = Home::new(DAEMON);
    home.configure(&site.config(&format!("repos = [{repos}]\n{more}")));
    let said = home.once();
    assert_eq!(said.code, Some(0), "{said:#?}\n{}", site.transcript());
    home
}

/// What was counted as missing was so since the day before, and the next run lists everything.
pub(super) fn a_day_later(home: &Home) {
    const HOURS_MS: u64 = 25 * 3_600_000;
    let (state, _) = State::open(&home.output().join("github/.sync_state"), Duration::from_secs(10)).unwrap();
    let mut changes = vec![Change::PutSite(SiteRecord { last_everything_ms: 1, ..state.site().unwrap() })];
    for (scope, mut record) in state.scopes().unwrap() {
        if let Some(missing) = &mut record.missing {
            missing.first_ms -= HOURS_MS;
            missing.last_ms -= HOURS_MS;
            missing.first_service_ms = missing.first_service_ms.map(|at| at - HOURS_MS);
            changes.push(Change::PutScope(scope, record));
        }
    }
    state.commit(changes).unwrap();
}

/// Runs of two days, none of which may take anything away; each ends with `code`.
fn nothing_leaves(site: &GitHub, home: &Home, code: i32, form: &str) -> Said {
    let before = home.looks();
    let mut last = None;
    for _ in 0..4 {
        let said = home.once();
        assert_eq!(said.code, Some(code), "{form}: {said:#?}\n{}", site.transcript());
        assert_eq!(home.looks(), before, "{form}");
        a_day_later(home);
        last = Some(said);
    }
    last.unwrap()
}

fn paths(home: &Home, below: &str) -> usize {
    home.living().keys().filter(|path| path.starts_with(below)).count()
}

#[test]
fn an_organisation_that_wants_a_login_takes_nothing_away() {
    for repos in ["\"acme/app\", \"acme/other\"", "\"acme/*\""] {
        let site = site();
        let home = home(&site, repos, NO_WIKI);
        site.edit(|m| {
            let acme = m.user("acme");
            m.owners.get_mut(&acme).unwrap().sso = Some("https://github.example/orgs/acme/sso".to_owned());
        });
        let said = nothing_leaves(&site, &home, 8, repos);
        assert!(said.stderr.contains("SAML"), "{}", said.stderr);
        // Once the token is let in, all goes on.
        site.edit(|m| {
            let acme = m.user("acme");
            m.tokens.get_mut(TOKEN).unwrap().sso.insert(acme);
            m.repo("acme/app").commit("main", &[("docs/b.md", "# B\n")]);
        });
        let said = home.once();
        assert_eq!(said.code, Some(0), "{said:#?}\n{}", site.transcript());
        assert_eq!(paths(&home, "acme/app/docs/"), 2);
    }
}

#[test]
fn a_login_that_is_wanted_for_a_part_takes_nothing_of_that_part_away() {
    for field in ["Repository.discussions", "Repository.issues", "Repository.releases"] {
        let site = site();
        let home = home(&site, "\"acme/app\"", NO_WIKI);
        let (message, kind) = ("Resource protected by organization SAML enforcement.".to_owned(), Some("FORBIDDEN".to_owned()));
        site.habits(|h| {
            h.fail_field_with(FieldFault { field: field.to_owned(), kind, message, saml: true, repository: None, skip: 0, left: usize::MAX })
        });
        let before = home.looks();
        for run in 0..4 {
            let said = home.once();
            assert_eq!(said.code, Some(8), "{field}: {said:#?}");
            let warned = said.stderr.lines().any(|line| line.contains("SAML") && line.contains("is closed to us"));
            assert_eq!((warned, said.stdout.contains("SAML")), (run == 0, true), "said once and told at each run, {field}: {said:#?}");
            assert_eq!(home.looks(), before, "{field}");
            a_day_later(&home);
        }
    }
}

#[test]
fn a_list_that_says_that_it_leaves_something_out_takes_nothing_away() {
    let site = site();
    let home = Home::new(DAEMON);
    home.configure(&site.config_as(&format!("repos = [\"acme/*\"]\n{FILES_ONLY}")));
    assert_eq!(home.once().code, Some(0));
    let partial = Answer::json(&serde_json::json!([])).with("etag", "\"partial\"").with("x-github-sso", "partial-results; organizations=1");
    site.habits(|h| h.always("/orgs/acme/repos", Fault::Other(partial)));
    let said = nothing_leaves(&site, &home, 8, "partial results");
    assert!(said.stderr.contains("SAML"), "{}", said.stderr);
}

#[test]
fn a_repository_that_is_being_moved_stays_as_it_is_and_goes_on_afterwards() {
    for anonymous in [false, true] {
        let site = site();
        let home = Home::new(DAEMON);
        let settings = format!("repos = [\"acme/app\", \"acme/other\"]\n{FILES_ONLY}");
        home.configure(&if anonymous { site.config_as(&settings) } else { site.config(&settings) });
        assert_eq!(home.once().code, Some(0));
        site.edit(|m| {
            m.repo("acme/app").set(|repository| repository.locked = Some("MIGRATING"));
            m.repo("acme/app").commit("main", &[("README.md", "# Two\n")]);
        });
        let before = home.looks();
        for run in 0..4 {
            let said = home.once();
            // Without a token the service does not say that it is locked.
            assert_eq!(said.code, Some(if anonymous { 8 } else { 0 }), "{said:#?}\n{}", site.transcript());
            assert_eq!(said.stderr.contains("acme/app"), anonymous || run == 0, "said once: {}", said.stderr);
            assert_eq!(home.looks(), before);
            a_day_later(&home);
        }
        site.edit(|m| m.repo("acme/app").set(|repository| repository.locked = None));
        let said = home.once();
        assert_eq!(said.code, Some(0), "{said:#?}\n{}", site.transcript());
        assert!(home.page("acme/app/README.md").contains("# Two"));
    }
}

#[test]
fn a_missing_repository_leaves_after_three_listings_over_a_day() {
    for anonymous in [false, true] {
        for repos in ["\"acme/app\", \"acme/other\"", "\"acme/*\""] {
            let site = site();
            let home = Home::new(DAEMON);
            let settings = format!("repos = [{repos}]\n{FILES_ONLY}");
            home.configure(&if anonymous { site.config_as(&settings) } else { site.config(&settings) });
            assert_eq!(home.once().code, Some(0));
            let before = home.looks();
            site.edit(|m| m.delete_repository("acme/app"));
            // Three listings within the day, and a day with two listings, are not enough.
            for _ in 0..2 {
                let said = home.once();
                assert_eq!(said.code, Some(8), "{anonymous} {repos} {said:#?}\n{}", site.transcript());
            }
            assert_eq!(home.looks(), before);
            a_day_later(&home);
            let said = home.once();
            assert_eq!(paths(&home, "acme/app/"), 0, "{said:#?}\n{}", site.transcript());
            assert_eq!(paths(&home, "acme/other/"), 2);
            let trashed = crate::home::files(&home.output().join("github")).into_iter().filter(|path| path.starts_with(".trash/"));
            assert_eq!(trashed.count(), 2);
        }
    }
}

#[test]
fn a_bad_token_counts_for_no_day_of_a_missing_repository() {
    let site = site();
    site.edit(|m| m.repo("acme/app").make_private());
    let home = home(&site, "\"acme/app\", \"acme/other\"", FILES_ONLY);
    site.habits(|h| h.always("/", faults::bad_credentials()));
    nothing_leaves(&site, &home, 3, "401");
    site.habits(|h| h.forgive());
    // The first listing that lacks it is the first that counts.
    site.edit(|m| m.delete_repository("acme/app"));
    for _ in 0..3 {
        assert_eq!(home.once().code, Some(8));
    }
    assert_eq!(paths(&home, "acme/app/"), 2);
    site.habits(|h| h.always("/", faults::bad_credentials()));
    a_day_later(&home);
    nothing_leaves(&site, &home, 3, "401 after it was missing");
}
