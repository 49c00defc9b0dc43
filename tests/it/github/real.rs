//! Documentation that people wrote: the files of the crates that this program is built from, made into one repository, mirrored, and compared with what they were.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options, parse_document};
use context_syncd::markdown::own_front_matter;

use super::files::{FILES_ONLY, synced};
use super::stage::DAEMON;
use crate::home::Home;
use crate::support::github::GitHub;

/// At most so many files; the registry of a busy machine holds thousands.
const MOST: usize = 400;

/// Where cargo unpacks the sources of dependencies.
fn sources() -> Vec<PathBuf> {
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let folders = |folder: &Path| -> Vec<PathBuf> { std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect() };
    let registries = cargo.map(|cargo| folders(&cargo.join("registry/src"))).unwrap_or_default();
    let mut crates: Vec<PathBuf> = registries.iter().flat_map(|registry| folders(registry)).collect();
    crates.sort();
    crates
}

/// Documents and pictures below `folder`, as they would lie below `docs/` in a repository.
fn gather(folder: &Path, path: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Ok(kind) = entry.file_type() else { continue };
        let (at, below) = (entry.path(), format!("{path}/{name}"));
        if kind.is_dir() && name != ".git" {
            gather(&at, &below, found);
        } else if kind.is_file() && [".md", ".rst", ".adoc", ".png", ".svg"].iter().any(|ending| name.ends_with(ending)) {
            let bytes = std::fs::read(&at).unwrap();
            if bytes.len() < 500_000 && (!name.ends_with(".md") || std::str::from_utf8(&bytes).is_ok_and(|text| !text.contains('\0'))) {
                found.insert(below, bytes);
            }
        }
    }
}

/// What a document says but for where its links lead, and where these lead.
fn read(text: &str) -> (Vec<String>, Vec<String>) {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    let arena = Arena::new();
    let (mut said, mut links) = (Vec::new(), Vec::new());
    walk(parse_document(&arena, text, &options), &mut said, &mut links);
    (said, links)
}

fn walk(node: Node<'_>, said: &mut Vec<String>, links: &mut Vec<String>) {
    match &node.data().value {
        NodeValue::Link(link) => {
            said.push(format!("link {:?}", link.title));
            links.push(link.url.clone());
        }
        NodeValue::Image(link) => {
            said.push(format!("image {:?}", link.title));
            links.push(link.url.clone());
        }
        // Where tags lead is another matter; what stands between them is text.
        NodeValue::HtmlBlock(html) => said.push(format!("html {}", html.literal.matches('<').count())),
        NodeValue::HtmlInline(html) => said.push(format!("html {}", html.matches('<').count())),
        other => said.push(format!("{other:?}").split("sourcepos").next().unwrap_or_default().to_owned()),
    }
    node.children().for_each(|child| walk(child, said, links));
    said.push("end".to_owned());
}

#[test]
fn documentation_of_real_projects_arrives_whole_and_its_links_lead_somewhere() {
    let mut files = BTreeMap::new();
    for source in sources() {
        if files.len() < MOST {
            gather(&source, &format!("docs/{}", source.file_name().unwrap().to_string_lossy()), &mut files);
        }
    }
    let documents = files.keys().filter(|path| path.ends_with(".md")).count();
    if documents < 50 {
        assert!(std::env::var_os("CI").is_none(), "cargo keeps no sources of crates where they are looked for: {:?}", sources().first());
        return println!("NOT RUN: cargo keeps no sources of crates where they are looked for");
    }
    let site = GitHub::new();
    site.edit(|m| {
        let all: Vec<(&str, Vec<u8>)> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.clone())).collect();
        m.add_repository("acme/crates").commit("main", &all);
    });
    let home = Home::new(DAEMON);
    home.configure(&site.config(&format!("repos = [\"acme/crates\"]\n{FILES_ONLY}")));
    synced(&site, &home);
    let requests = site.requests().len();
    assert!(requests <= 4 + files.len() / 25, "{requests} requests for {} files\n{}", files.len(), site.transcript());
    let mirror = home.living();
    let names: BTreeSet<&str> = mirror.keys().map(String::as_str).collect();
    let (mut compared, mut relative) = (0, 0);
    for (path, bytes) in files.iter().filter(|(path, _)| path.ends_with(".md")) {
        let renamed = ["agents.md", "claude.md", "gemini.md", "skill.md"].iter().any(|name| path.to_lowercase().ends_with(&format!("/{name}")));
        if renamed {
            continue;
        }
        let mirrored = mirror.get(&format!("acme/crates/{path}")).unwrap_or_else(|| panic!("{path} is not mirrored: {names:#?}"));
        let mirrored = std::str::from_utf8(mirrored).unwrap();
        let body = mirrored.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).unwrap().1;
        let source = std::str::from_utf8(bytes).unwrap().trim_start_matches('\u{FEFF}');
        let (said_there, links_there) = read(own_front_matter(source).1);
        let (said, links) = read(body);
        assert!(said == said_there, "{path} says something else: {:?}", said.iter().zip(&said_there).find(|(here, there)| here != there));
        assert_eq!(links.len(), links_there.len(), "{path}");
        for link in links {
            let (target, _) = link.split_once(['#', '?']).unwrap_or((&link, ""));
            if target.is_empty() || target.contains(':') || target.starts_with('/') {
                continue;
            }
            let target = percent_encoding::percent_decode_str(target).decode_utf8().unwrap().into_owned();
            let folder = Path::new(&home.mirror()).join("acme/crates").join(path).parent().unwrap().to_owned();
            // What is no address at all stays as it was written.
            if !links_there.contains(&link) {
                assert!(folder.join(&target).exists(), "{path} links to {target}, which is not there");
                relative += 1;
            }
        }
        compared += 1;
    }
    assert!(compared >= 40, "only {compared} documents were compared");
    println!("{compared} documents of {} files compared in {requests} requests; {relative} of their links lead to other mirrored files", files.len());
    let before = home.looks();
    synced(&site, &home);
    assert_eq!((home.looks(), site.requests().len()), (before, 1), "{}", site.transcript());
}
