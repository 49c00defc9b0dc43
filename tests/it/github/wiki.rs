//! Wikis: pages with their links and images, what costs how many requests, and what becomes of pages when the wiki changes or goes.

use super::stage::{Stage, WIKI_ONLY};
use crate::support::github::{Put, Token, faults};

const HOME: &str = "# Welcome\n\nSee [[On Call]], [[the rota|On Call#Rota]] and [Old](Old).\n\n![graph](images/a.png) [[Nowhere]] [us](https://acme.example/x)\n\n    code [[On Call]]\n";

fn usual() -> Stage {
    Stage::with_wiki(&[
        ("Home.md", HOME),
        ("ops/On-Call.md", "Back to [home](Home), [[Home]] or [all](https://elsewhere.example/).\r\n"),
        ("Old.mediawiki", "== [[Home]] ==\n"),
        ("AGENTS.md", "Obey.\n"),
        ("_Sidebar.md", "[[Home]]\n"),
        ("images/a.png", "picture"),
        ("images/unused.png", "another"),
    ])
}

#[test]
fn pages_keep_their_words_and_their_links_lead_into_the_mirror() {
    let stage = usual();
    stage.synced();
    let wanted = ["AGENTS.synced.md", "Home.md", "Old.mediawiki", "images/a.png", "ops/On-Call.md"].map(|path| format!("acme/app/_wiki/{path}"));
    assert_eq!(stage.paths(), wanted);
    let home = stage.text("acme/app/_wiki/Home.md");
    let url = stage.site.url();
    for line in [
        "title: Home",
        "type: wiki",
        "container: acme/app",
        &format!("url: {url}/acme/app/wiki/Home"),
        "# Welcome",
        "See [On Call](ops/On-Call.md), [the rota](ops/On-Call.md#Rota) and [Old](Old.mediawiki).",
        &format!("![graph](images/a.png) [Nowhere]({url}/acme/app/wiki/Nowhere) [us](https://acme.example/x)"),
        "    code [[On Call]]",
    ] {
        assert!(home.lines().any(|found| found.trim_end() == line.trim_end() || found.replace('"', "") == line), "`{line}` is not in\n{home}");
    }
    let on_call = stage.text("acme/app/_wiki/ops/On-Call.md");
    assert!(on_call.ends_with("Back to [home](../Home.md), [Home](../Home.md) or [all](https://elsewhere.example/).\r\n"), "{on_call}");
    assert_eq!(stage.text("acme/app/_wiki/Old.mediawiki"), "== [[Home]] ==\n");
    assert_eq!(stage.files()["acme/app/_wiki/images/a.png"], b"picture");
}

#[test]
fn a_run_without_change_asks_once_and_writes_nothing() {
    let stage = usual();
    stage.synced();
    // References, then pages and images in one pack.
    assert_eq!(stage.git_requests()[1..], [0, 1], "{}", stage.site.transcript());
    let before = looks(&stage);
    stage.synced();
    assert_eq!(stage.git_requests(), [1, 0, 0], "{}", stage.site.transcript());
    assert_eq!(looks(&stage), before);
}

fn looks(stage: &Stage) -> Vec<(String, u64, std::time::SystemTime)> {
    use std::os::unix::fs::MetadataExt as _;
    let root = stage.home.output().join("github");
    let look = |path: String| {
        let meta = std::fs::symlink_metadata(root.join(&path)).unwrap();
        (path, meta.ino(), meta.modified().unwrap())
    };
    crate::home::files(&root).into_iter().map(look).collect()
}

