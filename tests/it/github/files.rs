//! Files of repositories with a token: what is a document, what its links lead to, and what a run asks for.

use super::stage::DAEMON;
use crate::home::{Home, Said};
use crate::support::github::{Class, GitHub, Put};

/// Only files are asked for.
pub(super) const FILES_ONLY: &str = "wiki = false\ndiscussions = false\nissues = false\nreleases = false\nretry_base_ms = 5\nlimit_pause_ms = 20\n";

/// A home that mirrors files of `acme/app`.
pub(super) fn home_of(site: &GitHub, more: &str) -> Home {
    let home = Home::new(DAEMON);
    home.configure(&site.config(&format!("repos = [\"acme/app\"]\n{FILES_ONLY}{more}")));
    home
}

/// One run that must go well, with nothing before it in the site's log.
pub(super) fn synced(site: &GitHub, home: &Home) -> Said {
    site.clear_requests();
    let said = home.once();
    assert_eq!(said.code, Some(0), "{said:#?}\n{}", site.transcript());
    said
}

/// The paths of the mirror without its trash.
pub(super) fn paths(home: &Home) -> Vec<String> {
    home.living().into_keys().collect()
}

fn text(home: &Home, path: &str) -> String {
    String::from_utf8(home.living().remove(path).unwrap_or_else(|| panic!("no {path} in {:?}", paths(home)))).unwrap()
}

#[test]
fn documentation_is_mirrored_at_its_own_paths_and_nothing_else() {
    let site = GitHub::new();
    site.edit(|m| {
        m.add_repository("acme/app").commit(
            "main",
            &[
                ("README.md", Put::from("---\ntitle: App\ntags: [a, b]\n---\n# App\n\nSee [the guide](docs/guide.md#start), ![logo](assets/logo.png) and [code](src/main.rs).\n")),
                ("docs/guide.md", Put::from("# Guide\n\n[home](../README.md) [folder](sub/) [also](https://example.com)\n\n    [code](sub/)\n")),
                ("docs/sub/README.rst", Put::from("Title\n=====\n\n`link <../guide.md>`_\n")),
                ("docs/conf.py", Put::from("x = 1\n")),
                ("assets/logo.png", Put::from(vec![0x89, b'P', b'N', b'G', 0, 1])),
                ("assets/unused.png", Put::from(vec![1, 2, 3])),
                ("src/main.rs", Put::from("fn main() {}\n")),
                ("src/README.md", Put::from("# not asked for\n")),
                ("AGENTS.md", Put::from("# Do things\n")),
            ],
        );
    });
    let home = home_of(&site, "");
    synced(&site, &home);
    let expected =
        ["acme/app/AGENTS.synced.md", "acme/app/README.md", "acme/app/assets/logo.png", "acme/app/docs/guide.md", "acme/app/docs/sub/README.rst"];
    assert_eq!(paths(&home), expected);
    let readme = text(&home, "acme/app/README.md");
    assert!(readme.contains("front_matter:\n") && readme.contains("tags:") && !readme.contains("---\ntitle: App\ntags"), "{readme}");
    let body = "# App\n\nSee [the guide](docs/guide.md#start), ![logo](assets/logo.png) and [code](";
    assert!(readme.contains(&format!("{body}{}/acme/app/blob/main/src/main.rs).", site.url())), "{readme}");
    let guide = text(&home, "acme/app/docs/guide.md");
    assert!(guide.contains("[home](../README.md) [folder](sub/README.rst) [also](https://example.com)\n\n    [code](sub/)\n"), "{guide}");
    assert_eq!(text(&home, "acme/app/docs/sub/README.rst"), "Title\n=====\n\n`link <../guide.md>`_\n", "kept byte for byte");
    // One query for the heads, one for four bodies; the root, `docs` and `assets`; one image.
    let counts = [Class::Graphql, Class::Trees, Class::Blobs, Class::Commits].map(|class| site.count(class));
    assert_eq!(counts, [2, 3, 1, 0], "{}", site.transcript());
}

