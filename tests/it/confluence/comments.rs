//! Comments: found by one search, kept beside their page, and gone only when the page itself says so.

use context_syncd::connectors::connector::{Completion, Presence};
use context_syncd::model::RemoteId;
use serde_json::json;

use super::driver::{Driver, Seen, on_both, run};
use crate::support::{Class, Fault, Id, Site};

fn of(seen: &Seen, page: Id) -> Option<String> {
    seen.docs.get(&format!("{page}#comments")).map(|(revision, ..)| revision.as_str().to_owned())
}

/// A guide with a thread and an inline comment, a post with a comment, a page without any.
fn furnished(site: &Site) -> (Id, Id, Id, Id) {
    site.edit(|m| {
        m.add_space("ENG", "Engineering");
        let guide = m.add_page("ENG", None, "Guide", "<p>the words</p>");
        let post = m.add_post("ENG", "News", "<p/>");
        m.add_page("ENG", None, "Silent", "<p/>");
        let first = m.add_comment(guide, None, "<p>First</p>");
        m.add_comment(guide, Some(first), "<p>Answer</p>");
        let inline = m.add_inline_comment(guide, "the words", "<p>Why?</p>");
        m.add_comment(post, None, "<p>Nice</p>");
        (guide, post, first, inline)
    })
}

#[test]
fn they_are_documents_beside_their_page_with_a_clock_of_their_own() {
    on_both(async |site| {
        let (guide, post, first, inline) = furnished(&site);
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        assert_eq!(seen.docs.keys().filter(|id| id.ends_with("#comments")).count(), 2, "{:?}", seen.docs.keys());
        let place = &seen.docs[&format!("{guide}#comments")].1;
        assert_eq!(
            (place.stem.as_str(), place.title.as_str(), &*place.kind),
            (&*format!("guide--{guide}.comments"), "Comments on Guide", "comments")
        );
        assert_eq!((&place.parent, &place.container), (&seen.place(guide).parent, &seen.place(guide).container));
        assert_eq!(seen.docs[&format!("{post}#comments")].1.container[..], ["ENG", "blog"]);
        assert_eq!(driver.changes().await.docs, seen.docs);
        for edit in [
            Box::new(|m: &mut crate::support::Model| m.edit_comment(first, "<p>Second thought</p>")) as Box<dyn Fn(&mut crate::support::Model)>,
            Box::new(|m| m.resolve_comment(inline, true)),
            Box::new(|m| {
                m.add_comment(guide, None, "<p>One more</p>");
            }),
        ] {
            let before = driver.changes().await;
            site.edit(|m| edit(m));
            let after = driver.changes().await;
            assert_ne!(of(&before, guide), of(&after, guide));
            assert_eq!(of(&before, post), of(&after, post));
            assert_eq!(before.docs[&guide.to_string()], after.docs[&guide.to_string()], "the page is as it was");
        }
    });
}

#[test]
fn a_body_holds_threads_people_and_states() {
    on_both(async |site| {
        let (guide, _, _, inline) = furnished(&site);
        site.edit(|m| m.resolve_comment(inline, true));
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        site.clear_requests();
        let wanted: Vec<_> = seen.wanted(true).into_iter().filter(|wanted| wanted.id.as_str().ends_with("#comments")).collect();
        let fetched = driver.fetch(&wanted).await;
        assert_eq!(site.requests().len(), 1, "{}", site.transcript());
        let guide = fetched[&format!("{guide}#comments")].as_ref().unwrap();
        assert_eq!(guide.revision.as_str(), of(&seen, guide_id(&seen)).unwrap());
        let document = driver.connector.read(&guide.raw, &wanted[0].place).unwrap();
        assert!(document.facts.extra.contains(&("comments".to_owned(), "3".into())), "{:?}", document.facts);
        let tree = format!("{:?}", document.body);
        for part in ["First", "Answer", "the words", "Why?", ", resolved", "Person"] {
            assert!(tree.contains(part), "{part} in {tree}");
        }
        let people = driver.connector.people(vec![document.facts.updated_by.clone().unwrap()]).await.unwrap();
        assert_eq!((people[0].1.as_str(), site.requests().len()), ("Ann Author", 1), "the search told the names");
    });
}

fn guide_id(seen: &Seen) -> Id {
    seen.docs.iter().find(|(_, (_, place, _))| place.title == "Guide").unwrap().0.parse().unwrap()
}

