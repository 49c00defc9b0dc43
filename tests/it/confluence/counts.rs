//! What search counts and what lists name.

use context_syncd::connectors::connector::{Completion, Depth};
use serde_json::json;

use super::driver::{Driver, on_both};
use crate::support::{Fault, Flavour, Habits, Id, Site};

fn filled(site: &Site) -> Vec<Id> {
    site.edit(|m| {
        m.add_space("ENG", "Engineering");
        m.add_space("OPS", "Operations");
        let pages = (0..12).map(|n| m.add_page("ENG", None, &format!("Page {n}"), "<p/>")).collect();
        m.add_post("ENG", "News", "<p/>");
        m.add_page("OPS", None, "Index", "<p/>");
        pages
    })
}

#[test]
fn pages_that_lists_leave_out_day_after_day_are_told() {
    on_both(async |site| {
        let pages = filled(&site);
        let mut driver = Driver::new(&site, &json!({}));
        driver.everything().await;
        for (day, told) in [(1, 0), (2, 1), (3, 1)] {
            site.habits(|h| h.hide(pages[3], 1));
            driver = driver.next_run(&site, &json!({}));
            let seen = driver.everything().await;
            assert_eq!(seen.warnings.len(), told, "day {day}: {:?}", seen.warnings);
            assert!(
                seen.warnings.iter().all(|told| told.contains("counts 14 documents in `ENG`") && told.contains("name 13")),
                "{:?}",
                seen.warnings
            );
            assert_eq!((seen.completion("ENG"), seen.beside()), (&Completion::Complete, &Completion::Complete), "and nothing follows from it");
        }
        // Once it is well again, it is well.
        for _ in 0..2 {
            driver = driver.next_run(&site, &json!({}));
            assert!(driver.everything().await.warnings.is_empty());
        }
    });
}

#[test]
fn a_count_costs_one_request_a_day_and_nothing_when_it_cannot_be_had() {
    on_both(async |site| {
        let pages = filled(&site);
        let mut driver = Driver::new(&site, &json!({}));
        let asked = |site: &Site| site.requests().iter().filter(|seen| seen.path.ends_with("/rest/api/search")).count();
        driver.everything().await;
        assert_eq!(asked(&site), 0, "a first listing has enough to do");
        driver = driver.next_run(&site, &json!({}));
        driver.changes().await;
        assert_eq!(asked(&site), 0);
        driver.everything().await;
        assert_eq!(asked(&site), 1);
        // An index that lags behind a deletion counts too many, once.
        site.edit(|m| m.freeze_index());
        site.edit(|m| m.delete(pages[2]));
        site.habits(|h| h.always("/rest/api/search", Fault::Status(403)));
        let seen = driver.list(Depth::Everything).await.unwrap();
        assert_eq!(seen.beside(), &Completion::Complete);
        site.habits(Habits::forgive);
    });
}

#[test]
fn a_round_of_stretches_is_counted_at_its_end() {
    on_both(async |site| {
        let pages: Vec<Id> = site.edit(|m| {
            m.add_space("BIG", "Big");
            let pages = (0..1100).map(|n| m.add_page("BIG", None, &format!("Page {n}"), "<p/>")).collect();
            m.advance(std::time::Duration::from_secs(86_400));
            m.add_page("BIG", None, "Latest", "<p/>");
            pages
        });
        let mut driver = Driver::new(&site, &json!({}));
        driver.everything().await;
        let mut warnings = Vec::new();
        for round in 0..2 {
            // Left out of the first stretch. Data Center's feed of what is new is a search that has come across it before.
            let times = if site.edit(|m| m.flavour) == Flavour::Cloud { 1 } else { 2 };
            site.habits(|h| h.hide(pages[3], times));
            loop {
                driver = driver.next_run(&site, &json!({}));
                let seen = driver.list(Depth::Rolling(5)).await.unwrap();
                warnings.extend(seen.warnings.iter().cloned());
                if matches!(seen.completion("BIG"), Completion::Stretch { up_to: u64::MAX, .. }) {
                    break;
                }
            }
            assert_eq!(warnings.len(), round, "{warnings:?}");
        }
        assert!(warnings[0].contains("counts 1102 documents in `BIG`") && warnings[0].contains("name 1101"), "{warnings:?}");
    });
}
