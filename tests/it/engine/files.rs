//! What a repository needs: files under their own names, Markdown as its author wrote it, files as they are, what there is nothing of, images of a whole
//! scope, renamed files, and many scopes of which nothing is new.

use std::collections::BTreeMap;

use context_sync_protocol::event::Outcome;
use context_syncd::connectors::connector::{Completion, Presence, SourceError};

use super::fake::Picture;
use super::{House, looks};

impl House {
    /// Adds or replaces a file of a repository.
    fn file(&self, id: &str, path: &str, body: &str) {
        self.fake.put("app", id, None, path, body);
        self.lies(id, path);
    }

    fn lies(&self, id: &str, path: &str) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = ["acme", "app"].into_iter().chain(folder.split('/').filter(|part| !part.is_empty())).map(str::to_owned).collect();
        let (stem, ending) = context_syncd::markdown::slug::split_ending(name);
        self.fake.at(|s| s.files.insert(id.to_owned(), (folder, stem.to_owned(), ending.to_owned())));
    }

    fn picture(&self, id: &str, folder: &[&str], name: &str, revision: u64) {
        let folder = folder.iter().map(|part| (*part).to_owned()).collect();
        let picture = Picture { scope: "app".to_owned(), folder, name: name.to_owned(), revision, bytes: b"picture".to_vec() };
        self.fake.at(|s| s.scope_assets.insert(id.to_owned(), picture));
    }

    fn state(&self) -> context_syncd::state::State {
        context_syncd::state::State::open(&self.folder().join(".sync_state"), std::time::Duration::from_secs(5)).unwrap().0
    }
}

const README: &str = "!markdown\n---\ntags: [a, b]\nowner:\n  name: \"yes\"\n---\n\nSee [setup](setup.mdx#top \"T\"), [none](none.md) and ![logo](logo.png).  \n\n* `[x](setup.mdx)`";

fn repository() -> House {
    let house = House::new();
    house.file("1", "README.md", README);
    house.file("2", "docs/setup.mdx", "!markdown\n# Setup\r\n\r\nText\r\n");
    house.file("3", "docs/notes.rst", "!verbatim\n\u{FEFF}Notes\r\n=====\r\n\0\u{202E} no end");
    house.picture("p1", &["acme", "app", "img"], "logo.png", 1);
    house
}

#[test]
fn files_keep_their_names_and_their_text() {
    let house = repository();
    let finished = house.synced();
    assert_eq!((finished.summary.documents, finished.summary.written, finished.summary.downloaded), (3, 3, 1));
    let expected = ["acme/app/README.md", "acme/app/docs/notes.rst", "acme/app/docs/setup.mdx", "acme/app/img/logo.png"];
    assert_eq!(house.tree().into_keys().collect::<Vec<_>>(), expected);
    let readme = house.read("acme/app/README.md");
    let (front, text) = readme.split_once("---\n\n").unwrap();
    assert!(front.ends_with("fake:\n  front_matter:\n    tags:\n      - a\n      - b\n    owner:\n      name: \"yes\"\n"), "{front}");
    assert_eq!(
        text,
        "See [setup](docs/setup.mdx#top \"T\"), [none](https://fake.example/?path:none.md) and ![logo](img/logo.png).  \n\n* `[x](setup.mdx)`\n"
    );
    assert!(house.read("acme/app/docs/setup.mdx").ends_with("---\n\n# Setup\r\n\r\nText\r\n"), "line ends stay, and no title comes before");
    assert_eq!(house.read("acme/app/docs/notes.rst"), "\u{FEFF}Notes\r\n=====\r\n\0\u{202E} no end");
    let before = looks(&house);
    house.fake.asked();
    assert_eq!(house.synced().summary.written, 0);
    assert_eq!((looks(&house), house.fake.asked()), (before, vec!["list Changes".to_owned()]));
}

#[test]
fn links_in_an_author_s_text_follow_a_moved_file_without_a_request() {
    let house = repository();
    house.synced();
    house.fake.asked();
    house.lies("2", "guides/setup.md");
    house.fake.at(|s| s.files.get_mut("2").unwrap().2 = ".mdx".to_owned());
    house.synced();
    assert_eq!(house.fake.asked(), ["list Changes"]);
    assert!(house.read("acme/app/README.md").contains("[setup](guides/setup.mdx#top \"T\")"));
    assert!(!house.tree().contains_key("acme/app/docs/setup.mdx"));
    house.fake.at(|s| s.docs.remove("2"));
    house.synced();
    assert!(house.read("acme/app/README.md").contains("[setup](https://fake.example/?path:setup.mdx#top \"T\")"));
}

