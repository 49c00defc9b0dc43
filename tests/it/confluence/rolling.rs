//! Sites that are listed by parts: what is new is found at once, everything else within a round, and each run costs a part of the whole.

use std::time::Duration;

use context_syncd::connectors::connector::{Completion, Depth};
use serde_json::json;

use super::driver::{Driver, Seen, on_both};
use crate::support::{Class, Flavour, Id, Model, Site};

const SPACES: usize = 8;

/// Spaces of 30 pages each; their ids.
fn furnished(site: &Site) -> Vec<Vec<Id>> {
    site.edit(|m| {
        (0..SPACES)
            .map(|space| {
                let key = format!("SP{space}");
                m.add_space(&key, &key);
                let pages = (0..30).map(|n| m.add_page(&key, None, &format!("Page {space} {n}"), "<p/>")).collect();
                m.advance(Duration::from_secs(3600));
                pages
            })
            .collect()
    })
}

async fn rolled(driver: &mut Driver) -> Seen {
    driver.list(Depth::Rolling(25)).await.unwrap()
}

fn whole(seen: &Seen) -> Vec<&str> {
    let complete = |name: &&String| name.starts_with("SP") && seen.completion(name) == &Completion::Complete;
    seen.scopes.keys().filter(complete).map(String::as_str).collect()
}

#[test]
fn each_space_has_its_turn_and_each_run_costs_its_part() {
    on_both(async |site| {
        furnished(&site);
        let mut driver = Driver::new(&site, &json!({}));
        let all = driver.everything().await;
        let mut turns: Vec<String> = Vec::new();
        for _ in 0..4 {
            site.clear_requests();
            driver = driver.next_run(&site, &json!({}));
            let seen = rolled(&mut driver).await;
            let listed = whole(&seen);
            assert_eq!(listed.len(), 2, "{:?}", seen.scopes);
            assert_eq!(seen.scopes.values().filter(|(_, completion)| *completion == Completion::News).count(), SPACES - 2);
            for key in &listed {
                assert!(seen.assets_done.contains(seen.scopes[*key].0.as_str()), "{key} is looked at thoroughly");
            }
            turns.extend(listed.into_iter().map(str::to_owned));
            assert!(site.count(Class::Listing) <= 2 * 2 + 2, "{}", site.transcript());
            for (id, document) in &seen.docs {
                assert_eq!((&document.0, &document.1), (&all.docs[id].0, &all.docs[id].1), "what is seen is as in a listing of everything");
            }
        }
        turns.sort();
        turns.dedup();
        assert_eq!(turns.len(), SPACES, "all had their turn: {turns:?}");
    });
}

#[test]
fn edits_pages_posts_attachments_and_comments_are_news_wherever_they_are() {
    on_both(async |site| {
        let pages = furnished(&site);
        let mut driver = Driver::new(&site, &json!({}));
        let all = driver.everything().await;
        // The last spaces are not the first to have their turn.
        let (edited, commented, shown) = (pages[7][3], pages[6][4], pages[6][5]);
        let (page, post) = site.edit(|m| {
            m.edit_page(edited, "<p>changed</p>");
            m.rename_page(pages[7][9], "Another name");
            m.add_comment(commented, None, "<p>Hm</p>");
            m.add_attachment(shown, "a.png", b"picture".to_vec(), "image/png");
            (m.add_page("SP7", None, "New", "<p/>"), m.add_post("SP6", "News", "<p/>"))
        });
        let seen = rolled(&mut driver).await;
        assert!(!whole(&seen).contains(&"SP6") && !whole(&seen).contains(&"SP7"), "{:?}", whole(&seen));
        assert_ne!(seen.docs[&edited.to_string()].0, all.docs[&edited.to_string()].0);
        assert_eq!(seen.place(pages[7][9]).title, "Another name");
        assert!(seen.docs.contains_key(&page.to_string()) && seen.docs.contains_key(&post.to_string()));
        let comments = &seen.docs[&format!("{commented}#comments")].1;
        assert_eq!(comments.stem, format!("{}.comments", all.place(commented).stem));
        assert_eq!(seen.assets.values().map(|asset| asset.owner.to_string()).collect::<Vec<_>>(), [shown.to_string()]);
        assert!(!seen.docs.contains_key(&pages[6][20].to_string()), "and what is not news is not named");
        // What was news is known the next time.
        let again = rolled(&mut driver).await;
        assert!(!again.docs.contains_key(&format!("{commented}#comments")), "{:?}", again.docs.keys());
    });
}

