//! Clocks that are wrong or set anew: nothing leaves the mirror or the trash early because of one, and nothing waits for ever.

use std::sync::atomic::Ordering;

use context_sync_protocol::event::Outcome;
use context_syncd::connectors::connector::Completion;

use super::House;

const HOUR_MS: u64 = 3_600_000;

fn with_a_missing_space() -> House {
    let house = House::new();
    for id in 1..=5 {
        house.fake.put("eng", &id.to_string(), None, &format!("Page {id}"), "text");
    }
    house.fake.put("ops", "900", None, "Index", "text");
    house.synced();
    house.fake.at(|s| {
        s.docs.retain(|_, d| d.scope != "eng");
        s.scopes.insert("eng".to_owned(), Completion::Missing("404".to_owned()));
        s.ahead_ms = Some(0);
    });
    house
}

fn pages_of_eng(house: &House) -> usize {
    house.tree().keys().filter(|path| path.starts_with("ENG/")).count()
}

fn set_back(house: &House, hours: u64) {
    house.clock.0.fetch_sub(hours * HOUR_MS, Ordering::Relaxed);
}

#[test]
fn a_clock_set_forward_does_not_shorten_the_day_that_a_missing_space_has() {
    let house = with_a_missing_space();
    house.sync();
    house.hours_later(48);
    house.fake.at(|s| s.ahead_ms = Some(48 * 3_600_000));
    for _ in 0..4 {
        assert_eq!(house.sync().outcome, Outcome::Partial);
        assert_eq!(pages_of_eng(&house), 5);
    }
    assert!(house.notes.0.lock().unwrap().iter().any(|note| note.contains("2880 minutes ahead of the service's")), "it is said");
    house.hours_later(25);
    house.sync();
    assert_eq!(pages_of_eng(&house), 0, "a day by the service's clock has passed");
}

#[test]
fn a_clock_set_back_lets_a_missing_space_leave_a_day_later_not_in_years() {
    let house = with_a_missing_space();
    house.sync();
    set_back(&house, 24 * 400);
    for _ in 0..3 {
        house.sync();
        assert_eq!(pages_of_eng(&house), 5);
        house.hours_later(1);
    }
    house.hours_later(22);
    house.sync();
    assert_eq!(pages_of_eng(&house), 0);
}

#[test]
fn what_goes_to_the_trash_while_the_clock_is_behind_has_not_lain_there_for_long() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Page", "text");
    house.fake.put("eng", "2", None, "Other", "text");
    house.synced();
    set_back(&house, 24 * 400);
    house.fake.at(|s| s.docs.remove("1"));
    house.synced();
    assert!(house.tree().contains_key(".trash/2027-01-15/ENG/page--1.md"), "{:?}", house.tree().keys());
}

#[test]
fn a_clock_set_back_or_forward_costs_one_thorough_look_and_no_more() {
    let mut house = House::new();
    for id in 1..=30 {
        house.fake.put("eng", &id.to_string(), None, &format!("Page {id}"), "text");
    }
    house.synced();
    let before = super::looks(&house);
    for hours in [24 * 400, 0] {
        if hours > 0 {
            set_back(&house, hours)
        } else {
            house.hours_later(24 * 400)
        }
        house.fake.asked();
        house.synced();
        house.synced();
        assert_eq!(house.fake.asked(), ["list Everything", "list Changes"]);
    }
    // A large site is listed by parts: after a step back nobody knows how long the pause was.
    house.options.whole_up_to = 20;
    set_back(&house, 5);
    house.synced();
    house.hours_later(1);
    house.synced();
    assert_eq!(house.fake.asked(), ["list Rolling(100)", "list Rolling(5)"]);
    assert_eq!(super::looks(&house), before);
}

#[test]
fn a_missing_space_does_not_make_every_run_a_thorough_one() {
    let house = with_a_missing_space();
    house.hours_later(24);
    house.fake.asked();
    for expected in ["list Everything", "list Changes", "list Changes"] {
        assert_eq!(house.sync().outcome, Outcome::Partial);
        assert_eq!(house.fake.asked(), [expected]);
        house.hours_later(1);
    }
    assert_eq!(pages_of_eng(&house), 5);
    // They were counted as listings all the same.
    house.hours_later(22);
    house.sync();
    assert_eq!(pages_of_eng(&house), 0);
    // What could not be listed as a whole, or is suddenly empty, is listed thoroughly until it could.
    house.fake.at(|s| s.scopes.insert("eng".to_owned(), Completion::Incomplete("no permission".to_owned())));
    house.hours_later(24);
    house.fake.asked();
    house.sync();
    house.sync();
    assert_eq!(house.fake.asked(), ["list Everything", "list Everything"]);
    house.fake.at(|s| {
        s.scopes.insert("eng".to_owned(), Completion::Complete);
        s.docs.clear();
    });
    house.sync();
    house.sync();
    assert_eq!(house.fake.asked(), ["list Everything", "list Everything"]);
}
