//! What a run does when a document, an attachment, the network or the state fails.

use context_sync_protocol::event::Outcome;
use context_syncd::connectors::connector::{Presence, SourceError};

use super::House;

fn bad() -> SourceError {
    SourceError::BadAnswer { service: "fake".to_owned(), what: "document 2".to_owned(), detail: "broken JSON".to_owned() }
}

fn three() -> House {
    let house = House::new();
    for id in 1..=3 {
        house.fake.put("eng", &id.to_string(), None, &format!("Page {id}"), "link doc:2");
    }
    house
}

#[test]
fn one_broken_document_neither_blocks_the_others_nor_is_forgotten() {
    let house = three();
    house.fake.at(|s| s.broken.insert("2".to_owned(), bad()));
    let finished = house.sync();
    assert_eq!((finished.outcome, finished.summary.documents, finished.summary.deferred), (Outcome::Partial, 2, 1));
    assert!(house.read("ENG/page-1--1.md").contains("(https://fake.example/?doc:2)"), "no dead link to what is not there");
    house.fake.asked();
    assert_eq!(house.sync().summary.deferred, 1);
    assert_eq!(house.fake.asked(), ["list Changes", "fetch 2"], "it alone is tried again");
    house.fake.at(|s| s.broken.clear());
    let healed = house.synced();
    assert_eq!((healed.summary.documents, healed.summary.deferred), (3, 0));
    assert!(house.read("ENG/page-1--1.md").contains("[Page 2](page-2--2.md)"));
}

#[test]
fn an_attachment_that_fails_leaves_no_dead_link_and_no_half_file() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Page", "image file:1:a.png");
    house.fake.at(|s| {
        s.assets.insert("a1".to_owned(), ("1".to_owned(), "a.png".to_owned(), 1, b"picture".to_vec()));
        s.broken_assets.insert("a1".to_owned());
    });
    let finished = house.sync();
    assert_eq!((finished.outcome, finished.summary.deferred), (Outcome::Partial, 1));
    assert_eq!(house.tree().into_keys().collect::<Vec<_>>(), ["ENG/page--1.md"]);
    assert!(!house.read("ENG/page--1.md").contains("_assets"));
    house.fake.at(|s| s.broken_assets.clear());
    house.synced();
    assert!(house.read("ENG/page--1.md").contains("![picture](_assets/1/a1-a.png)"));
    assert_eq!(house.read("ENG/_assets/1/a1-a.png"), "picture");
}

#[test]
fn a_document_that_vanishes_between_list_and_fetch_is_no_failure() {
    let house = three();
    house.synced();
    house.fake.put("eng", "2", None, "Page 2", "changed");
    let fake = house.fake.clone();
    house.fake.at(|s| {
        s.on_fetch = Some(Box::new(|_| {}));
        s.broken.insert("2".to_owned(), SourceError::NotVisible { what: "document 2".to_owned(), status: 404 });
        s.presence.insert("2".to_owned(), context_syncd::connectors::connector::Presence::Trashed);
    });
    let finished = house.synced();
    assert_eq!((finished.summary.removed, finished.summary.deferred), (1, 0));
    assert!(house.read("ENG/page-1--1.md").contains("(https://fake.example/?doc:2)"));
    drop(fake);
}

/// The door by which bodies and presences are asked may be the one that is broken, and say nothing of anything.
#[test]
fn silence_about_what_the_listing_names_removes_nothing_however_much_it_is() {
    let house = House::new();
    for id in 1..=40 {
        house.fake.put("eng", &id.to_string(), None, &format!("Page {id}"), "text");
    }
    house.synced();
    let before = house.tree();
    for presence in [Presence::Gone, Presence::Trashed] {
        for id in 1..=40 {
            house.fake.put("eng", &id.to_string(), None, &format!("Page {id}"), "changed");
            house.fake.at(|s| {
                s.broken.insert(id.to_string(), SourceError::NotVisible { what: format!("document {id}"), status: 404 });
                s.presence.insert(id.to_string(), presence);
            });
        }
        let finished = house.sync();
        assert_eq!((finished.outcome, finished.summary.removed, finished.summary.deferred), (Outcome::Partial, 0, 40), "{presence:?}");
        assert_eq!(house.tree(), before, "{presence:?}");
    }
    // Listing and question agree: it is gone.
    house.fake.at(|s| {
        s.broken.clear();
        s.presence.clear();
        s.docs.remove("7");
    });
    assert_eq!(house.synced().summary.removed, 1);
}

