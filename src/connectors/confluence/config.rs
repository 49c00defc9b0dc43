//! The settings of a Confluence connector: their names, defaults and limits.

use serde::{Deserialize, Serialize};

use super::address::{self, Address, GATEWAY};
use super::selection::Wishes;
use crate::connectors::{http, settings, wildcard};

/// Settings as the configuration has them, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Address of the site; that of a space or page works too.
    pub url: String,
    /// E-mail address of the account (Cloud), or user name (Data Center).
    pub username: Option<String>,
    /// Keys of the spaces to mirror; empty: all that the account sees.
    pub spaces: Vec<String>,
    /// Where `spaces` is empty: only keys that match one of these patterns (`*` and `?`); empty: all.
    pub include_spaces: Vec<String>,
    /// Where `spaces` is empty: no key that matches one of these patterns.
    pub exclude_spaces: Vec<String>,
    /// Where `spaces` is empty: people's personal spaces too.
    pub personal_spaces: bool,
    /// Ids or addresses of pages: of the chosen spaces only these and what is below them; empty: everything.
    pub pages: Vec<String>,
    /// Ids or addresses of pages: neither these nor what is below them.
    pub exclude_pages: Vec<String>,
    /// Only what has one of these labels; empty: everything.
    pub labels: Vec<String>,
    /// Nothing that has one of these labels.
    pub exclude_labels: Vec<String>,
    /// Only what this search (CQL) finds; empty: everything.
    pub cql: String,
    /// Blog posts too.
    pub blog_posts: bool,
    /// Attachments and images: those that pages refer to, all, or none.
    pub attachments: Attachments,
    /// Archived pages, and archived spaces, too.
    pub archived: bool,
    /// Whiteboards, databases and smart links as small documents that say where to open them.
    pub link_cards: bool,
    /// Comments too: those of a page in a document beside it.
    pub comments: bool,
    /// The largest page, in bytes of its storage format.
    pub max_body_bytes: u64,
    /// The largest attachment, in bytes.
    pub max_asset_bytes: u64,
    /// The way to the site.
    #[serde(flatten)]
    pub http: http::Settings,
    /// Whether the site is Cloud; unset: its address or its answers tell.
    pub cloud: Option<bool>,
    /// Where Cloud's tokens with scopes are used, instead of https://api.atlassian.com; for tests and proxies.
    pub gateway_url: Option<String>,
}

/// Which attachments are mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Attachments {
    /// Those that a mirrored page shows or links to.
    Referenced,
    /// All of every mirrored page and post, but those that are too large.
    All,
    /// None; links stay absolute.
    None,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: String::new(),
            username: None,
            spaces: Vec::new(),
            include_spaces: Vec::new(),
            exclude_spaces: Vec::new(),
            personal_spaces: false,
            pages: Vec::new(),
            exclude_pages: Vec::new(),
            labels: Vec::new(),
            exclude_labels: Vec::new(),
            cql: String::new(),
            blog_posts: true,
            attachments: Attachments::Referenced,
            archived: false,
            link_cards: true,
            comments: true,
            max_body_bytes: 32 << 20,
            max_asset_bytes: 100 << 20,
            http: http::Settings::new(4, 50, 100),
            cloud: None,
            gateway_url: None,
        }
    }
}

