//! Pieces of other documents: they stand where they are named, follow what they show in the same run, and cost no request.

use super::{House, looks};

/// What stands below the title.
fn body(house: &House, path: &str) -> String {
    let text = house.read(path);
    text.rsplit_once("\n# ").and_then(|(_, body)| body.split_once("\n\n")).map_or(text.clone(), |(_, body)| body.to_owned())
}

#[test]
fn a_body_and_an_excerpt_stand_where_they_are_included_and_follow_their_documents() {
    let house = House::new();
    // The including pages come first in every listing and batch.
    house.fake.put("eng", "1", None, "Whole", "before\ninclude title:eng:source\nafter");
    house.fake.put("eng", "2", None, "Piece", "excerpt-of doc:3");
    house.fake.put("eng", "3", None, "Source", "link doc:4\nimage file:3:a.png\nexcerpt the limit is 5");
    house.fake.put("eng", "4", Some("3"), "Deep", "text");
    house.fake.at(|s| s.assets.insert("a1".to_owned(), ("3".to_owned(), "a.png".to_owned(), 1, b"picture".to_vec())));
    let finished = house.synced();
    assert_eq!(finished.summary.deferred, 0);
    let whole = "before\n\n> Included from [Source](source--3.md)\n\n[Deep](source--3/deep--4.md)\n\n![picture](_assets/3/a1-a.png)\n\n\
                 the limit is 5\n\nafter\n";
    assert_eq!(body(&house, "ENG/whole--1.md"), whole, "links and images of what is included are those of the page that includes it");
    assert_eq!(body(&house, "ENG/piece--2.md"), "> Excerpt from [Source](source--3.md)\n>\n> the limit is 5\n");

    house.fake.asked();
    let before = looks(&house);
    house.synced();
    assert_eq!(looks(&house), before, "a second run changes nothing");

    house.fake.put("eng", "3", None, "Source", "excerpt the limit is 6");
    house.fake.asked();
    house.synced();
    assert_eq!(house.fake.asked(), ["list Changes", "fetch 3"], "what includes it is written from kept bodies");
    assert_eq!(body(&house, "ENG/piece--2.md"), "> Excerpt from [Source](source--3.md)\n>\n> the limit is 6\n");
    assert!(body(&house, "ENG/whole--1.md").contains("the limit is 6"));
    let before = looks(&house);
    house.synced();
    assert_eq!(looks(&house), before);

    house.fake.rename("3", "Origin");
    house.synced();
    assert!(body(&house, "ENG/piece--2.md").starts_with("> Excerpt from [Origin](origin--3.md)"));
    assert!(body(&house, "ENG/whole--1.md").contains("> Included from [Origin](origin--3.md)"));
}

#[test]
fn a_piece_that_goes_leaves_its_marker_and_one_that_comes_takes_its_place() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Whole", "include doc:3");
    house.synced();
    assert_eq!(body(&house, "ENG/whole--1.md"), "`[cannot be had]`\n");
    house.fake.put("eng", "3", None, "Source", "here");
    house.synced();
    assert!(body(&house, "ENG/whole--1.md").ends_with("here\n"));
    house.fake.at(|s| s.docs.remove("3"));
    house.synced();
    assert_eq!(body(&house, "ENG/whole--1.md"), "`[cannot be had]`\n");
}

#[test]
fn pieces_within_pieces_follow_too_and_circles_end() {
    let house = House::new();
    house.fake.put("eng", "1", None, "A", "in a\ninclude doc:2");
    house.fake.put("eng", "2", None, "B", "in b\ninclude doc:3");
    house.fake.put("eng", "3", None, "C", "in c\ninclude doc:1");
    house.synced();
    let text = body(&house, "ENG/a--1.md");
    assert!(text.contains("in b\n") && text.contains("in c\n") && text.ends_with("`[cannot be had]`\n"), "{text}");
    assert_eq!(text.matches("in a").count(), 1);
    house.fake.put("eng", "3", None, "C", "new in c");
    house.fake.asked();
    house.synced();
    assert_eq!(house.fake.asked(), ["list Changes", "fetch 3"]);
    assert!(body(&house, "ENG/a--1.md").ends_with("new in c\n"));
    assert!(body(&house, "ENG/b--2.md").ends_with("new in c\n"));
    let before = looks(&house);
    house.synced();
    assert_eq!(looks(&house), before);
}

