//! GitHub: files, wikis, discussions, issues, pull requests and releases of repositories, read through GraphQL, REST and git.
//!
//! Guarantees the request budgets of `docs/connectors/github.md`: one query for 25 repositories where nothing changed, folders by their tree, bodies in full
//! batches, one request at a time unless configured otherwise. It deliberately knows no file, no state and no clock; what it must remember travels in its
//! cursors.

mod access;
mod address;
mod api;
mod blobs;
mod choice;
mod clone;
mod config;
mod conversation;
mod credentials;
mod ends;
mod file;
mod files;
mod globs;
mod heads;
mod images;
mod kind;
mod links;
mod list;
mod memory;
mod node;
mod out;
mod pages;
mod parts;
mod place;
mod plain;
mod raw;
mod refused;
mod releases;
mod repositories;
mod repository;
mod scopes;
mod slots;
mod symlinks;
mod tree;
mod trouble;
mod validate;
mod walk;
mod wiki;
mod wishes;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use rustc_hash::FxHashMap;

use super::connector::{AssetStream, Connector, Depth, Fetched, Listed, Presence, ReadError, SourceError, Traffic, Validation, Wanted};
use super::http::{Client, Habits, Renewal, Setup, bearer};
use super::locked::locked;
use super::settings;
use crate::model::{AssetRef, ConnectorName, Cursor, Document, Key, Place, Raw, RemoteId, Scope, Secret};
use access::App;
use api::Api;
use clone::Clones;
pub use config::{Config, State};
use credentials::Credentials;
use files::KeptTree;
pub use kind::KIND;
use repository::{Part, Repository};
use wishes::Wish;

/// Endings of the paths that are read by POST: queries, and the tokens of an App.
const READING_POSTS: &[&str] = &["/graphql", "/access_tokens"];
/// Sent with each request.
const HEADERS: &[(&str, &str)] = &[("x-github-api-version", "2022-11-28")];
/// Words by which a refusal is known as a limit.
const LIMIT_WORDS: &[&str] = &["rate limit", "abuse detection"];

/// Repositories of a GitHub.
pub struct GitHub {
    name: ConnectorName,
    config: Config,
    wishes: Vec<Wish>,
    way: &'static str,
    api: Api,
    clones: Clones,
    wikis: wiki::Wikis,
    /// What this run's listing knows of repositories, by their number.
    repositories: Mutex<FxHashMap<u64, Arc<Repository>>>,
    /// Cursors of files as the last run left them, by repository.
    kept_trees: Mutex<FxHashMap<u64, KeptTree>>,
    /// Repositories whose contents come by git in this run.
    by_git: Mutex<FxHashMap<u64, blobs::ByGit>>,
    /// What this run's listing of conversations did.
    looked: Mutex<conversation::Looked>,
    /// Releases that this run's listing brought whole.
    brought: Mutex<releases::Brought>,
    /// The server does not know the youngest fields.
    is_old: AtomicBool,
}

impl GitHub {
    /// # Errors
    /// When settings or secrets cannot work.
    pub fn new(name: ConnectorName, given: &serde_json::Value, secrets: &BTreeMap<String, Secret>, cache: &Path) -> Result<Self, SourceError> {
        let wrong = |detail: String| settings::wrong(&name, &detail);
        let config = Config::read(given).map_err(&wrong)?;
        let address = config.address().map_err(&wrong)?;
        let wishes = config.wishes().map_err(&wrong)?;
        let credentials = Credentials::choose(&config, secrets).map_err(&wrong)?;
        let way = credentials.way();
        let (authorization, renewal) = match credentials {
            Credentials::Anonymous => (None, None),
            Credentials::Token(token) => (Some(bearer(token.expose())), None),
            Credentials::App { id, key } => {
                let (owner, first) = match wishes.first() {
                    Some(Wish::One { owner, name, .. }) => (owner.clone(), Some(name.clone())),
                    Some(Wish::All { owner }) => (owner.clone(), None),
                    None => (String::new(), None),
                };
                let app = App::new(id, &key, address.clone(), config.installation_id.clone(), owner, first).map_err(&wrong)?;
                (None, Some(Arc::new(app) as Arc<dyn Renewal>))
            }
        };
        let clones = Clones::new(&config, &address, config.http.ways(secrets).map_err(&wrong)?, cache);
        let ways = config.http.ways(secrets).map_err(&wrong)?;
        let client = Client::new(Setup {
            trusted: vec![address.api.origin(), address.graphql.origin()],
            authorization,
            is_password: false,
            cache: (!cache.as_os_str().is_empty()).then(|| cache.to_owned()),
            hint: hint(way, address.web_base()),
            post_paths: READING_POSTS,
            habits: Habits {
                headers: HEADERS,
                limit_words: LIMIT_WORDS,
                limit_pause: Some(Duration::from_millis(config.limit_pause_ms)),
                only_reads: Some(api::only_reads),
                keeps_refusals: true,
                renewal,
            },
            ..config.http.setup(address.host(), ways)
        })?;
        Ok(Self {
            name,
            config,
            wishes,
            way,
            api: Api::new(client, address),
            clones,
            wikis: wiki::Wikis::default(),
            repositories: Mutex::default(),
            kept_trees: Mutex::default(),
            by_git: Mutex::default(),
            looked: Mutex::default(),
            brought: Mutex::default(),
            is_old: AtomicBool::new(false),
        })
    }

