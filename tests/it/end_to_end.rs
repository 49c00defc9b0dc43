//! The whole program against a simulated site, by `context-syncd --once`: what a user finds on disk, and what it cost.

use std::time::Duration;

use crate::home::Home;
use crate::support::{Class, Fault, Site};

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");

/// A small site: a guide with a chapter and a picture, a page that links to both, another space, a post.
fn small() -> (Site, Ids) {
    let site = Site::cloud();
    let ids = site.edit(|m| {
        m.add_space("ENG", "Engineering");
        m.add_space("OPS", "Operations");
        let home = m.home("ENG");
        let guide = m.add_page("ENG", Some(home), "Guide", "<p>The guide.</p><ac:image><ri:attachment ri:filename=\"a b.png\" /></ac:image>");
        m.add_attachment(guide, "a b.png", b"picture".to_vec(), "image/png");
        let chapter = m.add_page("ENG", Some(guide), "Chapter: one", "<p>See <ac:link><ri:page ri:content-title=\"Guide\" /></ac:link>.</p>");
        let index = m.add_page(
            "OPS",
            None,
            "Index",
            "<p><ac:link><ri:page ri:content-title=\"Guide\" ri:space-key=\"ENG\" /></ac:link> and \
             <ac:link><ri:page ri:content-title=\"Chapter: one\" ri:space-key=\"ENG\" /><ac:link-body>the <em>chapter</em></ac:link-body></ac:link></p>",
        );
        let post = m.add_post("ENG", "News", "<p>Hello</p>");
        m.set_labels(guide, &["runbook", "ops"]);
        Ids { guide, chapter, index, post }
    });
    (site, ids)
}

struct Ids {
    guide: crate::support::Id,
    chapter: crate::support::Id,
    index: crate::support::Id,
    post: crate::support::Id,
}

#[test]
fn a_first_sync_brings_pages_posts_pictures_labels_and_authors() {
    let (site, ids) = small();
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    let guide = home.page(&format!("ENG/guide--{}.md", ids.guide));
    assert!(guide.starts_with("---\ntitle: Guide\nsource: confluence\n"), "{guide}");
    assert!(guide.contains("labels:") && guide.contains("runbook"), "{guide}");
    assert!(guide.contains("\n# Guide\n\nThe guide.\n"), "{guide}");
    assert!(guide.contains("created_by: "), "{guide}");
    let picture = home.tree().into_iter().find(|(path, _)| path.contains("/_assets/")).unwrap();
    assert_eq!(picture.1, b"picture");
    let link = picture.0.strip_prefix("ENG/").unwrap().replace(' ', "%20");
    assert!(guide.contains(&link), "{link} in {guide}");
    let chapter = home.page(&format!("guide--{}/chapter-one--{}.md", ids.guide, ids.chapter));
    assert!(chapter.contains(&format!("[Guide](../guide--{}.md)", ids.guide)), "{chapter}");
    let index = home.page(&format!("OPS/index--{}.md", ids.index));
    assert!(index.contains(&format!("(../ENG/guide--{}.md)", ids.guide)), "{index}");
    assert!(index.contains("[the *chapter*]"), "{index}");
    assert!(home.page(&format!("news--{}.md", ids.post)).contains("type: blogpost"));
    assert!(site.violations().is_empty(), "{:?}", site.violations());
}

#[test]
fn the_second_sync_writes_nothing_and_downloads_nothing() {
    let (site, _) = small();
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    let before = home.looks();
    site.clear_requests();
    home.synced();
    assert_eq!(home.looks(), before);
    assert_eq!((site.count(Class::Bodies), site.count(Class::Downloads)), (0, 0), "{}", site.transcript());
}

#[test]
fn rename_move_edit_and_deletion_follow_in_one_run() {
    let (site, ids) = small();
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    site.edit(|m| {
        m.rename_page(ids.guide, "Handbook");
        m.move_to_space(ids.chapter, "OPS");
        m.delete(ids.post);
    });
    home.synced();
    let tree = home.living();
    assert!(tree.keys().any(|p| p == &format!("ENG/handbook--{}.md", ids.guide)), "{:?}", tree.keys());
    assert!(!tree.keys().any(|p| p.contains("guide--") || p.contains("news--")), "{:?}", tree.keys());
    let chapter = home.page(&format!("chapter-one--{}.md", ids.chapter));
    assert!(chapter.contains("container: OPS"), "{chapter}");
    assert!(home.tree().keys().any(|p| p.starts_with(".trash/") && p.contains("news--")), "the post is in the trash");
    let index = home.page(&format!("OPS/index--{}.md", ids.index));
    assert!(index.contains(&format!("ENG/handbook--{}.md", ids.guide)), "{index}");
}

