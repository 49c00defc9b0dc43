//! The house's rules, read off the sources: who may import whom, which outside crate stands in which room, and that every file says what it is at its
//! door. A rule that no test reads is a wish.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Room -> rooms of the same crate that it may import, besides itself. The table of `docs/ARCHITECTURE.md`.
const IMPORTS: &[(&str, &[&str])] = &[
    ("main", &["daemon", "worker", "convert", "sandbox"]),
    ("daemon", &["schedule", "supervisor", "control", "config", "logging", "model", "priority"]),
    ("supervisor", &["config", "model", "logging"]),
    ("schedule", &["config", "model"]),
    ("control", &["supervisor", "config", "model", "schedule", "logging"]),
    ("logging", &["model"]),
    ("worker", &["sync", "connectors", "state", "mirror", "priority", "sandbox", "config", "model"]),
    ("priority", &[]),
    ("sandbox", &[]),
    ("config", &["connectors", "model"]),
    ("convert", &["connectors", "markdown", "model"]),
    ("sync", &["mirror", "state", "connectors", "markdown", "model"]),
    ("mirror", &["model"]),
    ("state", &["model"]),
    ("connectors", &["git", "markdown", "model"]),
    ("git", &["model"]),
    ("markdown", &["model"]),
    ("model", &["markdown"]),
];

/// Outside crate -> the one room that may name it.
const ROOMS: &[(&str, &[&str])] = &[
    ("sled", &["state"]),
    ("zstd", &["state"]),
    ("reqwest", &["connectors/http"]),
    ("rustls", &["connectors/http"]),
    // git's names of contents, the signature of an App, and what marks an account.
    ("aws_lc_rs", &["connectors/github/access", "connectors/github/blobs", "connectors/http/account"]),
    ("tokio_cron_scheduler", &["schedule"]),
    ("croner", &["schedule"]),
    ("interprocess", &["control"]),
    ("html2md", &["markdown/html"]),
    ("pulldown_cmark", &["markdown/authored", "markdown/html_comments"]),
    ("yaml_rust2", &["markdown/own_front_matter"]),
    ("quick_xml", &["connectors/confluence/storage"]),
    // The HTTP room's tests play a server that compresses.
    ("flate2", &["connectors/confluence/storage", "connectors/http/tests"]),
    ("dotenvy", &["config"]),
    ("landlock", &["sandbox"]),
    ("libc", &["priority", "sandbox"]),
    ("tracing_journald", &["logging"]),
    ("tracing_subscriber", &["logging"]),
    ("sd_notify", &["daemon"]),
];

fn sources() -> BTreeMap<String, String> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "ctl", "tests", "examples", "benches"] {
        if root.join(folder).is_dir() {
            walk(&root.join(folder), &mut files);
        }
    }
    files.into_iter().map(|p| (p.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(p).unwrap())).collect()
}

/// The room of a file of `src`: its first component below it.
fn room(path: &str) -> Option<&str> {
    let inner = path.strip_prefix("src/")?;
    Some(inner.split('/').next()?.trim_end_matches(".rs"))
}

/// Code without line comments and without what follows `#[cfg(test)]`: tests may reach further.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_file_says_at_its_door_what_it_is() {
    for (path, text) in sources() {
        assert!(text.starts_with("//! "), "{path} does not open with a `//!` sentence");
    }
}

#[test]
fn imports_point_down_only() {
    let table: BTreeMap<&str, &[&str]> = IMPORTS.iter().copied().collect();
    for (path, text) in sources() {
        let Some(room) = room(&path).filter(|r| *r != "lib") else { continue };
        if path.contains("/tests") || path.ends_with("/tests.rs") {
            continue;
        }
        let allowed = table.get(room).unwrap_or_else(|| panic!("{path}: the room `{room}` is not in the table"));
        for prefix in ["crate::", "context_syncd::"] {
            for (at, _) in code(&text).match_indices(prefix) {
                let rest = &code(&text)[at + prefix.len()..];
                let named: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                assert!(
                    named.is_empty() || named == room || allowed.contains(&named.as_str()),
                    "{path} imports `{named}`, which the table does not allow"
                );
            }
        }
    }
}

#[test]
fn an_outside_crate_with_a_room_stands_in_that_room_only() {
    for (path, text) in sources() {
        let Some(inner) = path.strip_prefix("src/") else { continue };
        let code = code(&text);
        for (name, rooms) in ROOMS {
            let named = code.contains(&format!("use {name}::")) || code.contains(&format!(" {name}::")) || code.contains(&format!("({name}::"));
            let at_home = rooms.iter().any(|r| inner.starts_with(&format!("{r}/")) || inner == format!("{r}.rs"));
            assert!(!named || at_home, "{path} names `{name}`, whose room is {rooms:?}");
        }
    }
}

/// Who starts programs: workers, commands for secrets, git.
const PROGRAMS: &[&str] = &["supervisor/run", "config/secret", "git/process"];

#[test]
fn a_program_is_started_in_three_places_only() {
    let mut found = Vec::new();
    for (path, text) in sources() {
        let Some(inner) = path.strip_prefix("src/").filter(|inner| !inner.contains("tests")) else { continue };
        if code(&text).contains("Command::new") || code(&text).contains("process::Command") {
            found.push(inner.trim_end_matches(".rs").to_owned());
        }
    }
    found.sort_unstable();
    let mut allowed: Vec<&str> = PROGRAMS.to_vec();
    allowed.sort_unstable();
    assert_eq!(found, allowed, "a program is started by nobody else, with limits of its own");
}

#[test]
fn a_connector_knows_neither_engine_nor_disk_nor_another_connector() {
    let sources = sources();
    // Each has a folder with a `mod.rs`; the rooms that they share stand as files.
    let own_room = |path: &String| path.strip_prefix("src/connectors/")?.strip_suffix("/mod.rs").map(str::to_owned);
    let connectors: Vec<String> = sources.keys().filter_map(own_room).collect();
    assert!(connectors.len() >= 2, "{connectors:?}");
    for (path, text) in &sources {
        let Some(inner) = path.strip_prefix("src/connectors/") else { continue };
        let own = inner.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        // Tests read and write their own examples.
        if !connectors.iter().any(|connector| connector == own) || inner.contains("/tests/") {
            continue;
        }
        for other in connectors.iter().filter(|connector| *connector != own) {
            assert!(!code(text).contains(&format!("connectors::{other}")), "{path} names the connector {other}");
        }
        for banned in ["crate::sync", "crate::state", "crate::mirror", "std::fs", "SystemTime::now"] {
            assert!(!code(text).contains(banned), "{path} names {banned}");
        }
    }
}

/// What serde flattens takes any name for fine, and fills in defaults of the group instead of the connector's.
#[test]
fn settings_that_are_flattened_are_read_with_every_name_checked() {
    let mut found = 0;
    for (path, text) in sources() {
        if path.starts_with("src/connectors/") && path.ends_with("/config.rs") && code(&text).contains("serde(flatten)") {
            assert!(code(&text).contains("settings::read("), "{path} flattens settings, and does not read them by `connectors::settings::read`");
            found += 1;
        }
    }
    assert!(found >= 2, "the connectors share the settings of the HTTP room");
}

#[test]
fn unsafe_code_stands_in_two_rooms_only() {
    for (path, text) in sources() {
        let at_home = path.starts_with("src/priority") || path.starts_with("src/sandbox");
        assert!(at_home || !code(&text).contains("allow(unsafe_code)") || path.starts_with("tests/"), "{path} allows unsafe code");
    }
}
