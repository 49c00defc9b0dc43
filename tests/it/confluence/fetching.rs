//! Bodies, people and raw bodies: what comes, and what happens to documents that are too large, gone, or break an answer.

use context_syncd::connectors::connector::SourceError;
use context_syncd::model::Key;
use serde_json::json;

use super::driver::{Driver, on_both, run};
use crate::support::{Class, Fault, Site};

#[test]
fn bodies_come_with_facts_and_the_listed_revision() {
    on_both(async |site| {
        let (page, post) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let bob = m.add_user("bob", "Bob Builder");
            let page = m.add_page("ENG", None, "Guide", "<p>One</p>");
            m.write_as(&bob);
            m.edit_page(page, "<p>Zwei &amp; \"drei\"</p>");
            m.set_labels(page, &["ops"]);
            (page, m.add_post("ENG", "News", ""))
        });
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.changes().await;
        let fetched = driver.fetch(&seen.wanted(true)).await;
        for (id, outcome) in &fetched {
            assert_eq!(outcome.as_ref().unwrap().revision, seen.docs[id].0, "{id}");
        }
        let guide = fetched[&page.to_string()].as_ref().unwrap();
        assert_eq!(guide.labels.as_deref(), Some(&["ops".to_owned()][..]));
        let document = driver.connector.read(&guide.raw, seen.place(page)).unwrap();
        assert_eq!(document.facts.version.as_deref(), Some("2"));
        assert!(document.facts.created_at.as_deref().is_some_and(|at| at.starts_with("2026-01-05T09:") && at.ends_with('Z')), "{:?}", document.facts);
        let people: Vec<Key> = [document.facts.created_by.clone().unwrap(), document.facts.updated_by.clone().unwrap()].to_vec();
        assert_ne!(people[0], people[1]);
        let mut names = driver.connector.people(people.clone()).await.unwrap();
        names.sort_by_key(|(key, _)| *key != people[0]);
        assert_eq!([names[0].1.as_str(), names[1].1.as_str()], ["Ann Author", "Bob Builder"]);
        assert!(driver.connector.read(&fetched[&post.to_string()].as_ref().unwrap().raw, seen.place(post)).is_ok());
    });
}

#[test]
fn data_center_tells_names_without_being_asked_and_cloud_in_one_request() {
    on_both(async |site| {
        let authors: Vec<String> = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            (0..60)
                .map(|n| {
                    let author = m.add_user(&format!("author{n}"), &format!("Author {n}"));
                    m.write_as(&author);
                    m.add_page("ENG", None, &format!("Page {n}"), "<p/>");
                    author
                })
                .collect()
        });
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        let mut keys: Vec<Key> = seen.docs.values().flat_map(|(_, _, people)| people.clone()).collect();
        keys.sort();
        keys.dedup();
        assert!(keys.len() >= authors.len());
        keys.push(Key::new("user:nobody"));
        let names = driver.connector.people(keys.clone()).await.unwrap();
        assert_eq!(names.len(), keys.len() - 1);
        assert_eq!(site.count(Class::Users), 1, "only the unknown one is asked for on Data Center\n{}", site.transcript());
    });
}

#[test]
fn what_vanished_between_list_and_fetch_is_not_visible() {
    on_both(async |site| {
        let (gone, kept) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            (m.add_page("ENG", None, "Gone", "<p/>"), m.add_page("ENG", None, "Kept", "<p/>"))
        });
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        site.edit(|m| m.delete(gone));
        let fetched = driver.fetch(&seen.wanted(false)).await;
        assert!(matches!(fetched[&gone.to_string()], Err(SourceError::NotVisible { .. })));
        assert!(fetched[&kept.to_string()].is_ok());
    });
}