#[test]
fn an_incremental_history_ends_in_the_tree_of_a_fresh_sync() {
    let (site, ids) = small();
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    site.edit(|m| m.rename_page(ids.guide, "Handbook"));
    home.synced();
    site.edit(|m| m.edit_page(ids.index, "<p>Changed: <ac:link><ri:page ri:content-title=\"Handbook\" ri:space-key=\"ENG\" /></ac:link></p>"));
    site.edit(|m| m.move_to_space(ids.chapter, "OPS"));
    home.synced();
    site.edit(|m| m.delete(ids.chapter));
    home.synced();
    let fresh = Home::for_site(DAEMON, &site, "");
    fresh.synced();
    assert_eq!(home.living(), fresh.living());
}

#[test]
fn deleting_the_state_costs_requests_and_no_writes() {
    let (site, _) = small();
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    let before = home.looks();
    site.clear_requests();
    std::fs::remove_dir_all(home.mirror().join(".sync_state")).unwrap();
    home.synced();
    assert_eq!(home.looks(), before);
    assert_eq!(site.count(Class::Downloads), 0, "{}", site.transcript());
}

#[test]
fn a_rate_limit_is_waited_out() {
    let (site, _) = small();
    let home = Home::for_site(DAEMON, &site, "");
    site.habits(|h| h.next(2, "/pages", Fault::too_many(1)));
    home.synced();
    assert!(home.living().len() >= 6);
}

#[test]
fn a_bad_token_says_what_to_do_and_exits_with_3() {
    let (site, _) = small();
    let home = Home::for_site(DAEMON, &site, "");
    let config = std::fs::read_to_string(home.config()).unwrap().replace(crate::support::TOKEN, "wrong-token-that-nobody-may-see");
    home.configure(&config);
    let said = home.once();
    assert_eq!(said.code, Some(3), "{said:#?}");
    let all = format!("{}{}", said.stdout, said.stderr);
    assert!(!all.contains("wrong-token-that-nobody-may-see"), "{all}");
    assert!(all.to_lowercase().contains("token"), "{all}");
}

#[test]
fn a_dead_network_exits_with_5_and_leaves_the_mirror_alone() {
    let (site, _) = small();
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    let before = home.looks();
    let text = std::fs::read_to_string(home.config()).unwrap();
    drop(site);
    home.configure(&text);
    let said = home.once();
    assert_eq!(said.code, Some(5), "{said:#?}");
    assert_eq!(home.looks(), before);
}

#[test]
fn files_and_folders_are_their_owners_alone() {
    use std::os::unix::fs::MetadataExt;
    let (site, _) = small();
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    let mut stack = vec![home.mirror()];
    while let Some(path) = stack.pop() {
        let meta = std::fs::symlink_metadata(&path).unwrap();
        assert_eq!(meta.mode() & 0o077, 0, "{}: {:o}", path.display(), meta.mode());
        if meta.is_dir() {
            stack.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
        }
    }
}

#[test]
fn latency_is_hidden_by_asking_for_several_things_at_once() {
    let (site, _) = small();
    let home = Home::for_site(DAEMON, &site, "");
    site.latency(Duration::from_millis(20));
    home.synced();
    assert!(site.peak_concurrency() >= 3, "at most {} requests at once\n{}", site.peak_concurrency(), site.transcript());
    assert!(site.peak_concurrency() <= 4, "more than our manners allow: {}", site.peak_concurrency());
}

#[test]
fn comments_lie_beside_their_page_follow_it_and_go_when_the_last_one_goes() {
    let (site, ids) = small();
    let (first, _) = site.edit(|m| {
        let first = m.add_comment(ids.guide, None, "<p>See <ac:link><ri:page ri:content-title=\"Chapter: one\" /></ac:link>.</p>");
        (first, m.add_comment(ids.guide, Some(first), "<p>Thanks!</p>"))
    });
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    let comments = home.page(&format!("ENG/guide--{}.comments.md", ids.guide));
    assert!(comments.starts_with("---\ntitle: Comments on Guide\n") && comments.contains("\ntype: comments\n"), "{comments}");
    assert!(comments.contains(&format!("\nOn [Guide](guide--{}.md)\n", ids.guide)), "{comments}");
    assert!(comments.contains("- **@Ann Author**, [2026-01-05 09:00 UTC]("), "{comments}");
    assert!(
        comments.contains(&format!("  See [Chapter: one](guide--{}/chapter-one--{}.md).\n\n  - **@Ann Author**", ids.guide, ids.chapter)),
        "{comments}"
    );
    site.clear_requests();
    site.edit(|m| m.rename_page(ids.guide, "Handbook"));
    home.synced();
    let comments = home.page(&format!("ENG/handbook--{}.comments.md", ids.guide));
    assert!(comments.contains("# Comments on Handbook\n\nOn [Handbook]("), "{comments}");
    assert_eq!(site.count(Class::Comments), 1, "a rename needs no body\n{}", site.transcript());
    site.edit(|m| m.delete_comment(first));
    home.synced();
    assert!(home.living().keys().any(|path| path.ends_with(".comments.md")), "a feed cannot tell");
    // Changed settings make the next run look at everything, as one run a day does.
    home.configure(&crate::home::site_config(&site, "burst = 99"));
    home.synced();
    assert!(!home.living().keys().any(|path| path.ends_with(".comments.md")), "{:?}", home.living().keys());
    assert!(home.tree().keys().any(|path| path.starts_with(".trash/") && path.ends_with(".comments.md")));
}

