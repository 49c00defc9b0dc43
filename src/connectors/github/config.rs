//! The settings of a GitHub connector: their names, defaults and limits.

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::globs::Globs;
use super::wishes::{self, Wish};
use crate::connectors::{http, settings};

/// Settings as the configuration has them, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Web address of the GitHub.
    pub url: String,
    /// Address of its REST interface; unset: it follows from `url`.
    pub api_url: Option<String>,
    /// Address of its GraphQL interface; unset: it follows from `url` or `api_url`.
    pub graphql_url: Option<String>,
    /// Repositories: `owner/name`, `owner/name@branch`, `owner/*`, or addresses.
    pub repos: Vec<String>,
    /// Of `owner/*` only names that match one of these patterns; empty: all.
    pub include: Vec<String>,
    /// Of `owner/*` no name that matches one of these patterns.
    pub exclude: Vec<String>,
    /// Of `owner/*` archived repositories too.
    pub archived: bool,
    /// Of `owner/*` forks too.
    pub forks: bool,
    /// The branch to mirror where an entry of `repos` names none; empty: each repository's default branch.
    pub branch: String,
    /// Patterns of the files that are documents; empty: no files.
    pub files: Vec<String>,
    /// Patterns of the files that may be embedded as images; empty: none.
    pub images: Vec<String>,
    /// The wiki too.
    pub wiki: bool,
    /// Discussions too.
    pub discussions: bool,
    /// Issues too.
    pub issues: bool,
    /// Pull requests too, with their reviews.
    pub pull_requests: bool,
    /// Releases too.
    pub releases: bool,
    /// Of discussions, issues and pull requests only what has one of these labels; empty: everything.
    pub labels: Vec<String>,
    /// Of discussions, issues and pull requests nothing that has one of these labels.
    pub exclude_labels: Vec<String>,
    /// Which issues and pull requests: all, open or closed.
    pub state: State,
    /// Issues and pull requests that nothing happened to for so many days are left out; 0: none.
    pub max_age_days: u32,
    /// The largest file that is a document, in bytes.
    pub max_file_bytes: u64,
    /// The largest image, in bytes.
    pub max_asset_bytes: u64,
    /// The largest copy of a wiki or repository that git may keep in the cache, in bytes.
    pub max_copy_bytes: u64,
    /// Number or client id of a GitHub App; `private_key` is a secret.
    #[serde(deserialize_with = "text_or_number")]
    pub app_id: Option<String>,
    /// Number of the App's installation; unset: that of the first repository's owner.
    #[serde(deserialize_with = "text_or_number")]
    pub installation_id: Option<String>,
    /// The way to it. GitHub asks for one request at a time.
    #[serde(flatten)]
    pub http: http::Settings,
    /// The share of each allowance that is left to the account's other programs, in percent; 0 to 90.
    pub reserve_percent: u8,
    /// The first pause where a limit does not say how long it lasts, in milliseconds; it doubles. For tests.
    pub limit_pause_ms: u64,
}

/// Which issues and pull requests are mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Open and closed ones.
    All,
    /// Open ones.
    Open,
    /// Closed and merged ones.
    Closed,
}