impl Config {
    /// Reads and checks settings.
    ///
    /// # Errors
    /// What is wrong, naming the setting.
    pub fn read(given: &serde_json::Value) -> Result<Self, String> {
        let config = settings::read(given, &Self::default())?;
        if config.url.trim().is_empty() {
            return Err("`url` is missing: the address of the Confluence site, such as https://acme.atlassian.net".to_owned());
        }
        let address = config.address()?;
        config.http.check_address("url", &address.base)?;
        if let Some(gateway) = &config.gateway_url {
            url::Url::parse(gateway).map_err(|error| format!("`gateway_url` is no web address ({error})"))?;
        }
        if let Some(empty) = config.spaces.iter().find(|key| key.trim().is_empty() || key.contains([',', '"', '\\', '/'])) {
            return Err(format!("`spaces` holds `{empty}`, which is no space key; give keys such as ENG, not names or addresses"));
        }
        let patterns = !config.include_spaces.is_empty() || !config.exclude_spaces.is_empty();
        if patterns && !config.spaces.is_empty() {
            return Err("`include_spaces` and `exclude_spaces` choose among all spaces: leave `spaces` empty, or leave them out".to_owned());
        }
        config.wishes().clause()?;
        config.http.check()?;
        settings::within(&[("max_body_bytes", config.max_body_bytes, 1024, 1 << 30), ("max_asset_bytes", config.max_asset_bytes, 1, 1 << 40)])?;
        Ok(config)
    }

    /// The site's address, normalised.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn address(&self) -> Result<Address, String> {
        address::normalise(&self.url, self.cloud)
    }

    /// Where tokens with scopes are tried. A site on plain http is no site of Atlassian's, so it has none of its own.
    pub(super) fn gateway(&self, address: &Address) -> Option<String> {
        let own = (address.base.scheme() == "https" && self.cloud != Some(false)).then(|| GATEWAY.to_owned());
        self.gateway_url.clone().or(own).map(|url| url.trim_end_matches('/').to_owned())
    }

    fn wishes(&self) -> Wishes<'_> {
        Wishes { pages: &self.pages, exclude_pages: &self.exclude_pages, labels: &self.labels, exclude_labels: &self.exclude_labels, cql: &self.cql }
    }

    /// What of the chosen spaces is asked for, as a clause; none: everything.
    pub(super) fn filter(&self) -> Option<String> {
        self.wishes().clause().ok().flatten()
    }

    /// Whether the configuration asks for a space of all that are there.
    pub(super) fn wants(&self, key: &str, personal: bool) -> bool {
        if !self.spaces.is_empty() {
            return self.spaces.iter().any(|wanted| wanted.eq_ignore_ascii_case(key));
        }
        (self.personal_spaces || !personal)
            && (self.include_spaces.is_empty() || self.include_spaces.iter().any(|pattern| wildcard::fits_any_case(pattern, key)))
            && !self.exclude_spaces.iter().any(|pattern| wildcard::fits_any_case(pattern, key))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_are_filled_in_and_typos_are_named() {
        let config = Config::read(&json!({"url": "https://acme.atlassian.net"})).unwrap();
        assert_eq!(config, Config { url: "https://acme.atlassian.net".to_owned(), ..Config::default() });
        let filled = serde_json::to_value(&config).unwrap();
        assert_eq!(filled["concurrency"], 4);
        assert_eq!(Config::read(&filled).unwrap(), config);
        for (settings, named) in [
            (json!({"url": "https://a", "space": ["ENG"]}), "space"),
            (json!({}), "url"),
            (json!({"url": "http://wiki.corp"}), "allow_plain_http"),
            (json!({"url": "https://a", "concurrency": 0}), "concurrency"),
            (json!({"url": "https://a", "attachments": "some"}), "some"),
            (json!({"url": "https://a", "spaces": ["ENG"], "exclude_spaces": ["X"]}), "exclude_spaces"),
            (json!({"url": "https://a", "spaces": ["ENG,OPS"]}), "ENG,OPS"),
        ] {
            let error = Config::read(&settings).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn all_spaces_are_chosen_by_patterns_and_explicit_ones_by_key() {
        let all = Config { exclude_spaces: vec!["OLD*".to_owned()], ..Config::default() };
        assert!(all.wants("ENG", false) && !all.wants("OLDENG", false) && !all.wants("~ann", true));
        let one = Config { spaces: vec!["eng".to_owned()], ..Config::default() };
        assert!(one.wants("ENG", false) && !one.wants("OPS", false));
    }
}
