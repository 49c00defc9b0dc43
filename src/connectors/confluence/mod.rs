//! Confluence, Cloud and Data Center: pages, posts, comments, labels, people and attachments, read through REST.
//!
//! Guarantees the request budgets of `docs/connectors/confluence.md`: lists without bodies, bodies and labels in full batches, attachments by space, never a
//! request per page. It deliberately knows no file, no state and no clock; what it must remember travels in its cursors.

mod address;
mod api;
mod attach;
mod cards;
mod cloud;
mod comments;
mod config;
mod confirm;
mod count;
mod credentials;
mod data_center;
mod fetch;
mod hidden;
pub mod keys;
mod kind;
mod labels;
mod list;
mod nodes;
mod people;
mod place;
mod raw;
mod rolling;
mod selection;
mod site;
mod spaces;
pub mod storage;
mod stretches;
mod v1;
mod validate;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use rustc_hash::FxHashMap;
use url::Url;

use super::connector::{AssetStream, Connector, Depth, Fetched, Listed, Presence, ReadError, SourceError, Traffic, Validation, Wanted};
use super::http::{Client, Setup};
use super::locked::locked;
use super::settings;
use crate::model::{AssetRef, ConnectorName, Cursor, Document, Key, Place, Raw, RemoteId, Scope, Secret};
use address::Address;
pub use config::{Attachments, Config};
use credentials::Credentials;
pub use kind::KIND;
use site::Site;

/// Endings of the paths that are read by POST: names of people.
const READING_POSTS: &[&str] = &["/api/v2/users-bulk"];

/// A Confluence site.
pub struct Confluence {
    name: ConnectorName,
    config: Config,
    address: Address,
    credentials_way: &'static str,
    hint: String,
    client: Client,
    /// The site, once it is probed or remembered.
    known: tokio::sync::Mutex<Option<Site>>,
    /// Keys of the spaces that this run lists, by id.
    spaces: Mutex<FxHashMap<String, String>>,
    /// Names of people that came along.
    names: Mutex<FxHashMap<Key, String>>,
    /// Whiteboards and their kin that this run's listing named.
    cards: Mutex<FxHashMap<String, cards::Card>>,
    /// What this run's listing said of comments.
    comments: Mutex<comments::Today>,
    bodies_at_once: AtomicUsize,
    no_scan: AtomicBool,
    /// The last run mirrored archived pages.
    were_archived_wanted: AtomicBool,
    /// The last run mirrored another part of the spaces.
    was_filter_other: AtomicBool,
}

impl Confluence {
    /// # Errors
    /// When settings or secrets cannot work.
    pub fn new(name: ConnectorName, given: &serde_json::Value, secrets: &BTreeMap<String, Secret>, cache: &Path) -> Result<Self, SourceError> {
        let wrong = |detail: String| settings::wrong(&name, &detail);
        let config = Config::read(given).map_err(&wrong)?;
        let address = config.address().map_err(&wrong)?;
        let credentials = Credentials::choose(config.username.as_deref(), secrets).map_err(&wrong)?;
        let gateway = config.gateway(&address).and_then(|gateway| Url::parse(&gateway).ok());
        let hint = hint(&credentials, &address, &config);
        let ways = config.http.ways(secrets).map_err(&wrong)?;
        let client = Client::new(Setup {
            trusted: [Some(address.base.origin()), gateway.map(|gateway| gateway.origin())].into_iter().flatten().collect(),
            authorization: credentials.authorization,
            // Cloud takes no password; who gives a name to a Data Center gives one, whatever the setting is called.
            is_password: credentials.way == "password" || credentials.way == "API token" && !(address.cloud_host || config.cloud == Some(true)),
            cache: (!cache.as_os_str().is_empty()).then(|| cache.to_owned()),
            hint: hint.clone(),
            post_paths: READING_POSTS,
            ..config.http.setup(address.base.host_str().unwrap_or_default().to_owned(), ways)
        })?;
        Ok(Self {
            name,
            address,
            credentials_way: credentials.way,
            hint,
            client,
            known: tokio::sync::Mutex::default(),
            spaces: Mutex::default(),
            names: Mutex::default(),
            cards: Mutex::default(),
            comments: Mutex::default(),
            bodies_at_once: AtomicUsize::new(fetch::BODIES),
            no_scan: AtomicBool::new(false),
            were_archived_wanted: AtomicBool::new(false),
            was_filter_other: AtomicBool::new(false),
            config,
        })
    }

    fn host(&self) -> String {
        self.address.base.host_str().unwrap_or_default().to_owned()
    }

    fn has_no_scan(&self, site: &Site) -> bool {
        site.no_scan || self.no_scan.load(Ordering::Relaxed)
    }

    fn note_no_scan(&self) {
        self.no_scan.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Connector for Confluence {
    fn name(&self) -> &ConnectorName {
        &self.name
    }

    async fn validate(&self) -> Result<Validation, SourceError> {
        self.check().await
    }

    fn changes(&self, since: Vec<(Scope, Cursor)>, depth: Depth) -> BoxStream<'_, Result<Listed, SourceError>> {
        self.listing(since, depth)
    }

    fn batch_size(&self) -> usize {
        let known = self.known.try_lock().ok().and_then(|site| site.as_ref().map(|site| site.cloud));
        let data_center = known.or(self.config.cloud) == Some(false);
        if data_center { data_center::BODIES } else { 2 * fetch::BODIES }
    }

    fn fetch(&self, batch: Vec<Wanted>) -> BoxStream<'_, (RemoteId, Result<Fetched, SourceError>)> {
        stream::once(self.bodies(batch)).flat_map(stream::iter).boxed()
    }

    async fn confirm(&self, ids: Vec<Wanted>) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
        self.presence(ids).await
    }

    async fn people(&self, keys: Vec<Key>) -> Result<Vec<(Key, String)>, SourceError> {
        self.names(keys).await
    }

    fn read(&self, raw: &Raw, _: &Place) -> Result<Document, ReadError> {
        raw::read(raw)
    }

    async fn asset(&self, asset: &AssetRef) -> Result<AssetStream, SourceError> {
        self.attachment(asset).await
    }

    fn traffic(&self) -> Traffic {
        self.client.traffic()
    }
}

/// What to do when the credentials are refused.
fn hint(credentials: &Credentials, address: &Address, config: &Config) -> String {
    let cloud = address.cloud_host || config.cloud == Some(true);
    match credentials.way {
        "API token" if cloud => {
            "The API token may be wrong, expired or revoked, or `username` is not its owner's e-mail address; make a new token at \
                        https://id.atlassian.com/manage-profile/security/api-tokens."
                .to_owned()
        }
        "API token" => "Check `username` and `api_token`. A Data Center's personal access token goes without `username`.".to_owned(),
        "personal access token" => {
            "The token may be wrong, expired or revoked; make a new one in your Confluence profile. (Cloud's API tokens need `username` too.)"
                .to_owned()
        }
        "password" => "Check `username` and `password`; some servers allow tokens only (`api_token` without `username`).".to_owned(),
        _ => "The site is closed to anonymous access: set `username` and `api_token`.".to_owned(),
    }
}
