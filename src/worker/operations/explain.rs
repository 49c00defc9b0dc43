//! Tells what is known of one document: where it comes from and lies, why it waits, what it shows of others, and how each construct of it was treated.
//!
//! Reads the state and the one file; asks no service. Knows no vendor: an address means a document whose own address it is, or whose id stands in it.

use context_sync_protocol::event::{Finished, Outcome};

use super::super::error::WorkerError;
use super::items::Items;
use crate::mirror::Mirror;
use crate::model::{DocPath, RemoteId};
use crate::state::{DocRecord, State, StateError};

/// Blocking.
pub(super) fn run(state: &State, mirror: &Mirror, what: &str) -> Result<Finished, WorkerError> {
    let Some((id, record)) = find(state, what)? else {
        return Ok(Finished {
            outcome: Outcome::NotFound,
            message: format!("No document of this mirror is `{what}`."),
            hint: "Name a document by its id, its web address, or the path of its file.".to_owned(),
            ..Finished::default()
        });
    };
    let mut items = Items::default();
    facts(&id, &record, &mut items);
    if let Some(trouble) = trouble_of_scope(state, &record)? {
        items.push("note", "", 0, trouble);
    }
    if let Some(path) = &record.path {
        match mirror.hash(path)? {
            None => items.push("note", "", 0, "its file is gone: the next sync writes it again"),
            hash if hash != record.hash => {
                items.push("note", "", 0, "its file was changed by hand: the next sync moves it to the trash and writes it again")
            }
            Some(_) => {}
        }
    }
    treatments(&record, &mut items);
    Ok(Finished { outcome: Outcome::Done, items: items.into_vec(), ..Finished::default() })
}

fn find(state: &State, what: &str) -> Result<Option<(RemoteId, DocRecord)>, StateError> {
    let id = RemoteId::new(what);
    if let Some(record) = state.document(&id)? {
        return Ok(Some((id, record)));
    }
    let words: Vec<&str> = if what.contains("://") { what.split(|c: char| !c.is_ascii_alphanumeric()).collect() } else { Vec::new() };
    let mut by_word: Option<(usize, RemoteId, DocRecord)> = None;
    for entry in state.documents() {
        let (id, record) = entry?;
        if record.path.as_ref().is_some_and(|path| path.as_str() == what) || record.place.url == what {
            return Ok(Some((id, record)));
        }
        // Ids are long enough not to stand in an address by chance, and the last of them is the most particular.
        let at = words.iter().rposition(|word| *word == id.as_str());
        if let Some(at) = at.filter(|at| by_word.as_ref().is_none_or(|(best, ..)| at > best)) {
            by_word = Some((at, id, record));
        }
    }
    Ok(by_word.map(|(_, id, record)| (id, record)))
}

fn facts(id: &RemoteId, record: &DocRecord, items: &mut Items) {
    let place = &record.place;
    let mut fact = |kind: &str, value: &str| {
        if !value.is_empty() {
            items.push(kind, "", 0, value);
        }
    };
    fact("title", &place.title);
    fact("type", &place.kind);
    fact("id", id.as_str());
    fact("url", &place.url);
    fact("file", record.path.as_ref().map_or("", DocPath::as_str));
    fact("revision", record.revision.as_ref().map_or("", |revision| revision.as_str()));
    fact("labels", &record.labels.join(", "));
    fact("names", &format!("{} other documents, files and people", record.links_to.len()));
    let shown: Vec<&str> = record.includes_from.iter().map(|key| key.as_str()).collect();
    fact("shows", &shown.join(", "));
    if let Some(skipped) = record.deferred.as_ref().filter(|deferred| deferred.nothing) {
        fact("skipped", &format!("{} (looked at again when it changes)", skipped.reason));
    } else if let Some(deferred) = &record.deferred {
        fact("deferred", &format!("{} (tried {} times; again at the next sync)", deferred.reason, deferred.tries));
    }
    if record.unwanted {
        fact("note", "the configuration does not ask for it any more: `context-syncctl cleanup` lists it");
    }
}

/// What is wrong with the scope that it belongs to.
fn trouble_of_scope(state: &State, record: &DocRecord) -> Result<Option<String>, StateError> {
    let Some((_, scope)) = state.scopes()?.into_iter().find(|(scope, _)| *scope == record.place.scope) else { return Ok(None) };
    Ok(match (scope.denied, scope.missing) {
        (Some(why), _) => Some(format!("it is not followed: what it belongs to in `{}` is closed to us ({why}); it stays as it was", scope.name)),
        (None, Some(missing)) => Some(format!(
            "it is not followed: what it belongs to in `{}` is missing ({}); it leaves when three listings over a day agree",
            scope.name, missing.why
        )),
        (None, None) => None,
    })
}