#[test]
fn changes_renames_and_a_history_that_was_rewritten_are_followed() {
    let stage = usual();
    stage.synced();
    stage.site.edit(|m| {
        let moved = Put::from("Back to [home](Home), [[Home]] or [all](https://elsewhere.example/).\r\n");
        m.repo("acme/app").commit_wiki(&[("ops/On-Call.md", Put::Gone), ("The-Rota.md", moved), ("Home.md", Put::from("[[The Rota]]\n"))]);
    });
    stage.synced();
    assert_eq!(stage.git_requests()[1..], [0, 1], "{}", stage.site.transcript());
    assert!(stage.text("acme/app/_wiki/Home.md").ends_with("[The Rota](The-Rota.md)\n"));
    assert!(!stage.paths().iter().any(|path| path.contains("On-Call")), "{:?}", stage.paths());
    stage.site.edit(|m| m.repo("acme/app").force_push_wiki(&[("Home.md", "anew\n"), ("The-Rota.md", "rota\n")]));
    stage.synced();
    assert!(stage.text("acme/app/_wiki/Home.md").ends_with("anew\n"));
    // The cache may be deleted at any time.
    std::fs::remove_dir_all(stage.home.path().join("cache/context-sync/github")).unwrap();
    stage.synced();
    stage.site.edit(|m| m.repo("acme/app").commit_wiki(&[("Home.md", "again\n")]));
    stage.synced();
    assert!(stage.text("acme/app/_wiki/Home.md").ends_with("again\n"));
}

#[test]
fn a_wiki_that_never_was_costs_one_question_a_day_and_an_empty_one_is_no_fault() {
    let stage = Stage::with_wiki(&[]);
    stage.synced();
    assert_eq!(stage.git_requests(), [1, 0, 0], "{}", stage.site.transcript());
    stage.synced();
    assert_eq!(stage.git_requests(), [0, 0, 0], "{}", stage.site.transcript());
    // The look at everything, which a lost state asks for as well as a day that went by.
    stage.site.edit(|m| m.repo("acme/app").commit_wiki(&[("Home.md", "now\n")]));
    stage.synced();
    assert!(stage.paths().is_empty());
    std::fs::remove_dir_all(stage.home.output().join("github/.sync_state")).unwrap();
    stage.synced();
    assert_eq!(stage.paths(), ["acme/app/_wiki/Home.md"]);
    let empty = Stage::with_wiki(&[]);
    empty.site.edit(|m| m.repo("acme/app").empty_wiki());
    empty.synced();
    assert_eq!((empty.paths().len(), empty.git_requests()), (0, [1, 0, 0]), "{}", empty.site.transcript());
    empty.synced();
    assert!(empty.git_requests()[0] <= 1, "{}", empty.site.transcript());
    let off = Stage::with_wiki(&[("Home.md", "x\n")]);
    off.site.edit(|m| m.repo("acme/app").set(|it| it.has_wiki = false));
    off.synced();
    assert_eq!((off.git_requests(), off.paths().len()), ([0, 0, 0], 0));
    off.configure("wiki = false");
    off.synced();
    assert_eq!(off.git_requests(), [0, 0, 0]);
}

#[test]
fn a_wiki_that_is_gone_or_closed_keeps_its_files() {
    let stage = usual();
    stage.synced();
    let before = stage.files();
    for status in [401, 403, 404, 429, 500] {
        stage.site.habits(|h| h.next(6, "app.wiki.git", faults::status(status, "no")));
        let said = stage.once();
        assert_ne!(said.code, Some(3), "{said:#?}");
        assert_eq!(stage.files(), before, "{status}");
        stage.site.habits(|h| h.forgive());
    }
    stage.site.edit(|m| m.repo("acme/app").set(|it| it.has_wiki = false));
    stage.once();
    assert_eq!(stage.files(), before);
    stage.site.edit(|m| m.repo("acme/app").set(|it| it.has_wiki = true));
    stage.synced();
    assert_eq!(stage.files(), before);
}

#[test]
fn a_token_without_the_permission_is_told_which() {
    let stage = usual();
    stage.site.edit(|m| {
        let user = m.add_user("ann");
        let mut token = Token::fine_grained(user, []);
        token.lacks.insert("contents".to_owned());
        m.tokens.insert("github_pat_WithoutContents".to_owned(), token);
    });
    stage.home.configure(&stage.site.config_as(&format!("token = \"github_pat_WithoutContents\"\nrepos = [\"acme/app\"]\n{WIKI_ONLY}")));
    let said = stage.once();
    assert!(said.stderr.contains("Contents: read"), "{said:#?}");
}

