//! The program only reads: what it may send is a list, every simulated site holds every test's requests against it (`support/reading`), and the code has no
//! way to send anything else.

use std::collections::BTreeSet;
use std::path::Path;

use super::ways::{DAEMON, discreet, fill};
use crate::home::{Home, any_site_config};
use crate::support::reading::LISTS;
use crate::support::{Flavour, Kind, Site};

#[test]
fn a_sync_of_everything_sends_nothing_but_what_is_listed() {
    for site in [Site::cloud(), Site::data_center_below("/confluence")] {
        let guide = fill(&site);
        if site.edit(|m| m.flavour) == Flavour::Cloud {
            site.edit(|m| m.add(Kind::Whiteboard, "ENG", Some(guide), "Ideas", ""));
        }
        let home = Home::new(DAEMON);
        for more in ["", "attachments = \"all\"\narchived = true", "labels = [\"runbook\"]"] {
            home.configure(&any_site_config(&site, more));
            assert_eq!(discreet(home.once()).code, Some(0), "{}", site.transcript());
        }
        let methods: BTreeSet<String> = site.requests().into_iter().map(|seen| seen.method).collect();
        assert!(methods.iter().all(|method| method == "GET" || method == "POST"), "{methods:?}");
        let posts: BTreeSet<String> = site.requests().into_iter().filter(|seen| seen.method == "POST").map(|seen| seen.path).collect();
        assert!(posts.iter().all(|path| path.ends_with("/api/v2/users-bulk")), "{posts:?}");
        // Here the list itself is looked at, when the site is dropped.
    }
}

#[test]
#[should_panic(expected = "GET /wiki/api/v2/tasks")]
fn a_request_that_is_not_listed_fails_the_test_that_sent_it() {
    use std::io::{Read as _, Write as _};
    let site = Site::cloud();
    let mut stream = std::net::TcpStream::connect(site.doors()[0].trim_start_matches("http://")).unwrap();
    stream.write_all(b"GET /wiki/api/v2/tasks HTTP/1.1\r\nhost: x\r\nuser-agent: context-sync/0\r\nconnection: close\r\n\r\n").unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn the_documentation_lists_the_same() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reliability.md")).unwrap();
    let listed: BTreeSet<&str> = text.lines().map(str::trim).filter(|line| line.starts_with("GET /") || line.starts_with("POST /")).collect();
    let allowed: BTreeSet<String> = LISTS.iter().copied().flatten().map(|(method, shape)| format!("{method} {shape}")).collect();
    assert_eq!(listed, allowed.iter().map(String::as_str).collect());
}

/// The HTTP room alone knows the client (`house.rs`), and in it a method is named twice: GET, and the POST whose path must be one of the connector's reading
/// ones.
#[test]
fn the_http_room_names_no_method_but_get_and_the_guarded_post() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/connectors");
    let mut files = vec![folder.join("http.rs")];
    let inner = crate::home::files(&folder.join("http")).into_iter().filter(|path| !path.contains("tests"));
    files.extend(inner.map(|path| folder.join("http").join(path)));
    let code: String = files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let named: Vec<&str> =
        code.match_indices("Method::").map(|(at, _)| code[at..].split(|c: char| !c.is_alphanumeric() && c != ':').next().unwrap()).collect();
    assert_eq!(named, ["Method::GET", "Method::POST"]);
    for other in [".post(", ".put(", ".delete(", ".patch(", ".head(", "Method::from", "from_bytes", "reqwest::Request::new"] {
        assert!(!code.contains(other), "the HTTP room names {other}");
    }
    let guard = code.find("if self.is_reading(url.path(), json) =>").unwrap();
    let post = code.find("Method::POST").unwrap();
    assert!(guard < post && post - guard < 300, "the POST has lost its guard");
    let rule = code.split("fn is_reading(").nth(1).unwrap().split("\n    }\n").next().unwrap();
    assert!(rule.contains("post_paths.iter().any(") && rule.contains("&& ") && !rule.contains("||"), "the guard lets other paths through: {rule}");
}
