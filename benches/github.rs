//! Measures whole syncs of a simulated GitHub at size: a first one, one without any change, and one after one edit.
//!
//! `cargo bench --bench github` measures all of [`SCENES`], `cargo bench --bench github -- files issues` some of them. `size=5000` sets how many documents (or
//! repositories) there are, `latency=50` how many milliseconds each request waits, `runs=100` how many edits `churn` makes, and `set=KEY=VALUE` adds a line to
//! the connector's table. Nothing is asserted by time. The service's own work is done by this process and is not counted. Bytes written are those that were
//! given to the system (files, state, and what is said to the service); `TMPDIR` chooses the disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a measurement stops where it cannot go on, and prints")]

#[path = "../tests/it/home.rs"]
mod home;
mod measure;
#[path = "../tests/it/support/mod.rs"]
mod support;

use std::time::Duration;

use home::Home;
use measure::megabytes;
use support::github::{Class, GitHub, Model};
use support::prose;

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");
/// Bytes of a file.
const FILE_BYTES: usize = 4096;
/// Paths of the repository of which few are documents.
const PATHS: usize = 100_000;
/// Comments of an issue.
const COMMENTS: usize = 5;

/// What is there, and how an edit changes it.
struct Scene {
    name: &'static str,
    what: &'static str,
    size: usize,
    settings: &'static str,
    furnish: fn(&mut Model, usize),
    edit: fn(&mut Model, usize),
}

/// All of them.
const SCENES: [Scene; 6] = [
    Scene { name: "files", what: "Markdown files of 4 KB in one repository", size: 20_000, settings: FILES, furnish: add_files, edit: edit_file },
    Scene { name: "tree", what: "Markdown files among 100,000 paths", size: 1_000, settings: EVERYWHERE, furnish: add_tree, edit: edit_tree },
    Scene { name: "issues", what: "issues with 5 comments each", size: 10_000, settings: ISSUES, furnish: add_issues, edit: edit_issue },
    Scene { name: "wiki", what: "pages of a wiki", size: 2_000, settings: WIKI, furnish: add_wiki, edit: edit_wiki },
    Scene { name: "repositories", what: "repositories, all parts", size: 60, settings: ALL, furnish: add_repositories, edit: edit_repository },
    Scene { name: "churn", what: "Markdown files, one edit after the other", size: 20_000, settings: FILES, furnish: add_files, edit: edit_file },
];
const FILES: &str = "repos = [\"acme/app\"]\nwiki = false\ndiscussions = false\nissues = false\nreleases = false\n";
const EVERYWHERE: &str = "repos = [\"acme/app\"]\nfiles = [\"**/*.md\"]\nwiki = false\ndiscussions = false\nissues = false\nreleases = false\n";
const ISSUES: &str = "repos = [\"acme/app\"]\nfiles = []\nwiki = false\ndiscussions = false\nreleases = false\n";
const WIKI: &str = "repos = [\"acme/app\"]\nfiles = []\ndiscussions = false\nissues = false\nreleases = false\n";
const ALL: &str = "repos = [\"acme/*\"]\npull_requests = true\n";

fn main() {
    // `cargo test --benches` runs this too, and must not take minutes.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    let (settings, names): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).partition(|argument| argument.contains('='));
    let number = |name: &str| settings.iter().find_map(|set| set.strip_prefix(name)?.strip_prefix('=')?.parse::<usize>().ok());
    let more: String = settings.iter().filter_map(|set| Some(format!("{}\n", set.strip_prefix("set=")?))).collect();
    for scene in SCENES.iter().filter(|scene| names.is_empty() || names.iter().any(|name| name == scene.name)) {
        let size = number("size").unwrap_or(scene.size);
        let latency = number("latency").unwrap_or(0);
        println!("\n{size} {} ({} ms for each request)", scene.what, latency);
        play(scene, size, latency, number("runs").unwrap_or(100), &more);
    }
}

fn play(scene: &Scene, size: usize, latency: usize, runs: usize, more: &str) {
    let site = GitHub::new();
    site.edit(|m| (scene.furnish)(m, size));
    site.budgets(|b| (b.core, b.graphql) = (1_000_000, 1_000_000));
    site.latency(Duration::from_millis(latency as u64));
    let home = Home::new(DAEMON);
    let quick = if more.contains("requests_per_second") { "" } else { "requests_per_second = 1000\nburst = 1000\n" };
    home.configure(&site.config(&format!("{}{quick}{more}", scene.settings)));
    println!(
        "{:12} {:>8} {:>8} {:>9} {:>7} {:>8} {:>7} {:>6} {:>5} {:>11} {:>10} {:>9}",
        "", "wall s", "CPU s", "worker MB", "git MB", "GraphQL", "points", "REST", "git", "written KB", "disk KB", "state MB"
    );
    measure("first", &site, &home);
    measure("no change", &site, &home);
    if scene.name == "churn" {
        for run in 0..runs {
            site.edit(|m| (scene.edit)(m, run));
            let label = format!("edit {}", run + 1);
            match (run + 1).is_multiple_of((runs / 10).max(1)) {
                true => measure(&label, &site, &home),
                false => drop(measure::once(&label, &home)),
            }
        }
        return measure("no change", &site, &home);
    }
    site.edit(|m| (scene.edit)(m, 0));
    measure("one edit", &site, &home);
}