#[test]
fn a_network_failure_keeps_what_came_and_goes_on_from_there() {
    let house = House::new();
    for id in 1..=9 {
        house.fake.put("eng", &id.to_string(), None, &format!("Page {id}"), "text");
    }
    house.fake.at(|s| s.broken.insert("9".to_owned(), SourceError::Network { service: "fake".to_owned(), detail: "reset".to_owned() }));
    let finished = house.sync();
    assert_eq!(finished.outcome, Outcome::Unreachable);
    assert!(finished.message.contains("reset"), "{}", finished.message);
    let kept = house.tree().len();
    assert!(kept >= 3, "the first batches are in place: {kept}");
    house.fake.at(|s| s.broken.clear());
    house.fake.asked();
    house.synced();
    let fetched = house.fake.asked().iter().filter(|a| a.starts_with("fetch")).count();
    assert_eq!(fetched, 9 - kept);
    assert_eq!(house.tree().len(), 9);
}

#[test]
fn refused_credentials_suspend() {
    let house = three();
    let refused = SourceError::Unauthorized { service: "fake".to_owned(), detail: "401".to_owned(), hint: "Make a new token.".to_owned() };
    house.fake.at(|s| s.listing_fails_after = Some((0, refused)));
    let finished = house.sync();
    assert_eq!((finished.outcome, finished.hint.as_str()), (Outcome::Unauthorized, "Make a new token."));
}

#[test]
fn cancelled_means_stopped_between_two_documents() {
    let house = House::new();
    for id in 1..=40 {
        house.fake.put("eng", &id.to_string(), None, &format!("Page {id}"), "text");
    }
    let cancel = house.cancel.clone();
    house.fake.at(|s| {
        s.on_fetch = Some(Box::new(move |id| {
            if id == "7" {
                cancel.cancel();
            }
        }));
    });
    assert_eq!(house.sync().outcome, Outcome::Cancelled);
    assert!(house.tree().keys().all(|p| p.ends_with(".md")), "no temporary file stays");
    assert!(house.tree().len() < 40);
}

#[test]
fn a_damaged_kept_body_is_fetched_again_when_it_is_needed() {
    let house = three();
    house.synced();
    let raw = house.folder().join(".sync_state/raw");
    let mut stack = vec![raw];
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            stack.extend(std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()));
        } else {
            std::fs::write(path, b"garbage").unwrap();
        }
    }
    house.fake.rename("2", "Renamed");
    house.fake.asked();
    house.synced();
    assert!(house.fake.asked().contains(&"fetch 2".to_owned()));
    assert!(house.read("ENG/page-1--1.md").contains("[Renamed](renamed--2.md)"));
}

#[test]
fn a_document_that_is_listed_and_may_not_be_read_waits_and_stays() {
    let house = three();
    house.synced();
    let before = house.read("ENG/page-2--2.md");
    house.fake.put("eng", "2", None, "Page 2", "changed");
    house.fake.at(|s| {
        s.broken.insert("2".to_owned(), SourceError::NotVisible { what: "document 2".to_owned(), status: 403 });
        s.presence.insert("2".to_owned(), Presence::Forbidden);
    });
    let finished = house.sync();
    assert_eq!((finished.outcome, finished.summary.deferred, finished.summary.removed), (Outcome::Partial, 1, 0));
    assert_eq!(house.read("ENG/page-2--2.md"), before);
    house.fake.at(|s| s.broken.clear());
    house.synced();
    assert!(house.read("ENG/page-2--2.md").contains("changed"));
}