#[test]
fn lists_of_children_labels_and_properties_follow_the_mirror() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Top", "below 1");
    house.fake.put("eng", "2", None, "All", "labelled team\nreport team");
    house.fake.put("eng", "3", Some("1"), "Child", "property Owner Ann");
    house.fake.put("eng", "4", Some("3"), "Grandchild", "property Owner Bob\nproperty State done");
    house.fake.put("eng", "5", Some("1"), "Another", "text");
    house.fake.put("eng", "7", None, "None", "labelled nobody\nreport nobody");
    house.fake.at(|s| ["3", "4"].iter().for_each(|id| s.docs.get_mut(*id).unwrap().labels = vec!["team".to_owned()]));
    house.synced();
    assert_eq!(body(&house, "ENG/top--1.md"), "- [Another](top--1/another--5.md)\n- [Child](top--1/child--3.md)\n");
    let links = "- [Child](top--1/child--3.md)\n- [Grandchild](top--1/child--3/grandchild--4.md)\n";
    let table = "| Page | Owner | State |\n| --- | --- | --- |\n| [Child](top--1/child--3.md) | Ann |  |\n\
                 | [Grandchild](top--1/child--3/grandchild--4.md) | Bob | done |\n";
    assert_eq!(body(&house, "ENG/all--2.md"), format!("{links}\n{table}"));

    assert_eq!(body(&house, "ENG/none--7.md"), "*No pages found.*\n\n*No pages found.*\n");

    house.fake.put("eng", "6", Some("1"), "Zoo", "text");
    house.fake.put("eng", "3", Some("1"), "Child", "property Owner Cid");
    house.fake.asked();
    house.synced();
    assert_eq!(house.fake.asked(), ["list Changes", "fetch 3", "fetch 6"]);
    assert!(body(&house, "ENG/top--1.md").ends_with("- [Zoo](top--1/zoo--6.md)\n"));
    assert!(body(&house, "ENG/all--2.md").contains("| [Child](top--1/child--3.md) | Cid |"));
    let before = looks(&house);
    house.synced();
    assert_eq!(looks(&house), before);

    house.fake.at(|s| s.docs.get_mut("5").unwrap().labels = vec!["team".to_owned()]);
    house.hours_later(24);
    house.synced();
    assert!(body(&house, "ENG/all--2.md").starts_with("- [Another](top--1/another--5.md)\n"), "{}", body(&house, "ENG/all--2.md"));
}

#[test]
fn a_list_of_files_brings_them() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Files", "files");
    house.fake.at(|s| s.assets.insert("a1".to_owned(), ("1".to_owned(), "plan.pdf".to_owned(), 1, b"pages".to_vec())));
    house.synced();
    assert_eq!(body(&house, "ENG/files--1.md"), "- [plan.pdf](_assets/1/a1-plan.pdf)\n");
    assert!(house.tree().contains_key("ENG/_assets/1/a1-plan.pdf"));
    house.fake.at(|s| s.assets.insert("a2".to_owned(), ("1".to_owned(), "more.pdf".to_owned(), 1, b"more".to_vec())));
    house.synced();
    assert_eq!(body(&house, "ENG/files--1.md"), "- [more.pdf](_assets/1/a2-more.pdf)\n- [plan.pdf](_assets/1/a1-plan.pdf)\n");
}

#[test]
fn what_accompanies_a_document_is_in_no_list_of_the_tree() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Top", "below 0");
    house.fake.put("eng", "2", Some("1"), "Child", "text");
    house.fake.put("eng", "2#comments", Some("1"), "Comments on Child", "text");
    house.synced();
    assert_eq!(body(&house, "ENG/top--1.md"), "- [Child](top--1/child--2.md)\n");
}

#[test]
fn a_list_of_many_costs_its_record_nothing_and_links_beside_it_follow_too() {
    let house = House::new();
    house.fake.put("eng", "1", None, "Top", "below 0\nlink doc:3\nlink doc:900");
    for id in 2..60 {
        house.fake.put("eng", &id.to_string(), Some("1"), &format!("Child {id}"), "text");
    }
    house.fake.put("eng", "900", None, "Elsewhere", "text");
    house.synced();
    let (state, _) = context_syncd::state::State::open(&house.folder().join(".sync_state"), std::time::Duration::from_secs(5)).unwrap();
    let record = state.document(&"1".into()).unwrap().unwrap();
    drop(state);
    assert_eq!(record.links_to, ["doc:900".into()], "the list says the same of all others");
    house.fake.rename("3", "Third");
    house.fake.at(|s| s.docs.remove("4"));
    house.synced();
    let text = body(&house, "ENG/top--1.md");
    assert!(
        text.contains("- [Third](top--1/third--3.md)\n") && text.contains("\n\n[Third](top--1/third--3.md)\n\n[Elsewhere](elsewhere--900.md)"),
        "{text}"
    );
    assert!(!text.contains("Child 4]"), "{text}");
}
