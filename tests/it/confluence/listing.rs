//! What a listing says: spaces, places, labels, folders, attachments, and what became of spaces.

use context_syncd::connectors::connector::{Completion, Depth, Presence};
use context_syncd::model::{Owner, RemoteId};
use serde_json::json;

use super::driver::{Driver, on_both, run};
use crate::support::{Class, Kind, Site};

#[test]
fn places_follow_the_tree_and_the_home_page_is_transparent() {
    on_both(async |site| {
        let (home, guide, chapter, post) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let home = m.home("ENG");
            let guide = m.add_page("ENG", Some(home), "Guide", "<p/>");
            let chapter = m.add_page("ENG", Some(guide), "Chapter: One/Two", "<p/>");
            (home, guide, chapter, m.add_post("ENG", "News", "<p/>"))
        });
        let seen = Driver::new(&site, &json!({})).everything().await;
        assert_eq!(seen.completion("ENG"), &Completion::Complete);
        assert!(seen.place(home).transparent && !seen.place(guide).transparent);
        assert!(seen.place(home).aliases.iter().any(|key| key.as_str() == "space:ENG"));
        assert_eq!(seen.place(chapter).parent, Some(RemoteId::new(guide.to_string())));
        assert_eq!(seen.place(chapter).stem, format!("chapter-one-two--{chapter}"));
        assert_eq!(*seen.place(chapter).container, ["ENG"]);
        assert_eq!(*seen.place(post).container, ["ENG", "blog"]);
        assert_eq!(&*seen.place(post).kind, "blogpost");
        assert!(seen.place(post).aliases.iter().any(|key| key.as_str() == "blog:ENG:2026/01/05:news"), "{:?}", seen.place(post));
        assert!(seen.place(guide).url.starts_with(&format!("{}/", site.base_url())), "{}", seen.place(guide).url);
        let (_, _, people) = &seen.docs[&guide.to_string()];
        assert!(!people.is_empty());
    });
}

#[test]
fn spaces_are_chosen_by_key_or_by_pattern() {
    on_both(async |site| {
        site.edit(|m| {
            for key in ["ENG", "OPS", "OLDOPS", "~ann"] {
                m.add_space(key, key);
            }
            m.add_space("GONE", "Archived");
            m.archive_space("GONE");
        });
        for (settings, wanted) in [
            (json!({}), vec!["ENG", "OLDOPS", "OPS"]),
            (json!({"personal_spaces": true}), vec!["ENG", "OLDOPS", "OPS", "~ann"]),
            (json!({"include_spaces": ["*ops"], "exclude_spaces": ["OLD*"]}), vec!["OPS"]),
            (json!({"spaces": ["ENG", "~ann"]}), vec!["ENG", "~ann"]),
        ] {
            let seen = Driver::new(&site, &settings).everything().await;
            let mut keys: Vec<&str> =
                seen.scopes.iter().filter(|(_, (scope, _))| !matches!(scope.as_str(), "" | "#comments")).map(|(key, _)| key.as_str()).collect();
            keys.sort_unstable();
            assert_eq!(keys, wanted, "{settings}");
        }
    });
}

#[test]
fn missing_forbidden_and_unwanted_spaces_are_told_apart() {
    on_both(async |site| {
        site.edit(|m| {
            for key in ["ENG", "OPS", "HR", "QA"] {
                m.add_space(key, key);
            }
        });
        let mut driver = Driver::new(&site, &json!({"spaces": ["ENG", "OPS", "HR", "QA", "TYPO"]}));
        let first = driver.everything().await;
        assert!(matches!(first.completion("TYPO"), Completion::Missing(_)));
        site.edit(|m| m.forbid_space("OPS", true));
        site.habits(|h| h.space_status.insert("HR".to_owned(), 403));
        let mut driver = driver.next_run(&site, &json!({"spaces": ["ENG", "OPS", "HR"]}));
        let seen = driver.changes().await;
        assert_eq!(seen.completion("ENG"), &Completion::Complete);
        assert!(matches!(seen.completion("OPS"), Completion::Missing(_)), "{:?}", seen.scopes);
        assert!(matches!(seen.completion("HR"), Completion::Missing(why) if why.contains("403")), "{:?}", seen.scopes);
        assert_eq!(seen.completion("QA"), &Completion::Unwanted);
        assert_eq!(seen.scopes["OPS"].0, first.scopes["OPS"].0, "the scope keeps its id");
    });
}

#[test]
fn a_space_that_changed_its_key_is_found_by_its_id() {
    run(async {
        let site = Site::cloud();
        site.edit(|m| m.add_space("OPS", "Operations"));
        let mut driver = Driver::new(&site, &json!({"spaces": ["OPS"]}));
        let first = driver.everything().await;
        site.edit(|m| m.rename_space_key("OPS", "OPERATIONS"));
        let seen = driver.next_run(&site, &json!({"spaces": ["OPS"]})).changes().await;
        assert_eq!(seen.scopes["OPERATIONS"], (first.scopes["OPS"].0.clone(), Completion::Complete), "{:?}", seen.scopes);
    });
}

