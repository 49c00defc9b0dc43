//! Files without a token, by git: one request of REST for each repository, and the contents of what is wanted in one go.

use context_syncd::git::{Blob, Filter, Git, Setup};

use super::stage::Stage;
use crate::support::github::{Class, GitHub, Put};

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// A home that mirrors `acme/app` without a token.
fn stage() -> Stage {
    let stage = Stage::with_wiki(&[("Home.md", "[[On Call]]\n"), ("On-Call.md", "x\n")]);
    stage.site.edit(|m| {
        let files =
            [("docs/a.md", "# A\n\n![i](i.png) [b](b.md)\n"), ("docs/b.md", "# B\n"), ("docs/i.png", "picture"), ("src/main.rs", "fn main() {}\n")];
        m.repo("acme/app").commit("main", &files);
    });
    stage.home.configure(&stage.site.config_as("repos = [\"acme/app\"]\ndiscussions = false\nissues = false\nreleases = false\nretry_base_ms = 5\n"));
    stage
}

#[test]
fn files_and_wiki_come_by_git_and_a_run_without_change_is_one_conditional_request_and_one_question() {
    let stage = stage();
    stage.synced();
    let wanted = ["README.md", "_wiki/Home.md", "_wiki/On-Call.md", "docs/a.md", "docs/b.md", "docs/i.png"];
    assert_eq!(stage.paths(), wanted.map(|path| format!("acme/app/{path}")), "{}", stage.site.transcript());
    assert_eq!(stage.site.count(Class::Blobs) + stage.site.count(Class::Trees), 0, "{}", stage.site.transcript());
    assert!(stage.text("acme/app/docs/a.md").ends_with("![i](i.png) [b](b.md)\n"));
    let files = stage.files();
    stage.synced();
    assert_eq!(stage.git_requests(), [1, 0, 0], "{}", stage.site.transcript());
    let rest = stage.site.requests().len() - 1;
    assert_eq!((rest, stage.site.count(Class::Heads)), (1, 1), "{}", stage.site.transcript());
    assert_eq!(stage.files(), files);
    stage.site.edit(|m| m.repo("acme/app").commit("main", &[("docs/b.md", "# B, again\n")]));
    stage.synced();
    assert!(stage.text("acme/app/docs/b.md").ends_with("# B, again\n"));
    assert_eq!(stage.site.count(Class::Blobs) + stage.site.count(Class::Trees), 0, "{}", stage.site.transcript());
}

#[test]
fn without_git_files_come_by_rest() {
    let stage = stage();
    let empty = stage.home.path().join("bin");
    std::fs::create_dir(&empty).unwrap();
    let mut command = stage.home.daemon_command(&["--once"]);
    command.env("PATH", empty);
    let said = crate::home::said(command);
    assert_eq!(said.code, Some(0), "{said:#?}");
    assert_eq!(stage.paths(), ["README.md", "docs/a.md", "docs/b.md", "docs/i.png"].map(|path| format!("acme/app/{path}")), "{said:#?}");
    assert!(stage.site.count(Class::Blobs) > 0);
}

#[test]
fn without_git_and_with_little_left_a_run_takes_what_it_may_and_the_next_one_goes_on() {
    let stage = stage();
    let empty = stage.home.path().join("bin");
    std::fs::create_dir(&empty).unwrap();
    let run = || {
        stage.site.clear_requests();
        let mut command = stage.home.daemon_command(&["--once"]);
        command.env("PATH", &empty);
        crate::home::said(command)
    };
    assert_eq!(run().code, Some(0));
    let files: Vec<(String, &str)> = (0..30).map(|n| (format!("docs/more/{n:02}.md"), "# More\n")).collect();
    let files: Vec<(String, String)> = files.into_iter().map(|(path, text)| (path.clone(), format!("{text}\n{path}\n"))).collect();
    stage.site.edit(|m| m.repo("acme/app").commit("main", &files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>()));
    stage.site.budgets(|b| b.leave("", "core", 25, 3600));
    let said = run();
    assert_eq!(said.code, Some(6), "{said:#?}\n{}", stage.site.transcript());
    let first = stage.site.count(Class::Blobs);
    assert!((10..=25).contains(&first), "{first}: {}", stage.site.transcript());
    assert!(stage.site.budgets(|b| b.window("", "core").left()) >= 5, "the rest is for others");
    assert!(stage.site.requests().iter().all(|seen| seen.status != Some(403)), "{}", stage.site.transcript());
    stage.site.budgets(|b| b.leave("", "core", 60, 3600));
    // Sooner than the service said.
    std::fs::remove_file(stage.home.path().join("cache/context-sync/github/limits.json")).unwrap();
    let said = run();
    assert_eq!(said.code, Some(0), "{said:#?}\n{}", stage.site.transcript());
    assert_eq!(stage.paths().iter().filter(|path| path.starts_with("acme/app/docs/more/")).count(), 30);
    assert_eq!(first + stage.site.count(Class::Blobs), 30, "what was brought is not asked for again: {}", stage.site.transcript());
}