#[test]
fn a_run_without_news_costs_one_request_and_no_page_is_asked() {
    on_both(async |site| {
        let pages: Vec<Id> = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            m.add_space("OPS", "Operations");
            (0..120).map(|n| m.add_page(if n % 2 == 0 { "ENG" } else { "OPS" }, None, &format!("Page {n}"), "<p/>")).collect()
        });
        site.edit(|m| {
            for (n, page) in pages.iter().enumerate() {
                for k in 0..=n % 5 {
                    m.add_comment(*page, None, &format!("<p>{n} {k}</p>"));
                }
                m.advance(std::time::Duration::from_secs(600));
            }
        });
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        assert_eq!(site.count(Class::Comments), 360_usize.div_ceil(200), "{}", site.transcript());
        site.clear_requests();
        let wanted: Vec<_> = seen.wanted(false).into_iter().filter(|wanted| wanted.id.as_str().ends_with("#comments")).collect();
        assert_eq!(wanted.len(), 120);
        driver.fetch(&wanted).await;
        assert!(site.requests().len() <= 360 / 50 + 4, "{}", site.transcript());
        site.clear_requests();
        let mut driver = driver.next_run(&site, &json!({}));
        assert_eq!(driver.changes().await.docs, seen.docs);
        assert_eq!(site.count(Class::Comments), 1, "{}", site.transcript());
    });
}

#[test]
fn a_space_that_comes_in_later_brings_its_old_comments() {
    on_both(async |site| {
        let (guide, ..) = furnished(&site);
        let old = site.edit(|m| {
            m.add_space("OPS", "Operations");
            let old = m.add_page("OPS", None, "Old", "<p/>");
            m.add_comment(old, None, "<p>Long ago</p>");
            m.advance(std::time::Duration::from_secs(86_400));
            m.add_comment(guide, None, "<p>Today</p>");
            old
        });
        let mut driver = Driver::new(&site, &json!({"spaces": ["ENG"]}));
        assert_eq!(of(&driver.everything().await, old), None);
        let seen = driver.next_run(&site, &json!({"spaces": ["ENG", "OPS"]})).changes().await;
        assert!(of(&seen, old).is_some() && of(&seen, guide).is_some(), "{:?}", seen.docs.keys());
    });
}

#[test]
fn only_the_page_itself_can_say_that_they_are_gone() {
    on_both(async |site| {
        let (guide, post, ..) = furnished(&site);
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        let wanted = |page: Id| seen.wanted(false).into_iter().find(|wanted| wanted.id == RemoteId::new(format!("{page}#comments"))).unwrap();
        let ids: Vec<Id> =
            site.edit(|m| m.comments.values().filter(|comment| comment.page == guide && comment.parent.is_none()).map(|c| c.id).collect());
        site.edit(|m| ids.iter().for_each(|id| m.delete_comment(*id)));
        assert!(of(&driver.changes().await, guide).is_some(), "a deletion is no news to a feed");
        let seen = driver.everything().await;
        assert_eq!((of(&seen, guide), of(&seen, post).is_some()), (None, true));
        let said = driver.connector.confirm(vec![wanted(guide), wanted(post)]).await.unwrap();
        assert!(said.contains(&(wanted(guide).id, Presence::Gone)) && said.contains(&(wanted(post).id, Presence::Present)), "{said:?}");
        let driver = driver.next_run(&site, &json!({"comments": false}));
        assert_eq!(driver.connector.confirm(vec![wanted(post)]).await.unwrap()[0].1, Presence::Unwanted);
    });
}

#[test]
fn a_search_that_is_refused_keeps_what_is_known_and_removes_nothing() {
    on_both(async |site| {
        let (guide, ..) = furnished(&site);
        let mut driver = Driver::new(&site, &json!({}));
        let before = driver.everything().await;
        site.habits(|h| h.always("type%3Dcomment", Fault::Status(403)));
        for depth in ["changes", "everything"] {
            let seen = if depth == "changes" { driver.changes().await } else { driver.everything().await };
            assert!(matches!(seen.completion("comments"), Completion::Incomplete(_)), "{:?}", seen.scopes);
            assert_eq!(of(&seen, guide), of(&before, guide));
        }
        let mut fresh = Driver::new(&site, &json!({}));
        let seen = fresh.everything().await;
        assert_eq!(of(&seen, guide), None);
        let wanted = before.wanted(false).into_iter().find(|wanted| wanted.id.as_str() == format!("{guide}#comments")).unwrap();
        assert_eq!(fresh.connector.confirm(vec![wanted]).await.unwrap()[0].1, Presence::Present);
    });
}

#[test]
fn comments_that_search_learns_of_late_are_found_by_the_overlap() {
    run(async {
        let site = Site::cloud();
        let (guide, post, ..) = furnished(&site);
        let mut driver = Driver::new(&site, &json!({}));
        driver.everything().await;
        site.edit(|m| {
            m.freeze_index();
            m.add_comment(post, None, "<p>Late</p>");
            m.index_forgets();
            m.add_comment(guide, None, "<p>Soon</p>");
        });
        let between = driver.changes().await;
        site.edit(|m| m.thaw_index());
        let after = driver.changes().await;
        assert_eq!(of(&between, guide), of(&after, guide));
        assert_ne!(of(&between, post), of(&after, post));
    });
}