#[test]
fn archived_and_draft_pages_are_not_listed() {
    run(async {
        let site = Site::cloud();
        let (kept, archived) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            (m.add_page("ENG", None, "Kept", "<p/>"), m.add_page("ENG", None, "Archived", "<p/>"))
        });
        site.edit(|m| m.archive(archived));
        let seen = Driver::new(&site, &json!({})).everything().await;
        assert!(seen.docs.contains_key(&kept.to_string()) && !seen.docs.contains_key(&archived.to_string()));
    });
}

#[test]
fn labels_come_with_everything_and_only_for_what_search_knows() {
    on_both(async |site| {
        let (labelled, bare, post) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            (m.add_page("ENG", None, "A", "<p/>"), m.add_page("ENG", None, "B", "<p/>"), m.add_post("ENG", "C", "<p/>"))
        });
        site.edit(|m| {
            m.set_labels(labelled, &["ops", "a-first"]);
            m.set_labels(post, &["news"]);
        });
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        assert_eq!(seen.labels[&labelled.to_string()], ["a-first", "ops"]);
        assert_eq!(seen.labels[&post.to_string()], ["news"]);
        assert!(seen.labels[&bare.to_string()].is_empty());
        if driver.connector.batch_size() == 200 {
            site.edit(|m| m.freeze_index());
            let fresh = site.edit(|m| m.add_page("ENG", None, "Fresh", "<p/>"));
            let seen = driver.everything().await;
            assert!(seen.docs.contains_key(&fresh.to_string()) && !seen.labels.contains_key(&fresh.to_string()));
        }
    });
}

#[test]
fn folders_have_their_names_and_are_asked_for_only_when_new_ones_show_up() {
    run(async {
        let site = Site::cloud();
        let (outer, inner, page) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let outer = m.add_folder("ENG", Some(m.home("ENG")), "Runbooks");
            let inner = m.add_folder("ENG", Some(outer), "Night");
            (outer, inner, m.add_page("ENG", Some(inner), "Restart", "<p/>"))
        });
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        assert_eq!(seen.place(page).parent, Some(RemoteId::new(inner.to_string())));
        assert_eq!(seen.nodes[&inner.to_string()].parent, Some(RemoteId::new(outer.to_string())));
        assert_eq!(seen.nodes[&outer.to_string()].stem, format!("runbooks--{outer}"));
        site.clear_requests();
        let seen = driver.changes().await;
        assert!(seen.nodes.is_empty(), "{:?}", seen.nodes);
        assert!(!site.requests().iter().any(|seen| seen.query.contains("folder")), "{}", site.transcript());
        let third = site.edit(|m| {
            let third = m.add_folder("ENG", None, "Third");
            m.add_page("ENG", Some(third), "New", "<p/>");
            third
        });
        assert_eq!(driver.changes().await.nodes[&third.to_string()].title, "Third");
    });
}

#[test]
fn folders_whose_names_cannot_be_had_keep_a_plain_name_and_never_lose_a_known_one() {
    run(async {
        let site = Site::cloud();
        let folder = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let folder = m.add_folder("ENG", None, "Runbooks");
            m.add_page("ENG", Some(folder), "Restart", "<p/>");
            folder
        });
        site.habits(|h| h.always("folder", crate::support::Fault::Status(403)));
        let seen = Driver::new(&site, &json!({})).everything().await;
        assert_eq!(seen.nodes[&folder.to_string()].title, format!("folder-{folder}"));
        assert!(matches!(seen.beside(), Completion::Incomplete(_)));
        assert_eq!(seen.completion("ENG"), &Completion::Complete);
        site.habits(crate::support::Habits::forgive);
        let mut driver = Driver::new(&site, &json!({}));
        driver.everything().await;
        site.habits(|h| h.always("folder", crate::support::Fault::Status(403)));
        assert!(driver.everything().await.nodes.is_empty());
    });
}