impl Default for Config {
    fn default() -> Self {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            url: "https://github.com".to_owned(),
            api_url: None,
            graphql_url: None,
            repos: Vec::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            archived: true,
            forks: false,
            branch: String::new(),
            files: list(&["docs/**", "*.md", "*.mdx", "*.rst", "*.adoc"]),
            images: list(&["*", "docs/**", ".github/**", "assets/**", "images/**", "img/**", "media/**", "screenshots/**"]),
            wiki: true,
            discussions: true,
            issues: true,
            pull_requests: false,
            releases: true,
            labels: Vec::new(),
            exclude_labels: Vec::new(),
            state: State::All,
            max_age_days: 365,
            max_file_bytes: 1 << 20,
            max_asset_bytes: 10 << 20,
            max_copy_bytes: 512 << 20,
            app_id: None,
            installation_id: None,
            http: http::Settings::new(1, 10, 100),
            reserve_percent: 10,
            limit_pause_ms: 60_000,
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
        if config.repos.is_empty() {
            return Err("`repos` is missing: the repositories to mirror, such as [\"acme/app\", \"acme/*\"]".to_owned());
        }
        let address = config.address()?;
        config.wishes()?;
        for (key, url) in [("url", &address.web), ("api_url", &address.api), ("graphql_url", &address.graphql)] {
            config.http.check_address(key, url)?;
        }
        Globs::new(&config.files).map_err(|why| format!("`files`: {why}"))?;
        Globs::new(&config.images).map_err(|why| format!("`images`: {why}"))?;
        if !config.branch.is_empty() && !wishes::is_branch(&config.branch) {
            return Err(format!("`branch` is `{}`, which is no name of a branch", config.branch));
        }
        if let Some(id) = &config.installation_id {
            if config.app_id.is_none() {
                return Err("`installation_id` needs an `app_id`".to_owned());
            }
            if id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit()) {
                return Err(format!("`installation_id` is `{id}`; it is the number at the end of the installation's address"));
            }
        }
        config.http.check()?;
        settings::within(&[
            ("reserve_percent", u64::from(config.reserve_percent), 0, 90),
            ("max_age_days", u64::from(config.max_age_days), 0, 36_500),
            ("max_file_bytes", config.max_file_bytes, 1024, 100 << 20),
            ("max_asset_bytes", config.max_asset_bytes, 1, 100 << 20),
            ("max_copy_bytes", config.max_copy_bytes, 1 << 20, 1 << 40),
            ("limit_pause_ms", config.limit_pause_ms, 1, 900_000),
        ])?;
        Ok(config)
    }

    /// The addresses.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn address(&self) -> Result<Address, String> {
        Address::of(&self.url, self.api_url.as_deref(), self.graphql_url.as_deref())
    }

    /// What `repos` asks for.
    ///
    /// # Errors
    /// Which entry is none.
    pub(super) fn wishes(&self) -> Result<Vec<Wish>, String> {
        let host = self.address()?.host();
        let mut wishes: Vec<Wish> = Vec::new();
        for given in &self.repos {
            let wish = Wish::read(given, &host)?;
            if !wishes.contains(&wish) {
                wishes.push(wish);
            }
        }
        Ok(wishes)
    }

    /// Whether `owner/*` asks for a repository that is the owner's.
    pub(super) fn wants_of_all(&self, full_name: &str, archived: bool, fork: bool) -> bool {
        (self.archived || !archived)
            && (self.forks || !fork)
            && (self.include.is_empty() || self.include.iter().any(|pattern| wishes::matches(pattern, full_name)))
            && !self.exclude.iter().any(|pattern| wishes::matches(pattern, full_name))
    }

    /// The branch of all repositories that name none.
    pub(super) fn named_branch(&self) -> Option<String> {
        Some(self.branch.clone()).filter(|branch| !branch.is_empty())
    }

    /// What of the settings is good to know, for people.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = self.address().map(|address| address.notes).unwrap_or_default();
        if self.files.is_empty() && !self.wiki && !self.discussions && !self.issues && !self.pull_requests && !self.releases {
            notes.push("`files` is empty, and all else is off: nothing is mirrored".to_owned());
        }
        let all = self.wishes().is_ok_and(|wishes| wishes.iter().any(|wish| matches!(wish, Wish::All { .. })));
        if !all && (!self.include.is_empty() || !self.exclude.is_empty()) {
            notes.push("`include` and `exclude` choose among those of `owner/*`, and `repos` has none of these".to_owned());
        }
        notes
    }
}

/// Numbers may be written with quotes or without, and variables know no numbers.
fn text_or_number<'de, D: serde::Deserializer<'de>>(given: D) -> Result<Option<String>, D::Error> {
    match Option::<serde_json::Value>::deserialize(given)? {
        None | Some(serde_json::Value::Null) => Ok(None),
        Some(serde_json::Value::String(text)) => Ok(Some(text)),
        Some(serde_json::Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(serde::de::Error::custom("`app_id` and `installation_id` are numbers or texts")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_are_filled_in_and_mistakes_are_named() {
        let config = Config::read(&json!({"repos": ["acme/app"]})).unwrap();
        assert_eq!(config, Config { repos: vec!["acme/app".to_owned()], ..Config::default() });
        let filled = serde_json::to_value(&config).unwrap();
        assert_eq!(Config::read(&filled).unwrap(), config);
        for (settings, named) in [
            (json!({}), "repos"),
            (json!({"repos": ["acme"]}), "owner/name"),
            (json!({"repos": ["acme/app"], "repo": []}), "repo"),
            (json!({"repos": ["acme/app"], "url": "http://ghe.corp"}), "allow_plain_http"),
            (json!({"repos": ["acme/app"], "api_url": "http://ghe.corp"}), "api_url"),
            (json!({"repos": ["acme/app"], "files": ["{a"]}), "files"),
            (json!({"repos": ["acme/app"], "concurrency": 0}), "concurrency"),
            (json!({"repos": ["acme/app"], "state": "merged"}), "merged"),
            (json!({"repos": ["acme/app"], "installation_id": 7}), "app_id"),
            (json!({"repos": ["acme/app"], "app_id": 7, "installation_id": "x"}), "installation_id"),
            (json!({"repos": ["acme/app"], "branch": "a..b"}), "branch"),
            (json!({"repos": ["acme/app"], "max_file_bytes": 5}), "max_file_bytes"),
        ] {
            let error = Config::read(&settings).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn of_all_repositories_some_are_wanted() {
        let config = Config { include: vec!["app-*".to_owned()], exclude: vec!["acme/app-old".to_owned()], archived: false, ..Config::default() };
        assert!(config.wants_of_all("acme/app-web", false, false));
        for (name, archived, fork) in
            [("acme/app-old", false, false), ("acme/web", false, false), ("acme/app-web", true, false), ("acme/app-web", false, true)]
        {
            assert!(!config.wants_of_all(name, archived, fork), "{name}");
        }
    }
}
