//! What the configuration must know of each type of connector: the names of its settings, and how they are checked.

use serde::{Deserialize, Serialize};

/// A type of connector.
pub struct Kind {
    /// The word in `type`.
    pub name: &'static str,
    /// Settings that are secrets.
    pub secrets: &'static [&'static str],
    /// Variables of the type's own namespace, and the settings that they set.
    pub env: &'static [(&'static str, &'static str)],
    /// Settings that switch on an instance without a table.
    pub required: &'static [&'static str],
    /// Settings that are lists: comma-separated in variables.
    pub lists: &'static [&'static str],
    /// Checks settings without secrets, and gives them back with all defaults.
    pub check: fn(&serde_json::Value) -> Result<serde_json::Value, String>,
}

/// The type of this name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    kinds().iter().find(|kind| kind.name == name)
}

/// All types.
#[must_use]
pub fn kinds() -> &'static [Kind] {
    &[Kind {
        name: "confluence",
        secrets: &["api_token", "password"],
        env: &[
            ("CONFLUENCE_URL", "url"),
            ("CONFLUENCE_USERNAME", "username"),
            ("CONFLUENCE_EMAIL", "username"),
            ("CONFLUENCE_API_TOKEN", "api_token"),
            ("CONFLUENCE_PASSWORD", "password"),
            ("CONFLUENCE_SPACES", "spaces"),
            ("CONFLUENCE_INCLUDE_SPACES", "include_spaces"),
            ("CONFLUENCE_EXCLUDE_SPACES", "exclude_spaces"),
            ("CONFLUENCE_CONCURRENCY", "concurrency"),
            ("CONFLUENCE_CLOUD", "cloud"),
        ],
        required: &["url"],
        lists: &["spaces", "include_spaces", "exclude_spaces"],
        check,
    }]
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Confluence {
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

impl Default for Confluence {
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

fn check(settings: &serde_json::Value) -> Result<serde_json::Value, String> {
    let read: Confluence = serde_json::from_value(settings.clone()).map_err(|error| error.to_string())?;
    if read.url.is_empty() {
        return Err("`url` is missing: the address of the Confluence site, such as https://acme.atlassian.net".to_owned());
    }
    serde_json::to_value(read).map_err(|error| error.to_string())
}