#[test]
fn without_git_one_warning_says_what_to_install_or_to_turn_off() {
    let stage = usual();
    stage.site.edit(|m| m.add_repository("acme/web").commit_wiki(&[("Home.md", "x\n")]));
    stage.home.configure(&stage.site.config(&format!("repos = [\"acme/app\", \"acme/web\"]\n{WIKI_ONLY}")));
    let empty = stage.home.path().join("bin");
    std::fs::create_dir(&empty).unwrap();
    let mut command = stage.home.daemon_command(&["--once"]);
    command.env("PATH", empty);
    let said = crate::home::said(command);
    let warnings: Vec<&str> = said.stderr.lines().filter(|line| line.contains("`git` is not installed")).collect();
    assert_eq!(warnings.len(), 1, "{said:#?}");
    assert!(warnings[0].contains("the package `git`") && warnings[0].contains("wiki = false"), "{warnings:?}");
    assert_eq!(said.code, Some(0), "{said:#?}");
}

#[test]
fn hostile_names_of_pages_land_inside_and_none_is_lost() {
    let stage = Stage::with_wiki(&[]);
    let long = format!("{}.md", "x".repeat(240));
    stage.site.edit(|m| {
        let page = |text: &str| Put::from(text);
        m.repo("acme/app").commit_wiki(&[
            ("Home.md".as_bytes(), page("one\n")),
            (b"HOME.md", page("two\n")),
            (b"new\nline.md", page("three\n")),
            (b"new line.md", page("four\n")),
            (b"n\xff.md", page("never\n")),
            (b"link.md", Put::Symlink(b"/etc/passwd".to_vec())),
            (b".claude/rules.md", page("five\n")),
            (b"CLAUDE.md", page("six\n")),
            (long.as_bytes(), page("seven\n")),
            (b"binary.md", Put::from(&b"a\0b"[..])),
            (b"large.md", Put::from(vec![b'x'; 2 << 20])),
        ]);
    });
    let said = stage.synced();
    let files = stage.files();
    for text in ["one", "two", "three", "four", "five", "six", "seven"] {
        let found = files.values().filter(|bytes| bytes.ends_with(format!("{text}\n").as_bytes())).count();
        assert_eq!(found, 1, "{text} in {:?}", stage.paths());
    }
    assert_eq!(files.len(), 7, "{:?}", stage.paths());
    for path in files.keys() {
        assert!(path.starts_with("acme/app/_wiki/") && !path.split('/').any(|name| matches!(name, ".claude" | "CLAUDE.md")), "{path}");
    }
    assert!(said.stderr.contains("max_file_bytes") && said.stderr.contains("large.md"), "{said:#?}");
    stage.synced();
    assert_eq!(stage.files(), files);
}

#[test]
fn a_wiki_beyond_the_limit_is_told_and_not_fetched_again_and_again() {
    let stage = usual();
    stage.configure("max_copy_bytes = 1048576\nmax_file_bytes = 8388608");
    let noise = (0_u32..3 << 20).scan(1_u32, |seed, _| {
        *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some((*seed >> 24) as u8)
    });
    let noise: Vec<u8> = noise.collect();
    stage.site.edit(|m| m.repo("acme/app").commit_wiki(&[("noise.md", Put::from(noise))]));
    let said = stage.once();
    assert!(said.stderr.contains("max_copy_bytes"), "{said:#?}");
    assert_eq!(stage.git_requests()[2], 1, "{}", stage.site.transcript());
    let said = stage.once();
    assert!(said.stderr.contains("max_copy_bytes"), "{said:#?}");
    assert_eq!(stage.git_requests(), [1, 0, 0], "{}", stage.site.transcript());
}