#[test]
fn a_run_without_change_is_one_query_and_writes_nothing() {
    let site = GitHub::new();
    site.edit(|m| {
        m.add_repository("acme/app").commit("main", &[("README.md", "# App\n"), ("docs/a.md", "# A\n")]);
    });
    let home = home_of(&site, "");
    synced(&site, &home);
    let before = home.looks();
    synced(&site, &home);
    assert_eq!(site.requests().len(), 1, "{}", site.transcript());
    assert_eq!(site.count(Class::Graphql), 1);
    assert_eq!(home.looks(), before);
    // An empty commit, or one that changes nothing that is asked for, costs at most the root.
    site.edit(|m| {
        m.repo("acme/app").commit("main", &[("src/x.rs", "fn x() {}\n")]);
    });
    synced(&site, &home);
    assert_eq!((site.count(Class::Trees), site.requests().len()), (1, 2), "{}", site.transcript());
    assert_eq!(home.looks(), before);
}

#[test]
fn only_changed_folders_and_bodies_are_asked_for() {
    let site = GitHub::new();
    site.edit(|m| {
        m.add_repository("acme/app").commit(
            "main",
            &[
                ("README.md", "# App\n"),
                ("docs/a.md", "# A\n"),
                ("docs/b.md", "# B\n"),
                ("guide/x.md", "# X\n"),
                ("guide/old.md", "# Old, with words\n"),
            ],
        );
    });
    let home = home_of(&site, "files = [\"*.md\", \"docs/**\", \"guide/**\"]\nimages = []\n");
    synced(&site, &home);
    site.edit(|m| {
        let moved = [("guide/x.md", Put::from("# X2\n")), ("guide/old.md", Put::Gone), ("guide/new.md", Put::from("# Old, with words\n"))];
        m.repo("acme/app").commit("main", &moved);
    });
    synced(&site, &home);
    // The heads and two bodies; the root and `guide`.
    assert_eq!((site.count(Class::Graphql), site.count(Class::Trees)), (2, 2), "{}", site.transcript());
    assert!(text(&home, "acme/app/guide/x.md").ends_with("# X2\n"));
    let all = ["acme/app/README.md", "acme/app/docs/a.md", "acme/app/docs/b.md", "acme/app/guide/new.md", "acme/app/guide/x.md"];
    assert_eq!(paths(&home), all);
}

#[test]
fn a_large_folder_that_is_renamed_is_no_mass_deletion() {
    let site = GitHub::new();
    let name = |folder: &str, n: usize| format!("{folder}/page-{n}.md");
    site.edit(|m| {
        let files: Vec<(String, Put)> = (0..40).map(|n| (name("docs", n), Put::from(format!("# Page {n}\n")))).collect();
        m.add_repository("acme/app").commit("main", &files);
    });
    let home = home_of(&site, "files = [\"docs/**\", \"manual/**\"]\n");
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 40);
    site.edit(|m| {
        let files: Vec<(String, Put)> =
            (0..40).flat_map(|n| [(name("docs", n), Put::Gone), (name("manual", n), Put::from(format!("# Page {n}\n")))]).collect();
        m.repo("acme/app").commit("main", &files);
    });
    synced(&site, &home);
    assert!(paths(&home).iter().all(|path| path.starts_with("acme/app/manual/")), "{:?}", paths(&home));
    assert_eq!(paths(&home).len(), 40);
}

#[test]
fn links_submodules_pointers_binaries_and_large_files_do_no_harm() {
    let site = GitHub::new();
    site.edit(|m| {
        m.add_repository("acme/app").commit(
            "main",
            &[
                ("docs/real.md", Put::from("# Real\n")),
                ("docs/link.md", Put::Symlink(b"hop.md".to_vec())),
                ("docs/hop.md", Put::Symlink(b"../notes/far.md".to_vec())),
                ("notes/far.md", Put::from("# Far\n")),
                ("docs/out.md", Put::Symlink(b"../../etc/passwd".to_vec())),
                ("docs/root.md", Put::Symlink(b"/etc/passwd".to_vec())),
                ("docs/round.md", Put::Symlink(b"round.md".to_vec())),
                ("docs/module", Put::Submodule("1234567890123456789012345678901234567890".to_owned())),
                ("docs/pointer.md", Put::from("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n")),
                ("docs/binary.md", Put::from(vec![b'a', 0, b'b'])),
                ("docs/latin.md", Put::from(b"caf\xe9\n".to_vec())),
                (
                    "docs/wide.md",
                    Put::from([0xFF, 0xFE].into_iter().chain("# Wide\n".encode_utf16().flat_map(u16::to_le_bytes)).collect::<Vec<u8>>()),
                ),
                ("docs/large.md", Put::from("x".repeat(3000))),
            ],
        );
    });
    let home = home_of(&site, "max_file_bytes = 2000\n");
    let said = synced(&site, &home);
    let mirrored = ["acme/app/docs/hop.md", "acme/app/docs/link.md", "acme/app/docs/real.md", "acme/app/docs/wide.md"];
    assert_eq!(paths(&home), mirrored, "{said:#?}\n{}", site.transcript());
    assert!(text(&home, "acme/app/docs/link.md").ends_with("# Far\n") && text(&home, "acme/app/docs/wide.md").ends_with("# Wide\n"));
    assert!(!home.mirror().join("acme/app/docs/link.md").is_symlink());
    assert!(said.stderr.contains("max_file_bytes") && said.stderr.contains("submodule"), "{}", said.stderr);
    let before = home.looks();
    synced(&site, &home);
    assert_eq!((site.requests().len(), home.looks()), (1, before), "{}", site.transcript());
}

