//! Repositories that an owner does not list any more: asked after once a day, back when they are listed again, and forgotten with their last document.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use context_syncd::connectors::build;
use context_syncd::connectors::connector::{Depth, Listed};
use context_syncd::model::{ConnectorName, Cursor, Scope, Secret};
use context_syncd::state::{Change, SiteRecord, State};
use futures_util::StreamExt as _;
use serde_json::{Map, Value};

use super::files::{FILES_ONLY, paths};
use super::stage::DAEMON;
use crate::home::Home;
use crate::support::github::{GitHub, TOKEN};

/// All of an owner of two repositories, mirrored once.
fn two(anonymous: bool) -> (GitHub, Home) {
    let site = GitHub::new();
    site.edit(|m| {
        for name in ["acme/app", "acme/other"] {
            m.add_repository(name).commit("main", &[("README.md", "# One\n")]);
        }
        m.add_organization("elsewhere");
    });
    let home = Home::new(DAEMON);
    let settings = format!("repos = [\"acme/*\"]\n{FILES_ONLY}");
    home.configure(&if anonymous { site.config_as(&settings) } else { site.config(&settings) });
    assert_eq!(home.once().code, Some(0));
    (site, home)
}

/// A run that asks for the list of the owner and nothing more.
fn asks_once(site: &GitHub, home: &Home, code: i32) {
    site.clear_requests();
    let said = home.once();
    assert_eq!((said.code, site.requests().len()), (Some(code), 1), "{said:#?}\n{}", site.transcript());
}

fn later(home: &Home, hours: u64) {
    let (state, _) = State::open(&home.output().join("github/.sync_state"), Duration::from_secs(10)).unwrap();
    let mut changes = vec![Change::PutSite(SiteRecord { last_everything_ms: 1, ..state.site().unwrap() })];
    for (scope, mut record) in state.scopes().unwrap() {
        if let Some(missing) = &mut record.missing {
            missing.first_ms -= hours * 3_600_000;
            missing.first_service_ms = missing.first_service_ms.map(|at| at - hours * 3_600_000);
            changes.push(Change::PutScope(scope, record));
        }
    }
    state.commit(changes).unwrap();
}

#[test]
fn a_repository_that_belongs_to_another_is_asked_after_once_a_day_and_comes_back() {
    for anonymous in [false, true] {
        let (site, home) = two(anonymous);
        let before = home.looks();
        site.edit(|m| m.repo("acme/app").transfer("elsewhere"));
        assert_eq!(home.once().code, Some(0));
        asks_once(&site, &home, 0);
        asks_once(&site, &home, 0);
        later(&home, 0);
        site.clear_requests();
        assert_eq!(home.once().code, Some(0));
        assert!(site.requests().len() > 1, "once a day it is asked again: {}", site.transcript());
        asks_once(&site, &home, 0);
        assert_eq!(home.looks(), before, "what went elsewhere is `cleanup`'s");
        site.edit(|m| {
            m.repo("elsewhere/app").transfer("acme");
            m.repo("acme/app").commit("main", &[("README.md", "# Two\n")]);
        });
        assert_eq!(home.once().code, Some(0));
        assert!(home.page("acme/app/README.md").contains("# Two"), "{}", site.transcript());
    }
}

#[test]
fn a_repository_that_is_gone_is_asked_after_once_a_day_and_forgotten_when_its_documents_have_left() {
    for anonymous in [false, true] {
        let (site, home) = two(anonymous);
        site.edit(|m| m.delete_repository("acme/app"));
        assert_eq!(home.once().code, Some(8));
        asks_once(&site, &home, 8);
        asks_once(&site, &home, 8);
        assert_eq!(paths(&home).len(), 2);
        later(&home, 25);
        home.once();
        assert_eq!(paths(&home), ["acme/other/README.md"]);
        // Nobody misses it any more.
        asks_once(&site, &home, 0);
    }
}

#[test]
fn a_repository_that_is_closed_for_a_while_is_back_at_the_next_run() {
    let (site, home) = two(false);
    site.edit(|m| {
        m.repo("acme/app").make_private();
        m.tokens.get_mut(TOKEN).unwrap().repositories = Some(BTreeSet::new());
    });
    assert_eq!(home.once().code, Some(8));
    asks_once(&site, &home, 8);
    site.edit(|m| {
        m.tokens.get_mut(TOKEN).unwrap().repositories = None;
        m.repo("acme/app").commit("main", &[("README.md", "# Two\n")]);
    });
    assert_eq!(home.once().code, Some(0));
    assert!(home.page("acme/app/README.md").contains("# Two"));
}

/// The cursors after a listing that the engine would ask for; all that is needed of a worker.
async fn listed(site: &GitHub, since: Vec<(Scope, Cursor)>, depth: Depth) -> Vec<(Scope, Cursor)> {
    let mut settings = Map::new();
    for line in site.config_as("").lines().filter(|line| !line.starts_with("every")) {
        if let Some((key, value)) = line.split_once(" = ") {
            settings.insert(key.to_owned(), Value::from(value.trim_matches('"')));
        }
    }
    settings.insert("repos".to_owned(), Value::from(vec!["acme/*"]));
    settings.insert("wiki".to_owned(), Value::from(false));
    let secrets = [("token".to_owned(), Secret::new(TOKEN.to_owned()))].into();
    let name = ConnectorName::new("github").unwrap();
    let connector = build("github", &name, &Value::Object(settings), secrets, std::path::Path::new("/nowhere")).unwrap();
    site.clear_requests();
    let mut items = connector.changes(since.clone(), depth);
    let mut cursors: BTreeMap<Scope, Cursor> = since.into_iter().collect();
    while let Some(item) = items.next().await {
        if let Listed::ScopeDone { scope, cursor: Some(cursor), .. } = item.unwrap() {
            cursors.insert(scope, cursor);
        }
    }
    cursors.into_iter().collect()
}

#[test]
fn where_a_site_is_listed_by_parts_all_of_it_is_asked_after_in_each_round() {
    let (site, _home) = two(false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut since = listed(&site, Vec::new(), Depth::Everything).await;
        site.edit(|m| m.repo("acme/app").transfer("elsewhere"));
        let mut heads = Vec::new();
        for _ in 0..9 {
            since = listed(&site, since, Depth::Rolling(25)).await;
            heads.push(site.requests().iter().filter(|seen| seen.operation == "Heads").count());
        }
        // When it is lost, and at each fourth run.
        assert_eq!(heads, [2, 1, 1, 2, 1, 1, 1, 2, 1], "{}", site.transcript());
    });
}
