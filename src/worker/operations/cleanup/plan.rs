//! Decides which mirrored files belong to nobody any more: documents and scopes that the user took out of the configuration, and attachments that
//! no document shows, unless all are mirrored. Reads the state, touches nothing.
//!
//! Never on doubt: an attachment stays as long as the document that it hangs on has not been read as it is now.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{DocPath, Key, Owner, RemoteId, Scope};
use crate::state::{State, StateError};

/// What belongs to nobody.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Documents of unwanted scopes.
    pub(super) documents: Vec<Leaving>,
    /// Attachments that no remaining document shows.
    pub(super) assets: Vec<Leaving>,
    /// Folders of the tree in unwanted scopes.
    pub(super) nodes: Vec<RemoteId>,
    /// The unwanted scopes. Their cursors go with them: should one come back, it must be listed from its beginning.
    pub(super) scopes: Vec<Scope>,
}

/// One file, or record without a file, that belongs to nobody.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) id: RemoteId,
    pub(super) path: Option<DocPath>,
    pub(super) bytes: u64,
    /// For people.
    pub(super) reason: String,
}

/// Looks at every record. Blocking.
pub(super) fn plan(state: &State) -> Result<Plan, StateError> {
    let unwanted: FxHashMap<Scope, String> =
        state.scopes()?.into_iter().filter(|(_, record)| record.unwanted).map(|(scope, record)| (scope, record.name)).collect();
    let mut plan = Plan { scopes: unwanted.keys().cloned().collect(), ..Plan::default() };
    plan.scopes.sort();

    let mut shown: FxHashSet<Key> = FxHashSet::default();
    let mut unread: FxHashSet<RemoteId> = FxHashSet::default();
    let mut staying: FxHashSet<RemoteId> = FxHashSet::default();
    let mut unread_scopes: FxHashSet<Scope> = FxHashSet::default();
    let mut inhabited: FxHashSet<Scope> = FxHashSet::default();
    let known = asset_keys(state)?;
    for document in state.documents() {
        let (id, record) = document?;
        if let Some(name) = unwanted.get(&record.place.scope) {
            let reason = format!("its space or project `{name}` is no longer in the configuration");
            plan.documents.push(Leaving { id, path: record.path, bytes: record.stamp.map_or(0, |stamp| stamp.size), reason });
            continue;
        }
        if record.unwanted {
            let reason = "the configuration does not ask for it any more".to_owned();
            plan.documents.push(Leaving { id, path: record.path, bytes: record.stamp.map_or(0, |stamp| stamp.size), reason });
            continue;
        }
        staying.insert(id.clone());
        let nothing = record.deferred.as_ref().is_some_and(|deferred| deferred.nothing);
        if !nothing && (record.revision.is_none() || record.deferred.is_some()) {
            unread.insert(id);
            unread_scopes.insert(record.place.scope.clone());
        }
        inhabited.insert(record.place.scope);
        shown.extend(record.links_to.into_iter().filter(|key| known.contains(key)));
    }
    for asset in state.assets() {
        let (id, record) = asset?;
        let Some(path) = record.path else { continue };
        let (stays, doubtful) = match &record.asset.owner {
            Owner::Document(owner) => (staying.contains(owner), unread.contains(owner)),
            Owner::Scope(scope) => (inhabited.contains(scope), unread_scopes.contains(scope)),
        };
        if record.asset.always && stays {
            continue;
        }
        if doubtful || record.asset.keys.iter().any(|key| shown.contains(key)) {
            continue;
        }
        let bytes = record.stamp.map_or(0, |stamp| stamp.size);
        plan.assets.push(Leaving { id, path: Some(path), bytes, reason: "no document of the mirror shows it".to_owned() });
    }
    plan.nodes = state.nodes()?.into_iter().filter(|(_, place)| unwanted.contains_key(&place.scope)).map(|(id, _)| id).collect();
    Ok(plan)
}

