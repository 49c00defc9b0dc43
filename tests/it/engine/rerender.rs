//! Writing everything again without a request, and what the readers met.

use context_sync_protocol::event::Outcome;

use super::{House, looks};

#[test]
fn everything_is_written_again_from_kept_bodies_without_a_request() {
    let mut house = House::new();
    house.fake.put("eng", "1", None, "Index", "link doc:2\ninclude doc:2\nimage file:1:a.png");
    house.fake.put("eng", "2", None, "Source", "text");
    house.fake.at(|s| s.assets.insert("a1".to_owned(), ("1".to_owned(), "a.png".to_owned(), 1, b"picture".to_vec())));
    house.synced();
    let (before, text) = (looks(&house), house.read("ENG/index--1.md"));
    house.fake.asked();
    house.options.rerender = true;
    let told = house.synced();
    assert_eq!(house.fake.asked(), [""; 0], "no request");
    assert_eq!((told.summary.relinked, told.summary.written, told.summary.documents), (2, 0, 2));
    assert_eq!(looks(&house), before, "equal bytes are not written");
    // A better reader: what it makes of the same bodies takes the place of the old.
    house.fake.at(|s| s.shouts = true);
    let told = house.synced();
    assert_eq!((told.outcome, told.summary.written), (Outcome::Done, 2));
    assert_eq!(house.fake.asked(), [""; 0]);
    assert!(house.read("ENG/source--2.md").contains("TEXT"));
    assert!(house.read("ENG/index--1.md").contains("TEXT") && house.read("ENG/index--1.md") != text);
    let before = looks(&house);
    house.options.rerender = false;
    house.synced();
    assert_eq!(house.fake.asked(), ["list Changes"]);
    assert_eq!(looks(&house), before, "the run after it finds everything right");
}

#[test]
fn what_needs_the_service_waits_for_the_next_run() {
    let mut house = House::new();
    house.fake.put("eng", "1", None, "Page", "hidden person user:7\nhidden image file:1:a.png");
    house.fake.put("eng", "2", None, "Lost", "text");
    house.fake.at(|s| {
        s.people.insert("user:7".to_owned(), "Ann".to_owned());
        s.assets.insert("a1".to_owned(), ("1".to_owned(), "a.png".to_owned(), 1, b"picture".to_vec()));
    });
    house.synced();
    let raw = house.folder().join(".sync_state/raw");
    remove_raw(&raw, "2");
    house.fake.asked();
    // The reader of today sees more.
    house.fake.at(|s| s.reveals = true);
    house.options.rerender = true;
    house.synced();
    assert_eq!(house.fake.asked(), [""; 0]);
    assert!(house.read("ENG/lost--2.md").ends_with("text\n"), "what has no body stays as it is");
    house.options.rerender = false;
    house.synced();
    let asked = house.fake.asked();
    assert_eq!(asked, ["list Changes", "fetch 2", "people 1", "asset a1"]);
    assert!(house.read("ENG/page--1.md").ends_with("@Ann\n\n![picture](_assets/1/a1-a.png)\n"), "{}", house.read("ENG/page--1.md"));
}

/// Removes the kept body of a document.
fn remove_raw(folder: &std::path::Path, id: &str) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            remove_raw(&path, id);
        } else if path.file_name().unwrap().to_str().unwrap().split('.').next() == Some(id) {
            std::fs::remove_file(&path).unwrap();
        }
    }
}

#[test]
fn what_the_readers_met_is_summed_and_losses_are_marked() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Whole", "text");
    house.fake.put("eng", "2", None, "Lossy", "lost chart\nlost chart");
    house.fake.put("eng", "3", None, "Including", "include doc:99");
    let told = house.synced().summary.fidelity.unwrap();
    assert_eq!((told.whole, told.lossy), (1, 2));
    let said: Vec<_> = told.constructs.iter().map(|c| (c.what.as_str(), c.lost, c.documents)).collect();
    assert_eq!(said, [("chart", 2, 1), ("insert", 1, 1)]);
    assert!(house.read("ENG/lossy--2.md").contains("\nlossy: true\n"));
    assert!(!house.read("ENG/whole--1.md").contains("lossy"));
    assert_eq!(house.synced().summary.fidelity, None, "a run without change counts nothing");
    house.fake.put("eng", "99", None, "Source", "here");
    let told = house.synced().summary.fidelity.unwrap();
    assert_eq!((told.whole, told.lossy), (3, 1));
    assert!(!house.read("ENG/including--3.md").contains("lossy"));
}