#[test]
fn attachments_come_whole_at_first_and_then_only_new_ones() {
    on_both(async |site| {
        let (page, old) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let page = m.add_page("ENG", None, "Guide", "<p/>");
            (page, m.add_attachment(page, "a\u{308} b.png", b"picture".to_vec(), "image/png"))
        });
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        let asset = &seen.assets[&format!("att{old}")];
        assert_eq!(asset.owner, Owner::Document(RemoteId::new(page.to_string())));
        assert_eq!(asset.folder, ["ENG".to_owned(), "_assets".to_owned(), page.to_string()]);
        assert_eq!(asset.file_name, format!("att{old}-\u{e4} b.png"));
        assert_eq!(asset.keys[0].as_str(), format!("file:{page}:\u{e4} b.png"));
        assert_eq!((asset.size, asset.media_type.as_deref()), (Some(7), Some("image/png")));
        assert!(asset.url.starts_with(&site.base_url()), "{}", asset.url);
        assert_eq!(seen.assets_done.len(), 1);
        assert_eq!(driver.download(asset).await.unwrap(), b"picture");
        site.edit(|m| {
            m.advance(std::time::Duration::from_secs(3600));
            m.replace_attachment(old, b"other".to_vec());
        });
        let new = site.edit(|m| m.add_attachment(page, "b.pdf", b"pdf".to_vec(), "application/pdf"));
        site.clear_requests();
        let mut driver = driver.next_run(&site, &json!({}));
        let changed = driver.changes().await;
        assert_eq!(changed.assets.len(), 2, "{:?}", changed.assets);
        assert_ne!(changed.assets[&format!("att{old}")].revision, asset.revision);
        assert!(changed.assets.contains_key(&format!("att{new}")) && changed.assets_done.is_empty());
        assert_eq!(site.count(Class::Search), 1, "{}", site.transcript());
        site.edit(|m| {
            m.advance(std::time::Duration::from_secs(3600));
            m.add_space("OPS", "Operations");
            let page = m.add_page("OPS", None, "Elder", "<p/>");
            m.add_attachment(page, "c.png", b"c".to_vec(), "image/png");
        });
        assert_eq!(driver.changes().await.assets_done.len(), 1, "a new space is listed whole");
    });
}

#[test]
fn without_attachments_nothing_is_asked_about_them() {
    on_both(async |site| {
        site.edit(|m| m.add_space("ENG", "Engineering"));
        let seen = Driver::new(&site, &json!({"attachments": "none"})).everything().await;
        assert!(seen.assets.is_empty() && seen.assets_done.is_empty());
        assert!(!site.requests().iter().any(|seen| seen.query.contains("attachment")), "{}", site.transcript());
    });
}

#[test]
fn what_became_of_missing_documents_is_asked_by_id() {
    on_both(async |site| {
        let ids = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            m.add_space("OUT", "Outside");
            let mut ids: Vec<_> = (0..5).map(|n| m.add_page("ENG", None, &format!("Page {n}"), "<p/>")).collect();
            ids.push(m.add_post("ENG", "Post", "<p/>"));
            ids
        });
        let mut driver = Driver::new(&site, &json!({"spaces": ["ENG"]}));
        let wanted = driver.everything().await.wanted(false);
        site.edit(|m| {
            m.delete(ids[0]);
            m.purge(ids[1]);
            m.restrict(ids[2]);
            m.move_to_space(ids[3], "OUT");
            m.delete(ids[5]);
        });
        let found: std::collections::BTreeMap<String, Presence> =
            driver.connector.confirm(wanted).await.unwrap().into_iter().map(|(id, presence)| (id.as_str().to_owned(), presence)).collect();
        let of = |n: usize| found[&ids[n].to_string()];
        assert_eq!(
            [of(0), of(1), of(2), of(3), of(4), of(5)],
            [Presence::Trashed, Presence::Gone, Presence::Gone, Presence::OutOfScope, Presence::Present, Presence::Trashed]
        );
        assert_eq!(site.requests().iter().filter(|seen| seen.path.ends_with("/user/current")).count(), 2);
    });
}

#[test]
fn nothing_is_said_to_be_gone_once_the_account_is_another() {
    on_both(async |site| {
        site.edit(|m| m.add_space("ENG", "Engineering"));
        let mut driver = Driver::new(&site, &json!({}));
        let wanted = driver.everything().await.wanted(false);
        site.edit(|m| m.users[0].id = "somebody-else".to_owned());
        driver.connector.confirm(wanted).await.unwrap_err();
    });
}

#[test]
fn a_moved_page_has_another_revision_only_if_it_left_its_space() {
    on_both(async |site| {
        let (stays, leaves, target) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            m.add_space("OPS", "Operations");
            (m.add_page("ENG", None, "Stays", "<p/>"), m.add_page("ENG", None, "Leaves", "<p/>"), m.add_page("ENG", None, "Target", "<p/>"))
        });
        let mut driver = Driver::new(&site, &json!({}));
        let before = driver.everything().await;
        site.edit(|m| {
            m.move_page(stays, target);
            m.move_to_space(leaves, "OPS");
        });
        let after = driver.list(Depth::Changes).await.unwrap();
        assert_eq!(before.docs[&stays.to_string()].0, after.docs[&stays.to_string()].0);
        assert_ne!(before.docs[&leaves.to_string()].0, after.docs[&leaves.to_string()].0);
        let fetched = driver.fetch(&after.one(leaves, false)).await;
        assert_eq!(fetched[&leaves.to_string()].as_ref().unwrap().revision, after.docs[&leaves.to_string()].0);
    });
}