fn asset_keys(state: &State) -> Result<FxHashSet<Key>, StateError> {
    let mut keys = FxHashSet::default();
    for asset in state.assets() {
        keys.extend(asset?.1.asset.keys);
    }
    Ok(keys)
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{AssetRef, Owner, Place, Revision, Stamp};
    use crate::state::{AssetRecord, Change, DocRecord, ScopeRecord};

    pub(in super::super) fn place(scope: &str) -> Place {
        Place {
            scope: Scope::new(scope),
            container: vec![scope.to_owned()].into(),
            kind: "page".into(),
            title: "A page".to_owned(),
            parent: None,
            stem: "a-page".to_owned(),
            ending: ".md".into(),
            transparent: false,
            url: String::new(),
            aliases: Vec::new(),
        }
    }

    pub(in super::super) fn document(id: &str, scope: &str, links_to: &[&str]) -> Change {
        let record = DocRecord {
            place: place(scope),
            revision: Some(Revision::new("1")),
            path: Some(DocPath::new(&format!("{scope}/{id}.md")).unwrap()),
            stamp: Some(Stamp::new(5, 0, 0)),
            links_to: links_to.iter().map(|&key| Key::new(key)).collect(),
            ..DocRecord::unwritten(place(scope))
        };
        Change::PutDocument(RemoteId::new(id), record)
    }

    pub(in super::super) fn asset(id: &str, owner: &str) -> Change {
        let asset = AssetRef {
            id: RemoteId::new(id),
            owner: Owner::Document(RemoteId::new(owner)),
            revision: Revision::new("1"),
            keys: vec![Key::new(format!("file:{owner}:{id}.png"))],
            name: format!("{id}.png"),
            folder: vec!["ENG".to_owned(), "_assets".to_owned(), owner.to_owned()],
            file_name: format!("{id}.png"),
            size: Some(7),
            media_type: None,
            modified_secs: None,
            url: String::new(),
            source: String::new(),
            always: id == "always",
        };
        let path = DocPath::new(&format!("ENG/_assets/{owner}/{id}.png")).unwrap();
        let record =
            AssetRecord { asset, path: Some(path), revision: None, stamp: Some(Stamp::new(7, 0, 0)), hash: None, deferred: None, missing_ms: None };
        Change::PutAsset(RemoteId::new(id), record)
    }

    pub(in super::super) fn scope(id: &str, unwanted: bool) -> Change {
        Change::PutScope(Scope::new(id), ScopeRecord { name: id.to_owned(), unwanted, ..ScopeRecord::default() })
    }

    #[test]
    fn what_a_scope_owns_stays_as_long_as_its_documents_and_doubt() {
        let of = |id: &str, owner: &str| {
            let Change::PutAsset(key, record) = asset(id, owner) else { panic!() };
            Change::PutAsset(key, AssetRecord { asset: AssetRef { owner: Owner::Scope(Scope::new(owner)), ..record.asset }, ..record })
        };
        let folder = tempfile::tempdir().unwrap();
        let (state, _) = State::open(&folder.path().join(".sync_state"), Duration::ZERO).unwrap();
        let left_out = DocRecord {
            deferred: Some(crate::state::Deferred { reason: String::new(), since_ms: 1, tries: 1, revision: None, nothing: true }),
            ..DocRecord::unwritten(place("ENG"))
        };
        let changes = vec![
            scope("OLD", true),
            document("1", "ENG", &["file:ENG:shown.png"]),
            document("2", "OLD", &["file:OLD:old.png"]),
            Change::PutDocument(RemoteId::new("3"), left_out),
            of("shown", "ENG"),
            of("always", "ENG"),
            of("forgotten", "ENG"),
            of("old", "OLD"),
        ];
        state.commit(changes).unwrap();
        assert_eq!(ids(&plan(&state).unwrap().assets), ["forgotten", "old"], "what there is nothing of raises no doubt");
        state.commit(vec![Change::PutDocument(RemoteId::new("4"), DocRecord::unwritten(place("ENG")))]).unwrap();
        assert_eq!(ids(&plan(&state).unwrap().assets), ["old"], "what has not been read may show it");
    }

    fn ids(leaving: &[Leaving]) -> Vec<&str> {
        leaving.iter().map(|l| l.id.as_str()).collect()
    }

    #[test]
    fn what_belongs_to_nobody_leaves_and_all_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (state, _) = State::open(&folder.path().join(".sync_state"), Duration::ZERO).unwrap();
        let changes = vec![
            scope("ENG", false),
            scope("OLD", true),
            Change::PutNode(RemoteId::new("n"), place("OLD")),
            document("1", "ENG", &["file:1:shown.png", "file:3:far.png", "doc:2"]),
            document("2", "OLD", &["file:2:old.png"]),
            Change::PutDocument(RemoteId::new("4"), DocRecord::unwritten(place("ENG"))),
            asset("shown", "1"),
            asset("far", "3"),
            asset("forgotten", "1"),
            asset("old", "2"),
            asset("not-yet-read", "4"),
            asset("always", "1"),
            Change::PutDocument(RemoteId::new("5"), DocRecord { unwanted: true, ..DocRecord::unwritten(place("ENG")) }),
        ];
        state.commit(changes).unwrap();
        let plan = plan(&state).unwrap();
        assert_eq!(ids(&plan.documents), ["2", "5"]);
        assert_eq!(ids(&plan.assets), ["forgotten", "old"]);
        assert_eq!((plan.nodes, plan.scopes), (vec![RemoteId::new("n")], vec![Scope::new("OLD")]));
        assert_eq!((plan.documents[0].bytes, plan.assets[0].bytes), (5, 7));
        assert!(plan.documents[0].reason.contains("`OLD`"));
    }
}