#[test]
fn what_is_no_new_version_is_found_within_a_round() {
    on_both(async |site| {
        let pages = furnished(&site);
        let cloud = site.edit(|m| m.flavour) == Flavour::Cloud;
        let comment = site.edit(|m| m.add_comment(pages[5][1], None, "<p>Hm</p>"));
        let gone = site.edit(|m| m.add_attachment(pages[4][1], "a.png", b"picture".to_vec(), "image/png"));
        let trashed = pages[3][1];
        site.edit(|m| m.delete(trashed));
        let mut driver = Driver::new(&site, &json!({}));
        driver.everything().await;
        site.edit(|m: &mut Model| {
            m.advance(Duration::from_secs(86_400));
            m.set_labels(pages[7][1], &["ops"]);
            m.move_page(pages[6][1], pages[6][2]);
            m.delete_comment(comment);
            m.delete_attachment(gone);
            m.delete(pages[2][1]);
            m.restore(trashed);
        });
        let (mut labelled, mut moved, mut restored) = (false, false, false);
        for _ in 0..4 {
            driver = driver.next_run(&site, &json!({}));
            let seen = rolled(&mut driver).await;
            let complete = whole(&seen).into_iter().map(str::to_owned).collect::<Vec<_>>();
            labelled |= seen.labels.get(&pages[7][1].to_string()).is_some_and(|labels| labels == &["ops"]);
            moved |= seen
                .docs
                .get(&pages[6][1].to_string())
                .is_some_and(|(_, place, _)| place.parent.as_ref().unwrap().as_str() == pages[6][2].to_string());
            restored |= seen.docs.contains_key(&trashed.to_string());
            assert!(!seen.docs.contains_key(&format!("{}#comments", pages[5][1])) || !complete.contains(&"SP5".to_owned()));
            assert!(!seen.assets.contains_key(&format!("att{gone}")));
            assert!(!seen.docs.contains_key(&pages[2][1].to_string()));
        }
        assert_eq!((labelled, moved, restored), (true, true, true), "cloud: {cloud}");
    });
}

#[test]
fn a_feed_that_fails_is_read_again_from_where_it_began() {
    on_both(async |site| {
        let pages = furnished(&site);
        let mut driver = Driver::new(&site, &json!({}));
        let all = driver.everything().await;
        let edited = pages[7][3];
        site.edit(|m| m.edit_page(edited, "<p>changed</p>"));
        let part = if site.edit(|m| m.flavour) == Flavour::Cloud { "sort=-modified-date" } else { "lastmodified+desc&expand=version%2Cancestors" };
        site.habits(|h| h.always(part, crate::support::Fault::Status(500)));
        let seen = rolled(&mut driver).await;
        assert!(matches!(seen.completion("SP7"), Completion::Incomplete(_)), "{:?}\n{}", seen.scopes, site.transcript());
        site.habits(crate::support::Habits::forgive);
        site.edit(|m| {
            m.advance(Duration::from_secs(86_400));
            m.edit_page(pages[0][1], "<p>later</p>");
        });
        let seen = rolled(&mut driver).await;
        assert_ne!(seen.docs[&edited.to_string()].0, all.docs[&edited.to_string()].0);
    });
}

#[test]
fn an_hourly_run_costs_the_feeds_and_a_twentieth_of_the_whole() {
    on_both(async |empty| {
        let cloud = empty.edit(|m| m.flavour) == Flavour::Cloud;
        let site = if cloud { Site::cloud() } else { Site::data_center() };
        let options =
            crate::support::corpus::Options { median_bytes: 50, giants: 0, attachments: true, ..crate::support::corpus::Options::default() };
        site.edit(|m| {
            crate::support::corpus::populate(m, 1600, 40, &options);
            m.advance(Duration::from_secs(86_400));
        });
        let mut driver = Driver::new(&site, &json!({}));
        driver.everything().await;
        site.clear_requests();
        driver.changes().await;
        let every = site.requests().len();
        for _ in 0..3 {
            site.clear_requests();
            driver = driver.next_run(&site, &json!({}));
            let seen = driver.list(Depth::Rolling(5)).await.unwrap();
            let listed = seen
                .scopes
                .values()
                .filter(|(scope, completion)| !matches!(scope.as_str(), "" | "#comments") && *completion == Completion::Complete)
                .count();
            assert_eq!(listed, 2);
            // Spaces; feeds of pages and posts; two spaces whole, with labels, attachments, comments, what stands in the tree, and their number; feeds of
            // attachments and comments.
            let budget = 1 + 2 + (2 * listed + 1 + 1 + 1 + 1 + 1) + 2;
            assert!(site.requests().len() <= budget, "{} of {budget}, {every} without\n{}", site.requests().len(), site.transcript());
            assert!(site.requests().len() * 5 < every, "{} instead of {every}", site.requests().len());
        }
    });
}

