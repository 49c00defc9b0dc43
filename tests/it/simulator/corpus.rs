//! The generated sites: the same each time, well-formed, of the size asked for.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::support::corpus::{self, Options};
use crate::support::{Kind, Site, prose};

#[test]
fn a_populated_site_is_the_same_each_time_and_has_what_was_asked_for() {
    let options = Options { attachments: true, giants: 1, ..Options::default() };
    let contents = || {
        let site = Site::cloud();
        site.edit(|m| {
            let made = corpus::populate(m, 200, 3, &options);
            assert_eq!(made.len(), 200);
            assert_eq!(m.content.values().filter(|content| content.kind == Kind::Post).count(), 10);
            let mut sizes: Vec<usize> = made.iter().map(|id| m.body(*id).len()).collect();
            sizes.sort_unstable();
            assert!((4000..9000).contains(&sizes[100]), "the median is {}", sizes[100]);
            assert!(sizes[199] >= 1 << 20 && sizes[198] < 1 << 20);
            assert!(!m.attachments.is_empty());
            let facts =
                m.content.values().map(|content| (content.id, content.title.clone(), content.modified, content.parent, content.labels.clone()));
            (facts.collect::<Vec<_>>(), made.iter().map(|id| m.body(*id)).collect::<Vec<_>>())
        })
    };
    assert!(contents() == contents());
}

#[test]
fn bodies_are_well_formed_and_hold_what_real_pages_hold() {
    let people = ["ri:account-id=\"712020:a\"".to_owned()];
    let pages = [("A & B".to_owned(), None), ("C".to_owned(), Some("OPS".to_owned()))];
    let images = ["d 1.png".to_owned()];
    let around = prose::Surroundings { pages: &pages, images: &images, people: &people };
    let all: String = (0..30).map(|seed| prose::body_among(seed, 5000, around)).collect();
    for sign in
        ["ri:content-title=\"A &amp; B\" />", "ri:space-key=\"OPS\"", "ri:user", "ac:task-list", "<table", "ac:name=\"code\"", "]]]]><![CDATA[>"]
    {
        assert!(all.contains(sign), "{sign}");
    }
    let mut reader = Reader::from_str(&all);
    let mut depth = 0_i32;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    assert!(prose::body(7, 300_000).len() < 320_000);
}
