//! Scopes from run to run: closed to us, gone for good, never listed to their end, taken out of the configuration and back.

use context_sync_protocol::event::Outcome;
use context_syncd::connectors::connector::{Completion, Presence};

use super::House;

const WHY: &str = "the token lacks a permission";

fn of_two() -> House {
    let house = House::new();
    house.fake.put("eng", "1", None, "Page", "text");
    house.fake.put("ops", "9", None, "Index", "text");
    house.synced();
    house.fake.asked();
    house
}

fn say(house: &House, scope: &str, completion: Completion) {
    house.fake.at(|s| s.scopes.insert(scope.to_owned(), completion));
}

/// Silence about it means nothing then.
fn close(house: &House, scope: &str) {
    say(house, scope, Completion::News);
    house.fake.at(|s| s.denied.insert(scope.to_owned(), WHY.to_owned()));
}

/// How often something was said since the last call.
fn said(house: &House, what: &str) -> usize {
    std::mem::take(&mut *house.notes.0.lock().unwrap()).iter().filter(|line| line.contains(what)).count()
}

#[test]
fn what_is_closed_to_us_stays_is_counted_at_each_run_and_said_once() {
    let house = of_two();
    let before = house.tree();
    say(&house, "eng", Completion::Missing("404".to_owned()));
    house.sync();
    close(&house, "eng");
    said(&house, WHY);
    for run in 0..4 {
        house.hours_later(13);
        let finished = house.sync();
        assert_eq!((finished.outcome, finished.summary.scopes["ENG"].as_str()), (Outcome::Partial, WHY));
        assert!(finished.message.contains(WHY), "{}", finished.message);
        assert_eq!(said(&house, WHY), usize::from(run == 0));
    }
    // It takes no thorough listing but that of each day.
    let listings: Vec<String> = house.fake.asked().into_iter().filter(|asked| asked == "list Changes").collect();
    assert_eq!(listings.len(), 3);
    // It was there: the count of listings that lack it begins anew.
    house.fake.at(|s| s.denied.clear());
    say(&house, "eng", Completion::Missing("404".to_owned()));
    for _ in 0..2 {
        house.sync();
        house.hours_later(13);
    }
    assert_eq!(house.tree(), before);
    say(&house, "eng", Completion::Complete);
    assert!(house.synced().summary.scopes.is_empty());
    close(&house, "eng");
    house.sync();
    assert_eq!(said(&house, WHY), 1, "it is news again");
}

#[test]
fn what_cannot_be_listed_is_told_of_all_scopes_with_the_same_name() {
    let house = of_two();
    house.fake.put("Eng", "2", None, "Other", "text");
    close(&house, "eng");
    say(&house, "Eng", Completion::Incomplete("a page failed".to_owned()));
    let scopes = house.sync().summary.scopes;
    assert!(scopes["ENG"].contains(WHY) && scopes["ENG"].contains("a page failed"), "{scopes:?}");
}

#[test]
fn what_has_left_as_a_whole_is_not_missed_for_ever() {
    let house = of_two();
    house.fake.at(|s| s.docs.remove("1"));
    say(&house, "eng", Completion::Missing("404".to_owned()));
    for _ in 0..3 {
        assert!(house.tree().contains_key("ENG/page--1.md"));
        house.sync();
        house.hours_later(13);
    }
    assert!(!house.tree().contains_key("ENG/page--1.md"));
    house.sync();
    assert_eq!(house.fake.at(|s| s.since.keys().cloned().collect::<Vec<_>>()), ["ops"], "nobody speaks of it any more");
}

#[test]
fn a_scope_that_was_never_listed_to_its_end_is_handed_on_without_a_cursor() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Page", "text");
    house.fake.put("ops", "9", None, "Index", "text");
    say(&house, "eng", Completion::Incomplete("a page failed".to_owned()));
    house.sync();
    house.sync();
    let since = house.fake.at(|s| s.since.clone());
    assert_eq!((since["eng"].as_str(), since["ops"].as_str()), ("", "c"));
}

#[test]
fn a_connector_says_where_an_unwanted_scope_goes_on_when_it_is_wanted_again() {
    let house = of_two();
    house.fake.at(|s| s.cursor = Some("begin anew".to_owned()));
    say(&house, "eng", Completion::Unwanted);
    house.synced();
    house.synced();
    assert_eq!(house.fake.at(|s| s.since["eng"].clone()), "begin anew");
}

#[test]
fn a_scope_of_which_all_was_taken_out_of_the_configuration_is_not_missing() {
    let house = of_two();
    house.fake.at(|s| {
        s.unlisted.insert("1".to_owned());
        s.presence.insert("1".to_owned(), Presence::Unwanted);
    });
    say(&house, "eng", Completion::CompleteSelection);
    house.synced();
    say(&house, "eng", Completion::Complete);
    house.synced();
    assert!(house.tree().contains_key("ENG/page--1.md"));
}

#[test]
fn what_is_open_of_a_scope_is_followed_and_what_is_closed_stays() {
    let house = of_two();
    house.fake.put("eng", "2", None, "Closed", "text");
    house.fake.put("eng", "3", None, "Open", "text");
    house.synced();
    house.fake.at(|s| {
        s.docs.remove("3");
        s.unlisted.insert("2".to_owned());
        s.presence.insert("2".to_owned(), Presence::Unasked);
        s.denied.insert("eng".to_owned(), WHY.to_owned());
    });
    let finished = house.sync();
    assert_eq!((finished.outcome, finished.summary.removed, finished.summary.scopes.len()), (Outcome::Partial, 1, 1));
    assert!(house.tree().contains_key("ENG/closed--2.md"));
    assert_eq!(said(&house, "The listing missed"), 0);
}
