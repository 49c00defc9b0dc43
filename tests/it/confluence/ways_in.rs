//! Credentials, flavours and the gateway; what is remembered and not probed again.

use context_syncd::connectors::connector::{Depth, SourceError};
use serde_json::json;

use super::driver::{Driver, on_both, run};
use crate::support::wire::Listener;
use crate::support::{Class, EMAIL, PASSWORD, PERSONAL_TOKEN, SCOPED_TOKEN, Site, TOKEN, USER_NAME};

fn fill(site: &Site) {
    site.edit(|m| {
        m.add_space("ENG", "Engineering");
        m.add_page("ENG", None, "Guide", "<p>Hi</p>");
    });
}

#[test]
fn the_usual_credentials_see_everything_and_the_second_run_probes_nothing() {
    on_both(async |site| {
        fill(&site);
        let mut driver = Driver::new(&site, &json!({}));
        assert_eq!(driver.everything().await.docs.len(), 2, "{}", site.transcript());
        assert_eq!(site.count(Class::Identity), 1, "{}", site.transcript());
        site.clear_requests();
        let mut driver = driver.next_run(&site, &json!({}));
        assert_eq!(driver.changes().await.docs.len(), 2);
        assert_eq!(site.count(Class::Identity), 0, "{}", site.transcript());
    });
}

#[test]
fn data_center_takes_passwords_and_tells_what_it_is() {
    run(async {
        let site = Site::data_center_below("/confluence");
        fill(&site);
        let flavour = json!({"cloud": null});
        let mut driver = Driver::with(&site, &json!({"username": USER_NAME}), &flavour, &[("password", PASSWORD)]);
        let seen = driver.everything().await;
        assert_eq!(seen.docs.len(), 2, "{}", site.transcript());
        assert_eq!(driver.connector.batch_size(), 50);
        let mut driver = Driver::with(&site, &json!({}), &flavour, &[("api_token", PERSONAL_TOKEN)]);
        assert_eq!(driver.everything().await.docs.len(), 2);
    });
}

#[test]
fn cloud_behind_its_own_domain_tells_what_it_is() {
    run(async {
        let site = Site::cloud();
        fill(&site);
        let mut driver = Driver::new(&site, &json!({"cloud": null}));
        let seen = driver.everything().await;
        assert!(seen.docs.values().all(|(_, place, _)| place.url.starts_with(&site.base_url())), "{seen:#?}");
        assert_eq!(driver.connector.batch_size(), 200);
    });
}

#[test]
fn a_token_with_scopes_goes_through_the_gateway_and_stays_there() {
    run(async {
        let site = Site::cloud();
        fill(&site);
        let secrets = [("api_token", SCOPED_TOKEN)];
        let mut driver = Driver::with(&site, &json!({"username": EMAIL}), &json!({}), &secrets);
        let seen = driver.everything().await;
        assert_eq!(seen.docs.len(), 2, "{}", site.transcript());
        // People open the site, never the gateway.
        assert!(seen.docs.values().all(|(_, place, _)| place.url.starts_with(&site.base_url())), "{seen:#?}");
        let fetched = driver.fetch(&seen.wanted(false)).await;
        assert!(fetched.values().all(Result::is_ok), "{fetched:#?}");
        site.clear_requests();
        let since = driver.since;
        let mut driver = Driver { since, ..Driver::with(&site, &json!({"username": EMAIL}), &json!({}), &secrets) };
        assert_eq!(driver.changes().await.docs.len(), 2);
        assert!(site.requests().iter().all(|seen| seen.listener == Listener::Gateway), "{}", site.transcript());
    });
}

#[test]
fn a_token_of_another_kind_is_noticed_although_the_way_in_was_remembered() {
    run(async {
        let site = Site::cloud();
        fill(&site);
        let mut old = Driver::new(&site, &json!({}));
        old.everything().await;
        let fresh = Driver::with(&site, &json!({"username": EMAIL}), &json!({}), &[("api_token", SCOPED_TOKEN)]);
        let mut driver = Driver { since: old.since, ..fresh };
        assert_eq!(driver.changes().await.docs.len(), 2, "{}", site.transcript());
    });
}

#[test]
fn anonymous_access_sends_no_header_and_sees_open_spaces() {
    on_both(async |site| {
        fill(&site);
        site.edit(|m| {
            m.add_space("OPEN", "Open");
            m.open_space("OPEN");
        });
        let mut driver = Driver::with(&site, &json!({}), &json!({}), &[]);
        let seen = driver.everything().await;
        assert_eq!(seen.docs.len(), 1, "{}", site.transcript());
        assert!(site.requests().iter().all(|seen| !seen.had_authorization));
    });
}

#[test]
fn wrong_credentials_are_said_without_being_shown() {
    on_both(async |site| {
        fill(&site);
        for pretends in [false, true] {
            site.edit(|m| m.open_space("ENG"));
            site.habits(|h| h.bad_token_is_anonymous = pretends);
            let mut driver = Driver::with(&site, &json!({"username": EMAIL}), &json!({}), &[("api_token", "wrong-and-secret")]);
            let error = driver.list(Depth::Everything).await.unwrap_err();
            assert!(matches!(error, SourceError::Unauthorized { .. }), "{error:?}\n{}", site.transcript());
            assert!(error.hint().contains("token"), "{}", error.hint());
            assert!(!format!("{error:?} {error}").contains("secret"), "{error:?}");
        }
    });
}

#[test]
fn validating_counts_spaces_and_names_what_is_missing() {
    on_both(async |site| {
        fill(&site);
        let driver = Driver::new(&site, &json!({"spaces": ["ENG", "NOPE"]}));
        let found = driver.connector.validate().await.unwrap();
        assert!(found.account.contains("Mira Mirror"), "{found:?}");
        assert!(found.notes[0].contains("1 space ") && found.notes[0].contains("ENG"), "{found:?}");
        assert!(found.problems.iter().any(|problem| problem.contains("NOPE")), "{found:?}");
        assert_eq!(found.problems.len(), 1, "{found:?}");
        let wrong = Driver::with(&site, &json!({"username": EMAIL}), &json!({}), &[("api_token", "wrong")]);
        assert!(wrong.connector.validate().await.is_err());
    });
}

#[test]
fn an_address_that_is_no_confluence_is_said_to_be_one() {
    on_both(async |site| {
        fill(&site);
        let wrong = format!("{}/nowhere", site.base_url().trim_end_matches("/wiki"));
        let mut driver = Driver::new(&site, &json!({"url": wrong, "cloud": false}));
        let error = driver.list(Depth::Everything).await.unwrap_err();
        assert!(matches!(error, SourceError::Misconfigured { .. }) && error.hint().contains("url"), "{error:?}");
    });
}

#[test]
fn only_the_configured_hosts_ever_see_the_token() {
    run(async {
        let site = Site::cloud();
        let picture = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let page = m.add_page("ENG", None, "Guide", "<p>Hi</p>");
            m.add_attachment(page, "a b.png", b"picture".to_vec(), "image/png")
        });
        let mut driver = Driver::with(&site, &json!({"username": EMAIL}), &json!({}), &[("api_token", TOKEN)]);
        let seen = driver.everything().await;
        let asset = &seen.assets[&format!("att{picture}")];
        assert_eq!(driver.download(asset).await.unwrap(), b"picture");
        assert!(site.violations().is_empty(), "{:?}", site.violations());
        let media: Vec<_> = site.requests().into_iter().filter(|seen| seen.listener == Listener::Media).collect();
        assert!(media.len() == 1 && !media[0].had_authorization && !media[0].had_cookie, "{media:?}");
    });
}
