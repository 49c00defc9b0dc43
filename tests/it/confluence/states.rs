//! Archived, draft and restricted: what is mirrored of them, and what is said where they are not.

use context_syncd::connectors::connector::{Presence, SourceError, Wanted};
use context_syncd::model::RemoteId;
use serde_json::json;

use super::driver::{Driver, Seen, on_both, run};
use crate::support::{Class, Fault, Id, Site};

fn wanted(seen: &Seen, id: Id) -> Vec<Wanted> {
    seen.one(id, true)
}

#[test]
fn archived_pages_come_by_option_say_what_they_are_and_are_cleanups_when_it_is_taken_back() {
    run(async {
        let site = Site::cloud();
        let (page, kept) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let page = m.add_page("ENG", None, "Old", "<p>old</p>");
            m.add_attachment(page, "a.png", b"picture".to_vec(), "image/png");
            m.add_comment(page, None, "<p>Hm</p>");
            (page, m.add_page("ENG", None, "Kept", "<p/>"))
        });
        let mut driver = Driver::new(&site, &json!({"archived": true}));
        let current = driver.everything().await;
        site.edit(|m| {
            m.archive(page);
            m.set_labels(page, &["history"]);
        });
        let seen = driver.everything().await;
        assert_ne!(seen.docs[&page.to_string()].0, current.docs[&page.to_string()].0, "it is fetched again");
        assert_eq!(seen.place(page).stem, current.place(page).stem);
        assert_eq!((&seen.labels[&page.to_string()][..], seen.assets.len()), (&["history".to_owned()][..], 1));
        assert!(seen.docs.contains_key(&format!("{page}#comments")));
        let fetched = driver.fetch(&wanted(&seen, page)).await;
        let fetched = fetched[&page.to_string()].as_ref().unwrap();
        assert_eq!(fetched.revision, seen.docs[&page.to_string()].0);
        let document = driver.connector.read(&fetched.raw, seen.place(page)).unwrap();
        assert!(document.facts.extra.contains(&("status".to_owned(), "archived".into())), "{:?}", document.facts);
        assert_eq!(driver.connector.confirm(wanted(&seen, page)).await.unwrap()[0].1, Presence::Present);
        let mut driver = driver.next_run(&site, &json!({}));
        assert!(!driver.changes().await.docs.contains_key(&page.to_string()));
        assert_eq!(driver.connector.confirm(wanted(&seen, page)).await.unwrap()[0].1, Presence::Unwanted);
        // Once the option is off, what is archived from now on is the service's word.
        site.edit(|m| m.archive(kept));
        driver.changes().await;
        let mut driver = driver.next_run(&site, &json!({}));
        driver.changes().await;
        assert_eq!(driver.connector.confirm(wanted(&seen, kept)).await.unwrap()[0].1, Presence::Archived);
    });
}

#[test]
fn archived_spaces_come_by_option_and_keep_what_search_no_longer_tells() {
    on_both(async |site| {
        let page = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let page = m.add_page("ENG", None, "Guide", "<p/>");
            m.add_attachment(page, "a.png", b"picture".to_vec(), "image/png");
            m.add_comment(page, None, "<p>Hm</p>");
            page
        });
        let mut driver = Driver::new(&site, &json!({"archived": true}));
        let before = driver.everything().await;
        site.edit(|m| m.archive_space("ENG"));
        for everything in [false, true, false] {
            let seen = if everything { driver.everything().await } else { driver.changes().await };
            assert_eq!(seen.docs, before.docs, "comments included");
            assert!(seen.assets_done.is_empty(), "nobody may conclude that its attachments are gone");
        }
        let mut without = driver.next_run(&site, &json!({}));
        assert!(!without.changes().await.docs.contains_key(&page.to_string()));
    });
}

