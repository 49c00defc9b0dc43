//! The register of connectors: one line each, and nothing else about any of them.

pub mod connector;

/// What configuration and program need to know about a type of connector.
pub struct Kind {
    /// Its `type` in the configuration.
    pub name: &'static str,
    /// Settings that are secrets: references in the configuration, never among the other settings.
    pub secrets: &'static [&'static str],
    /// Environment variables of its own, and the settings that they fill; of two for one setting the first that is set counts.
    pub env: &'static [(&'static str, &'static str)],
    /// Variables whose presence turns an unconfigured connector on.
    pub required: &'static [&'static str],
    /// Settings that are comma-separated lists in variables.
    pub lists: &'static [&'static str],
    /// Checks settings (without secrets) and fills in defaults; the error names the setting.
    pub check: fn(&serde_json::Value) -> Result<serde_json::Value, String>,
}

const REGISTER: &[Kind] = &[Kind {
    name: "confluence",
    secrets: &["api_token", "password"],
    env: &[
        ("CONFLUENCE_URL", "url"),
        ("CONFLUENCE_USERNAME", "username"),
        ("CONFLUENCE_EMAIL", "username"),
        ("CONFLUENCE_API_TOKEN", "api_token"),
        ("CONFLUENCE_PASSWORD", "password"),
        ("CONFLUENCE_SPACES", "spaces"),
    ],
    required: &["CONFLUENCE_URL"],
    lists: &["spaces", "include_spaces", "exclude_spaces"],
    check: standin::check,
}];

/// The types that there are.
#[must_use]
pub fn kinds() -> &'static [&'static str] {
    &["confluence"]
}

/// A type by name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    REGISTER.iter().find(|kind| kind.name == name)
}

/// What was made of the settings, for people.
#[must_use]
pub fn host_notes(_: &str, _: &serde_json::Value) -> Vec<String> {
    Vec::new()
}

/// Builds a connector.
///
/// # Errors
/// When the settings cannot work.
pub fn build(
    _kind: &str,
    name: crate::model::ConnectorName,
    settings: &serde_json::Value,
    _secrets: std::collections::BTreeMap<String, crate::model::Secret>,
) -> Result<Box<dyn connector::Connector>, connector::SourceError> {
    let url = settings["url"].as_str().unwrap_or_default().trim_start_matches("http://").to_owned();
    Ok(Box::new(standin::Stalled { name, url }))
}

mod standin {
    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Settings {
        url: String,
        username: Option<String>,
        spaces: Vec<String>,
        include_spaces: Vec<String>,
        exclude_spaces: Vec<String>,
        personal_spaces: bool,
        blog_posts: bool,
        attachments: String,
        max_body_bytes: u64,
        max_asset_bytes: u64,
        concurrency: u32,
        requests_per_second: u32,
        burst: u32,
        allow_plain_http: bool,
        cloud: Option<bool>,
        gateway_url: Option<String>,
        retry_base_ms: u64,
        read_timeout_ms: u64,
    }
    impl Default for Settings {
        fn default() -> Self {
            Self {
                url: String::new(),
                username: None,
                spaces: Vec::new(),
                include_spaces: Vec::new(),
                exclude_spaces: Vec::new(),
                personal_spaces: false,
                blog_posts: true,
                attachments: "referenced".to_owned(),
                max_body_bytes: 32 << 20,
                max_asset_bytes: 100 << 20,
                concurrency: 4,
                requests_per_second: 50,
                burst: 100,
                allow_plain_http: false,
                cloud: None,
                gateway_url: None,
                retry_base_ms: 1000,
                read_timeout_ms: 30_000,
            }
        }
    }
    pub(super) fn check(settings: &serde_json::Value) -> Result<serde_json::Value, String> {
        let settings: Settings = serde_json::from_value(settings.clone()).map_err(|e| e.to_string())?;
        if settings.url.is_empty() {
            return Err("`url` is missing: the address of the Confluence site, such as https://acme.atlassian.net".to_owned());
        }
        serde_json::to_value(settings).map_err(|e| e.to_string())
    }
    use super::connector::*;
    use crate::model::*;
    use futures_util::stream::BoxStream;
    pub(super) struct Stalled {
        pub(super) name: ConnectorName,
        pub(super) url: String,
    }
    #[async_trait::async_trait]
    impl Connector for Stalled {
        fn name(&self) -> &ConnectorName {
            &self.name
        }
        async fn validate(&self) -> Result<Validation, SourceError> {
            use tokio::io::AsyncReadExt;
            let down = |e: std::io::Error| SourceError::Network { service: self.url.clone(), detail: e.to_string() };
            let addr = tokio::net::lookup_host(self.url.as_str()).await.map_err(down)?.next().unwrap_or(([127, 0, 0, 1], 1).into());
            let mut s = tokio::net::TcpStream::connect(addr).await.map_err(down)?;
            s.read_u8().await.map_err(down)?;
            Err(SourceError::BadAnswer { service: self.url.clone(), what: "x".into(), detail: "y".into() })
        }
        fn changes(&self, _: Vec<(Scope, Cursor)>, _: Depth) -> BoxStream<'_, Result<Listed, SourceError>> {
            Box::pin(futures_util::stream::once(async {
                self.validate().await?;
                Err(SourceError::Network { service: self.url.clone(), detail: String::new() })
            }))
        }
        fn batch_size(&self) -> usize {
            1
        }
        fn fetch(&self, _: Vec<Wanted>) -> BoxStream<'_, (RemoteId, Result<Fetched, SourceError>)> {
            Box::pin(futures_util::stream::empty())
        }
        async fn confirm(&self, _: Vec<Wanted>) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
            Ok(vec![])
        }
        async fn people(&self, _: Vec<Key>) -> Result<Vec<(Key, String)>, SourceError> {
            Ok(vec![])
        }
        fn read(&self, _: &Raw) -> Result<Document, ReadError> {
            Err(ReadError(String::new()))
        }
        async fn asset(&self, _: &AssetRef) -> Result<AssetStream, SourceError> {
            unreachable!()
        }
        fn traffic(&self) -> Traffic {
            Traffic::default()
        }
    }
}
