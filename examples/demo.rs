//! Shows the main job working, without an account: a simulated Confluence site and a simulated GitHub, the real daemon and the real control program in a
//! temporary home.
//!
//! `cargo run --release --example demo` syncs, edits, renames, moves and deletes upstream, syncs again, and prints what a user would look at.
//! `-- --pages DIR` serves the storage-format pages found below DIR instead (files named `*.xhtml` or `*.storage`) and prints where their Markdown is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a demonstration stops where it cannot go on, and prints"
)]

#[path = "../tests/it/home.rs"]
mod home;
#[path = "../tests/it/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use home::Home;
use support::Site;
use support::github::GitHub;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (daemon, ctl) = programs();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => tour(&daemon, &ctl),
        ["--pages", folder] => pages(&daemon, &ctl, Path::new(folder)),
        _ => panic!("usage: demo [-- --pages DIR]"),
    }
}

/// Builds the two programs as this example was built, and says where they are.
fn programs() -> (PathBuf, PathBuf) {
    let folder = std::env::current_exe().unwrap().parent().and_then(Path::parent).unwrap().to_owned();
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--quiet", "--workspace", "--bins", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    if folder.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo cannot be started").success(), "the programs cannot be built");
    (folder.join("context-syncd"), folder.join("context-syncctl"))
}

fn tour(daemon: &Path, ctl: &Path) {
    let site = Site::cloud();
    let (guide, chapter, news) = site.edit(|m| {
        m.add_space("ENG", "Engineering");
        m.add_space("OPS", "Operations");
        let guide = m.add_page("ENG", Some(m.home("ENG")), "Release guide", GUIDE);
        m.add_attachment(guide, "flow.png", vec![0x89, b'P', b'N', b'G'], "image/png");
        let chapter = m.add_page("ENG", Some(guide), "Rollback", ROLLBACK);
        let news = m.add_post("ENG", "We ship weekly", "<p>As of today.</p>");
        let on_call = "<p>Read <ac:link><ri:page ri:content-title=\"Rollback\" ri:space-key=\"ENG\" /></ac:link> first.</p>";
        m.add_page("OPS", None, "On call", on_call);
        m.set_labels(guide, &["release", "howto"]);
        (guide, chapter, news)
    });
    let (hub, talk) = github();
    let home = Home::for_site(daemon, &site, "");
    let both = format!("{}\n{}", home::site_config(&site, ""), hub.config("repos = [\"acme/app\"]").replace("[schedule]\nevery = \"hourly\"\n", ""));
    home.configure(&both);
    step("The daemon starts, and `context-syncctl sync` waits for the first sync");
    let running = home.start();
    show(&home, ctl, &["sync", "-o", "text"]);
    tree(&home);
    let path = print_page(&home, &format!("release-guide--{guide}.md"));
    print_page(&home, "acme/app/README.md");
    print_page(&home, &format!("_discussions/{talk}-"));
    step("Upstream: one page renamed, one moved to another space, one edited, one deleted; a repository renamed. `context-syncctl sync` again");
    site.edit(|m| {
        m.rename_page(guide, "Release handbook");
        m.move_to_space(chapter, "OPS");
        m.edit_page(chapter, "<p>Nobody rolls back any more.</p>");
        m.delete(news);
    });
    hub.edit(|m| m.repo("acme/app").rename("engine"));
    site.clear_requests();
    hub.clear_requests();
    show(&home, ctl, &["sync", "-o", "text"]);
    println!("It took {} requests to Confluence and {} to GitHub.\n", site.requests().len(), hub.requests().len());
    tree(&home);
    assert!(!home.output().join(path).exists(), "the renamed page's old file is still there");
    print_page(&home, "on-call");
    step("`context-syncctl status`");
    show(&home, ctl, &["status", "-o", "text"]);
    step("The daemon stops");
    println!("{}", running.stop());
}

