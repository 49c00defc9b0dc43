//! What runs cost where there is much: requests of sixty repositories, and many files of one.

use super::files::{FILES_ONLY, home_of, paths, synced};
use super::stage::DAEMON;
use crate::home::Home;
use crate::support::github::{Class, GitHub, Put, faults};

const WITH_WIKI: usize = 2;
const QUICK: &str = "retry_base_ms = 5\nlimit_pause_ms = 20\nrequests_per_second = 1000\nburst = 1000\n";
/// What comes by git.
const GIT: [Class; 3] = [Class::GitHello, Class::GitRefs, Class::GitPack];

fn git(site: &GitHub) -> usize {
    GIT.into_iter().map(|class| site.count(class)).sum()
}

/// Requests that are neither queries nor git's.
fn rest(site: &GitHub) -> usize {
    site.requests().len() - site.count(Class::Graphql) - git(site)
}

fn add(site: &GitHub, name: &str, has_wiki: bool) {
    site.edit(|m| {
        let mut app = m.add_repository(name);
        app.commit("main", &[("README.md", "# App\n"), ("docs/a.md", "# A\n")]);
        match has_wiki {
            true => drop(app.commit_wiki(&[("Home.md", "# Home\n")])),
            false => app.it().has_wiki = false,
        }
        app.add_issue("Broken", "It is.\n");
    });
}

/// So many repositories of one owner, and their names as `repos` has them.
fn some(count: usize) -> (GitHub, String) {
    let site = GitHub::new();
    let names: Vec<String> = (0..count).map(|n| format!("acme/app-{n:02}")).collect();
    for (n, name) in names.iter().enumerate() {
        add(&site, name, n < WITH_WIKI);
    }
    (site, names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", "))
}

#[test]
fn sixty_repositories_without_a_change_cost_three_queries_and_one_question_for_each_wiki() {
    let (site, names) = some(60);
    let home = Home::new(DAEMON);
    home.configure(&site.config(&format!("repos = [{names}]\npull_requests = true\n{QUICK}")));
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 3 * 60 + WITH_WIKI);
    // The heads, a list of issues for each (there is nothing else to be listed), bodies in full queries: 120 files, 60 issues.
    let queries = site.count(Class::Graphql);
    assert!(queries <= 3 + 60 + 3 + 3, "{queries}: {}", site.transcript());
    assert_eq!(rest(&site), 2 * 60, "the root and `docs` of each: {}", site.transcript());
    let before = home.looks();
    synced(&site, &home);
    assert_eq!(
        (site.count(Class::Graphql), site.count(Class::GitHello), site.requests().len()),
        (3, WITH_WIKI, 3 + WITH_WIKI),
        "{}",
        site.transcript()
    );
    assert_eq!(site.points(), 3);
    assert_eq!(home.looks(), before);
    // One file changes: the root, its folder, its body.
    site.edit(|m| m.repo("acme/app-07").commit("main", &[("docs/a.md", "# Another\n")]));
    synced(&site, &home);
    assert_eq!((site.count(Class::Graphql), rest(&site)), (3 + 1, 2), "{}", site.transcript());
    // One issue is answered: what changed since, its body.
    site.edit(|m| m.repo("acme/app-08").comment(1, "Indeed."));
    synced(&site, &home);
    assert_eq!((site.count(Class::Graphql), rest(&site)), (3 + 2, 0), "{}", site.transcript());
}

#[test]
fn all_of_two_owners_cost_one_query_for_twenty_five_repositories() {
    let (site, _) = some(40);
    for n in 0..5 {
        add(&site, &format!("acme/old-{n}"), false);
        add(&site, &format!("acme/fork-{n}"), false);
        add(&site, &format!("other/web-{n}"), false);
        site.edit(|m| {
            m.repo(&format!("acme/old-{n}")).archive();
            m.repo(&format!("acme/fork-{n}")).set(|repository| repository.fork_of = Some(1));
        });
    }
    let home = Home::new(DAEMON);
    home.configure(&site.config(&format!("repos = [\"acme/*\", \"other/*\"]\nwiki = false\npull_requests = true\n{QUICK}")));
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 3 * (40 + 5 + 5), "forks are left out");
    synced(&site, &home);
    assert_eq!((site.count(Class::Graphql), site.requests().len()), (2, 2), "{}", site.transcript());
}

