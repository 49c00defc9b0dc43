//! A site whose space keys, titles and attachments are called as an attacker would call them: everything lands inside, nothing is lost, names are stable.

use std::collections::BTreeSet;
use std::path::Path;

use unicode_normalization::UnicodeNormalization as _;

use super::{DAEMON, is_deceptive, yaml};
use crate::home::{Home, files, site_config};
use crate::support::{Class, Site};

/// Names that have led programs out of their folder, over somebody else's file, or people astray.
const NAMES: &[&str] = &[
    "..",
    ".",
    "../../../../tmp/escaped",
    "/etc/passwd",
    "\\..\\..\\x",
    "a/../../b",
    "%2e%2e%2fx",
    "nul\u{0}byte.md",
    "line\nfeed\r\nand more",
    ".trash",
    ".sync_state",
    "_assets",
    "INDEX.md",
    "README",
    "readme",
    "ReadMe",
    "Café",
    "Cafe\u{301}",
    "CAFÉ",
    "straße",
    "STRASSE",
    "K",
    "\u{212a}",
    "invoice\u{202e}fdp.exe",
    "\u{2066}hidden\u{2069}",
    "tag\u{e0041}\u{e0042}",
    "selector\u{e0141}\u{e0142}",
    "zero\u{200b}width\u{200d}\u{feff}",
    "\u{1b}[2Jescape\u{9b}31m",
    "CLAUDE.md",
    "AGENTS.md",
    "Gemini.MD",
    "SKILL.md",
    ".cursorrules",
    ".cursor",
    "x.mdc",
    "team.instructions.md",
    ".github/copilot-instructions.md",
    ".mcp.json",
    "con",
    "LPT1.txt",
    "$(touch escaped)",
    "`touch escaped`",
    "; rm -rf ~",
    "-rf",
    "~root",
    "*",
    "    ",
    "🚀",
    "日本語",
];

fn all_names() -> Vec<String> {
    let long = ["x".repeat(5_000), "ü".repeat(300), "../".repeat(400), format!("{}.png", "日".repeat(100))];
    NAMES.iter().map(|name| (*name).to_owned()).chain(long).collect()
}

/// Every name as a page, half of them with a child of the same name, and as an attachment of its page.
fn hostile() -> (Site, BTreeSet<u64>, usize) {
    let site = Site::cloud();
    let (mut pages, mut attachments) = (BTreeSet::new(), 0);
    site.edit(|m| {
        m.add_space("ENG", "../Engineering\n---\nid: 1");
        pages.insert(m.home("ENG"));
        for (n, name) in all_names().iter().enumerate() {
            let page = m.add_page("ENG", None, name, &format!("<p>body {n}</p>"));
            pages.insert(page);
            for (k, name) in [name, &all_names()[(n + 1) % NAMES.len()]].into_iter().enumerate() {
                m.add_attachment(page, name, format!("bytes {n} {k}").into_bytes(), "image/png");
                attachments += 1;
            }
            if n % 2 == 0 {
                pages.insert(m.add_page("ENG", Some(page), name, "<p>child</p>"));
            }
        }
    });
    (site, pages, attachments)
}

/// What must be true of every path that the mirror has.
fn check_paths(home: &Home) -> Vec<String> {
    let root = home.mirror().canonicalize().unwrap();
    let paths = files(&root);
    for path in &paths {
        let full = root.join(path);
        assert!(full.symlink_metadata().unwrap().is_file(), "{path:?} is no file");
        assert!(full.canonicalize().unwrap().starts_with(&root), "{path:?} lies outside");
        for component in path.split('/') {
            assert!(component.len() < 200, "{component:?} is too long");
            assert!(!component.starts_with('.'), "{path:?} is hidden, or where trash and state are");
            assert!(!component.chars().any(is_deceptive), "{path:?}");
            assert!(component.nfc().eq(component.chars()), "{path:?} is not in NFC");
            assert!(!context_syncd::markdown::slug::is_instruction_file(component), "{path:?} is read as instructions");
        }
    }
    // On a file system that does not tell case or normal form apart, nothing would overwrite anything.
    let folded: BTreeSet<String> = paths.iter().map(|path| path.nfkc().collect::<String>().to_lowercase()).collect();
    assert_eq!(folded.len(), paths.len(), "{paths:#?}");
    paths
}

