//! What the user asks for becomes less, and more again: what leaves the configuration stays for cleanup, and what comes back is whole.

use super::stage::{DAEMON, Stage};
use crate::home::{Home, Said};
use crate::support::github::{GitHub, Put};

fn ctl(home: &Home, arguments: &[&str]) -> Said {
    let mut command = home.command(std::path::Path::new(DAEMON).with_file_name("context-syncctl"));
    command.args(arguments).args(["-o", "text"]);
    crate::home::said(command)
}

fn site() -> GitHub {
    let site = GitHub::new();
    for name in ["acme/app", "acme/other"] {
        site.edit(|m| {
            let mut repo = m.add_repository(name);
            repo.commit("main", &[("README.md", "# One\n"), ("docs/a.md", "# A\n")]);
            repo.commit_wiki(&[("Home.md", "hi\n")]);
            let talk = repo.add_discussion("General", "Talk", "Text");
            repo.set_labels(talk, &["shown"]);
            let issue = repo.add_issue("Problem", "Text");
            repo.set_labels(issue, &["shown"]);
            repo.add_release("v1", Some("One"), Some("Text"));
        });
    }
    site
}

#[test]
fn what_is_asked_for_again_is_nobodys_to_clean_up_and_up_to_date() {
    let site = site();
    let home = Home::new(DAEMON);
    let configure = |repos: &str, more: &str| home.configure(&site.config(&format!("repos = [{repos}]\nretry_base_ms = 5\n{more}\n")));
    const BOTH: &str = "\"acme/app\", \"acme/other\"";
    configure(BOTH, "");
    home.synced();
    let all = home.living();
    let mut round = 0;
    for (repos, less) in [
        ("\"acme/other\"", ""),
        (BOTH, "files = []"),
        (BOTH, "files = [\"*.md\"]"),
        (BOTH, "wiki = false"),
        (BOTH, "discussions = false"),
        (BOTH, "issues = false"),
        (BOTH, "releases = false"),
        (BOTH, "labels = [\"hidden\"]"),
        (BOTH, "exclude_labels = [\"shown\"]"),
        (BOTH, "state = \"closed\""),
    ] {
        let before = home.looks();
        configure(repos, less);
        for _ in 0..2 {
            home.synced();
            assert_eq!(home.looks(), before, "{repos} {less}: what the user takes out is no deletion");
        }
        configure(BOTH, "");
        home.synced();
        let now = home.living();
        assert!(now.keys().eq(all.keys()), "{repos} {less}: {:#?}", now.keys());
        // Nothing of it is taken for unwanted any more, and what changes comes.
        round += 1;
        site.edit(|m| {
            let mut app = m.repo("acme/app");
            app.commit("main", &[("docs/a.md", format!("# A {round}\n"))]);
            app.commit_wiki(&[("Home.md", format!("hi {round}\n"))]);
            app.comment(1, &format!("Comment {round}"));
            app.comment(2, &format!("Comment {round}"));
        });
        home.synced();
        for (path, text) in [
            ("acme/app/docs/a.md", format!("# A {round}")),
            ("acme/app/_wiki/Home.md", format!("hi {round}")),
            ("acme/app/_discussions/1-talk.md", format!("Comment {round}")),
            ("acme/app/_issues/2-problem.md", format!("Comment {round}")),
        ] {
            assert!(home.page(path).contains(&text), "{repos} {less}: {path}: {}", home.page(path));
        }
        let daemon = home.start();
        let said = ctl(&home, &["cleanup", "github"]);
        drop(daemon);
        assert!(!said.stdout.contains("acme/"), "{repos} {less}: {said:#?}");
        home.synced();
        site.edit(|m| m.repo("acme/other").commit("main", &[("docs/a.md", "# A\n")]));
    }
}

#[test]
fn a_limit_of_a_wiki_that_is_raised_brings_what_it_left_out_and_one_that_is_lowered_leaves_it_to_cleanup() {
    let stage = Stage::with_wiki(&[("Home.md", "hello\n")]);
    stage.site.edit(|m| m.repo("acme/app").commit_wiki(&[("Large.md", "a line of text\n".repeat(200).as_str())]));
    stage.configure("max_file_bytes = 2048");
    let said = stage.synced();
    assert!(said.stderr.contains("`max_file_bytes`"), "{said:#?}");
    assert_eq!(stage.paths(), ["acme/app/_wiki/Home.md"]);
    stage.configure("max_file_bytes = 8192");
    stage.synced();
    assert_eq!(stage.paths(), ["acme/app/_wiki/Home.md", "acme/app/_wiki/Large.md"], "{}", stage.site.transcript());
    let before = stage.home.looks();
    stage.configure("max_file_bytes = 2048");
    for _ in 0..2 {
        stage.synced();
        assert_eq!(stage.home.looks(), before, "the user's limit is no deletion");
    }
    stage.configure("max_file_bytes = 8192");
    stage.synced();
    stage.site.edit(|m| m.repo("acme/app").commit_wiki(&[("Large.md", "another line\n".repeat(200).as_str())]));
    stage.synced();
    assert!(stage.text("acme/app/_wiki/Large.md").contains("another line"));
}

#[test]
fn a_limit_of_copies_that_is_raised_as_the_message_says_counts_at_once() {
    let stage = Stage::with_wiki(&[("Home.md", "hello\n")]);
    let noise = (0_u32..2 << 20).scan(1_u32, |seed, _| {
        *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some((*seed >> 24) as u8 | 1)
    });
    let noise: Vec<u8> = noise.collect();
    stage.site.edit(|m| m.repo("acme/app").commit_wiki(&[("noise.md", Put::from(noise))]));
    stage.configure("max_copy_bytes = 1048576\nmax_file_bytes = 8388608");
    let said = stage.once();
    assert!(said.stderr.contains("raise that"), "{said:#?}");
    stage.configure("max_copy_bytes = 16777216\nmax_file_bytes = 8388608");
    let said = stage.once();
    assert!(!said.stderr.contains("raise that"), "{said:#?}");
    assert!(stage.paths().contains(&"acme/app/_wiki/Home.md".to_owned()), "{:?}", stage.paths());
}