#[test]
fn another_ending_is_another_path() {
    let house = repository();
    house.synced();
    house.fake.asked();
    house.lies("2", "docs/setup.markdown");
    house.synced();
    assert_eq!(house.fake.asked(), ["list Changes"]);
    let tree = house.tree();
    assert!(tree.contains_key("acme/app/docs/setup.markdown") && !tree.contains_key("acme/app/docs/setup.mdx"), "{:?}", tree.keys());
    assert!(!tree.keys().any(|path| path.starts_with(".trash")), "our own bytes vanish");
}

#[test]
fn names_that_differ_in_case_or_ending_lie_side_by_side() {
    let house = House::new();
    let names = ["README", "README.md", "readme.md", "a.md", "a.md.synced", ".profile", "b/README"];
    for (id, name) in names.iter().enumerate() {
        house.file(&id.to_string(), name, &format!("!verbatim\n{name}"));
    }
    house.synced();
    for name in names {
        assert_eq!(house.read(&format!("acme/app/{name}")), name);
    }
    // Each may take the place that another leaves, whatever their endings are.
    house.lies("0", "README.md");
    house.lies("1", "README");
    house.synced();
    assert_eq!((house.read("acme/app/README").as_str(), house.read("acme/app/README.md").as_str()), ("README.md", "README"));
}

#[test]
fn a_file_as_it_is_keeps_the_engine_s_promises() {
    let house = repository();
    house.file("7:file/docs/gone.guide.mdx", "docs/gone.guide.mdx", "!markdown\ntext");
    house.synced();
    let notes = house.folder().join("acme/app/docs/notes.rst");
    std::fs::write(&notes, "mine").unwrap();
    house.synced();
    assert!(house.read("acme/app/docs/notes.rst").starts_with("\u{FEFF}Notes"));
    assert_eq!(house.read(".trash/2027-01-15/acme/app/docs/notes.rst"), "mine");
    std::fs::remove_file(&notes).unwrap();
    house.synced();
    assert!(house.read("acme/app/docs/notes.rst").starts_with("\u{FEFF}Notes"));
    // A lost state: equal bytes are known again; whose a file is that nobody lists is not to be seen, so it stays.
    let before: BTreeMap<_, _> = looks(&house).into_iter().filter(|(path, _)| path.starts_with("acme") && !path.ends_with(".png")).collect();
    std::fs::remove_dir_all(house.folder().join(".sync_state")).unwrap();
    std::fs::write(house.folder().join("acme/app/docs/old.rst"), "once").unwrap();
    house.fake.at(|s| s.docs.remove("7:file/docs/gone.guide.mdx"));
    house.synced();
    for (path, look) in before {
        match path.as_str() {
            "acme/app/docs/gone.guide.mdx" => assert!(!house.tree().contains_key(&path), "what says whose it is leaves"),
            _ => assert_eq!(looks(&house).get(&path), Some(&look), "{path}"),
        }
    }
    assert_eq!(house.read("acme/app/docs/old.rst"), "once");
}

#[test]
fn what_there_is_nothing_of_is_left_out_until_it_changes() {
    let house = repository();
    let nothing = SourceError::Nothing { what: "docs/setup.mdx".to_owned(), why: "it is a pointer to a large file".to_owned() };
    house.synced();
    house.fake.asked();
    house.file("2", "docs/setup.mdx", "!markdown\nnew");
    house.fake.at(|s| s.broken.insert("2".to_owned(), nothing));
    let finished = house.synced();
    assert_eq!((finished.summary.removed, finished.summary.deferred, finished.summary.documents), (1, 0, 2), "{finished:?}");
    assert!(house.tree().contains_key(".trash/2027-01-15/acme/app/docs/setup.mdx") && !house.tree().contains_key("acme/app/docs/setup.mdx"));
    assert!(house.read("acme/app/README.md").contains("[setup](https://fake.example/?path:setup.mdx#top \"T\")"));
    let record = house.state().document(&"2".into()).unwrap().unwrap();
    assert!(record.deferred.is_some_and(|left| left.nothing && left.reason.contains("large file")) && record.path.is_none());
    house.fake.asked();
    // Neither the next run nor the daily one asks again, and nothing is written.
    let before = looks(&house);
    assert_eq!(house.sync_counted().1, 1, "the site's own record");
    house.hours_later(25);
    house.synced();
    assert_eq!((looks(&house), house.fake.asked()), (before, vec!["list Changes".to_owned(), "list Everything".to_owned()]));
    // Its place may change without its revision.
    house.lies("2", "docs/b/setup.mdx");
    house.synced();
    assert_eq!(house.sync_counted().1, 1);
    assert_eq!(house.state().document(&"2".into()).unwrap().unwrap().place.container.len(), 4);
    house.fake.at(|s| s.broken.clear());
    house.file("2", "docs/setup.mdx", "!markdown\nback");
    assert_eq!(house.synced().summary.documents, 3);
    assert!(house.read("acme/app/docs/setup.mdx").ends_with("back\n"));
    assert!(house.read("acme/app/README.md").contains("[setup](docs/setup.mdx#top \"T\")"));
    assert!(house.state().document(&"2".into()).unwrap().unwrap().deferred.is_none());
}