#[test]
fn a_body_beyond_the_limit_harms_no_other() {
    on_both(async |site| {
        let large = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            for n in 0..30 {
                m.add_page("ENG", None, &format!("Page {n}"), "<p>small</p>");
            }
            m.add_page("ENG", None, "Large", &format!("<p>{}</p>", "x".repeat(300_000)))
        });
        let mut driver = Driver::new(&site, &json!({"max_body_bytes": 200_000}));
        let seen = driver.everything().await;
        let fetched = driver.fetch(&seen.wanted(false)).await;
        for (id, outcome) in &fetched {
            match outcome {
                Err(SourceError::TooLarge { what, limit_bytes: 200_000 }) if *id == large.to_string() => assert!(what.contains("Large"), "{what}"),
                Ok(_) => assert_ne!(*id, large.to_string()),
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn an_answer_beyond_the_limit_is_cut_into_smaller_ones() {
    run(async {
        let site = Site::cloud();
        site.edit(|m| {
            m.add_space("ENG", "Engineering");
            for n in 0..30 {
                m.add_page("ENG", None, &format!("Page {n}"), &format!("<p>{}</p>", "x".repeat(500_000)));
            }
        });
        let mut driver = Driver::new(&site, &json!({"max_body_bytes": 1_000_000}));
        let seen = driver.everything().await;
        let fetched = driver.fetch(&seen.wanted(false)).await;
        assert!(fetched.values().all(Result::is_ok));
        assert!(site.count(Class::Bodies) >= 3, "{}", site.transcript());
    });
}

#[test]
fn slow_bodies_are_asked_for_in_smaller_batches_from_then_on() {
    run(async {
        let site = Site::cloud();
        site.edit(|m| {
            m.add_space("ENG", "Engineering");
            for n in 0..300 {
                m.add_page("ENG", None, &format!("Page {n}"), "<p/>");
            }
        });
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        let ids =
            |seen: &crate::support::Seen| seen.query.split('&').find(|part| part.starts_with("id=")).map_or(0, |ids| ids.matches("%2C").count() + 1);
        site.habits(|h| h.next_where(usize::MAX, move |seen| seen.class == Class::Bodies && ids(seen) > 25, Fault::Status(504)));
        let fetched = driver.fetch(&seen.wanted(false)).await;
        assert!(fetched.values().all(Result::is_ok));
        let failed = site.requests().iter().filter(|seen| seen.status == Some(504)).count();
        assert!(failed <= 4 * 8, "{failed} requests failed\n{}", site.transcript());
    });
}

#[test]
fn one_document_that_breaks_every_answer_is_singled_out() {
    on_both(async |site| {
        let poison = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let ids: Vec<_> = (0..40).map(|n| m.add_page("ENG", None, &format!("Page {n}"), "<p/>")).collect();
            ids[20]
        });
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        site.habits(|h| {
            h.next_where(usize::MAX, move |seen| seen.class == Class::Bodies && seen.query.contains(&poison.to_string()), Fault::Status(500))
        });
        let fetched = driver.fetch(&seen.wanted(false)).await;
        let broken: Vec<&String> = fetched.iter().filter(|(_, outcome)| outcome.is_err()).map(|(id, _)| id).collect();
        assert_eq!(broken, [&poison.to_string()]);
        assert!(matches!(&fetched[&poison.to_string()], Err(SourceError::BadAnswer { .. })));
    });
}

#[test]
fn where_bodies_by_id_are_shut_search_brings_them() {
    run(async {
        let site = Site::data_center();
        site.edit(|m| {
            m.add_space("ENG", "Engineering");
            m.add_page("ENG", None, "Guide", "<p>Hi</p>");
            m.add_post("ENG", "News", "<p>Hi</p>");
        });
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        site.habits(|h| h.always("content?ids=", Fault::Status(403)));
        let fetched = driver.fetch(&seen.wanted(false)).await;
        assert!(fetched.len() == 3 && fetched.values().all(Result::is_ok), "{fetched:?}\n{}", site.transcript());
    });
}

#[test]
fn assets_that_are_too_large_or_closed_are_deferred() {
    on_both(async |site| {
        let (page, large) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let page = m.add_page("ENG", None, "Guide", "<p/>");
            (page, m.add_attachment(page, "a.bin", vec![7; 2000], "application/octet-stream"))
        });
        let mut driver = Driver::new(&site, &json!({"max_asset_bytes": 1000}));
        let asset = driver.everything().await.assets[&format!("att{large}")].clone();
        assert!(matches!(driver.download(&asset).await, Err(SourceError::TooLarge { .. })));
        let driver = driver.next_run(&site, &json!({}));
        assert_eq!(driver.download(&asset).await.unwrap(), [7; 2000]);
        site.habits(|h| h.next(1, "/download", Fault::LoginPage));
        assert!(matches!(driver.download(&asset).await, Err(SourceError::BadAnswer { .. })));
        site.habits(|h| h.next(1, "/download", Fault::Status(401)));
        assert!(matches!(driver.download(&asset).await, Err(SourceError::NotVisible { status: 401, .. })));
        site.edit(|m| m.restrict(page));
        assert!(matches!(driver.download(&asset).await, Err(SourceError::NotVisible { .. })));
    });
}

