//! The bad habits of real sites, and what they do to a listing: waited out, tried again, said, never believed.

use std::time::{Duration, Instant};

use context_syncd::connectors::connector::{Completion, Depth, SourceError};
use serde_json::json;

use super::driver::{Driver, on_both, run};
use crate::support::{Class, Fault, RetryAfter, Site};

fn fill(site: &Site, pages: usize) {
    site.edit(|m| {
        m.add_space("ENG", "Engineering");
        m.add_space("OPS", "Operations");
        for n in 0..pages {
            m.add_page("ENG", None, &format!("Page {n}"), "<p>Hi</p>");
        }
    });
}

/// A part of the address of ENG's list of pages.
fn pages_of_eng(site: &Site) -> String {
    let id = site.edit(|m| m.space("ENG").id);
    if site.edit(|m| m.flavour) == crate::support::Flavour::Cloud { format!("/spaces/{id}/pages") } else { "spaceKey=ENG&type=page".to_owned() }
}

#[test]
fn what_passes_is_tried_again() {
    on_both(async |site| {
        fill(&site, 5);
        let part = pages_of_eng(&site);
        for fault in [
            Fault::BadGateway,
            Fault::Unavailable(RetryAfter::Absent),
            Fault::Reset,
            Fault::ResetMidBody,
            Fault::LengthTooLong,
            Fault::LengthTooShort,
            Fault::TruncatedJson,
            Fault::Gzip,
            Fault::TooManyRequests(RetryAfter::Absent, "confluence-burst-based"),
        ] {
            site.habits(|h| h.next(2, &part, fault.clone()));
            let seen = Driver::new(&site, &json!({})).everything().await;
            assert_eq!(seen.docs.len(), 7, "{fault:?}\n{}", site.transcript());
            assert_eq!(seen.completion("ENG"), &Completion::Complete, "{fault:?}");
        }
    });
}

#[test]
fn retry_after_is_kept_to_the_second_in_both_forms() {
    on_both(async |site| {
        fill(&site, 1);
        let part = pages_of_eng(&site);
        for wait in [RetryAfter::Seconds(1), RetryAfter::Date(2)] {
            site.habits(|h| h.next(1, &part, Fault::TooManyRequests(wait, "confluence-burst-based")));
            let mut driver = Driver::new(&site, &json!({}));
            let began = Instant::now();
            driver.everything().await;
            assert!(began.elapsed() >= Duration::from_millis(950), "{wait:?}: {:?}", began.elapsed());
        }
    });
}

#[test]
fn a_space_that_keeps_failing_is_incomplete_and_harms_no_other() {
    on_both(async |site| {
        fill(&site, 5);
        let part = pages_of_eng(&site);
        for fault in [Fault::Status(500), Fault::BadGateway, Fault::InvalidJson, Fault::GzipBomb { megabytes: 64 }] {
            site.habits(|h| {
                h.forgive();
                h.always(&part, fault.clone());
            });
            let seen = Driver::new(&site, &json!({})).everything().await;
            assert!(matches!(seen.completion("ENG"), Completion::Incomplete(_)), "{fault:?}: {:?}", seen.scopes);
            assert_eq!(seen.completion("OPS"), &Completion::Complete);
            assert_eq!(seen.assets_done.len(), 1, "attachments of a space that was not listed whole are not done");
        }
    });
}

#[test]
fn endless_lists_end_and_are_not_believed() {
    on_both(async |site| {
        fill(&site, 500);
        site.habits(|h| h.endless_cursor = true);
        let outcome =
            tokio::time::timeout(Duration::from_secs(20), Driver::new(&site, &json!({"spaces": ["ENG"]})).list(Depth::Everything)).await.unwrap();
        match outcome {
            Ok(seen) => assert!(matches!(seen.completion("ENG"), Completion::Incomplete(_)), "{:?}", seen.scopes),
            // On Cloud the list of spaces has no end either: without it nothing can be said.
            Err(error) => assert!(matches!(error, SourceError::BadAnswer { .. }), "{error:?}"),
        }
        assert!(site.requests().len() < 40, "{}", site.requests().len());
    });
}

#[test]
fn empty_short_and_repeating_pages_lose_nothing() {
    on_both(async |site| {
        fill(&site, 600);
        site.habits(|h| {
            h.empty_pages = 2;
            h.repeat_across_pages = true;
            h.ghost_item = true;
            h.page_cap = Some(70);
        });
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        assert_eq!(seen.docs.len(), 602, "{}", site.transcript());
        assert_eq!(seen.labels.len(), 602);
        assert_eq!(seen.completion("ENG"), &Completion::Complete);
        let fetched = driver.fetch(&seen.wanted(false)).await;
        assert!(fetched.values().all(Result::is_ok));
    });
}

