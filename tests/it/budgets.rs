//! What a sync may cost in requests: N pages and posts, S spaces.

use crate::home::{Home, wait_for};
use crate::support::corpus::{Options, populate};
use crate::support::habits::Fault;
use crate::support::{Class, Site};

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");

const PAGES: usize = 620;
const SPACES: usize = 4;
const AUTHORS: usize = 40;

/// What comments add to any run that finds no news of them.
const COMMENTS: usize = 1;

/// How many documents the site has: the pages asked for, and a home page per space.
const N: usize = PAGES + SPACES;

fn options() -> Options {
    Options { authors: AUTHORS, folders_percent: 0, giants: 0, ..Options::default() }
}

fn total(site: &Site) -> usize {
    site.requests().len()
}

#[test]
fn a_full_sync_of_a_cloud_site_keeps_its_budget() {
    let site = Site::cloud();
    site.edit(|m| populate(m, PAGES, SPACES, &options()));
    let home = Home::for_site(DAEMON, &site, "attachments = \"none\"");
    home.synced();
    assert_eq!(home.living().len(), N);
    // Authors are those of the corpus and the owner of the home pages.
    // No page has a comment: to learn that is one request.
    let budget = 2 * SPACES + 3 + N.div_ceil(250) + N.div_ceil(100) + N.div_ceil(200) + (AUTHORS + 1).div_ceil(250) + COMMENTS;
    assert!(total(&site) <= budget, "{} requests, budget {budget}\n{}", total(&site), site.transcript());
}

#[test]
fn a_sync_without_change_of_a_cloud_site_keeps_its_budget_and_writes_nothing() {
    let site = Site::cloud();
    site.edit(|m| populate(m, PAGES, SPACES, &options()));
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    let before = home.looks();
    site.clear_requests();
    home.synced();
    let budget = 2 * SPACES + 2 + N.div_ceil(250) + COMMENTS;
    assert!(total(&site) <= budget, "{} requests, budget {budget}\n{}", total(&site), site.transcript());
    assert_eq!(site.count(Class::Identity), 0, "flavour, gateway and account are remembered\n{}", site.transcript());
    assert_eq!(home.looks(), before);
}

#[test]
fn attachments_are_listed_space_wide_and_downloaded_once() {
    let site = Site::cloud();
    site.edit(|m| populate(m, 200, 2, &Options { attachments: true, ..options() }));
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    let files = home.living().keys().filter(|p| p.contains("/_assets/")).count();
    assert!(files > 20, "the corpus shows pictures: {files}");
    assert_eq!(site.count(Class::Downloads), files, "{}", site.transcript());
    assert_eq!(site.requests().iter().filter(|r| r.path.ends_with("/attachments")).count(), 0, "no list per page\n{}", site.transcript());
    site.clear_requests();
    home.synced();
    assert_eq!(site.count(Class::Downloads) + site.count(Class::Media), 0, "{}", site.transcript());
    assert!(site.violations().is_empty(), "{:?}", site.violations());
}

#[test]
fn data_center_keeps_its_own_budget() {
    let site = Site::data_center_below("/confluence");
    site.edit(|m| populate(m, 400, 3, &options()));
    let home = Home::new(DAEMON);
    home.configure(&format!(
        "[connectors.confluence]\nurl = \"{}\"\napi_token = \"{}\"\nattachments = \"none\"\n",
        site.base_url(),
        crate::support::PERSONAL_TOKEN
    ));
    home.synced();
    let n = 403;
    assert_eq!(home.living().len(), n);
    let budget = 2 * 3 + 3 + n.div_ceil(200) + n.div_ceil(50) + 1 + COMMENTS;
    // People whom bodies mention are asked one by one: there is no other way on Data Center.
    let total = total(&site) - site.count(Class::Users);
    assert!(total <= budget, "{total} requests, budget {budget}\n{}", site.transcript());
    let before = home.looks();
    site.clear_requests();
    home.synced();
    let budget = 2 * 3 + 2 + n.div_ceil(200) + COMMENTS;
    assert!(site.requests().len() <= budget, "budget {budget}\n{}", site.transcript());
    assert_eq!(home.looks(), before);
}

#[test]
fn comments_cost_their_own_lists_and_no_page_is_asked_for_them() {
    for site in [Site::cloud(), Site::data_center()] {
        let pages = site.edit(|m| populate(m, 150, 2, &options()));
        site.edit(|m| {
            for (n, page) in pages.iter().enumerate().filter(|(n, _)| n % 2 == 0) {
                let first = m.add_comment(*page, None, &format!("<p>Comment {n}</p>"));
                m.add_comment(*page, Some(first), "<p>Answer</p>");
                m.advance(std::time::Duration::from_secs(600));
            }
            m.advance(std::time::Duration::from_secs(86_400));
        });
        let (config, commented) = (crate::home::any_site_config(&site, "attachments = \"none\""), pages.len().div_ceil(2));
        let home = Home::new(DAEMON);
        home.configure(&config);
        home.synced();
        assert_eq!(home.living().keys().filter(|path| path.ends_with(".comments.md")).count(), commented);
        let budget = (2 * commented).div_ceil(200) + (2 * commented).div_ceil(50) + 2;
        assert!(site.count(Class::Comments) <= budget, "budget {budget}\n{}", site.transcript());
        let before = home.looks();
        site.clear_requests();
        home.synced();
        assert_eq!((site.count(Class::Comments), home.looks() == before), (COMMENTS, true), "{}", site.transcript());
        site.clear_requests();
        site.edit(|m| m.add_comment(pages[1], None, "<p>New</p>"));
        home.synced();
        assert_eq!(site.count(Class::Comments), 2, "one to hear of it, one for what it says\n{}", site.transcript());
        assert!(home.page(&format!("--{}.comments.md", pages[1])).contains("New"));
    }
}

#[test]
fn a_service_that_asked_for_rest_is_not_asked_again_by_the_next_worker() {
    let site = Site::cloud();
    site.edit(|m| {
        m.add_space("ENG", "Engineering");
    });
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    let cache = home.path().join("cache/context-sync/confluence");
    assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 0, "who is not limited keeps nothing");
    site.habits(|habits| habits.always("/wiki/", Fault::too_many(3000)));
    site.clear_requests();
    let daemon = home.start();
    let kept = || std::fs::read_dir(&cache).unwrap().count() == 1;
    wait_for("the limit", || total(&site) > 0 && kept(), || format!("{}\n{}", site.transcript(), daemon.log()));
    daemon.kill();
    let before = total(&site);
    let daemon = home.start();
    wait_for("the wait", || is_waiting(&home), || daemon.log());
    assert_eq!(total(&site), before, "{}", site.transcript());
    daemon.stop();
    // With another token it asks at once.
    site.habits(|habits| habits.forgive());
    home.configure(&crate::home::site_config(&site, "").replace(crate::support::TOKEN, crate::support::SCOPED_TOKEN));
    home.once();
    assert!(total(&site) > before, "{}", site.transcript());
}

fn is_waiting(home: &Home) -> bool {
    let mut command = home.command(std::path::Path::new(DAEMON).with_file_name("context-syncctl"));
    command.args(["status", "-o", "json"]);
    crate::home::said(command).stdout.contains("\"waiting\"")
}