fn treatments(record: &DocRecord, items: &mut Items) {
    let mut met: Vec<_> = record.diagnostics.iter().collect();
    met.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.treatment));
    for diagnostic in met {
        items.push("construct", diagnostic.what.clone(), 0, diagnostic.to_string());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{ContentHash, Diagnostic, Key, Place, Revision, Scope, Treatment};
    use crate::state::{Change, Deferred, Missing, ScopeRecord};

    fn record() -> DocRecord {
        let place = Place {
            scope: Scope::new("1"),
            container: vec!["ENG".to_owned()].into(),
            kind: "page".into(),
            title: "Guide".to_owned(),
            parent: None,
            stem: "guide--98411".to_owned(),
            ending: ".md".into(),
            transparent: false,
            url: "https://wiki.example/spaces/ENG/pages/98411/Guide".to_owned(),
            aliases: Vec::new(),
        };
        let met = |what: &str, treatment, detail: &'static str, count| Diagnostic { what: what.to_owned(), treatment, detail: detail.into(), count };
        DocRecord {
            revision: Some(Revision::new("7")),
            path: Some(DocPath::new("ENG/guide--98411.md").unwrap()),
            hash: Some(ContentHash::of(b"text")),
            includes_from: vec![Key::new("doc:5")],
            diagnostics: vec![met("macro:code", Treatment::Rendered, "", 3), met("macro:jira", Treatment::Lost, "the list of issues", 1)],
            ..DocRecord::unwritten(place)
        }
    }

    #[test]
    fn a_document_is_found_by_id_path_and_address_and_its_losses_stand_first() {
        let folder = tempfile::tempdir().unwrap();
        let (state, _) = State::open(&folder.path().join(".sync_state"), Duration::from_secs(5)).unwrap();
        let mirror = Mirror::open(folder.path()).unwrap();
        state.commit(vec![Change::PutDocument(RemoteId::new("98411"), record())]).unwrap();
        for what in [
            "98411",
            "ENG/guide--98411.md",
            "https://wiki.example/spaces/ENG/pages/98411/Guide",
            "https://wiki.example/pages/viewpage.action?pageId=98411&focused=1",
        ] {
            let told = run(&state, &mirror, what).unwrap();
            assert_eq!(told.outcome, Outcome::Done, "{what}");
            let said: Vec<String> = told.items.iter().map(|item| format!("{} {}{}", item.kind, item.path, item.reason)).collect();
            assert!(said.contains(&"title Guide".to_owned()) && said.contains(&"shows doc:5".to_owned()), "{said:?}");
            assert_eq!(said[said.len() - 2..], ["construct macro:jiralost: the list of issues", "construct macro:coderendered, 3 times"]);
            assert!(said.iter().any(|line| line.contains("its file is gone")), "{said:?}");
        }
        assert_eq!(run(&state, &mirror, "98412").unwrap().outcome, Outcome::NotFound);
    }

    #[test]
    fn what_cannot_be_followed_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let (state, _) = State::open(&folder.path().join(".sync_state"), Duration::from_secs(5)).unwrap();
        let mirror = Mirror::open(folder.path()).unwrap();
        state.commit(vec![Change::PutDocument(RemoteId::new("98411"), record())]).unwrap();
        let missing = Missing { listings: 1, first_ms: 1, first_service_ms: None, last_ms: 1, why: "404".to_owned() };
        let scope = ScopeRecord { name: "ENG".to_owned(), ..ScopeRecord::default() };
        for (scope, said) in [
            (scope.clone(), None),
            (
                ScopeRecord { denied: Some("the token lacks a permission".to_owned()), ..scope.clone() },
                Some("closed to us (the token lacks a permission)"),
            ),
            (ScopeRecord { missing: Some(missing), ..scope }, Some("missing (404)")),
        ] {
            state.commit(vec![Change::PutScope(Scope::new("1"), scope)]).unwrap();
            let told = run(&state, &mirror, "98411").unwrap();
            let note = told.items.iter().find(|item| item.reason.contains("not followed"));
            assert_eq!(note.is_some(), said.is_some(), "{told:?}");
            assert!(said.is_none_or(|said| note.unwrap().reason.contains(said)), "{told:?}");
        }
    }

    #[test]
    fn what_is_left_out_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let (state, _) = State::open(&folder.path().join(".sync_state"), Duration::from_secs(5)).unwrap();
        let mirror = Mirror::open(folder.path()).unwrap();
        let deferred = Deferred { reason: "it is a binary file".to_owned(), since_ms: 1, tries: 1, revision: None, nothing: true };
        let record = DocRecord { deferred: Some(deferred), ..DocRecord::unwritten(record().place) };
        state.commit(vec![Change::PutDocument(RemoteId::new("98411"), record)]).unwrap();
        let told = run(&state, &mirror, "98411").unwrap();
        let said: Vec<String> = told.items.iter().map(|item| format!("{} {}", item.kind, item.reason)).collect();
        assert!(said.contains(&"skipped it is a binary file (looked at again when it changes)".to_owned()), "{said:?}");
        assert!(!said.iter().any(|line| line.starts_with("deferred")), "{said:?}");
    }
}