#[test]
fn a_download_survives_a_reset_in_its_middle() {
    on_both(async |site| {
        let id = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let page = m.add_page("ENG", None, "Guide", "<p/>");
            m.add_attachment(page, "a.bin", (0..200_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>(), "application/octet-stream")
        });
        let mut driver = Driver::new(&site, &json!({}));
        let asset = driver.everything().await.assets[&format!("att{id}")].clone();
        let part = if site.requests().iter().any(|seen| seen.path.contains("/api/v2/")) { "/binary" } else { "/download/" };
        site.habits(|h| h.next(1, part, Fault::ResetMidBody));
        let bytes = driver.download(&asset).await.unwrap();
        assert!(bytes == (0..200_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
        assert!(site.violations().is_empty());
    });
}

#[test]
fn what_is_no_picture_is_never_saved_as_one() {
    on_both(async |site| {
        let (picture, page) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let guide = m.add_page("ENG", None, "Guide", "<p/>");
            let page = m.add_attachment(guide, "report.html", b"<html><body>Report</body></html>".to_vec(), "text/html");
            (m.add_attachment(guide, "a.png", vec![7; 500], "image/png"), page)
        });
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        let (picture, page) = (seen.assets[&format!("att{picture}")].clone(), seen.assets[&format!("att{page}")].clone());
        assert_eq!(driver.download(&page).await.unwrap(), b"<html><body>Report</body></html>");
        let part = if site.edit(|m| m.flavour) == crate::support::Flavour::Cloud { "/binary" } else { "/download/" };
        let html = |text: &str| Fault::Other(crate::support::wire::Answer::html(200, text));
        for (asset, fault, said) in [
            (&picture, Fault::LoginPage, "log in"),
            (&picture, html("<html><body>Sorry</body></html>"), "a page for people"),
            (&page, Fault::LoginPage, "bytes, and the list says 32"),
            (
                &picture,
                Fault::Other(crate::support::wire::Answer { status: 200, headers: vec![("content-type", "image/png".to_owned())], body: "x".into() }),
                "1 bytes",
            ),
            (&picture, Fault::Drip { bytes: 100, every: std::time::Duration::ZERO }, ""),
        ] {
            site.habits(|h| h.next(1, part, fault));
            match driver.download(asset).await {
                Ok(bytes) => assert!(said.is_empty() && bytes == vec![7; 500], "{said}"),
                Err(SourceError::BadAnswer { what, detail, .. }) => {
                    assert!(!said.is_empty() && detail.contains(said) && what.contains(&asset.name), "{what}: {detail}");
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn all_attachments_are_wanted_by_option_but_not_those_beyond_the_limit() {
    on_both(async |site| {
        let (small, large) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let page = m.add_page("ENG", None, "Guide", "<p/>");
            (m.add_attachment(page, "a.bin", vec![7; 200], "application/zip"), m.add_attachment(page, "b.bin", vec![7; 2000], "application/zip"))
        });
        for (option, wanted) in [("all", true), ("referenced", false)] {
            let seen = Driver::new(&site, &json!({"attachments": option, "max_asset_bytes": 1000})).everything().await;
            assert_eq!((seen.assets[&format!("att{small}")].always, seen.assets[&format!("att{large}")].always), (wanted, false));
        }
    });
}