/// A repository with documentation, a wiki, a question and an issue. Returns the question's number, too.
fn github() -> (GitHub, u64) {
    let hub = GitHub::new();
    let talk = hub.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("README.md", README), ("docs/deploy.md", DEPLOY), ("src/main.rs", "fn main() {}\n")]);
        app.commit("main", &[("docs/flow.png", &[0x89, b'P', b'N', b'G', 0][..])]);
        app.commit_wiki(&[("Home.md", "Begin with [[Runbook]].\n"), ("Runbook.md", "Restart it.\n")]);
        let bug = app.add_issue("It restarts at night", "Since the deploy of 2.0. <!-- fill in -->");
        let talk = app.add_discussion("q-a", "How do I deploy?", &format!("See docs/deploy.md, but what of #{bug}?"));
        let answer = app.comment(talk, "With `make deploy`; the bug does not matter.");
        app.answer(talk, answer);
        app.add_release("v2.0", Some("Two"), Some("Deploys by itself."));
        talk
    });
    (hub, talk)
}

fn pages(daemon: &Path, ctl: &Path, folder: &Path) {
    let site = Site::cloud();
    let mut found = Vec::new();
    walk(folder, &mut found);
    found.sort();
    assert!(!found.is_empty(), "no *.xhtml or *.storage file below {}", folder.display());
    site.edit(|m| {
        m.add_space("DEMO", "Demo");
        for path in &found {
            let body = std::fs::read_to_string(path).expect("the page is no UTF-8");
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            let parent = path.parent().and_then(Path::file_name).map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
            m.add_page("DEMO", None, &format!("{parent} {stem}"), &body);
        }
    });
    let home = Home::for_site(daemon, &site, "");
    let running = home.start();
    show(&home, ctl, &["sync", "-o", "text"]);
    running.stop();
    let kept = std::env::temp_dir().join(format!("context-sync-demo-{}", std::process::id()));
    for path in home::files(&home.mirror()) {
        let to = kept.join(&path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(home.mirror().join(&path), &to).unwrap();
        println!("{}", to.display());
    }
}

const README: &str = "---\nowner: platform\n---\n# App\n\nHow to [deploy](docs/deploy.md#steps) it; the [code](src/main.rs).\n";
const DEPLOY: &str = "# Deploy\n\n## Steps\n\n![flow](flow.png)\n\n1. `make deploy`\n2. Read the [home page](../README.md).\n";

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder cannot be read") {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|e| e == "xhtml" || e == "storage") {
            found.push(path);
        }
    }
}

fn step(title: &str) {
    println!("\n=== {title}\n");
}

fn show(home: &Home, ctl: &Path, arguments: &[&str]) {
    let mut command = home.command(ctl);
    command.args(arguments);
    let said = home::said(command);
    print!("{}{}", said.stderr, said.stdout);
    assert_eq!(said.code, Some(0), "context-syncctl {arguments:?} failed");
}

fn tree(home: &Home) {
    println!("~/context-sync/");
    for path in home::files(&home.output()) {
        println!("    {path}");
    }
    println!();
}

fn print_page(home: &Home, part: &str) -> String {
    let paths = home::files(&home.output());
    let path = paths.iter().find(|p| p.contains(part) && !p.contains("/.trash/")).unwrap_or_else(|| panic!("no page {part}")).clone();
    println!("--- {path}\n{}", std::fs::read_to_string(home.output().join(&path)).unwrap());
    path
}

const GUIDE: &str = r#"<p>How we release, in <strong>three</strong> steps. See also <ac:link><ri:page ri:content-title="Rollback" /></ac:link>.</p>
<ac:structured-macro ac:name="info"><ac:parameter ac:name="title">Who</ac:parameter><ac:rich-text-body><p>Whoever is on call.</p></ac:rich-text-body></ac:structured-macro>
<table><tbody><tr><th><p>Step</p></th><th><p>Command</p></th></tr>
<tr><td><p>Tag</p></td><td><p><code>git tag v1 | cat</code></p></td></tr>
<tr><td><p>Ship</p></td><td><ul><li><p>build</p></li><li><p>push</p></li></ul></td></tr></tbody></table>
<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">bash</ac:parameter><ac:plain-text-body><![CDATA[for host in a b; do
  ssh "$host" deploy
done]]></ac:plain-text-body></ac:structured-macro>
<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>Announce it</ac:task-body></ac:task></ac:task-list>
<ac:image ac:alt="The flow"><ri:attachment ri:filename="flow.png" /></ac:image>
<ac:structured-macro ac:name="team-radar"><ac:parameter ac:name="team">core</ac:parameter></ac:structured-macro>"#;

const ROLLBACK: &str = r#"<h2>When</h2><p>As soon as <ac:link><ri:page ri:content-title="Release guide" /><ac:link-body>the release</ac:link-body></ac:link> hurts.</p>"#;