/// The home has nothing that was not there before, or that is not ours.
fn check_home(home: &Home) {
    let there: BTreeSet<String> = std::fs::read_dir(home.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    let expected = ["cache", "config", "context-sync", "run", "state"].map(str::to_owned).into();
    assert_eq!(there, expected);
    assert!(!Path::new("/tmp/escaped").exists() && !Path::new("/tmp/escaped.md").exists());
}

#[test]
fn hostile_names_land_inside_lose_nothing_and_stay_as_they_are() {
    let (site, pages, attachments) = hostile();
    let home = Home::for_site(DAEMON, &site, "attachments = \"all\"");
    home.synced();
    let paths = check_paths(&home);
    check_home(&home);
    let documents: BTreeSet<u64> = paths
        .iter()
        .filter(|path| path.ends_with(".md") && !path.contains("/_assets/"))
        .map(|path| path.rsplit_once("--").unwrap().1.strip_suffix(".md").unwrap().parse().unwrap())
        .collect();
    assert_eq!(documents, pages);
    let assets: BTreeSet<Vec<u8>> =
        paths.iter().filter(|path| path.contains("/_assets/")).map(|path| std::fs::read(home.mirror().join(path)).unwrap()).collect();
    assert_eq!(assets.len(), attachments, "{paths:#?}");

    let before = home.looks();
    site.clear_requests();
    home.synced();
    assert_eq!(home.looks(), before, "the second run writes nothing");
    assert_eq!((site.count(Class::Bodies), site.count(Class::Downloads)), (0, 0), "{}", site.transcript());
    // Names come from the site alone: a new mirror has the same.
    let fresh = Home::for_site(DAEMON, &site, "attachments = \"all\"");
    fresh.synced();
    assert_eq!(fresh.tree(), home.tree());
}

#[test]
fn failures_are_told_without_what_hostile_names_do_to_a_terminal() {
    let (site, _, _) = hostile();
    site.habits(|h| h.always("/download", crate::support::Fault::Status(403)));
    let home = Home::new(DAEMON);
    home.configure(&format!("log_level = \"debug\"\n{}", site_config(&site, "attachments = \"all\"")));
    let said = home.once();
    let logs = std::fs::read_dir(home.output().join("logs")).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    for text in [said.stdout.clone(), said.stderr.clone()].into_iter().chain(logs) {
        let obeyed =
            |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e01ef}');
        let bad = text.lines().find(|line| line.chars().any(obeyed));
        assert_eq!(bad, None);
    }
    assert!(said.stderr.contains("escape") && said.stderr.contains("invoice"), "the names are told: {}", said.stderr);
}

#[test]
fn hostile_titles_stay_one_value_of_the_front_matter() {
    let (site, pages, _) = hostile();
    let home = Home::for_site(DAEMON, &site, "attachments = \"none\"");
    home.synced();
    let titles: BTreeSet<String> = all_names().iter().map(|name| shown(name)).chain([shown("../Engineering\n---\nid: 1 Home")]).collect();
    let mut met = BTreeSet::new();
    for (path, bytes) in home.living() {
        let text = String::from_utf8(bytes).unwrap();
        let (front, body) = yaml::front_matter(&text);
        let id: u64 = path.rsplit_once("--").unwrap().1.strip_suffix(".md").unwrap().parse().unwrap();
        assert_eq!(front["id"].as_str(), Some(id.to_string().as_str()), "{text}");
        assert!(pages.contains(&id) && front["source"].as_str() == Some("confluence") && front["type"].as_str() == Some("page"), "{text}");
        let known =
            ["title", "source", "id", "url", "type", "container", "parent", "path", "labels", "created_at", "created_by", "updated_at", "updated_by"];
        let known: Vec<&str> = known.into_iter().chain(["version", "confluence"]).collect();
        assert!(yaml::keys(&front).iter().all(|key| known.contains(key)), "{text}");
        let title = front["title"].as_str().unwrap_or_else(|| panic!("no title: {text}"));
        assert!(titles.contains(title), "{title:?}");
        for above in front["path"].as_vec().into_iter().flatten() {
            assert!(titles.contains(above.as_str().unwrap()), "{above:?}");
        }
        met.insert(title.to_owned());
        assert!(body.starts_with("\n# ") && text.matches("\n# ").count() == 1, "one heading: {text}");
        assert!(
            !text.chars().any(|c| c != '\n' && c != '\t' && (c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{e0000}'..='\u{e01ef}')))
        );
    }
    assert_eq!(met.len(), titles.len(), "{:#?}", titles.difference(&met));
}

/// A title as a file may show it.
fn shown(title: &str) -> String {
    let gone = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2061}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{e0000}'..='\u{e01ef}')
    };
    title.replace("\r\n", "\n").replace(gone, "")
}

