//! Never delete on doubt: what leaves the mirror, when, and where it goes.

use context_sync_protocol::event::Outcome;
use context_syncd::connectors::connector::{Completion, Presence, SourceError};

use super::House;

fn filled(count: usize) -> House {
    let house = House::new();
    for id in 1..=count {
        house.fake.put("eng", &id.to_string(), None, &format!("Page {id}"), "text");
    }
    house.fake.put("ops", "900", None, "Index", "link doc:1");
    house.synced();
    house.fake.asked();
    house
}

#[test]
fn a_confirmed_deletion_goes_to_the_trash_and_links_to_it_turn_absolute() {
    let house = filled(10);
    house.fake.at(|s| s.docs.remove("1"));
    let finished = house.synced();
    assert_eq!(finished.summary.removed, 1);
    assert_eq!(house.fake.asked(), ["list Changes", "confirm 1"]);
    let tree = house.tree();
    assert!(tree.contains_key(".trash/2027-01-15/ENG/page-1--1.md"), "{:?}", tree.keys());
    assert!(!tree.contains_key("ENG/page-1--1.md"));
    assert!(house.read("OPS/index--900.md").contains("(https://fake.example/?doc:1)"));
    assert_eq!(finished.summary.trash_files, 1);
}

#[test]
fn what_the_listing_misses_but_the_service_has_stays() {
    let house = filled(10);
    house.fake.at(|s| s.unlisted.insert("1".to_owned()));
    let finished = house.synced();
    assert_eq!(finished.summary.removed, 0);
    assert!(house.tree().contains_key("ENG/page-1--1.md"));
}

#[test]
fn archived_forbidden_and_moved_out_of_scope_leave_as_well() {
    for presence in [Presence::Archived, Presence::Trashed, Presence::Forbidden, Presence::OutOfScope] {
        let house = filled(10);
        house.fake.at(|s| {
            s.unlisted.insert("1".to_owned());
            s.presence.insert("1".to_owned(), presence);
        });
        assert_eq!(house.synced().summary.removed, 1, "{presence:?}");
    }
}

#[test]
fn an_incomplete_listing_removes_nothing() {
    let house = filled(10);
    house.fake.at(|s| {
        s.docs.remove("1");
        s.scopes.insert("eng".to_owned(), Completion::Incomplete("a page of it failed".to_owned()));
    });
    let finished = house.sync();
    assert_eq!(finished.outcome, Outcome::Partial);
    assert!(finished.message.contains("ENG"), "{}", finished.message);
    assert!(house.tree().contains_key("ENG/page-1--1.md"));
}

#[test]
fn a_listing_that_breaks_off_removes_nothing_and_advances_nothing() {
    let house = filled(10);
    house.fake.at(|s| {
        s.docs.remove("1");
        s.listing_fails_after = Some((4, SourceError::Network { service: "fake".to_owned(), detail: "reset".to_owned() }));
    });
    assert_eq!(house.sync().outcome, Outcome::Unreachable);
    assert!(house.tree().contains_key("ENG/page-1--1.md"));
    house.fake.at(|s| s.listing_fails_after = None);
    assert_eq!(house.synced().summary.removed, 1);
}

#[test]
fn a_mass_deletion_waits_for_a_person() {
    let mut house = filled(40);
    house.fake.at(|s| (1..=11).for_each(|id| drop(s.docs.remove(&id.to_string()))));
    let finished = house.sync();
    assert_eq!((finished.outcome, finished.summary.held), (Outcome::DeletionsHeld, 11));
    assert!(finished.hint.contains("--accept-deletions"));
    assert!(house.tree().contains_key("ENG/page-1--1.md"));
    assert_eq!(house.sync().outcome, Outcome::DeletionsHeld, "it is said again until somebody answers");
    house.options.accept_deletions = true;
    assert_eq!(house.synced().summary.removed, 11);
    assert!(!house.tree().contains_key("ENG/page-1--1.md"));
}

#[test]
fn ten_documents_may_always_leave() {
    let house = filled(12);
    house.fake.at(|s| (1..=10).for_each(|id| drop(s.docs.remove(&id.to_string()))));
    assert_eq!(house.synced().summary.removed, 10);
}

#[test]
fn a_missing_scope_needs_three_listings_over_a_day() {
    let house = filled(5);
    house.fake.at(|s| {
        s.docs.retain(|_, d| d.scope != "eng");
        s.scopes.insert("eng".to_owned(), Completion::Missing("404".to_owned()));
    });
    for _ in 0..4 {
        let finished = house.sync();
        assert_eq!((finished.outcome, finished.summary.removed), (Outcome::Partial, 0));
        house.hours_later(1);
    }
    house.hours_later(21);
    house.sync();
    assert_eq!(house.tree().keys().filter(|p| p.starts_with("ENG/")).count(), 0);
    assert_eq!(house.tree().keys().filter(|p| p.starts_with(".trash/")).count(), 5);
}