#[test]
fn what_a_reader_finds_nothing_in_is_left_out_as_well() {
    let house = repository();
    house.file("4", "docs/binary.md", "!nothing");
    house.file("5", "docs/late.md", "!late\ntext");
    house.file("6", "index.md", "!markdown\n[b](binary.md) [l](late.md)");
    let finished = house.synced();
    assert_eq!((finished.summary.documents, finished.summary.deferred), (5, 0));
    assert!(house.read("acme/app/index.md").ends_with("[b](https://fake.example/?path:binary.md) [l](docs/late.md)\n"));
    house.fake.asked();
    house.synced();
    assert_eq!(house.fake.asked(), ["list Changes"]);
    // A better reader finds nothing where there was something.
    house.fake.at(|s| s.reveals = true);
    std::fs::write(house.folder().join("acme/app/docs/late.md"), "touched").unwrap();
    let finished = house.synced();
    assert_eq!((finished.summary.removed, finished.summary.documents), (1, 4));
    assert!(house.read("acme/app/index.md").contains("[l](https://fake.example/?path:late.md)"));
    assert!(!house.tree().contains_key("acme/app/docs/late.md"));
    // A full sync asks for everything.
    let mut house = house;
    house.options.full = true;
    house.fake.at(|s| s.reveals = false);
    assert_eq!(house.synced().summary.documents, 5);
    assert!(house.read("acme/app/index.md").contains("[l](docs/late.md)"));
}

#[test]
fn a_first_sync_with_nothing_to_mirror_does_not_come_to_the_same_documents_again() {
    let house = House::new();
    for id in 0..20 {
        house.file(&id.to_string(), &format!("{id}.bin"), "!nothing");
    }
    let finished = house.synced();
    assert_eq!((finished.summary.documents, finished.summary.written), (0, 0));
    house.fake.asked();
    let (finished, written) = house.sync_counted();
    assert_eq!((finished.outcome, written, house.fake.asked()), (Outcome::Done, 1, vec!["list Changes".to_owned()]));
}

#[test]
fn an_image_there_is_nothing_of_stays_absolute() {
    let house = repository();
    house.synced();
    house.picture("p1", &["acme", "app", "img"], "logo.png", 2);
    house.fake.at(|s| s.empty_assets.insert("p1".to_owned()));
    let finished = house.synced();
    assert_eq!(finished.summary.deferred, 0);
    assert!(house.read("acme/app/README.md").contains("![logo](https://fake.example/?file:logo.png)"));
    assert!(!house.tree().contains_key("acme/app/img/logo.png") && house.tree().contains_key(".trash/2027-01-15/acme/app/img/logo.png"));
    house.fake.asked();
    house.hours_later(25);
    assert_eq!(house.synced().summary.deferred, 0);
    assert_eq!(house.fake.asked(), ["list Everything"]);
    house.picture("p1", &["acme", "app", "img"], "logo.png", 3);
    house.fake.at(|s| s.empty_assets.clear());
    house.synced();
    assert!(house.read("acme/app/README.md").contains("![logo](img/logo.png)"));
}

#[test]
fn an_image_of_a_scope_moves_with_its_repository_and_leaves_with_it() {
    let house = repository();
    house.picture("p2", &["acme", "app"], "unused.png", 1);
    house.synced();
    assert!(!house.tree().contains_key("acme/app/unused.png"), "nobody shows it");
    house.fake.asked();
    // The repository has another name now.
    house.picture("p1", &["acme", "tool", "img"], "logo.png", 1);
    house.synced();
    assert_eq!(house.fake.asked(), ["list Changes"]);
    assert!(house.read("acme/app/README.md").contains("![logo](../tool/img/logo.png)"));
    assert!(!house.tree().contains_key("acme/app/img/logo.png"));
    // Its documents leave, and it with them.
    house.fake.at(|s| {
        s.docs.clear();
        s.scope_assets.clear();
        s.scopes.insert("app".to_owned(), Completion::Missing("404".to_owned()));
    });
    for _ in 0..2 {
        house.sync();
        assert!(house.tree().contains_key("acme/tool/img/logo.png"));
        house.hours_later(13);
    }
    house.hours_later(13);
    let finished = house.sync();
    assert_eq!(finished.summary.removed, 3, "{finished:?}");
    assert!(house.tree().keys().all(|path| path.starts_with(".trash/")), "{:?}", house.tree().keys());
}