fn measure(label: &str, site: &GitHub, home: &Home) {
    site.clear_requests();
    let cost = measure::once(label, home);
    let counts = site.counts();
    let git: usize = [Class::GitHello, Class::GitRefs, Class::GitPack].iter().filter_map(|class| counts.get(class)).sum();
    let graphql = site.count(Class::Graphql);
    println!(
        "{label:12} {:>8.2} {:>8.2} {:>9.1} {:>7.1} {graphql:>8} {:>7} {:>6} {git:>5} {:>11.0} {:>10.0} {:>9.2}",
        cost.wall.as_secs_f64(),
        cost.cpu.as_secs_f64(),
        megabytes(cost.worker),
        megabytes(cost.programs),
        site.points(),
        site.requests().len() - graphql - git,
        cost.written as f64 / 1e3,
        cost.disk as f64 / 1e3,
        megabytes(measure::size(&home.mirror().join(".sync_state/db"))),
    );
}

fn markdown(seed: usize, bytes: usize) -> String {
    let mut dice = prose::Dice::new(seed as u64);
    let mut text = format!("# Page {seed}\n\nSee [the next one](page-{}.md) and [the code](../../src/main.rs).\n", seed + 1);
    while text.len() < bytes {
        for _ in 0..dice.between(5, 14) {
            text.push_str(dice.pick::<&str>(prose::WORDS));
            text.push(' ');
        }
        text.push_str(if dice.below(5) == 0 { "\n\n" } else { "\n" });
    }
    text
}

fn path_of(number: usize) -> String {
    format!("docs/part-{:02}/chapter-{:02}/page-{number}.md", number / 1000, number / 50 % 20)
}

fn add_files(m: &mut Model, size: usize) {
    let files: Vec<(String, String)> = (0..size).map(|number| (path_of(number), markdown(number, FILE_BYTES))).collect();
    m.add_repository("acme/app").commit("main", &files);
}

fn edit_file(m: &mut Model, run: usize) {
    m.repo("acme/app").commit("main", &[(path_of(run * 7), markdown(1_000_000 + run, FILE_BYTES))]);
}

fn tree_path(number: usize, every: usize) -> String {
    let ending = if number.is_multiple_of(every) { "md" } else { "rs" };
    format!("crates/c{:02}/src/m{:03}/file-{number}.{ending}", number / 2000, number / 100 % 1000)
}

fn add_tree(m: &mut Model, size: usize) {
    let every = (PATHS / size.max(1)).max(1);
    let text = |number: usize| if number.is_multiple_of(every) { markdown(number, FILE_BYTES) } else { format!("// {number}\n") };
    let files: Vec<(String, String)> = (0..PATHS).map(|number| (tree_path(number, every), text(number))).collect();
    m.add_repository("acme/app").commit("main", &files);
}

fn edit_tree(m: &mut Model, run: usize) {
    m.repo("acme/app").commit("main", &[("crates/c00/src/m000/file-0.md", markdown(1_000_000 + run, FILE_BYTES))]);
}

fn add_issues(m: &mut Model, size: usize) {
    let mut app = m.add_repository("acme/app");
    for number in 0..size {
        let issue = app.add_issue(&format!("Something is wrong with part {number}"), &markdown(number, 1200));
        for comment in 0..COMMENTS {
            app.comment(issue, &markdown(number * COMMENTS + comment, 400));
        }
    }
}

fn edit_issue(m: &mut Model, run: usize) {
    m.repo("acme/app").comment(run as u64 + 1, "Once more.");
}

fn add_wiki(m: &mut Model, size: usize) {
    let pages: Vec<(String, String)> = (0..size).map(|number| (format!("Page-{number}.md"), markdown(number, FILE_BYTES))).collect();
    let mut app = m.add_repository("acme/app");
    app.commit("main", &[("README.md", "# App\n")]);
    app.commit_wiki(&pages);
}

fn edit_wiki(m: &mut Model, run: usize) {
    m.repo("acme/app").commit_wiki(&[("Page-0.md", markdown(1_000_000 + run, FILE_BYTES))]);
}

fn add_repositories(m: &mut Model, size: usize) {
    for number in 0..size {
        let mut app = m.add_repository(&format!("acme/app-{number:02}"));
        let files: Vec<(String, String)> = (0..20).map(|page| (format!("docs/page-{page}.md"), markdown(page, FILE_BYTES))).collect();
        app.commit("main", &files);
        app.commit_wiki(&[("Home.md", "# Home\n"), ("Setup.md", "# Setup\n")]);
        for issue in 0..10 {
            let of = app.add_issue(&format!("Issue {issue}"), &markdown(issue, 1200));
            app.comment(of, "Yes.");
            app.add_discussion("General", &format!("Question {issue}"), &markdown(issue, 800));
        }
        for release in 0..3 {
            app.add_release(&format!("v{release}"), Some(&format!("Release {release}")), Some("Things.\n"));
        }
    }
}

fn edit_repository(m: &mut Model, run: usize) {
    m.repo("acme/app-00").commit("main", &[("docs/page-0.md", markdown(1_000_000 + run, FILE_BYTES))]);
}