#[test]
fn a_token_that_expires_in_the_middle_ends_the_listing() {
    on_both(async |site| {
        fill(&site, 600);
        site.habits(|h| h.token_expires_after(4));
        let error = Driver::new(&site, &json!({})).list(Depth::Everything).await.unwrap_err();
        assert!(matches!(error, SourceError::Unauthorized { .. }), "{error:?}");
    });
}

#[test]
fn login_pages_and_captchas_are_refused_credentials() {
    on_both(async |site| {
        fill(&site, 1);
        for fault in [Fault::LoginPage, Fault::Captcha] {
            site.habits(|h| h.next(1, "space", fault));
            site.clear_requests();
            let error = Driver::new(&site, &json!({})).list(Depth::Everything).await.unwrap_err();
            assert!(matches!(error, SourceError::Unauthorized { .. }), "{error:?}\n{}", site.transcript());
        }
    });
}

#[test]
fn a_dead_network_is_the_network() {
    on_both(async |site| {
        fill(&site, 1);
        let mut driver = Driver::new(&site, &json!({}));
        driver.everything().await;
        site.habits(|h| h.offline = true);
        let mut driver = driver.next_run(&site, &json!({}));
        let error = driver.list(Depth::Changes).await.unwrap_err();
        assert!(matches!(error, SourceError::Network { .. }), "{error:?}");
        let again = Driver::new(&site, &json!({}));
        assert!(matches!(again.connector.validate().await.unwrap_err(), SourceError::Network { .. }));
    });
}

#[test]
fn a_stalled_answer_is_given_up_and_asked_for_again() {
    on_both(async |site| {
        fill(&site, 1);
        let part = pages_of_eng(&site);
        for fault in [Fault::Silence, Fault::Stall] {
            site.habits(|h| h.next(1, &part, fault));
            let seen = Driver::new(&site, &json!({"read_timeout_ms": 300})).everything().await;
            assert_eq!(seen.completion("ENG"), &Completion::Complete);
        }
    });
}

#[test]
fn servers_without_scan_are_listed_by_offset_and_asked_once() {
    run(async {
        let site = Site::data_center_below("/confluence");
        fill(&site, 450);
        site.habits(|h| h.no_scan = true);
        let mut driver = Driver::new(&site, &json!({}));
        assert_eq!(driver.everything().await.docs.len(), 452, "{}", site.transcript());
        site.clear_requests();
        let mut driver = driver.next_run(&site, &json!({}));
        assert_eq!(driver.changes().await.docs.len(), 452);
        assert!(!site.requests().iter().any(|seen| seen.path.ends_with("/scan")), "{}", site.transcript());
    });
}

#[test]
fn search_that_is_closed_costs_labels_and_attachments_and_no_documents() {
    run(async {
        let site = Site::cloud();
        fill(&site, 603);
        site.habits(|h| h.always("/content/search", Fault::Status(403)));
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        assert_eq!((seen.docs.len(), seen.labels.len(), seen.assets_done.len()), (605, 0, 0));
        assert_eq!(seen.completion("ENG"), &Completion::Complete);
        // Labels, two of them at once; what stands in the tree; attachments.
        assert!(site.count(Class::Search) <= 4, "{}", site.transcript());
        assert!(matches!(seen.beside(), Completion::Incomplete(why) if why.contains("labels") && why.contains("attachments")), "{:?}", seen.beside());
        let fetched = driver.fetch(&seen.wanted(true)).await;
        assert!(fetched.values().all(|outcome| outcome.as_ref().is_ok_and(|fetched| fetched.labels.is_none())));
    });
}

#[test]
fn requests_of_a_dropped_listing_stop() {
    run(async {
        use futures_util::StreamExt as _;
        let site = Site::cloud();
        fill(&site, 2000);
        let driver = Driver::new(&site, &json!({}));
        let mut items = driver.connector.changes(Vec::new(), Depth::Everything);
        items.next().await.unwrap().unwrap();
        drop(items);
        let sent = driver.connector.traffic().requests;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(driver.connector.traffic().requests, sent);
        assert_eq!(site.count(Class::Bodies), 0);
    });
}