#[test]
fn the_only_space_of_a_site_is_fed_until_its_turn_comes() {
    on_both(async |site| {
        let pages: Vec<Id> = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let pages = (0..300).map(|n| m.add_page("ENG", None, &format!("Page {n}"), "<p/>")).collect();
            m.advance(Duration::from_secs(86_400));
            m.add_page("ENG", None, "Latest", "<p/>");
            pages
        });
        let mut driver = Driver::new(&site, &json!({}));
        let all = driver.everything().await;
        site.edit(|m| m.edit_page(pages[7], "<p>changed</p>"));
        let (mut fed, mut whole) = (0, 0);
        for _ in 0..20 {
            site.clear_requests();
            driver = driver.next_run(&site, &json!({}));
            let seen = driver.list(Depth::Rolling(5)).await.unwrap();
            match seen.completion("ENG") {
                Completion::News => {
                    fed += 1;
                    assert!(site.requests().len() <= 5, "{}", site.transcript());
                    assert_ne!(seen.docs[&pages[7].to_string()].0, all.docs[&pages[7].to_string()].0);
                    assert_eq!(seen.docs.len(), 2, "{:?}", seen.docs.keys());
                }
                _ => whole += 1,
            }
        }
        assert_eq!((fed, whole), (19, 1));
    });
}

/// One space of 1,300 pages, and posts among them, in one site with small ones.
fn giant(site: &Site) -> Vec<Id> {
    site.edit(|m| {
        m.add_space("BIG", "Big");
        m.add_space("OPS", "Ops");
        m.add_page("OPS", None, "Index", "<p/>");
        let page = |m: &mut Model, n| {
            if n % 20 == 7 { m.add_post("BIG", &format!("Post {n}"), "<p/>") } else { m.add_page("BIG", None, &format!("Page {n}"), "<p/>") }
        };
        let pages = (0..1300).map(|n| page(m, n)).collect();
        m.advance(Duration::from_secs(86_400));
        m.add_page("OPS", None, "Latest", "<p/>");
        pages
    })
}

/// Runs until the large space has been listed once by stretches: what each run saw.
async fn round(site: &Site, mut driver: Driver) -> (Driver, Vec<Seen>) {
    let mut runs = Vec::new();
    loop {
        site.clear_requests();
        driver = driver.next_run(site, &json!({}));
        let seen = driver.list(Depth::Rolling(5)).await.unwrap();
        let last = matches!(seen.completion("BIG"), Completion::Stretch { up_to: u64::MAX, .. });
        assert!(site.requests().len() <= 20, "{}", site.transcript());
        runs.push(seen);
        assert!(runs.len() < 20, "{:?}", runs.last().unwrap().scopes);
        if last {
            return (driver, runs);
        }
    }
}

#[test]
fn a_space_that_holds_most_of_a_site_is_listed_by_stretches_that_leave_nothing_out() {
    on_both(async |site| {
        let pages = giant(&site);
        let comment = site.edit(|m| m.add_comment(pages[500], None, "<p>Hm</p>"));
        site.edit(|m| m.add_comment(pages[501], None, "<p>Hm</p>"));
        let attachment = site.edit(|m| m.add_attachment(pages[600], "a.png", b"picture".to_vec(), "image/png"));
        site.edit(|m| m.delete(pages[950]));
        let mut driver = Driver::new(&site, &json!({}));
        let all = driver.everything().await;
        site.edit(|m| {
            m.advance(Duration::from_secs(86_400));
            m.set_labels(pages[20], &["ops"]);
            m.move_page(pages[300], pages[301]);
            m.delete(pages[400]);
            m.delete_comment(comment);
            m.delete_attachment(attachment);
            m.restore(pages[950]);
        });
        for _ in 0..2 {
            let (next, runs) = round(&site, driver).await;
            driver = next;
            assert!(runs.len() >= 5, "each run lists a part: {}", runs.len());
            let mut above = 0;
            let mut found = std::collections::BTreeSet::new();
            for seen in &runs {
                let Completion::Stretch { above: from, up_to } = *seen.completion("BIG") else { panic!("{:?}", seen.scopes) };
                assert_eq!(from, above, "where the last one ended");
                above = up_to;
                let documents = seen.docs.iter().filter(|(_, (_, place, _))| place.scope == seen.scopes["BIG"].0);
                for (id, (revision, _, _)) in documents {
                    let number: u64 = id.split('#').next().unwrap().parse().unwrap();
                    assert!(number > from && number <= up_to, "{id} is not in ({from}, {up_to}]");
                    assert!(all.docs.get(id).is_none_or(|(before, ..)| before == revision), "{id}");
                    assert!(found.insert(id.clone()), "{id} is seen once in a round");
                    assert!(id.contains('#') || seen.own_assets_done.contains(id), "{id}");
                }
            }
            let labels = runs.iter().find_map(|seen| seen.labels.get(&pages[20].to_string())).unwrap();
            assert_eq!(labels, &["ops"]);
            let moved = runs.iter().find_map(|seen| seen.docs.get(&pages[300].to_string())).unwrap();
            assert_eq!(moved.1.parent.as_ref().unwrap().as_str(), pages[301].to_string());
            assert!(found.contains(&pages[950].to_string()) && !found.contains(&pages[400].to_string()));
            assert!(found.contains(&format!("{}#comments", pages[501])) && !found.contains(&format!("{}#comments", pages[500])), "comments");
            assert!(runs.iter().all(|seen| seen.assets.is_empty()));
            // All but the deleted page and the comments that went, and the page that came back.
            let expected = all.docs.values().filter(|(_, place, _)| place.scope == runs[0].scopes["BIG"].0).count() - 2 + 1;
            assert_eq!(found.len(), expected);
        }
    });
}

