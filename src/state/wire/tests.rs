//! The promise of the stored form: old records are read, wrong ones refused.

use super::*;
use crate::model::{AssetRef, ContentHash, Cursor, Diagnostic, DocPath, Key, Owner, Place, RemoteId, Revision, Scope, Stamp, Treatment};
use crate::state::records::{AssetRecord, Deferred, DocRecord, Leaving, Missing, ScopeRecord, SiteRecord};

/// What version 1 wrote, one record a line; only added to.
const FOSSILS: &str = include_str!("../../../tests/fossils/state-v1/records.txt");

fn place() -> Place {
    Place {
        scope: Scope::new("65011"),
        container: vec!["ENG".to_owned()].into(),
        kind: "page".into(),
        title: "Release \"checklist\" – über 日本".to_owned(),
        parent: Some(RemoteId::new("98000")),
        stem: "release-checklist--98411".to_owned(),
        ending: ".md".into(),
        transparent: true,
        url: "https://example.atlassian.net/wiki/spaces/ENG/pages/98411".to_owned(),
        aliases: vec![Key::new("title:ENG:release \"checklist\" – über 日本")],
    }
}

fn bare_place() -> Place {
    Place { container: [].into(), parent: None, transparent: false, aliases: Vec::new(), ..place() }
}

fn deferred() -> Option<Deferred> {
    Some(Deferred {
        reason: "the service gave a wrong answer".to_owned(),
        since_ms: 1_755_850_414_255,
        tries: 3,
        revision: Some(Revision::new("8")),
        nothing: false,
    })
}

fn full_document() -> DocRecord {
    DocRecord {
        place: place(),
        revision: Some(Revision::new("7@2025-08-22T08:13:34.255Z")),
        path: Some(DocPath::new("ENG/release-checklist--98411.md").unwrap()),
        stamp: Some(Stamp { size: 4711, mtime_ns: -5 }),
        hash: Some(ContentHash::of(b"x")),
        labels: vec!["ops".to_owned(), "release".to_owned()],
        links_to: vec![Key::new("doc:98412"), Key::new("file:98411:diagram.png")],
        includes_from: vec![Key::new("title:ENG:shared text")],
        former: vec![Key::new("title:ENG:old")],
        context: u64::MAX,
        leaving: Some(Leaving { path: DocPath::new("ENG/old--98411.md").unwrap(), hash: Some(ContentHash([0xab; 32])) }),
        deferred: deferred(),
        diagnostics: Vec::new(),
        unwanted: false,
    }
}

fn diagnosed_document() -> DocRecord {
    DocRecord {
        diagnostics: vec![
            Diagnostic { what: "macro:jira".to_owned(), treatment: Treatment::Lost, detail: "the list of issues".into(), count: 2 },
            Diagnostic { what: "macro:code".to_owned(), treatment: Treatment::Rendered, detail: "".into(), count: 1 },
        ],
        ..bare_document()
    }
}

fn unwanted_document() -> DocRecord {
    DocRecord { unwanted: true, ..bare_document() }
}

fn bare_document() -> DocRecord {
    DocRecord::unwritten(bare_place())
}

fn full_asset() -> AssetRecord {
    AssetRecord {
        asset: AssetRef {
            id: RemoteId::new("att99001"),
            owner: Owner::Document(RemoteId::new("98411")),
            revision: Revision::new("2"),
            keys: vec![Key::new("file:98411:diagram.png")],
            name: "../diagram?.png".to_owned(),
            folder: vec!["ENG".to_owned(), "_assets".to_owned(), "98411".to_owned()],
            file_name: "att99001-diagram.png".to_owned(),
            size: Some(12),
            media_type: Some("image/png".to_owned()),
            modified_secs: Some(1_755_850_414),
            url: "https://example.atlassian.net/wiki/x".to_owned(),
            source: "/download/attachments/98411/diagram.png".to_owned(),
            always: false,
        },
        path: Some(DocPath::new("ENG/_assets/98411/att99001-diagram.png").unwrap()),
        revision: Some(Revision::new("1")),
        stamp: Some(Stamp { size: 12, mtime_ns: 1_755_850_414_000_000_000 }),
        hash: Some(ContentHash([0xab; 32])),
        deferred: deferred(),
        missing_ms: None,
    }
}

fn bare_asset() -> AssetRecord {
    let asset = AssetRef { size: None, media_type: None, modified_secs: None, keys: Vec::new(), folder: Vec::new(), ..full_asset().asset };
    AssetRecord { asset, path: None, revision: None, stamp: None, hash: None, deferred: None, missing_ms: None }
}

fn always_asset() -> AssetRecord {
    let bare = bare_asset();
    AssetRecord { asset: AssetRef { always: true, ..bare.asset }, ..bare }
}

fn full_scope() -> ScopeRecord {
    ScopeRecord {
        name: "ENG".to_owned(),
        cursor: Some(Cursor::new("{\"since\":\"2025-08-22\"}")),
        missing: Some(Missing { listings: 2, first_ms: 1, first_service_ms: None, last_ms: 2, why: "404".to_owned() }),
        denied: None,
        unwanted: true,
    }
}

fn missing_scope() -> ScopeRecord {
    let missing = Missing { listings: 1, first_ms: 1, first_service_ms: Some(3), last_ms: 2, why: "404".to_owned() };
    ScopeRecord { missing: Some(missing), ..full_scope() }
}

/// As it is packed where it is long.
fn packed_scope() -> ScopeRecord {
    let cursor = format!("{{\"since\":\"2025-08-22\",\"files\":\"{}\"}}", "docs/a.md ".repeat(30));
    ScopeRecord { name: "ENG".to_owned(), cursor: Some(Cursor::new(cursor)), ..ScopeRecord::default() }
}

