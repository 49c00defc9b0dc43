//! Renames, moves, links, labels, names and attachments: files follow in the same run, without a request that is not needed.

use super::{House, looks};

#[test]
fn a_rename_moves_the_file_its_children_and_every_link_to_it() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Guide", "the guide");
    house.fake.put("eng", "2", Some("1"), "Chapter", "link doc:1");
    house.fake.put("eng", "3", None, "Index", "link doc:1\nlink title:eng:chapter");
    house.synced();
    house.fake.asked();
    house.fake.rename("1", "Handbook");
    let finished = house.synced();
    assert_eq!(house.fake.asked(), ["list Changes"], "links follow without fetching anything");
    assert_eq!(finished.summary.moved, 2);
    assert_eq!(house.tree().into_keys().collect::<Vec<_>>(), ["ENG/handbook--1.md", "ENG/handbook--1/chapter--2.md", "ENG/index--3.md"]);
    assert!(house.read("ENG/index--3.md").ends_with("[Handbook](handbook--1.md)\n\n[Chapter](handbook--1/chapter--2.md)\n"));
    assert!(house.read("ENG/handbook--1/chapter--2.md").ends_with("[Handbook](../handbook--1.md)\n"));
    let before = looks(&house);
    house.synced();
    assert_eq!(looks(&house), before);
}

#[test]
fn a_move_to_another_scope_is_a_move_on_disk() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Page", "text\nimage file:1:a.png");
    house.fake.put("eng", "2", None, "Stays", "link doc:1");
    house.fake.put("ops", "3", None, "There", "text");
    house.fake.at(|s| s.assets.insert("a1".to_owned(), ("1".to_owned(), "a.png".to_owned(), 1, b"picture".to_vec())));
    house.synced();
    house.fake.asked();
    house.fake.at(|s| s.docs.get_mut("1").unwrap().scope = "ops".to_owned());
    house.synced();
    assert_eq!(house.fake.asked(), ["list Changes"], "neither the body nor the attachment is fetched again");
    assert_eq!(house.tree().into_keys().collect::<Vec<_>>(), ["ENG/stays--2.md", "OPS/_assets/1/a1-a.png", "OPS/page--1.md", "OPS/there--3.md"]);
    assert!(house.read("ENG/stays--2.md").contains("[Page](../OPS/page--1.md)"));
    assert!(house.read("OPS/page--1.md").contains("![picture](_assets/1/a1-a.png)"));
}

#[test]
fn links_stay_absolute_until_their_target_appears() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Index", "link title:eng:later");
    house.synced();
    assert!(house.read("ENG/index--1.md").contains("(https://fake.example/?title:eng:later)"));
    house.fake.put("eng", "2", None, "Later", "here");
    house.fake.asked();
    house.synced();
    assert_eq!(house.fake.asked(), ["list Changes", "fetch 2"]);
    assert!(house.read("ENG/index--1.md").contains("[Later](later--2.md)"));
}

#[test]
fn a_kept_body_that_names_an_earlier_title_still_finds_its_target() {
    let mut house = House::new();
    house.fake.put("eng", "1", None, "Guide", "text");
    house.fake.put("eng", "2", None, "Index", "link title:eng:guide");
    house.synced();
    for title in ["Handbook", "Manual"] {
        house.fake.rename("1", title);
        house.synced();
        assert!(house.read("ENG/index--2.md").contains(&format!("[{title}]({}--1.md)", title.to_lowercase())), "{}", house.read("ENG/index--2.md"));
    }
    house.fake.put("eng", "3", None, "Guide", "another one");
    house.synced();
    assert!(house.read("ENG/index--2.md").contains("(guide--3.md)"), "a title that somebody has now is theirs");
    house.options.full = true;
    house.synced();
    assert!(house.read("ENG/index--2.md").contains("(manual--1.md)"), "the body that is fetched again says what is meant");
}

#[test]
fn names_are_asked_once_in_full_requests_and_follow_within_a_day() {
    let house = House::new();
    for id in 1..=9 {
        house.fake.put("eng", &id.to_string(), None, &format!("Page {id}"), "person user:bob");
        house.fake.at(|s| s.docs.get_mut(&id.to_string()).unwrap().author = Some("user:ann".to_owned()));
    }
    house.fake.at(|s| s.people.extend([("user:ann".to_owned(), "Ann".to_owned()), ("user:bob".to_owned(), "Bob".to_owned())]));
    house.synced();
    let asked: Vec<String> = house.fake.asked().into_iter().filter(|a| a.starts_with("people")).collect();
    assert_eq!(asked, ["people 1", "people 1"], "authors from the listing, then those whom bodies mention");
    assert!(house.read("ENG/page-3--3.md").contains("created_by: Ann"));
    assert!(house.read("ENG/page-3--3.md").contains("@Bob"));
    house.fake.at(|s| s.people.insert("user:bob".to_owned(), "Robert".to_owned()));
    house.synced();
    house.hours_later(25);
    house.synced();
    assert!(house.read("ENG/page-3--3.md").contains("@Robert"));
}