#[test]
fn a_truncated_tree_is_walked_folder_by_folder() {
    let site = GitHub::new();
    site.edit(|m| {
        let files: Vec<(String, Put)> = (0..30).map(|n| (format!("docs/part-{}/page-{n}.md", n % 5), Put::from(format!("# Page {n}\n")))).collect();
        m.add_repository("acme/app").commit("main", &files);
    });
    site.habits(|h| h.tree_limit = Some(10));
    let home = home_of(&site, "");
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 30, "{}", site.transcript());
}

#[test]
fn texts_that_a_query_cuts_short_or_changes_come_whole() {
    let site = GitHub::new();
    let long = format!("# Long\n\n{}\n", "word ".repeat(400));
    site.edit(|m| {
        m.add_repository("acme/app").commit("main", &[("docs/long.md", long.as_str()), ("docs/short.md", "# Short\n")]);
    });
    site.habits(|h| h.text_limit = Some(500));
    let home = home_of(&site, "");
    synced(&site, &home);
    assert!(text(&home, "acme/app/docs/long.md").ends_with(&long));
    assert_eq!((site.count(Class::Graphql), site.count(Class::Blobs)), (2, 1), "{}", site.transcript());
}

#[test]
fn hostile_paths_stay_in_the_folder_and_harm_nothing() {
    let site = GitHub::new();
    site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit(
            "main",
            &[
                ("docs/ok.md", "# Ok\n"),
                ("docs/a\nb.md", "# Line\n"),
                ("docs/a\u{202e}b.md", "# Turned\n"),
                ("docs/Case.md", "# Upper\n"),
                ("docs/case.md", "# Lower\n"),
                ("docs/.cursor/rules.md", "# Rules\n"),
                ("_wiki/own.md", "# Own\n"),
                (&format!("docs/{}.md", "n".repeat(240)), "# Long\n"),
            ],
        );
    });
    let home = home_of(&site, "files = [\"**\"]\n");
    synced(&site, &home);
    let all = paths(&home);
    assert_eq!(all.len(), 8, "{all:#?}");
    assert!(
        all.iter().all(|path| path.starts_with("acme/app/") && !path.contains('\n') && !path.contains('\u{202e}') && !path.contains(".cursor/")),
        "{all:#?}"
    );
    assert!(all.iter().any(|path| path == "acme/app/_wiki.repository/own.md"), "{all:#?}");
    let before = home.looks();
    synced(&site, &home);
    assert_eq!(home.looks(), before);
}

#[test]
fn patterns_choose_and_what_they_leave_out_later_is_no_deletion() {
    let site = GitHub::new();
    site.edit(|m| {
        m.add_repository("acme/app").commit(
            "main",
            &[("README.md", "# App\n"), ("docs/a.md", "# A\n"), ("openapi/api.yaml", "openapi: 3.1.0\n"), ("docs/internal/x.md", "# X\n")],
        );
    });
    let home = home_of(&site, "files = [\"docs/**\", \"openapi/*.yaml\", \"!docs/internal/**\"]\n");
    synced(&site, &home);
    assert_eq!(paths(&home), ["acme/app/README.md", "acme/app/docs/a.md", "acme/app/openapi/api.yaml"]);
    assert_eq!(text(&home, "acme/app/openapi/api.yaml"), "openapi: 3.1.0\n");
    home.configure(&site.config(&format!("repos = [\"acme/app\"]\n{FILES_ONLY}files = [\"docs/**\"]\n")));
    synced(&site, &home);
    assert_eq!(paths(&home).len(), 4, "what was mirrored stays for `cleanup`: {:?}", paths(&home));
}
