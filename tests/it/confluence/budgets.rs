//! What a sync costs, counted: the budgets that the connector promises.

use std::time::Duration;

use context_syncd::connectors::connector::Wanted;
use context_syncd::model::Key;
use serde_json::json;

use super::driver::{Driver, Seen, on_both, run};
use crate::support::corpus::{Options, populate};
use crate::support::{Class, Site};

/// What comments add where there are none.
const COMMENTS: usize = 1;

/// All that a full sync asks, as the engine asks it.
async fn full(driver: &mut Driver) -> (Seen, usize) {
    let seen = driver.everything().await;
    let wanted: Vec<Wanted> = seen.wanted(false);
    let fetched = driver.fetch(&wanted).await;
    assert!(fetched.values().all(Result::is_ok));
    let mut people: Vec<Key> = seen.docs.values().flat_map(|(_, _, people)| people.clone()).collect();
    people.sort();
    people.dedup();
    assert_eq!(driver.connector.people(people.clone()).await.unwrap().len(), people.len());
    (seen, people.len())
}

fn site(cloud: bool, pages: usize, spaces: usize, attachments: bool) -> Site {
    let site = if cloud { Site::cloud() } else { Site::data_center() };
    let options = Options { median_bytes: 300, giants: 0, posts_percent: 15, attachments, ..Options::default() };
    site.edit(|m| populate(m, pages, spaces, &options));
    site
}

#[test]
fn cloud_full_and_unchanged_syncs_stay_within_their_budgets() {
    run(async {
        for (pages, spaces) in [(1, 1), (99, 1), (260, 3), (1203, 4), (2001, 2)] {
            let site = site(true, pages, spaces, false);
            let mut driver = Driver::new(&site, &json!({"attachments": "none"}));
            let (seen, authors) = full(&mut driver).await;
            let n = seen.docs.len();
            assert_eq!(n, pages + spaces);
            let budget = 2 * spaces + 3 + n.div_ceil(250) + n.div_ceil(100) + n.div_ceil(200) + authors.div_ceil(250) + COMMENTS;
            assert!(site.requests().len() <= budget, "{} of {budget} for {n} in {spaces}\n{}", site.requests().len(), site.transcript());
            assert_eq!(site.requests().len() as u64, driver.connector.traffic().requests);
            site.clear_requests();
            let mut driver = driver.next_run(&site, &json!({"attachments": "none"}));
            driver.changes().await;
            let budget = 2 * spaces + 2 + n.div_ceil(250) + COMMENTS;
            assert!(site.requests().len() <= budget, "{} of {budget}\n{}", site.requests().len(), site.transcript());
        }
    });
}

#[test]
fn attachments_are_listed_by_space_and_cost_one_request_when_nothing_is_new() {
    on_both(async |empty| {
        let cloud = empty.edit(|m| m.flavour) == crate::support::Flavour::Cloud;
        let site = site(cloud, 600, 3, true);
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        assert!(seen.assets.len() > 200, "{}", seen.assets.len());
        let lists = site.requests().iter().filter(|seen| seen.query.contains("attachment")).count();
        assert!(lists <= seen.assets.len().div_ceil(200) + 1, "{lists} requests for {} attachments", seen.assets.len());
        site.edit(|m| m.advance(Duration::from_secs(86_400)));
        let latest = site.edit(|m| *m.attachments.keys().last().unwrap());
        site.edit(|m| m.replace_attachment(latest, b"new".to_vec()));
        driver.changes().await;
        site.clear_requests();
        driver.changes().await;
        let n = seen.docs.len();
        let (lists, page) = (2 * 3, if cloud { 250 } else { 200 });
        assert!(site.requests().len() <= lists + 2 + n.div_ceil(page) + COMMENTS, "{}", site.transcript());
        assert_eq!(site.count(Class::Search), 1, "{}", site.transcript());
    });
}

#[test]
fn data_center_stays_within_the_same_with_its_own_sizes() {
    run(async {
        for (pages, spaces) in [(1, 1), (601, 3)] {
            let site = site(false, pages, spaces, false);
            let mut driver = Driver::new(&site, &json!({"attachments": "none"}));
            let (seen, authors) = full(&mut driver).await;
            let n = seen.docs.len();
            let budget = 2 * spaces + 3 + n.div_ceil(200) + n.div_ceil(50) + authors.div_ceil(250) + COMMENTS;
            assert!(site.requests().len() <= budget, "{} of {budget}\n{}", site.requests().len(), site.transcript());
            site.clear_requests();
            let mut driver = driver.next_run(&site, &json!({"attachments": "none"}));
            driver.changes().await;
            let budget = 2 * spaces + 2 + n.div_ceil(200) + COMMENTS;
            assert!(site.requests().len() <= budget, "{} of {budget}\n{}", site.requests().len(), site.transcript());
        }
    });
}

#[test]
fn a_changed_page_costs_one_body_and_one_request_for_labels() {
    run(async {
        let site = site(true, 300, 2, false);
        let mut driver = Driver::new(&site, &json!({"attachments": "none"}));
        let before = driver.everything().await;
        let page =
            site.edit(|m| *m.content.iter().find(|(id, content)| content.parent.is_some() && before.docs.contains_key(&id.to_string())).unwrap().0);
        site.edit(|m| m.edit_page(page, "<p>changed</p>"));
        let after = driver.changes().await;
        let changed: Vec<Wanted> = after.wanted(true).into_iter().filter(|w| before.docs[w.id.as_str()].0 != after.docs[w.id.as_str()].0).collect();
        assert_eq!(changed.len(), 1);
        site.clear_requests();
        driver.fetch(&changed).await;
        assert_eq!((site.count(Class::Bodies), site.count(Class::Search), site.requests().len()), (1, 1, 2), "{}", site.transcript());
    });
}

#[test]
fn requests_run_side_by_side_but_never_more_than_four() {
    run(async {
        let site = site(true, 800, 6, false);
        site.latency(Duration::from_millis(10));
        let mut driver = Driver::new(&site, &json!({}));
        full(&mut driver).await;
        assert_eq!(site.peak_concurrency(), 4, "{}", site.transcript());
    });
}
