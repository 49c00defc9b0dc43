//! The real program against the simulated GitHub: that the helper for homes works, and that all of its queries and requests are ones that GitHub knows.

use crate::home::Home;
use crate::support::github::{Class, GitHub, Put};

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");

#[test]
fn the_program_mirrors_what_there_is_and_asks_for_nothing_undocumented() {
    let site = GitHub::new();
    site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("README.md", Put::from("# App\n")), ("docs/a.md", Put::from("# A\n")), ("docs/big.md", Put::lfs(9))]);
        app.commit_wiki(&[("Home.md", "Welcome\n")]);
        let talk = app.add_discussion("Q&A", "How?", "Why");
        let comment = app.comment(talk, "So");
        let reply = app.reply(talk, comment, "Indeed");
        app.answer(talk, reply);
        let issue = app.add_issue("Bug", "text");
        app.comment(issue, "me too");
        let pull = app.add_pull("Fix", "text", "main");
        app.review(pull, "APPROVED", "good");
        app.review_thread(pull, "docs/a.md", 1, "here");
        let release = app.add_release("v1", Some("One"), Some("notes"));
        app.add_asset(release, "a.tar.gz", 9);
    });
    let home = Home::for_github(DAEMON, &site, "repos = [\"acme/app\"]\npull_requests = true\nretry_base_ms = 5");
    let said = home.once();
    assert_eq!(said.code, Some(0), "{said:#?}\n{}", site.transcript());
    let paths: Vec<String> = home.living().into_keys().collect();
    for end in ["README.md", "docs/a.md", "Home.md", "1-how.md", "2-bug.md", "3-fix.md", "v1.md"] {
        assert!(paths.iter().any(|path| path.ends_with(end)), "{end} in {paths:#?}\n{}", site.transcript());
    }
    assert!(site.count(Class::Graphql) > 0 && site.points() > 0, "{}", site.transcript());
    // What was not in GitHub's schema or description shows when the site is dropped.
}