#[test]
fn labels_and_attachments_that_change_without_a_version_are_found_within_a_day() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Page", "image file:1:a.png");
    house.fake.at(|s| s.assets.insert("a1".to_owned(), ("1".to_owned(), "a.png".to_owned(), 1, b"old".to_vec())));
    house.synced();
    house.fake.at(|s| {
        s.docs.get_mut("1").unwrap().labels = vec!["runbook".to_owned()];
        s.assets.insert("a1".to_owned(), ("1".to_owned(), "a.png".to_owned(), 2, b"new bytes".to_vec()));
    });
    house.hours_later(24);
    house.fake.asked();
    house.synced();
    assert_eq!(house.fake.asked(), ["list Everything", "asset a1"], "the body is not fetched");
    assert!(house.read("ENG/page--1.md").contains("runbook"));
    assert_eq!(house.read("ENG/_assets/1/a1-a.png"), "new bytes");
}

#[test]
fn an_attachment_that_nobody_shows_is_not_downloaded() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Page", "text");
    house.fake.at(|s| s.assets.insert("a1".to_owned(), ("1".to_owned(), "a.png".to_owned(), 1, b"picture".to_vec())));
    house.synced();
    assert!(!house.fake.asked().contains(&"asset a1".to_owned()));
    house.fake.put("eng", "1", None, "Page", "image file:1:a.png");
    house.synced();
    assert_eq!(house.fake.asked(), ["list Changes", "fetch 1", "asset a1"]);
    assert!(house.read("ENG/page--1.md").contains("_assets/1/a1-a.png"));
}

#[test]
fn an_incremental_history_ends_in_the_tree_of_a_full_sync() {
    let house = House::new();
    for id in 1..=12 {
        let parent = (id > 1).then(|| (id / 2).to_string());
        house.fake.put(
            "eng",
            &id.to_string(),
            parent.as_deref(),
            &format!("Page {id}"),
            &format!("link doc:{}\nlink title:eng:page {}", id % 5 + 1, id % 7),
        );
    }
    house.synced();
    house.fake.rename("2", "Second");
    house.synced();
    house.fake.at(|s| s.docs.get_mut("3").unwrap().parent = Some("2".to_owned()));
    house.fake.put("eng", "13", Some("3"), "Page 0", "link doc:2");
    house.synced();
    house.fake.at(|s| s.docs.remove("6"));
    house.fake.rename("3", "Third");
    house.synced();
    let fresh = House::new();
    house.fake.at(|s| {
        let docs = s.docs.clone();
        let scopes = s.scopes.clone();
        fresh.fake.at(|f| {
            f.docs = docs;
            f.scopes = scopes;
        });
    });
    fresh.synced();
    let mut grown = house.tree();
    grown.retain(|path, _| !path.starts_with(".trash/"));
    assert_eq!(grown, fresh.tree());
}

#[test]
fn where_all_attachments_are_wanted_they_come_without_a_page_that_shows_them_and_leave_with_their_owner() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Page", "text");
    house.fake.put("eng", "2", None, "Other", "text");
    house.fake.at(|s| {
        s.always_assets = true;
        s.assets.insert("a1".to_owned(), ("1".to_owned(), "a.png".to_owned(), 1, b"picture".to_vec()));
    });
    house.synced();
    assert_eq!(house.read("ENG/_assets/1/a1-a.png"), "picture");
    house.fake.asked();
    // A run in which nothing else happens brings a new one as well, and the one after that nothing.
    house.fake.at(|s| s.assets.insert("a2".to_owned(), ("1".to_owned(), "b.png".to_owned(), 1, b"new".to_vec())));
    house.synced();
    house.synced();
    assert_eq!(house.fake.asked(), ["list Changes", "asset a2", "list Changes"]);
    house.fake.at(|s| {
        s.docs.remove("1");
        s.assets.clear();
    });
    house.synced();
    assert_eq!(house.tree().keys().filter(|path| !path.starts_with(".trash")).collect::<Vec<_>>(), ["ENG/other--2.md"]);
}

#[test]
fn an_attachment_that_changes_while_its_page_moves_leaves_no_old_copy_behind() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Page", "image file:1:a.png");
    house.fake.put("eng", "2", None, "Stays", "text");
    house.fake.put("ops", "3", None, "There", "text");
    house.fake.at(|s| s.assets.insert("a1".to_owned(), ("1".to_owned(), "a.png".to_owned(), 1, b"picture".to_vec())));
    house.synced();
    house.fake.at(|s| {
        s.docs.get_mut("1").unwrap().scope = "ops".to_owned();
        s.assets.insert("a1".to_owned(), ("1".to_owned(), "a.png".to_owned(), 2, b"another picture".to_vec()));
    });
    house.hours_later(25);
    house.synced();
    assert_eq!(house.tree().into_keys().collect::<Vec<_>>(), ["ENG/stays--2.md", "OPS/_assets/1/a1-a.png", "OPS/page--1.md", "OPS/there--3.md"]);
    assert_eq!(house.read("OPS/_assets/1/a1-a.png"), "another picture");
}