#[test]
fn a_scope_that_is_suddenly_empty_counts_as_missing() {
    let house = filled(5);
    house.fake.at(|s| s.docs.retain(|_, d| d.scope != "eng"));
    assert_eq!(house.sync().summary.removed, 0);
    assert_eq!(house.tree().keys().filter(|p| p.starts_with("ENG/")).count(), 5);
}

#[test]
fn a_scope_taken_out_of_the_configuration_is_no_deletion() {
    let house = filled(5);
    house.fake.at(|s| {
        s.docs.retain(|_, d| d.scope != "eng");
        s.scopes.insert("eng".to_owned(), Completion::Unwanted);
    });
    assert_eq!(house.synced().summary.removed, 0);
    assert_eq!(house.tree().keys().filter(|p| p.starts_with("ENG/")).count(), 5);
}

#[test]
fn what_the_configuration_asks_for_no_more_stays_and_is_asked_after_once() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Kept", "link doc:2");
    house.fake.put("eng", "2", None, "Not wanted", "text");
    house.synced();
    house.fake.asked();
    house.fake.at(|s| {
        s.unlisted.insert("2".to_owned());
        s.presence.insert("2".to_owned(), Presence::Unwanted);
    });
    let before = house.tree();
    house.synced();
    house.synced();
    assert_eq!((house.fake.asked(), house.tree()), (vec!["list Changes".to_owned(), "confirm 1".to_owned(), "list Changes".to_owned()], before));
    // Wanted again, and then gone: it is a document like any other.
    house.fake.at(|s| {
        s.unlisted.clear();
        s.presence.clear();
    });
    house.synced();
    house.fake.at(|s| s.docs.remove("2"));
    house.synced();
    assert!(!house.tree().contains_key("ENG/not-wanted--2.md"));
}

#[test]
fn a_large_mirror_is_listed_by_parts_and_silence_about_the_others_means_nothing() {
    let mut house = filled(30);
    let all = house.synced().summary.documents;
    house.options.whole_up_to = 20;
    house.fake.asked();
    house.hours_later(1);
    house.fake.at(|s| {
        s.scopes.insert("eng".to_owned(), Completion::News);
        s.docs.get_mut("3").unwrap().labels.clear();
        s.docs.remove("7");
    });
    house.fake.put("eng", "4", None, "Page 4", "changed");
    house.fake.at(|s| s.scopes.insert("eng".to_owned(), Completion::News));
    let finished = house.synced();
    assert_eq!(house.fake.asked(), ["list Rolling(5)", "fetch 4"]);
    assert_eq!((finished.summary.removed, finished.summary.documents), (0, all));
    // When its turn comes, what is gone is found to be gone.
    house.hours_later(1);
    house.fake.at(|s| s.scopes.insert("eng".to_owned(), Completion::Complete));
    assert_eq!(house.synced().summary.removed, 1);
    assert_eq!(house.fake.asked(), ["list Rolling(5)", "confirm 1"]);
    house.hours_later(30);
    house.synced();
    assert_eq!(house.fake.asked()[0], "list Rolling(100)", "after a long pause all of it");
}

#[test]
fn a_stretch_of_a_scope_loses_what_it_lacks_and_silence_about_the_rest_means_nothing() {
    let mut house = filled(40);
    house.options.whole_up_to = 20;
    house.fake.asked();
    let stretch = |above, up_to| Completion::Stretch { above, up_to };
    house.fake.at(|s| {
        // Ids that are no numbers alone count by the digits that they begin with.
        for id in ["4", "10", "11", "30"] {
            s.docs.remove(id);
        }
        s.scopes.insert("eng".to_owned(), stretch(4, 10));
    });
    house.hours_later(1);
    assert_eq!(house.synced().summary.removed, 1);
    assert_eq!(house.fake.asked(), ["list Rolling(5)", "confirm 1"]);
    house.fake.at(|s| s.scopes.insert("eng".to_owned(), stretch(10, u64::MAX)));
    house.hours_later(1);
    assert_eq!(house.synced().summary.removed, 2);
    house.fake.at(|s| s.scopes.insert("eng".to_owned(), stretch(0, 4)));
    house.hours_later(1);
    assert_eq!(house.synced().summary.removed, 1);
    house.fake.asked();
    house.hours_later(1);
    assert_eq!(house.synced().summary.removed, 0);
    assert_eq!(house.fake.asked(), ["list Rolling(5)"]);
}

#[test]
fn a_mass_deletion_is_held_back_stretch_by_stretch_until_it_is_accepted_as_a_whole() {
    let mut house = filled(300);
    house.options.whole_up_to = 20;
    house.fake.at(|s| s.docs.retain(|id, _| id == "900" || id.parse::<u64>().unwrap() > 290));
    for stretch in [(0, 15), (15, 30), (30, 45)] {
        house.hours_later(1);
        house.fake.at(|s| s.scopes.insert("eng".to_owned(), Completion::Stretch { above: stretch.0, up_to: stretch.1 }));
        let finished = house.sync();
        assert_eq!(
            (finished.outcome, finished.summary.removed, finished.summary.held),
            (Outcome::DeletionsHeld, 0, 15),
            "five in a hundred of the scope"
        );
    }
    house.options.accept_deletions = true;
    house.fake.at(|s| s.scopes.insert("eng".to_owned(), Completion::Complete));
    house.fake.asked();
    assert_eq!(house.synced().summary.removed, 290);
    assert_eq!(house.fake.asked()[0], "list Everything");
}

