//! The gates, by a clock that the tests turn.

use std::time::UNIX_EPOCH;

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

fn kind(name: &str) -> Option<Resource> {
    Some(Resource { host: "a:443".to_owned(), name: name.to_owned() })
}

/// The beginning of all time.
fn start() -> Now {
    Now { at: Instant::now(), slept: Duration::ZERO, wall: UNIX_EPOCH }
}

fn after(now: &Now, passed: Duration) -> Now {
    Now { at: now.at + passed, wall: now.wall + passed, ..*now }
}

fn left(gates: &Gates, kind: Option<&Resource>, now: &Now) -> Duration {
    gates.state().shut_for(kind, now)
}

#[test]
fn the_gate_of_all_holds_every_kind_to_the_second_and_is_told() {
    let (gates, now) = (Gates::default(), start());
    assert_eq!(gates.waiting_at(&now), None);
    gates.hold_from(&now, None, HOUR);
    gates.hold_from(&now, None, Duration::from_secs(5));
    gates.hold_from(&now, None, Duration::MAX);
    assert_eq!(gates.waiting_at(&now), Some(3_600_000));
    for kind in [None, kind("core"), kind("graphql")] {
        assert_eq!(left(&gates, kind.as_ref(), &now), HOUR);
    }
    let later = after(&now, HOUR);
    assert_eq!((left(&gates, None, &later), gates.waiting_at(&later)), (Duration::ZERO, None));
}

#[test]
fn the_gate_of_a_kind_holds_that_kind_at_that_host_only() {
    let (gates, now) = (Gates::default(), start());
    gates.hold_from(&now, kind("graphql").as_ref(), HOUR);
    gates.hold_from(&now, kind("graphql").as_ref(), Duration::from_secs(5));
    assert_eq!(left(&gates, kind("graphql").as_ref(), &now), HOUR);
    let elsewhere = Resource { host: "b:443".to_owned(), name: "graphql".to_owned() };
    for free in [None, kind("core"), Some(elsewhere)] {
        assert_eq!(left(&gates, free.as_ref(), &now), Duration::ZERO, "{free:?}");
    }
    gates.hold_from(&now, None, 2 * HOUR);
    assert_eq!(left(&gates, kind("graphql").as_ref(), &now), 2 * HOUR, "the longer of the two");
}

#[test]
fn what_is_shown_is_when_the_first_that_waits_may_go_on() {
    let (gates, now) = (Gates::default(), start());
    gates.hold_from(&now, kind("graphql").as_ref(), 2 * HOUR);
    gates.hold_from(&now, kind("core").as_ref(), HOUR);
    assert_eq!(gates.waiting_at(&now), None, "a gate at which nobody stands makes nobody wait");
    let graphql = gates.wait(kind("graphql").as_ref());
    assert_eq!(gates.waiting_at(&now), Some(7_200_000));
    let core = gates.wait(kind("core").as_ref());
    assert_eq!(gates.waiting_at(&now), Some(3_600_000));
    gates.hold_from(&now, None, Duration::from_secs(5));
    assert_eq!(gates.waiting_at(&now), Some(3_600_000), "that all wait for a moment helps nobody on");
    drop(core);
    assert_eq!(gates.waiting_at(&now), Some(7_200_000));
    drop(graphql);
    assert_eq!(gates.waiting_at(&now), Some(5_000));
}

#[test]
fn a_run_that_goes_on_with_other_requests_is_not_said_to_wait() {
    let (gates, mut now) = (Gates::default(), start());
    gates.hold_from(&now, kind("graphql").as_ref(), HOUR);
    let _waits = gates.wait(kind("graphql").as_ref());
    assert_eq!(gates.waiting_at(&now), Some(3_600_000));
    let mut told = Vec::new();
    for _ in 0..20 {
        let other = gates.under_way();
        told.push(gates.waiting_at(&now));
        now = after(&now, Duration::from_millis(500));
        std::mem::forget(other);
        gates.ended(now.at);
        now = after(&now, Duration::from_millis(1500));
        told.push(gates.waiting_at(&now));
    }
    assert!(told.iter().all(Option::is_none), "no flutter: {told:?}");
    for _ in 0..20 {
        now = after(&now, Duration::from_secs(2));
        told.push(gates.waiting_at(&now));
    }
    told.drain(..40);
    assert!(told.iter().all(|told| *told == Some(3_600_000)), "and then it waits: {told:?}");
}

#[test]
fn a_wait_is_neither_shortened_nor_prolonged_by_a_clock_that_is_set() {
    let (gates, now) = (Gates::default(), start());
    gates.hold_from(&now, None, HOUR);
    for days in [0, 400, 1] {
        let set = Now { wall: UNIX_EPOCH + Duration::from_secs(days * 86_400), ..now };
        assert_eq!(gates.waiting_at(&set), Some(days * 86_400_000 + 3_600_000), "what is shown follows the clock");
        assert_eq!(left(&gates, None, &set), HOUR);
    }
    let later = Now { at: now.at + Duration::from_millis(400), wall: UNIX_EPOCH + Duration::from_secs(86_400), ..now };
    assert_eq!(gates.waiting_at(&later), Some(86_400_000 + 3_600_000), "a moment is no news");
}

#[tokio::test]
async fn whoever_is_dropped_waits_no_more() {
    let gates = Gates::default();
    gates.hold(kind("core").as_ref(), HOUR);
    let soon = Duration::from_millis(20);
    assert!(tokio::time::timeout(soon, gates.pass(kind("core").as_ref())).await.is_err());
    assert_eq!(gates.waiting_until_ms(), None);
    gates.pass(kind("graphql").as_ref()).await;
}