#[test]
fn without_a_token_each_repository_costs_a_conditional_request_and_all_of_an_owner_one() {
    let (site, names) = some(12);
    site.budgets(|budgets| budgets.anonymous = 10_000);
    for (repos, class, requests) in [(names, Class::Heads, 12), ("\"acme/*\"".to_owned(), Class::Repositories, 1)] {
        let home = Home::new(DAEMON);
        home.configure(&site.config_as(&format!("repos = [{repos}]\nfiles = [\"README.md\"]\ndiscussions = false\nissues = false\n{QUICK}")));
        synced(&site, &home);
        assert_eq!(paths(&home).len(), 12 + WITH_WIKI);
        synced(&site, &home);
        assert_eq!((site.count(class), rest(&site), git(&site)), (requests, requests, WITH_WIKI), "{}", site.transcript());
        assert!(
            site.requests().iter().all(|seen| seen.class == Class::GitHello || (seen.conditional && seen.status == Some(304))),
            "{}",
            site.transcript()
        );
    }
}

/// So many files of a few words.
fn many(site: &GitHub, count: usize) {
    let files: Vec<(String, String)> = (0..count).map(|n| (format!("docs/part-{}/page-{n}.md", n / 100), format!("# Page {n}\n"))).collect();
    site.edit(|m| m.add_repository("acme/app").commit("main", &files));
}

/// Copies in the cache.
fn copies(home: &Home) -> Vec<String> {
    let entries = std::fs::read_dir(home.path().join("cache/context-sync/github/git")).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().into_string().unwrap()).filter(|name| name.ends_with(".git")).collect()
}

#[test]
fn many_files_come_by_git_in_one_pack_and_few_by_a_query() {
    let site = GitHub::new();
    many(&site, 1000);
    let home = home_of(&site, "");
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 1000);
    assert_eq!((site.count(Class::Graphql), site.count(Class::GitPack), rest(&site)), (1, 1, 2), "{}", site.transcript());
    site.edit(|m| m.repo("acme/app").commit("main", &[("docs/part-0/page-7.md", "# Another\n")]));
    synced(&site, &home);
    assert_eq!((site.count(Class::Graphql), git(&site)), (2, 0), "{}", site.transcript());
    assert!(home.page("page-7.md").contains("# Another"));
    assert_eq!(copies(&home), Vec::<String>::new(), "what was laid down is not kept twice");
    // Everything anew: all that is wanted comes in one pack, too.
    let before = home.looks();
    let daemon = home.start();
    let mut command = home.command(std::path::Path::new(DAEMON).with_file_name("context-syncctl"));
    site.clear_requests();
    command.args(["sync", "--full"]);
    let said = crate::home::said(command);
    assert_eq!(said.code, Some(0), "{said:#?}");
    drop(daemon);
    assert_eq!((site.count(Class::GitPack), site.count(Class::Blobs)), (1, 0), "{}", site.transcript());
    assert_eq!(home.looks(), before);
}

#[test]
fn many_files_come_by_queries_where_git_does_not_get_through() {
    let site = GitHub::new();
    many(&site, 1000);
    site.habits(|h| h.always("git-upload-pack", faults::status(403, "No")));
    let home = home_of(&site, "requests_per_second = 1000\nburst = 1000\n");
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 1000);
    assert_eq!((site.count(Class::Graphql), site.count(Class::Blobs)), (1 + 20, 0), "{}", site.transcript());
    assert!(git(&site) <= 2, "once for each batch that is under way: {}", site.transcript());
}

#[test]
fn without_a_token_many_files_come_in_one_pack_after_that_of_their_trees() {
    let site = GitHub::new();
    many(&site, 600);
    let home = Home::new(DAEMON);
    home.configure(&site.config_as(&format!("repos = [\"acme/app\"]\n{FILES_ONLY}")));
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 600);
    assert_eq!((site.count(Class::GitPack), site.count(Class::Blobs)), (2, 0), "{}", site.transcript());
}

#[test]
fn sixty_symbolic_links_cost_two_queries_and_no_request_each() {
    let site = GitHub::new();
    site.edit(|m| {
        let files = (0..60).map(|n| (format!("docs/page-{n}.md"), Put::File(format!("# Page {n}\n").into_bytes())));
        let links = (0..60).map(|n| (format!("docs/link-{n}.md"), Put::Symlink(format!("page-{n}.md").into_bytes())));
        m.add_repository("acme/app").commit("main", &files.chain(links).collect::<Vec<_>>());
    });
    let home = home_of(&site, "");
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 120);
    assert!(home.page("link-7.md").contains("# Page 7\n"), "{}", home.page("link-7.md"));
    // The heads, what stands in the links, and the bodies.
    assert!(site.count(Class::Graphql) <= 1 + 2 + 3 && site.count(Class::Blobs) == 0, "{}", site.transcript());
    // What is known of links is not asked for again.
    site.edit(|m| m.repo("acme/app").commit("main", &[("docs/page-1.md", "# Another\n")]));
    synced(&site, &home);
    assert!(home.page("link-1.md").contains("# Another\n"));
    assert!(site.count(Class::Graphql) <= 3 && site.count(Class::Blobs) == 0, "{}", site.transcript());
}