#[test]
fn a_service_that_does_not_go_on_from_where_a_run_ended_is_listed_whole() {
    on_both(async |site| {
        giant(&site);
        let mut driver = Driver::new(&site, &json!({}));
        driver.everything().await;
        driver = driver.next_run(&site, &json!({}));
        let seen = driver.list(Depth::Rolling(5)).await.unwrap();
        assert!(matches!(seen.completion("BIG"), Completion::Stretch { above: 0, .. }));
        // The cursor has expired.
        site.habits(|h| h.always("cursor=", crate::support::Fault::Status(400)));
        driver = driver.next_run(&site, &json!({}));
        let seen = driver.list(Depth::Rolling(5)).await.unwrap();
        assert_eq!(seen.completion("BIG"), &Completion::News, "{}", site.transcript());
        site.habits(crate::support::Habits::forgive);
        let mut kinds = Vec::new();
        for _ in 0..3 {
            driver = driver.next_run(&site, &json!({}));
            kinds.push(driver.list(Depth::Rolling(5)).await.unwrap().completion("BIG").clone());
        }
        assert_eq!(kinds, [Completion::Complete, Completion::News, Completion::News], "and has its turn from now on");
    });
}

#[test]
fn a_stretch_that_breaks_off_is_listed_again() {
    on_both(async |site| {
        giant(&site);
        let mut driver = Driver::new(&site, &json!({}));
        driver.everything().await;
        driver = driver.next_run(&site, &json!({}));
        driver.list(Depth::Rolling(5)).await.unwrap();
        let part = if site.edit(|m| m.flavour) == Flavour::Cloud { "sort=id&cursor=" } else { "cursor=content" };
        site.habits(|h| h.always(part, crate::support::Fault::Status(500)));
        driver = driver.next_run(&site, &json!({}));
        let seen = driver.list(Depth::Rolling(5)).await.unwrap();
        assert!(matches!(seen.completion("BIG"), Completion::Incomplete(_)), "{}", site.transcript());
        site.habits(crate::support::Habits::forgive);
        let (_, runs) = round(&site, driver).await;
        assert!(matches!(runs[0].completion("BIG"), Completion::Stretch { above: 1.., .. }));
    });
}

#[test]
fn a_space_that_is_asked_for_again_is_listed_as_a_whole() {
    on_both(async |site| {
        let pages = furnished(&site);
        let mut driver = Driver::new(&site, &json!({}));
        driver.everything().await;
        // Its turn has just been.
        for _ in 0..4 {
            driver = driver.next_run(&site, &json!({}));
            let seen = rolled(&mut driver).await;
            if whole(&seen).contains(&"SP7") {
                break;
            }
        }
        driver = driver.next_run(&site, &json!({"exclude_spaces": ["SP7"]}));
        assert_eq!(rolled(&mut driver).await.completion("SP7"), &Completion::Unwanted);
        site.edit(|m| m.delete(pages[7][3]));
        driver = driver.next_run(&site, &json!({}));
        let seen = rolled(&mut driver).await;
        assert_eq!(seen.completion("SP7"), &Completion::Complete, "{:?}\n{}", seen.scopes, site.transcript());
        driver = driver.next_run(&site, &json!({}));
        assert_eq!(rolled(&mut driver).await.completion("SP7"), &Completion::News, "and has its turn from now on");
    });
}
