//! What a permission or a login closes: it stays, each run counts it, the first says it, and nothing is looked at more thoroughly because of it.

use std::time::Duration;

use context_syncd::state::{Change, SiteRecord, State};

use super::stage::DAEMON;
use crate::home::{Home, Said, said};
use crate::support::github::{Class, FieldFault, GitHub, TOKEN, faults};

const SETTINGS: &str = "repos = [\"acme/app\"]\npull_requests = true\nretry_base_ms = 5\nlimit_pause_ms = 20\n";
const WHOLE: &str = "repos = [\"acme/*\"]\nwiki = false\nretry_base_ms = 5\nlimit_pause_ms = 20\n";
const DENIED: &str = "Resource not accessible by personal access token";

fn site() -> GitHub {
    let site = GitHub::new();
    site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("README.md", "# One\n"), ("docs/a.md", "# A\n")]);
        app.commit_wiki(&[("Home.md", "Text\n")]);
        app.add_discussion("General", "Talk", "Text");
        app.add_issue("Problem", "Text");
        app.add_pull("Mend it", "Text", "fix");
        app.add_release("v1", Some("One"), Some("Text"));
    });
    site
}

/// A home that mirrors all of it, once.
fn mirrored(site: &GitHub, settings: &str) -> Home {
    let home = Home::new(DAEMON);
    home.configure(&site.config(settings));
    let said = home.once();
    assert_eq!(said.code, Some(0), "{said:#?}\n{}", site.transcript());
    home
}

fn deny(site: &GitHub, field: &str) {
    site.habits(|h| h.fail_field(field, Some("FORBIDDEN"), DENIED, 0, usize::MAX));
}

fn a_day_later(home: &Home) {
    let (state, _) = State::open(&home.output().join("github/.sync_state"), Duration::from_secs(10)).unwrap();
    let site = state.site().unwrap();
    state.commit(vec![Change::PutSite(SiteRecord { last_everything_ms: 1, ..site })]).unwrap();
}

/// How often a run warned that something is closed.
fn warned(said: &Said) -> usize {
    said.stderr.lines().filter(|line| line.starts_with("WARN") && line.contains("is closed to us")).count()
}

/// Three runs and a thorough one that cannot see `what`.
fn is_told_and_kept(site: &GitHub, home: &Home, what: &str) {
    let before = home.looks();
    for run in 0..4 {
        if run == 3 {
            a_day_later(home);
        }
        site.clear_requests();
        let said = home.once();
        assert_eq!(said.code, Some(8), "{what}: {said:#?}\n{}", site.transcript());
        assert!(said.stdout.contains(what), "{what}: {said:#?}");
        assert_eq!(warned(&said), usize::from(run == 0), "{what}: {said:#?}");
        assert_eq!(home.looks(), before, "{what}");
        if matches!(run, 1 | 2) {
            assert_eq!(site.count(Class::Graphql), 1, "{what}: the heads and no more: {}", site.transcript());
        }
    }
}

#[test]
fn a_permission_that_is_lacking_for_a_part_is_told_at_each_run_and_said_once() {
    for (field, what) in [
        ("Repository.discussions", "the discussions of acme/app"),
        ("Repository.issues", "the issues of acme/app"),
        ("Repository.pullRequests", "the pull requests of acme/app"),
        ("Repository.releases", "the releases of acme/app"),
        ("Repository.defaultBranchRef", "the files of acme/app"),
    ] {
        let site = site();
        let home = mirrored(&site, SETTINGS);
        let documents = home.living().len();
        deny(&site, field);
        is_told_and_kept(&site, &home, what);
        // The permission is there: what happened meanwhile follows within the day.
        site.habits(|h| h.forgive());
        site.edit(|m| {
            let mut app = m.repo("acme/app");
            app.commit("main", &[("docs/b.md", "# B\n")]);
            app.add_discussion("General", "New", "Text");
            app.add_issue("New", "Text");
            app.add_pull("New", "Text", "new");
            app.add_release("v2", Some("Two"), Some("Text"));
        });
        a_day_later(&home);
        let said = home.once();
        assert_eq!((said.code, home.living().len()), (Some(0), documents + 5), "{field}: {said:#?}\n{}", site.transcript());
    }
}