#[test]
fn attachments_of_one_document_can_be_known_to_be_all() {
    let mut house = filled(30);
    house.options.whole_up_to = 20;
    house.fake.at(|s| {
        s.always_assets = true;
        for (asset, owner) in [("a1", "1"), ("a2", "2")] {
            s.assets.insert(asset.to_owned(), (owner.to_owned(), "plan.png".to_owned(), 1, b"picture".to_vec()));
        }
    });
    house.hours_later(1);
    assert_eq!(house.synced().summary.assets, 2);
    house.fake.at(|s| {
        s.assets.clear();
        s.own_assets_done.insert("1".to_owned());
        s.scopes.insert("eng".to_owned(), Completion::Stretch { above: 0, up_to: 5 });
    });
    house.hours_later(1);
    assert_eq!(house.synced().summary.assets, 2, "one listing is no word");
    house.hours_later(20);
    assert_eq!(house.synced().summary.assets, 1, "what the other one shows was not looked at");
}

#[test]
fn documents_that_wait_are_asked_for_although_a_listing_of_news_does_not_name_them() {
    let mut house = filled(30);
    house.fake.put("eng", "5", None, "Page 5", "changed");
    house.fake.at(|s| {
        s.broken.insert("5".to_owned(), SourceError::BadAnswer { service: "fake".to_owned(), what: "5".to_owned(), detail: "broken".to_owned() });
    });
    assert_eq!(house.sync().outcome, Outcome::Partial);
    house.options.whole_up_to = 20;
    house.hours_later(1);
    house.fake.at(|s| {
        s.broken.clear();
        s.unlisted = (1..=30).map(|id| id.to_string()).collect();
        s.scopes.insert("eng".to_owned(), Completion::News);
    });
    house.fake.asked();
    assert_eq!(house.synced().summary.deferred, 0);
    assert_eq!(house.fake.asked(), ["list Rolling(5)", "fetch 5"]);
    assert!(house.read("ENG/page-5--5.md").contains("changed"));
}

#[test]
fn a_document_that_waits_and_is_asked_for_no_more_makes_no_run_partial() {
    let house = filled(3);
    house.fake.put("eng", "2", None, "Page 2", "changed");
    house.fake.at(|s| {
        s.broken.insert("2".to_owned(), SourceError::BadAnswer { service: "fake".to_owned(), what: "2".to_owned(), detail: "broken".to_owned() });
    });
    assert_eq!(house.sync().summary.deferred, 1);
    house.fake.at(|s| {
        s.unlisted.insert("2".to_owned());
        s.presence.insert("2".to_owned(), Presence::Unwanted);
    });
    assert_eq!(house.synced().summary.deferred, 0);
    assert_eq!(house.synced().summary.deferred, 0);
}

/// A search index that is being rebuilt knows of no attachment.
#[test]
fn an_attachment_leaves_when_listings_of_two_days_lack_it() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Page", "image file:1:a.png");
    let there = |house: &House| house.tree().contains_key("ENG/_assets/1/a1-a.png");
    let add = |house: &House| house.fake.at(|s| s.assets.insert("a1".to_owned(), ("1".to_owned(), "a.png".to_owned(), 1, b"picture".to_vec())));
    add(&house);
    house.synced();
    let before = house.tree();
    // Lacking, there again, lacking: the days between do not add up.
    house.fake.at(|s| s.assets.clear());
    house.hours_later(25);
    house.synced();
    add(&house);
    house.hours_later(25);
    house.synced();
    house.fake.at(|s| s.assets.clear());
    house.hours_later(25);
    house.synced();
    house.hours_later(1);
    house.synced();
    assert_eq!(house.tree(), before);
    house.hours_later(24);
    house.synced();
    assert!(!there(&house));
    assert!(house.tree().keys().any(|path| path.starts_with(".trash/") && path.ends_with("a1-a.png")));
    assert!(!house.read("ENG/page--1.md").contains("_assets"));
}

#[test]
fn an_attachment_that_is_missing_stays_so_when_its_document_moves() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Page", "image file:1:a.png");
    house.fake.put("eng", "2", None, "Other", "text");
    house.fake.put("ops", "9", None, "Index", "text");
    house.fake.at(|s| s.assets.insert("a1".to_owned(), ("1".to_owned(), "a.png".to_owned(), 1, b"picture".to_vec())));
    house.synced();
    house.fake.at(|s| {
        s.assets.clear();
        s.docs.get_mut("1").unwrap().scope = "ops".to_owned();
    });
    house.hours_later(25);
    house.synced();
    assert!(house.tree().contains_key("OPS/_assets/1/a1-a.png"), "it went with its page: {:?}", house.tree().keys());
    house.hours_later(24);
    house.synced();
    assert!(house.tree().keys().all(|path| path.starts_with(".trash/") || !path.ends_with("a1-a.png")));
}