    /// Whether we come without credentials: then GraphQL is closed, and few requests are allowed.
    fn is_anonymous(&self) -> bool {
        self.way == "anonymous"
    }

    /// Where git finds a repository.
    fn clone_url(&self, full_name: &str) -> String {
        format!("{}/{full_name}.git", self.api.address().web_base())
    }

    /// A repository of this run's listing.
    fn repository(&self, id: u64) -> Option<Arc<Repository>> {
        locked(&self.repositories).get(&id).cloned()
    }
}

#[async_trait]
impl Connector for GitHub {
    fn name(&self) -> &ConnectorName {
        &self.name
    }

    async fn validate(&self) -> Result<Validation, SourceError> {
        self.check().await
    }

    fn changes(&self, since: Vec<(Scope, Cursor)>, depth: Depth) -> BoxStream<'_, Result<Listed, SourceError>> {
        self.listing(since, depth)
    }

    /// Texts stay as their authors wrote them; what leads to an earlier name is redirected.
    fn rewrites_links(&self) -> bool {
        false
    }

    fn batch_size(&self) -> usize {
        parts::BATCH
    }

    fn fetch(&self, batch: Vec<Wanted>) -> BoxStream<'_, (RemoteId, Result<Fetched, SourceError>)> {
        self.bodies_of_parts(batch)
    }

    async fn confirm(&self, ids: Vec<Wanted>) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
        self.presence_of_parts(ids).await
    }

    /// Names are in the bodies already; asking for a display name would be a request for each.
    fn scope_of(&self, id: &RemoteId) -> Option<Scope> {
        Part::of_id(id.as_str()).map(|(repository, part, _)| part.scope(repository))
    }

    async fn people(&self, keys: Vec<Key>) -> Result<Vec<(Key, String)>, SourceError> {
        let login = |key: &Key| key.as_str().strip_prefix("user:").map(str::to_owned);
        Ok(keys.into_iter().filter_map(|key| login(&key).map(|login| (key, login))).collect())
    }

    fn read(&self, raw: &Raw, place: &Place) -> Result<Document, ReadError> {
        Self::read_part(raw, place)
    }

    async fn asset(&self, asset: &AssetRef) -> Result<AssetStream, SourceError> {
        if let Some(image) = self.wiki_image(asset).await {
            return image;
        }
        self.image_bytes(asset).await
    }

    fn traffic(&self) -> Traffic {
        let (requests, bytes) = self.clones.traffic();
        let traffic = self.api.traffic();
        Traffic { requests: traffic.requests + requests, bytes: traffic.bytes + bytes, ..traffic }
    }
}

/// What to do when the credentials are refused.
fn hint(way: &str, web: &str) -> String {
    match way {
        "App" => "Check `app_id` and `private_key`; the key may have been deleted in the App's settings.".to_owned(),
        "anonymous" => format!("It wants a token: make one at {web}/settings/personal-access-tokens that may read, and set `token`."),
        _ => format!("The token may be wrong, expired or revoked; make a new one at {web}/settings/personal-access-tokens."),
    }
}