fn site() -> SiteRecord {
    SiteRecord { last_success_ms: 1, last_everything_ms: 2, full_wanted: true, settings: u64::MAX, runs: 5, unclean: true, ahead_ms: 0 }
}

fn check<R: Stored + PartialEq + std::fmt::Debug>(fossil: &str, record: &R) {
    assert_eq!(decode::<R>(fossil.as_bytes()).as_ref(), Ok(record), "{fossil}");
    assert_eq!(decode::<R>(&encode(record).unwrap()).as_ref(), Ok(record));
}

#[test]
fn fossils_of_version_1_are_read_and_today_s_records_come_back() {
    let fossils: Vec<(&str, &str)> = FOSSILS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' ')).collect();
    assert_eq!(fossils.len(), 19);
    for (name, fossil) in fossils {
        match name {
            "document-full" => check(fossil, &full_document()),
            "document-bare" => check(fossil, &bare_document()),
            "document-diagnosed" => check(fossil, &diagnosed_document()),
            "document-unwanted" => check(fossil, &unwanted_document()),
            "node-full" => check(fossil, &place()),
            "node-bare" => check(fossil, &bare_place()),
            "asset-full" => check(fossil, &full_asset()),
            "asset-bare" => check(fossil, &bare_asset()),
            "asset-always" => check(fossil, &always_asset()),
            "asset-missing" => check(fossil, &AssetRecord { missing_ms: Some(9), ..always_asset() }),
            "scope-full" => check(fossil, &full_scope()),
            "scope-bare" => check(fossil, &ScopeRecord { name: "ENG".to_owned(), ..ScopeRecord::default() }),
            "site" => check(fossil, &site()),
            "site-ahead" => check(fossil, &SiteRecord { ahead_ms: -7, ..site() }),
            "scope-packed" => check(fossil, &packed_scope()),
            "scope-pieces" => check(fossil, &StoredScope { record: ScopeRecord { name: "ENG".to_owned(), ..ScopeRecord::default() }, pieces: 2 }),
            "scope-missing" => check(fossil, &missing_scope()),
            "scope-denied" => {
                check(fossil, &ScopeRecord { name: "ENG".to_owned(), denied: Some("no permission".to_owned()), ..ScopeRecord::default() })
            }
            "person" => check(fossil, &"Ann Ørsted".to_owned()),
            other => panic!("no test for the fossil {other}"),
        }
    }
}

#[test]
fn what_came_later_is_written_only_where_it_says_something() {
    let back = |record: &DocRecord| decode::<DocRecord>(&encode(record).unwrap()).unwrap();
    let ending = DocRecord { place: Place { ending: "".into(), ..place() }, ..full_document() };
    let left_out = DocRecord { deferred: deferred().map(|deferred| Deferred { nothing: true, ..deferred }), ..full_document() };
    for record in [ending, left_out] {
        assert_eq!(back(&record), record);
    }
    let of_scope = full_asset();
    let of_scope = AssetRecord { asset: AssetRef { owner: Owner::Scope(Scope::new("7:files")), ..of_scope.asset }, ..of_scope };
    assert_eq!(decode::<AssetRecord>(&encode(&of_scope).unwrap()).as_ref(), Ok(&of_scope));
    let plain = String::from_utf8(encode(&full_document()).unwrap()).unwrap();
    assert!(!plain.contains("\"e\":") && !plain.contains("\"o\":true"), "{plain}");
}

#[test]
fn a_long_cursor_takes_a_fraction_of_its_length_and_one_that_is_damaged_is_refused() {
    let files: String = (0..20_000).map(|file| format!("\"docs/part-{}/page-{file}.md\":{{\"m\":\"100644\"}},", file / 100)).collect();
    let scope = ScopeRecord { cursor: Some(Cursor::new(&files)), ..packed_scope() };
    let stored = encode(&scope).unwrap();
    assert!(stored.len() < files.len() / 5, "{} of {}", stored.len(), files.len());
    assert_eq!(decode::<ScopeRecord>(&stored).as_ref(), Ok(&scope));
    let stored = String::from_utf8(stored).unwrap();
    for damaged in [stored.replacen("\"z\":\"", "\"z\":\"AAAA", 1), stored.replacen("\"z\":\"", "\"z\":\"!", 1)] {
        assert_eq!(decode::<ScopeRecord>(damaged.as_bytes()), Err("its cursor cannot be unpacked".to_owned()));
    }
    let short = encode(&ScopeRecord { cursor: Some(Cursor::new("c")), ..packed_scope() }).unwrap();
    assert!(String::from_utf8(short).unwrap().contains("\"c\":\"c\""), "a short one stays readable");
}

#[test]
fn what_cannot_be_read_is_refused_by_name() {
    let good = String::from_utf8(encode(&full_document()).unwrap()).unwrap();
    let newer = good.replacen("{\"v\":1", "{\"v\":2", 1);
    assert_eq!(decode::<DocRecord>(newer.as_bytes()), Err("it has version 2, this program knows 1".to_owned()));
    assert!(check_version(b"").is_err() && check_version(b"{}").is_err() && check_version(b"{\"v\":99999999999999}").is_err());
    let climbing = good.replace("ENG/release", "../release");
    assert!(decode::<DocRecord>(climbing.as_bytes()).unwrap_err().contains("../release"));
    let no_hash = good.replace("\"h\":\"2d", "\"h\":\"zz");
    assert_ne!(good, no_hash);
    assert!(decode::<DocRecord>(no_hash.as_bytes()).unwrap_err().contains("SHA-256"));
    for cut in 0..good.len() {
        assert!(decode::<DocRecord>(&good.as_bytes()[..cut]).is_err());
    }
}