#[test]
fn a_part_that_fails_for_a_moment_is_not_taken_for_closed_and_is_looked_at_by_the_next_run() {
    for field in ["Repository.discussions", "Repository.releases", "Repository.defaultBranchRef"] {
        let site = site();
        let home = mirrored(&site, SETTINGS);
        let before = home.looks();
        site.habits(|h| h.fail_field(field, Some("SERVICE_UNAVAILABLE"), "not now", 0, 1));
        let said = home.once();
        assert_eq!((said.code, warned(&said)), (Some(8), 0), "{field}: {said:#?}\n{}", site.transcript());
        assert!(said.stdout.contains("not now"), "{field}: {said:#?}");
        assert_eq!(home.once().code, Some(0), "{field}: {}", site.transcript());
        assert_eq!(home.looks(), before, "{field}");
    }
}

#[test]
fn files_and_wikis_that_are_refused_are_told_at_each_run_and_said_once() {
    let site = site();
    let home = mirrored(&site, SETTINGS);
    site.edit(|m| {
        m.repo("acme/app").commit("main", &[("README.md", "# Two\n")]);
        m.repo("acme/app").commit_wiki(&[("Home.md", "News\n")]);
    });
    site.habits(|h| {
        h.always("/git/trees", faults::forbidden("contents=read"));
        h.always(".wiki.git", faults::status(403, "Forbidden"));
    });
    let before = home.looks();
    for run in 0..3 {
        site.clear_requests();
        let said = home.once();
        assert_eq!((said.code, warned(&said)), (Some(8), if run == 0 { 2 } else { 0 }), "{said:#?}\n{}", site.transcript());
        assert!(said.stdout.contains("contents=read") && said.stdout.contains("the wiki of acme/app: 403"), "{said:#?}");
        assert_eq!(site.count(Class::Graphql), 1, "no thorough listing: {}", site.transcript());
        assert_eq!(home.looks(), before);
    }
    site.habits(|h| h.forgive());
    assert_eq!(home.once().code, Some(0));
    assert!(home.page("acme/app/README.md").contains("# Two") && home.page("_wiki/Home.md").contains("News"));
}

#[test]
fn one_kind_that_is_closed_keeps_what_it_has_and_the_other_one_is_followed() {
    let site = site();
    let home = mirrored(&site, SETTINGS);
    deny(&site, "Repository.pullRequests");
    assert_eq!(home.once().code, Some(8));
    site.edit(|m| m.repo("acme/app").delete_conversation(2));
    let said = home.once();
    let left: Vec<String> = home.living().into_keys().filter(|path| path.contains("_issues/")).collect();
    assert_eq!(left, ["acme/app/_issues/3-mend-it.md"], "{said:#?}\n{}", site.transcript());
}

#[test]
fn validate_and_status_tell_what_is_closed() {
    let site = site();
    let home = mirrored(&site, SETTINGS);
    deny(&site, "Repository.discussions");
    site.habits(|h| {
        h.always("/git/trees", faults::forbidden("contents=read"));
        h.always(".wiki.git", faults::status(403, "Forbidden"));
    });
    let daemon = home.start();
    let ask = |arguments: &[&str]| {
        let mut command = home.command(std::path::Path::new(DAEMON).with_file_name("context-syncctl"));
        command.args(arguments).args(["-o", "text"]);
        said(command)
    };
    let told = ask(&["validate"]);
    let all = format!("{}{}", told.stdout, told.stderr);
    for what in ["the discussions of acme/app cannot be read", "the files of acme/app is closed to us", "the wiki of acme/app cannot be read"] {
        assert!(all.contains(what), "{what}: {told:#?}");
    }
    ask(&["sync"]);
    let told = ask(&["status"]);
    assert!(told.stdout.contains("the discussions of acme/app"), "{told:#?}");
    let path = home.output().join("github/acme/app/_discussions/1-talk.md");
    let told = ask(&["explain", &path.display().to_string()]);
    assert!(told.stdout.contains("not followed") && told.stdout.contains("the token lacks `Discussions: read`"), "{told:#?}");
    assert!(!all.contains(TOKEN), "{all}");
    drop(daemon);
}