#[test]
fn whiteboards_databases_and_smart_links_become_cards_that_cost_nothing_between_two_looks() {
    run(async {
        let site = Site::cloud();
        let (board, base, link, page) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let board = m.add(Kind::Whiteboard, "ENG", None, "Ideas", "");
            let base = m.add(Kind::Database, "ENG", Some(board), "Hosts", "");
            let link = m.add(Kind::Embed, "ENG", None, "Design", "");
            (board, base, link, m.add_page("ENG", Some(board), "Below", "<p/>"))
        });
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        assert_eq!(seen.place(board).stem, format!("ideas--{board}"));
        assert_eq!((&*seen.place(board).kind, &*seen.place(base).kind, &*seen.place(link).kind), ("whiteboard", "database", "embed"));
        assert_eq!(seen.place(base).parent, Some(RemoteId::new(board.to_string())));
        assert_eq!(seen.place(page).parent, Some(RemoteId::new(board.to_string())));
        assert!(seen.place(board).url.ends_with(&format!("/spaces/ENG/whiteboard/{board}")), "{}", seen.place(board).url);
        site.clear_requests();
        let wanted: Vec<_> = seen.wanted(true).into_iter().filter(|wanted| !matches!(&*wanted.place.kind, "page" | "blogpost")).collect();
        let fetched = driver.fetch(&wanted).await;
        assert_eq!((site.count(Class::Nodes), site.requests().len()), (1, 1), "only where the link leads is asked\n{}", site.transcript());
        let document = |id: u64| driver.connector.read(&fetched[&id.to_string()].as_ref().unwrap().raw, seen.place(id)).unwrap();
        assert!(fetched.iter().all(|(id, fetched)| fetched.as_ref().unwrap().revision == seen.docs[id].0));
        assert!(document(link).facts.extra.contains(&("embed_url".to_owned(), format!("https://embed.example/{link}").into())));
        assert!(format!("{:?}", document(board).body).contains("its content is not mirrored"));
        assert!(document(board).facts.created_by.is_some() && document(link).diagnostics.is_empty());
        site.clear_requests();
        let mut driver = driver.next_run(&site, &json!({}));
        assert_eq!(driver.changes().await.docs, seen.docs);
        assert_eq!((site.count(Class::Nodes), site.count(Class::Search)), (0, 1), "attachments alone are searched for\n{}", site.transcript());
        let gone = seen.one(base, false);
        site.edit(|m| m.delete(base));
        assert!(!driver.everything().await.docs.contains_key(&base.to_string()));
        assert_eq!(driver.connector.confirm(gone.clone()).await.unwrap()[0].1, Presence::Gone);
        assert_eq!(driver.connector.confirm(seen.one(board, false)).await.unwrap()[0].1, Presence::Present);
        let mut driver = driver.next_run(&site, &json!({"link_cards": false}));
        let without = driver.everything().await;
        assert!(!without.docs.contains_key(&board.to_string()) && without.nodes.contains_key(&board.to_string()));
        assert_eq!(driver.connector.confirm(seen.one(board, false)).await.unwrap()[0].1, Presence::Unwanted);
    });
}

#[test]
fn a_folder_above_a_restricted_page_keeps_its_name() {
    run(async {
        let site = Site::cloud();
        let (folder, page) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let folder = m.add_folder("ENG", None, "Runbooks");
            m.add_page("ENG", Some(folder), "Seen", "<p/>");
            let hidden = m.add_page("ENG", Some(folder), "Secret", "<p/>");
            m.restrict(hidden);
            (folder, m.add_page("ENG", Some(hidden), "Open", "<p/>"))
        });
        let mut driver = Driver::new(&site, &json!({}));
        let seen = driver.everything().await;
        let hidden = seen.place(page).parent.clone().unwrap();
        assert_eq!(seen.nodes[hidden.as_str()].parent, Some(RemoteId::new(folder.to_string())));
        assert_eq!(seen.nodes[&folder.to_string()].title, "Runbooks");
        let mut orphaned = site.edit(|m| m.add_page("ENG", Some(folder), "Soon hidden", "<p/>"));
        orphaned = site.edit(|m| {
            m.restrict(orphaned);
            m.add_page("ENG", Some(orphaned), "Left", "<p/>")
        });
        let seen = driver.changes().await;
        assert!(seen.docs.contains_key(&orphaned.to_string()));
        assert!(seen.nodes.get(&folder.to_string()).is_none_or(|node| node.title == "Runbooks"), "{:?}", seen.nodes);
    });
}
