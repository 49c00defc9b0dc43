//! People edit and delete mirrored files, and keep files of their own among them.

use super::House;

#[test]
fn a_file_changed_by_hand_goes_to_the_trash_and_the_sources_version_returns() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Page", "the truth");
    house.synced();
    let before = house.read("ENG/page--1.md");
    std::fs::write(house.folder().join("ENG/page--1.md"), "my notes").unwrap();
    house.fake.asked();
    house.synced();
    assert_eq!(house.fake.asked(), ["list Changes"], "it needs no request");
    assert_eq!(house.read("ENG/page--1.md"), before);
    assert_eq!(house.read(".trash/2027-01-15/ENG/page--1.md"), "my notes");
}

#[test]
fn a_file_deleted_by_hand_comes_back() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Page", "the truth\nimage file:1:a.png");
    house.fake.at(|s| s.assets.insert("a1".to_owned(), ("1".to_owned(), "a.png".to_owned(), 1, b"picture".to_vec())));
    house.synced();
    let before = house.tree();
    std::fs::remove_dir_all(house.folder().join("ENG")).unwrap();
    house.fake.asked();
    house.synced();
    assert_eq!(house.tree(), before);
    assert_eq!(house.fake.asked(), ["list Changes", "asset a1"], "the body is kept, the attachment is not");
}

#[test]
fn a_strangers_file_is_never_touched() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Page", "text");
    house.fake.put("eng", "2", Some("1"), "Child", "text");
    house.synced();
    std::fs::write(house.folder().join("ENG/page--1/mine.txt"), "mine").unwrap();
    house.fake.at(|s| s.docs.remove("2"));
    house.fake.rename("1", "Other");
    house.synced();
    assert_eq!(house.read("ENG/page--1/mine.txt"), "mine");
}
