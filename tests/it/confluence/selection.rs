//! A part of the spaces: pages with what is below them, labels, a search of the user's own.

use std::collections::BTreeSet;

use context_syncd::connectors::connector::{Completion, Presence};
use context_syncd::model::RemoteId;
use serde_json::{Value, json};

use super::driver::{Driver, Seen, on_both, run};
use crate::support::{Class, Fault, Id, Site};

/// ENG: Guide > Chapter (ops) > Detail, Other (ops, old), a post (ops). OPS: Run (ops).
fn furnished(site: &Site) -> [Id; 6] {
    site.edit(|m| {
        m.add_space("ENG", "Engineering");
        m.add_space("OPS", "Operations");
        let guide = m.add_page("ENG", None, "Guide", "<p/>");
        let chapter = m.add_page("ENG", Some(guide), "Chapter", "<p/>");
        let detail = m.add_page("ENG", Some(chapter), "Detail", "<p/>");
        let other = m.add_page("ENG", None, "Other", "<p/>");
        let post = m.add_post("ENG", "News", "<p/>");
        let run = m.add_page("OPS", None, "Run", "<p/>");
        for id in [chapter, post, run] {
            m.set_labels(id, &["ops"]);
        }
        m.set_labels(other, &["ops", "old"]);
        [guide, chapter, detail, other, post, run]
    })
}

fn ids(seen: &Seen) -> BTreeSet<Id> {
    seen.docs.keys().map(|id| id.parse().unwrap()).collect()
}

#[test]
fn pages_labels_and_searches_choose_and_exclude_within_the_chosen_spaces() {
    on_both(async |site| {
        let [guide, chapter, detail, other, post, run] = furnished(&site);
        let id = |id: Id| id.to_string();
        for (settings, wanted) in [
            (json!({"pages": [id(guide)]}), vec![guide, chapter, detail]),
            (json!({"pages": [format!("https://wiki/pages/viewpage.action?pageId={guide}")], "exclude_pages": [id(detail)]}), vec![guide, chapter]),
            (json!({"labels": ["ops"]}), vec![chapter, other, post, run]),
            (json!({"labels": ["ops"], "exclude_labels": ["old"], "spaces": ["ENG"]}), vec![chapter, post]),
            (json!({"labels": ["ops"], "exclude_spaces": ["OP*"], "blog_posts": false}), vec![chapter, other]),
            (json!({"cql": "title ~ \"det\" or label = \"old\""}), vec![detail, other]),
            (json!({"cql": "title ~ \"e\"", "labels": ["ops"], "pages": [id(guide)]}), vec![chapter]),
        ] {
            let seen = Driver::new(&site, &settings).everything().await;
            assert_eq!(ids(&seen), wanted.into_iter().collect(), "{settings}");
        }
    });
}

#[test]
fn what_is_selected_is_as_in_a_listing_of_everything_and_costs_one_search() {
    on_both(async |site| {
        let [guide, chapter, detail, ..] = furnished(&site);
        site.edit(|m| {
            m.add_attachment(chapter, "a.png", b"picture".to_vec(), "image/png");
            m.add_attachment(guide, "b.png", b"picture".to_vec(), "image/png");
            m.add_comment(detail, None, "<p>Hm</p>");
            m.add_comment(guide, None, "<p>Hm</p>");
        });
        let all = Driver::new(&site, &json!({})).everything().await;
        site.clear_requests();
        let mut driver = Driver::new(&site, &json!({"pages": [chapter.to_string()], "spaces": ["ENG"]}));
        let seen = driver.everything().await;
        assert_eq!(seen.docs.len(), 3, "{:?}", seen.docs.keys());
        for (id, document) in &seen.docs {
            assert_eq!((&document.0, &document.1), (&all.docs[id].0, &all.docs[id].1), "no body is fetched again for a narrower scope");
        }
        assert_eq!(seen.labels[&chapter.to_string()], ["ops"]);
        assert_eq!((seen.assets.len(), seen.completion("ENG")), (1, &Completion::CompleteSelection));
        assert_eq!(seen.nodes[&guide.to_string()].title, "", "what is above it is no folder");
        site.clear_requests();
        driver.changes().await;
        let counts = (site.count(Class::Listing), site.count(Class::Search), site.count(Class::Comments), site.count(Class::Labels));
        assert_eq!(counts, (0, 2, 1, 0), "documents, attachments, comments\n{}", site.transcript());
    });
}