#[test]
fn an_image_that_a_whole_listing_of_its_scope_lacks_leaves_after_a_day() {
    let house = repository();
    house.synced();
    house.fake.at(|s| s.scope_assets.clear());
    for (hours, there) in [(1, true), (24, true), (25, false)] {
        house.hours_later(hours);
        house.synced();
        assert_eq!(house.tree().contains_key("acme/app/img/logo.png"), there, "{hours}");
    }
    assert!(house.read("acme/app/README.md").contains("![logo](https://fake.example/?file:logo.png)"));
}

fn many(count: usize) -> House {
    let house = House::new();
    for id in 0..count {
        house.file(&id.to_string(), &format!("docs/{id}.md"), "!markdown\ntext");
    }
    house.synced();
    house
}

/// All files live on under other ids.
fn rename_all(house: &House, count: usize, named: usize) {
    house.fake.at(|s| {
        s.docs.clear();
        s.files.clear();
        s.gone = (0..count).map(|id| (id.to_string(), Presence::Renamed)).collect();
    });
    for id in 0..named {
        house.file(&format!("n{id}"), &format!("guides/{id}.md"), "!markdown\ntext");
    }
}

#[test]
fn renamed_files_do_not_count_as_deleted() {
    let house = many(40);
    rename_all(&house, 40, 40);
    let finished = house.synced();
    assert_eq!((finished.summary.removed, finished.summary.held, finished.summary.written), (40, 0, 40));
}

#[test]
fn a_rename_that_no_new_document_bears_out_is_a_deletion() {
    let house = many(40);
    rename_all(&house, 40, 20);
    let finished = house.sync();
    assert_eq!((finished.outcome, finished.summary.removed, finished.summary.held), (Outcome::DeletionsHeld, 0, 40));
}

#[test]
fn deletions_beside_renames_count_as_ever() {
    let house = many(40);
    rename_all(&house, 20, 20);
    for id in 20..40 {
        house.fake.at(|s| s.gone.insert(id.to_string(), Presence::Gone));
    }
    let finished = house.sync();
    assert_eq!((finished.outcome, finished.summary.removed, finished.summary.held), (Outcome::DeletionsHeld, 20, 20));
}

#[test]
fn only_a_listing_can_say_that_a_document_is_renamed() {
    let house = many(40);
    rename_all(&house, 0, 40);
    house.fake.at(|s| s.presence = (0..40).map(|id| (id.to_string(), Presence::Renamed)).collect());
    let finished = house.sync();
    assert_eq!((finished.outcome, finished.summary.removed, finished.summary.held), (Outcome::DeletionsHeld, 0, 40));
}

#[test]
fn scopes_with_nothing_new_cost_no_records() {
    let house = House::new();
    for scope in 0..200 {
        house.fake.put(&format!("s{scope}"), &format!("d{scope}"), None, "Page", "text");
    }
    house.synced();
    let before = looks(&house);
    let (finished, written) = house.sync_counted();
    assert_eq!((finished.outcome, written), (Outcome::Done, 1), "listed whole and nothing new: the site's own record");
    house.fake.at(|s| {
        s.unlisted = s.docs.keys().cloned().collect();
        s.scopes.values_mut().for_each(|completion| *completion = Completion::News);
    });
    let (finished, written) = house.sync_counted();
    assert_eq!((finished.outcome, written, finished.summary.documents), (Outcome::Done, 1, 200), "not even listed");
    assert_eq!(looks(&house), before);
}

#[test]
fn a_scope_that_is_suddenly_empty_is_not_taken_as_read() {
    let house = many(12);
    house.file("other", "x.md", "!markdown\ntext");
    house.fake.at(|s| {
        s.docs.clear();
        s.cursor = Some("later".to_owned());
    });
    house.sync();
    let scopes = house.state().scopes().unwrap();
    assert!(scopes.iter().all(|(_, record)| record.missing.is_some() && record.cursor.as_ref().unwrap().as_str() == "c"), "{scopes:?}");
    // It is there again, and nothing in it is new: what was counted is forgotten.
    house.fake.at(|s| *s.scopes.get_mut("app").unwrap() = Completion::News);
    house.sync();
    let scopes = house.state().scopes().unwrap();
    assert!(scopes.iter().all(|(_, record)| record.missing.is_none() && record.cursor.as_ref().unwrap().as_str() == "later"), "{scopes:?}");
}