#[test]
fn comments_of_a_page_that_goes_to_another_space_name_that_space() {
    let (site, ids) = small();
    site.edit(|m| m.add_comment(ids.chapter, None, "<p>Hm</p>"));
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    site.edit(|m| m.move_to_space(ids.chapter, "OPS"));
    home.synced();
    let fresh = Home::for_site(DAEMON, &site, "");
    fresh.synced();
    assert_eq!(home.living(), fresh.living());
    assert!(home.page(".comments.md").contains("space_key: OPS"));
}

#[test]
fn what_the_configuration_asks_for_no_more_stays_until_cleanup_takes_it() {
    let (site, ids) = small();
    site.edit(|m| m.add_comment(ids.guide, None, "<p>Hm</p>"));
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    home.configure(&crate::home::site_config(&site, "comments = false"));
    let before = home.looks();
    home.synced();
    site.clear_requests();
    home.synced();
    assert_eq!((home.looks(), site.count(Class::Comments)), (before, 0), "{}", site.transcript());
    home.configure(&crate::home::site_config(&site, "comments = true"));
    site.edit(|m| m.add_comment(ids.guide, None, "<p>Once more</p>"));
    home.synced();
    assert!(home.page(".comments.md").contains("Once more"));
}

#[test]
fn a_whiteboard_is_a_card_to_which_links_lead_and_below_which_pages_lie() {
    let (site, ids) = small();
    let (board, below) = site.edit(|m| {
        let board = m.add(crate::support::Kind::Whiteboard, "ENG", None, "Ideas", "");
        let link = format!("<p><a href=\"/wiki/spaces/ENG/whiteboard/{board}\">ideas</a></p>");
        m.edit_page(ids.index, &link);
        (board, m.add_page("ENG", Some(board), "Below", "<p>text</p>"))
    });
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    let card = home.page(&format!("ENG/ideas--{board}.md"));
    assert!(card.contains("\ntype: whiteboard\n") && card.contains("# Ideas\n\n[Open this whiteboard in Confluence]("), "{card}");
    assert!(home.page(&format!("ENG/ideas--{board}/below--{below}.md")).contains("text"));
    assert!(home.page(&format!("OPS/index--{}.md", ids.index)).contains(&format!("[ideas](../ENG/ideas--{board}.md)")));
    let before = home.looks();
    home.synced();
    assert_eq!(home.looks(), before);
    site.edit(|m| m.delete(board));
    home.configure(&crate::home::site_config(&site, "burst = 99"));
    home.synced();
    assert!(!home.living().keys().any(|path| path.contains("ideas")), "{:?}", home.living().keys());
}

#[test]
fn a_narrower_selection_leaves_the_rest_to_cleanup() {
    let (site, ids) = small();
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    let all = home.living();
    home.configure(&crate::home::site_config(&site, &format!("pages = [\"{}\"]", ids.guide)));
    site.clear_requests();
    home.synced();
    assert_eq!(site.count(Class::Bodies), 0, "{}", site.transcript());
    assert!(home.living().keys().eq(all.keys()), "everything stays where it is");
    let before = home.looks();
    site.clear_requests();
    home.synced();
    assert_eq!(home.looks(), before);
    assert_eq!(site.count(Class::Listing), 0, "nobody is asked after again\n{}", site.transcript());
    // A fresh mirror of the same selection has the selected documents, at the same paths.
    let fresh = Home::for_site(DAEMON, &site, &format!("pages = [\"{}\"]", ids.guide));
    fresh.synced();
    let pages: Vec<String> = fresh.living().into_keys().filter(|path| path.ends_with(".md")).collect();
    let expected = [format!("ENG/guide--{}.md", ids.guide), format!("ENG/guide--{}/chapter-one--{}.md", ids.guide, ids.chapter)];
    assert_eq!(pages, expected);
}