#[test]
fn leaving_the_selection_is_told_from_a_narrower_configuration_and_from_a_silent_index() {
    on_both(async |site| {
        let [guide, chapter, _, other, ..] = furnished(&site);
        let labelled = json!({"labels": ["ops"]});
        let mut driver = Driver::new(&site, &labelled);
        let before = driver.everything().await;
        // Somebody takes the label away.
        site.edit(|m| m.set_labels(other, &[]));
        let seen = driver.changes().await;
        assert!(!seen.docs.contains_key(&other.to_string()));
        let confirm = async |driver: &Driver, id: Id| driver.connector.confirm(before.one(id, false)).await.unwrap()[0].1;
        assert_eq!(confirm(&driver, other).await, Presence::OutOfScope);
        assert_eq!(confirm(&driver, chapter).await, Presence::Present);
        // A search that says nothing says nothing.
        site.edit(|m| m.forget_in_search(other));
        assert_eq!(confirm(&driver, other).await, Presence::Present);
        site.habits(|h| h.always("content/search", Fault::Status(403)));
        assert_eq!(confirm(&driver, other).await, Presence::Present);
        site.habits(crate::support::Habits::forgive);
        site.edit(|m| m.thaw_index());
        // The user asks for less.
        let narrower: Value = json!({"labels": ["ops"], "pages": [guide.to_string()]});
        let mut driver = driver.next_run(&site, &narrower);
        let seen = driver.changes().await;
        assert_eq!(ids(&seen), BTreeSet::from([chapter]));
        let run = before.docs.iter().find(|(_, (_, place, _))| place.title == "Run").unwrap().0.parse().unwrap();
        assert_eq!(confirm(&driver, run).await, Presence::Unwanted);
        let mut driver = driver.next_run(&site, &narrower);
        driver.changes().await;
        site.edit(|m| m.set_labels(chapter, &[]));
        assert_eq!(confirm(&driver, chapter).await, Presence::OutOfScope);
    });
}

#[test]
fn a_search_that_is_refused_leaves_every_space_incomplete_and_validate_says_so() {
    on_both(async |site| {
        furnished(&site);
        for (fault, settings) in [(Some(Fault::Status(403)), json!({"labels": ["ops"]})), (None, json!({"cql": "colour = red"}))] {
            site.habits(crate::support::Habits::forgive);
            if let Some(fault) = fault {
                site.habits(|h| h.always("content/search", fault));
            }
            let mut driver = Driver::new(&site, &settings);
            let seen = driver.everything().await;
            assert!(matches!(seen.completion("ENG"), Completion::Incomplete(_)), "{:?}", seen.scopes);
            let problems = driver.connector.validate().await.unwrap().problems;
            assert!(problems.iter().any(|problem| problem.contains("`cql`")), "{problems:?}");
        }
        site.habits(crate::support::Habits::forgive);
        let problems = Driver::new(&site, &json!({"labels": ["nobody-has-it"]})).connector.validate().await.unwrap().problems;
        assert!(problems.iter().any(|problem| problem.contains("select nothing")), "{problems:?}");
    });
}

#[test]
fn whiteboards_and_folders_are_selected_with_what_is_around_them() {
    run(async {
        let site = Site::cloud();
        let (folder, board, page) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let folder = m.add_folder("ENG", None, "Runbooks");
            let board = m.add(crate::support::Kind::Whiteboard, "ENG", Some(folder), "Ideas", "");
            m.add(crate::support::Kind::Whiteboard, "ENG", None, "Elsewhere", "");
            (folder, board, m.add_page("ENG", Some(folder), "Restart", "<p/>"))
        });
        let mut driver = Driver::new(&site, &json!({"pages": [folder.to_string()]}));
        let seen = driver.everything().await;
        assert_eq!(ids(&seen), BTreeSet::from([board, page]));
        assert_eq!(seen.nodes[&folder.to_string()].title, "Runbooks");
        assert_eq!(seen.place(page).parent, Some(RemoteId::new(folder.to_string())));
        assert_eq!(driver.changes().await.docs, seen.docs);
    });
}