#[test]
fn all_of_an_owner_is_one_conditional_list_and_only_who_was_pushed_to_is_asked() {
    for user in [false, true] {
        let site = GitHub::new();
        let name = |n: u32| format!("ann/app-{n}");
        site.edit(|m| {
            if user {
                m.add_user("ann")
            } else {
                m.add_organization("ann")
            };
            for n in 0..4 {
                m.add_repository(&name(n)).commit("main", &[("README.md", "# One\n")]);
            }
            m.repo(&name(3)).make_private();
        });
        let home = crate::home::Home::new(super::stage::DAEMON);
        home.configure(&site.config_as(&format!("repos = [\"ann/*\"]\n{}", super::files::FILES_ONLY)));
        let run = |code| {
            site.clear_requests();
            let said = home.once();
            assert_eq!(said.code, Some(code), "{said:#?}\n{}", site.transcript());
        };
        let mirrored = || super::files::paths(&home);
        run(0);
        assert_eq!(mirrored(), [0, 1, 2].map(|n| format!("ann/app-{n}/README.md")), "{}", site.transcript());
        let before = home.looks();
        run(0);
        let seen = site.requests();
        assert!(seen.len() == 1 && seen[0].conditional && seen[0].class == Class::Repositories, "{}", site.transcript());
        assert_eq!(home.looks(), before);
        // One is pushed to: the list, its head, and git.
        site.edit(|m| m.repo(&name(1)).commit("main", &[("README.md", "# Two\n")]));
        run(0);
        assert_eq!([Class::Repositories, Class::Heads].map(|class| site.count(class)), [1, 1], "{}", site.transcript());
        assert!(home.page("app-1/README.md").contains("# Two"));
        // One goes to somebody else, one is new; what the list lacks is asked after by its number.
        site.edit(|m| {
            m.repo(&name(0)).transfer("other");
            m.add_repository(&name(5)).commit("main", &[("README.md", "# New\n")]);
        });
        run(0);
        assert_eq!([Class::Repositories, Class::Heads].map(|class| site.count(class)), [2, 1], "{}", site.transcript());
        assert_eq!(mirrored(), [0, 1, 2, 5].map(|n| format!("ann/app-{n}/README.md")), "what nobody asks for any more is cleanup's");
    }
}

#[test]
fn contents_that_nobody_asks_for_are_not_fetched() {
    let site = GitHub::new();
    let commit = site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("docs/a.md", Put::from("# A\n")), ("docs/b.md", Put::from("# B\n")), ("src/large.bin", Put::from(vec![7; 300_000]))])
    });
    let folder = tempfile::tempdir().unwrap();
    let url = url::Url::parse(&site.git_url("acme/app")).unwrap();
    let git = Git::new(Setup {
        program: "git".into(),
        folder: folder.path().to_owned(),
        trusted: url.origin(),
        allow_plain_http: false,
        ca_file: Some(site.ca_file().to_owned()),
        client_certificate: None,
        client_key: None,
        proxy: None,
        proxy_credentials: None,
        silence: std::time::Duration::from_secs(30),
        max_bytes: 8 << 20,
    });
    run(async {
        let copy = git.fetch(&url, "app", &commit, Filter::NoBlobs).await.unwrap();
        let entries = copy.entries().await.unwrap();
        let paths: Vec<&[u8]> = entries.iter().map(|entry| entry.path.as_slice()).collect();
        assert_eq!(paths, [&b"docs/a.md"[..], b"docs/b.md", b"src/large.bin"]);
        let shas: Vec<String> = entries[..2].iter().map(|entry| entry.sha.clone()).collect();
        site.clear_requests();
        copy.bring(&shas).await.unwrap();
        assert_eq!(site.count(Class::GitPack), 1, "{}", site.transcript());
        let blobs = copy.blobs(&shas, 1 << 20).await.unwrap();
        assert_eq!(blobs, [Blob::Here("# A\n".into()), Blob::Here("# B\n".into())]);
        let large = [entries[2].sha.clone()];
        assert_eq!(copy.blobs(&large, 1 << 20).await.unwrap(), [Blob::Missing]);
    });
}
