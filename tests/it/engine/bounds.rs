//! What a run holds at once does not grow with the number of documents: counted, not timed.

use std::fmt::Write as _;

use super::*;

/// Bytes of each body, so that bytes are bodies.
const BODY: usize = 1000;
/// Bodies of one batch, as the fake wants them, times the batches that may be under way.
const BODIES: u64 = 3 * 2;
/// Threads that render.
const READERS: u64 = 2;

fn house_of(documents: usize) -> House {
    let house = House::new();
    house.fake.put("eng", "1", None, "Home", "hello");
    for number in 2..=documents {
        let mut body = String::new();
        let _ = write!(body, "link title:eng:home\n{number}");
        // The fake puts the revision's and the author's lines before it.
        while body.len() < BODY - 3 {
            body.push('.');
        }
        house.fake.put("eng", &number.to_string(), Some("1"), &format!("Page {number}"), &body);
    }
    house
}

#[test]
fn fetched_bodies_do_not_pile_up_however_many_there_are() {
    for documents in [30, 600] {
        let house = house_of(documents);
        assert_eq!(house.synced().summary.written, documents as u64);
        let held = house.fake.held.most();
        assert!(held >= BODY as u64 && held <= BODIES * BODY as u64, "{documents} documents: {held} bytes at once");
        assert!(house.fake.reading.most() <= READERS, "{documents} documents");
    }
}

#[test]
fn kept_bodies_are_read_two_at_a_time_when_everything_is_written_again() {
    let house = house_of(300);
    house.synced();
    let _ = (house.fake.held.most(), house.fake.reading.most());
    house.fake.rename("1", "Start");
    let again = house.synced();
    assert_eq!(again.summary.relinked, 300);
    assert_eq!(house.fake.held.most(), 0, "no body is fetched again");
    assert!(house.fake.reading.most() <= READERS);
}