#[test]
fn a_login_that_is_wanted_in_mid_run_takes_nothing_away() {
    for at in ["List", "Numbers", "Releases", "/git/trees"] {
        let site = site();
        let home = mirrored(&site, SETTINGS);
        let before = home.living();
        site.edit(|m| {
            let mut app = m.repo("acme/app");
            app.commit("main", &[("README.md", "# Two\n")]);
            app.comment(1, "News");
            app.comment(2, "News");
            app.delete_conversation(3);
            app.add_release("v2", Some("Two"), Some("Text"));
        });
        // The first query goes well.
        site.habits(|h| h.always(at, faults::sso("https://github.example/orgs/acme/sso")));
        for _ in 0..2 {
            let said = home.once();
            assert_eq!(said.code, Some(8), "{at}: {said:#?}\n{}", site.transcript());
            assert!(said.stderr.contains("SAML"), "{at}: {said:#?}");
            let gone: Vec<&String> = before.keys().filter(|path| !home.living().contains_key(*path)).collect();
            assert!(gone.iter().all(|path| path.contains("_issues/3-") && at != "List" && at != "Numbers"), "{at}: {gone:?}");
            a_day_later(&home);
        }
        site.habits(|h| h.forgive());
        a_day_later(&home);
        let said = home.once();
        assert_eq!(said.code, Some(0), "{at}: {said:#?}\n{}", site.transcript());
        let texts = home.living();
        let has = |path: &str, text: &str| String::from_utf8_lossy(&texts[path]).contains(text);
        assert!(has("acme/app/README.md", "# Two") && has("acme/app/_discussions/1-talk.md", "News"), "{at}");
        assert_eq!(texts.len(), before.len(), "one came, one went: {at}");
    }
}

#[test]
fn a_page_of_an_owner_that_lacks_a_repository_takes_nothing_away_and_is_told() {
    for (kind, saml, what) in [(Some("FORBIDDEN"), true, "SAML"), (Some("SERVICE_UNAVAILABLE"), false, "not now"), (None, false, "not now")] {
        let site = site();
        let other = site.edit(|m| {
            let mut other = m.add_repository("acme/other");
            other.commit("main", &[("README.md", "# One\n")]);
            other.it().id
        });
        let home = mirrored(&site, WHOLE);
        let fault = FieldFault {
            field: "Repository.nameWithOwner".to_owned(),
            kind: kind.map(str::to_owned),
            message: "not now".to_owned(),
            saml,
            repository: Some(other),
            skip: 0,
            left: usize::MAX,
        };
        site.habits(|h| h.fail_field_with(fault));
        site.edit(|m| {
            m.repo("acme/app").commit("main", &[("README.md", "# Two\n")]);
        });
        for _ in 0..4 {
            let said = home.once();
            assert_eq!(said.code, Some(8), "{said:#?}\n{}", site.transcript());
            assert!(said.stdout.contains(what), "{said:#?}");
            assert!(home.living().contains_key("acme/other/README.md"), "{said:#?}");
            a_day_later(&home);
        }
        assert!(home.page("acme/app/README.md").contains("# Two"), "what is there is followed: {}", site.transcript());
        site.habits(|h| h.forgive());
        assert_eq!(home.once().code, Some(0));
    }
}
