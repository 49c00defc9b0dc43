//! Drives a connector as the engine does, without writing anything: list, remember the cursors, fetch, ask.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use context_syncd::connectors;
use context_syncd::connectors::connector::{Completion, Connector, Depth, Fetched, Listed, SourceError, Wanted};
use context_syncd::model::{AssetRef, ConnectorName, Cursor, Key, Place, RemoteId, Revision, Scope, Secret};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::support::{EMAIL, Flavour, Id, PERSONAL_TOKEN, Site, TOKEN};

/// A connector under test, and what an engine would remember for it.
pub(super) struct Driver {
    pub(super) connector: Box<dyn Connector>,
    pub(super) since: Vec<(Scope, Cursor)>,
}

/// What a listing said.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) docs: BTreeMap<String, (Revision, Place, Vec<Key>)>,
    pub(super) nodes: BTreeMap<String, Place>,
    pub(super) labels: BTreeMap<String, Vec<String>>,
    pub(super) assets: BTreeMap<String, AssetRef>,
    pub(super) assets_done: BTreeSet<String>,
    pub(super) own_assets_done: BTreeSet<String>,
    pub(super) warnings: Vec<String>,
    pub(super) scopes: BTreeMap<String, (Scope, Completion)>,
}

impl Driver {
    /// For `site` with its usual credentials; `more` is laid over the settings.
    pub(super) fn new(site: &Site, more: &Value) -> Self {
        match site.edit(|m| m.flavour) {
            Flavour::Cloud => Self::with(site, &json!({"username": EMAIL}), more, &[("api_token", TOKEN)]),
            Flavour::DataCenter => Self::with(site, &json!({}), more, &[("api_token", PERSONAL_TOKEN)]),
        }
    }

    /// With exactly these credentials.
    pub(super) fn with(site: &Site, who: &Value, more: &Value, secrets: &[(&str, &str)]) -> Self {
        let cloud = site.edit(|m| m.flavour) == Flavour::Cloud;
        let mut settings = json!({"url": site.base_url(), "cloud": cloud, "gateway_url": site.gateway_origin(), "retry_base_ms": 5});
        for part in [who, more] {
            for (name, value) in part.as_object().unwrap() {
                settings[name] = value.clone();
            }
        }
        let secrets = secrets.iter().map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned()))).collect();
        let name = ConnectorName::new("confluence").unwrap();
        Self { connector: connectors::build("confluence", &name, &settings, secrets, std::path::Path::new("/nowhere")).unwrap(), since: Vec::new() }
    }

    /// Another worker of the same connector: nothing but the cursors is left.
    pub(super) fn next_run(self, site: &Site, more: &Value) -> Self {
        Self { since: self.since, ..Self::new(site, more) }
    }

    /// Lists; on success the cursors advance as the engine advances them.
    pub(super) async fn list(&mut self, depth: Depth) -> Result<Seen, SourceError> {
        let mut seen = Seen::default();
        let mut cursors: BTreeMap<Scope, Cursor> = self.since.iter().cloned().collect();
        let mut items = self.connector.changes(self.since.clone(), depth);
        while let Some(item) = items.next().await {
            match item? {
                Listed::Seen { id, revision, place, people } => {
                    seen.docs.insert(id.as_str().to_owned(), (revision, place, people));
                }
                Listed::Node { id, place } => {
                    seen.nodes.insert(id.as_str().to_owned(), place);
                }
                Listed::Labels { id, labels } => {
                    seen.labels.insert(id.as_str().to_owned(), labels);
                }
                Listed::Asset(asset) => {
                    seen.assets.insert(asset.id.as_str().to_owned(), asset);
                }
                Listed::AssetsDone { scope } => {
                    seen.assets_done.insert(scope.as_str().to_owned());
                }
                Listed::OwnAssetsDone { owner } => {
                    seen.own_assets_done.insert(owner.as_str().to_owned());
                }
                Listed::Warning(text) => seen.warnings.push(text),
                Listed::Denied { scope, why } => panic!("{scope:?} is closed: {why}"),
                Listed::Gone { id, why } => panic!("{id} is gone: {why:?}"),
                Listed::ScopeDone { scope, name, completion, cursor } => {
                    if let (true, Some(cursor)) = (completion.advances() || completion == Completion::Unwanted, cursor) {
                        cursors.insert(scope.clone(), cursor);
                    }
                    assert!(seen.scopes.insert(name.clone(), (scope, completion)).is_none(), "{name} is done twice");
                }
            }
        }
        drop(items);
        self.since = cursors.into_iter().collect();
        Ok(seen)
    }

    pub(super) async fn everything(&mut self) -> Seen {
        self.list(Depth::Everything).await.unwrap()
    }

    pub(super) async fn changes(&mut self) -> Seen {
        self.list(Depth::Changes).await.unwrap()
    }

    /// Fetches in batches as the engine cuts them.
    pub(super) async fn fetch(&self, wanted: &[Wanted]) -> BTreeMap<String, Result<Fetched, SourceError>> {
        let mut all = BTreeMap::new();
        for batch in wanted.chunks(self.connector.batch_size()) {
            let outcomes: Vec<_> = self.connector.fetch(batch.to_vec()).collect().await;
            assert_eq!(outcomes.len(), batch.len());
            all.extend(outcomes.into_iter().map(|(id, outcome)| (id.as_str().to_owned(), outcome)));
        }
        assert_eq!(all.len(), wanted.len());
        all
    }

    /// The text of one attachment.
    pub(super) async fn download(&self, asset: &AssetRef) -> Result<Vec<u8>, SourceError> {
        let mut stream = self.connector.asset(asset).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.bytes.next().await {
            bytes.extend_from_slice(&chunk?);
        }
        assert_eq!(stream.length, Some(bytes.len() as u64));
        Ok(bytes)
    }
}

impl Seen {
    /// All that was seen, as it would be fetched.
    pub(super) fn wanted(&self, labels: bool) -> Vec<Wanted> {
        self.docs.iter().map(|(id, (_, place, _))| Wanted { id: RemoteId::new(id), place: Arc::new(place.clone()), labels }).collect()
    }

    pub(super) fn one(&self, id: Id, labels: bool) -> Vec<Wanted> {
        self.wanted(labels).into_iter().filter(|wanted| wanted.id.as_str() == id.to_string()).collect()
    }

    pub(super) fn place(&self, id: Id) -> &Place {
        &self.docs.get(&id.to_string()).unwrap_or_else(|| panic!("{id} was not listed")).1
    }

    pub(super) fn completion(&self, name: &str) -> &Completion {
        &self.scopes.get(name).unwrap_or_else(|| panic!("{name} is not in {:?}", self.scopes)).1
    }

    /// How the things beside documents came.
    pub(super) fn beside(&self) -> &Completion {
        self.completion("labels, attachments and folders")
    }
}

pub(super) fn on_both(test: impl AsyncFn(Site)) {
    for site in [Site::cloud(), Site::data_center_below("/confluence")] {
        run(test(site));
    }
}

pub(super) fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}