#[test]
fn hostile_keys_of_spaces_become_folders_inside() {
    let keys = [
        "..",
        ".trash",
        ".sync_state",
        "_assets",
        "A/B",
        "../../C",
        "CLAUDE.md",
        ".cursor",
        "D\u{202e}E",
        "e\u{301}",
        "\u{e9}",
        "eng",
        "ENG",
        "F\nG",
    ];
    let site = Site::data_center();
    site.edit(|m| {
        for key in keys.iter().map(|key| (*key).to_owned()).chain(["K".repeat(300)]) {
            m.add_space(&key, "A space");
            let page = m.add_page(&key, None, &format!("Page of {}", key.escape_debug()), "<p>text</p>");
            m.add_attachment(page, "CLAUDE.md", key.clone().into_bytes(), "text/plain");
        }
    });
    let home = Home::new(DAEMON);
    home.configure(&crate::home::any_site_config(&site, "attachments = \"all\""));
    home.synced();
    let paths = check_paths(&home);
    check_home(&home);
    let documents = paths.iter().filter(|path| path.ends_with(".md") && !path.contains("/_assets/")).count();
    assert_eq!(documents, 2 * (keys.len() + 1), "{paths:#?}\n{}", site.transcript());
    assert_eq!(paths.iter().filter(|path| path.contains("/_assets/")).count(), keys.len() + 1, "{paths:#?}");
    let before = home.looks();
    home.synced();
    assert_eq!(home.looks(), before);
}

#[test]
fn a_mirror_full_of_planted_links_changes_nothing_outside() {
    let (site, _, _) = hostile();
    let home = Home::for_site(DAEMON, &site, "");
    home.synced();
    let outside = home.path().join("outside");
    std::fs::create_dir_all(outside.join("sub")).unwrap();
    std::fs::write(outside.join("victim.md"), "untouched").unwrap();
    // Every folder of documents, and every second document, is a link to elsewhere now.
    for path in files(&home.mirror()) {
        let at = home.mirror().join(&path);
        if path.ends_with(".md") && path.len() % 2 == 0 && at.symlink_metadata().is_ok() {
            std::fs::remove_file(&at).unwrap();
            std::os::unix::fs::symlink(outside.join("victim.md"), &at).unwrap();
        }
    }
    for entry in std::fs::read_dir(home.mirror().join("ENG")).unwrap() {
        let at = entry.unwrap().path();
        if at.symlink_metadata().unwrap().is_dir() {
            std::fs::rename(&at, at.with_extension("moved")).unwrap();
            std::os::unix::fs::symlink(&outside, &at).unwrap();
        }
    }
    std::os::unix::fs::symlink(&outside, home.mirror().join(".trash")).unwrap();
    // With a link where the trash has to be, nothing can be moved aside, and that is said.
    let said = home.once();
    assert_ne!(said.code, Some(0), "{said:#?}");
    assert!(format!("{}{}", said.stdout, said.stderr).contains(".trash"), "{said:#?}");
    std::fs::remove_file(home.mirror().join(".trash")).unwrap();
    home.configure(&site_config(&site, "burst = 99"));
    home.synced();
    assert_eq!(files(&outside), ["victim.md"]);
    assert_eq!(std::fs::read_to_string(outside.join("victim.md")).unwrap(), "untouched");
    let living = files(&home.mirror());
    let linked =
        living.iter().filter(|path| !path.starts_with(".trash/") && !path.contains(".moved/") && home.mirror().join(path).is_symlink()).count();
    assert_eq!(linked, 0, "every link gave way to a document");
}