#[test]
fn drafts_never_are_documents_even_where_a_listing_names_them() {
    on_both(async |site| {
        let draft = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            m.add_page("ENG", None, "Draft", "<p/>")
        });
        let before = Driver::new(&site, &json!({"archived": true})).everything().await;
        site.edit(|m| m.make_draft(draft));
        site.habits(|h| h.lists_drafts = true);
        let driver = &mut Driver::new(&site, &json!({"archived": true}));
        assert!(!driver.everything().await.docs.contains_key(&draft.to_string()));
        assert!(driver.fetch(&wanted(&before, draft)).await[&draft.to_string()].is_err());
    });
}

#[test]
fn what_lies_below_a_restricted_page_lies_below_the_nearest_one_that_is_seen() {
    on_both(async |site| {
        let cloud = site.edit(|m| m.flavour) == crate::support::Flavour::Cloud;
        let (top, hidden, children) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let top = m.add_page("ENG", None, "Top", "<p/>");
            let hidden = m.add_page("ENG", Some(top), "Secret", "<p/>");
            let deeper = m.add_page("ENG", Some(hidden), "Secret, too", "<p/>");
            let children: Vec<Id> = (0..20).map(|n| m.add_page("ENG", Some(deeper), &format!("Open {n}"), "<p/>")).collect();
            m.restrict(hidden);
            m.restrict(deeper);
            (top, hidden, children)
        });
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        // Climbs from a child to the first document.
        let climb = |seen: &Seen| {
            let mut next = seen.place(children[7]).parent.clone();
            while let Some(node) = next.as_ref().and_then(|id| seen.nodes.get(id.as_str())) {
                assert!(node.transparent && node.title.is_empty(), "{node:?}");
                next = node.parent.clone();
            }
            next
        };
        assert_eq!(climb(&seen), Some(RemoteId::new(top.to_string())));
        assert!(!seen.docs.contains_key(&hidden.to_string()));
        let asked = |site: &Site| site.requests().iter().filter(|seen| seen.path.ends_with("/ancestors")).count();
        assert_eq!(asked(&site), usize::from(cloud), "one request for twenty children\n{}", site.transcript());
        site.clear_requests();
        driver.changes().await;
        assert_eq!(asked(&site), 0, "{}", site.transcript());
        if cloud {
            site.habits(|h| h.always("/ancestors", Fault::Status(403)));
            assert_eq!(climb(&Driver::new(&site, &json!({})).everything().await), None, "the top of the space");
        }
    });
}

/// A Data Center with one page.
fn one_page() -> (Site, Id) {
    let site = Site::data_center();
    let page = site.edit(|m| {
        m.add_space("ENG", "Engineering");
        m.add_page("ENG", None, "Guide", "<p/>")
    });
    (site, page)
}

/// A proxy that does not reach the site, or a portal, says 404 to everything.
#[test]
fn a_proxys_404_is_no_word_about_a_page() {
    run(async {
        let (site, page) = one_page();
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        for status in [403, 404, 410] {
            let html = Fault::Other(crate::support::wire::Answer::html(status, "<html><body>No such service</body></html>"));
            site.habits(|h| h.next(1, &format!("/content/{page}"), html));
            let error = driver.connector.confirm(wanted(&seen, page)).await.unwrap_err();
            assert!(matches!(error, SourceError::BadAnswer { .. }), "{status}: {error:?}");
        }
    });
}

#[test]
fn a_page_that_is_forbidden_says_so_and_one_that_is_gone_too() {
    run(async {
        let (site, page) = one_page();
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        site.habits(|h| h.next(1, &format!("/content/{page}"), Fault::Status(403)));
        assert_eq!(driver.connector.confirm(wanted(&seen, page)).await.unwrap()[0].1, Presence::Forbidden);
        site.edit(|m| m.purge(page));
        assert_eq!(driver.connector.confirm(wanted(&seen, page)).await.unwrap()[0].1, Presence::Gone);
        assert_eq!(site.count(Class::Other), 0);
    });
}
