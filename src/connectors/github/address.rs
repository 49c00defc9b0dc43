//! Where a GitHub is: its web base, and from it the addresses of REST and GraphQL, for github.com, GitHub Enterprise Server and GHE.com.
//!
//! Pure. What it changed of what people paste is said in notes.

use url::Url;

/// The addresses of a GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// `https://github.com`; what people see, and where git is.
    pub(super) web: Url,
    /// `https://api.github.com`.
    pub(super) api: Url,
    /// `https://api.github.com/graphql`.
    pub(super) graphql: Url,
    /// An own server, which may be older.
    pub(super) enterprise: bool,
    /// What was changed.
    pub(super) notes: Vec<String>,
}

impl Address {
    /// # Errors
    /// What is wrong with the addresses, for people.
    pub(super) fn of(url: &str, api_url: Option<&str>, graphql_url: Option<&str>) -> Result<Self, String> {
        let given = url.trim();
        let mut web = parse("url", given)?;
        let mut notes = Vec::new();
        let segments: Vec<String> = web.path_segments().into_iter().flatten().filter(|s| !s.is_empty()).map(str::to_owned).collect();
        let host = web.host_str().unwrap_or_default().to_owned();
        if matches!(host.as_str(), "www.github.com" | "api.github.com") || host.starts_with("api.") && host.ends_with(".ghe.com") {
            let plain = host.trim_start_matches("www.").trim_start_matches("api.").to_owned();
            let _ = web.set_host(Some(&plain));
        }
        if let [owner, name, ..] = &segments[..]
            && owner != "api"
        {
            notes.push(format!("`url` names the repository {owner}/{name}, which limits nothing; to mirror it, set `repos = [\"{owner}/{name}\"]`"));
        }
        web.set_path("");
        web.set_query(None);
        web.set_fragment(None);
        let plain = |text: &str| text.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/').to_owned();
        if plain(given) != plain(web.as_str()) {
            notes.insert(0, format!("`{}` is used as {}", plain(given), plain(web.as_str())));
        }
        let host = web.host_str().unwrap_or_default().to_owned();
        let enterprise = host != "github.com" && !host.ends_with(".ghe.com");
        let derived = if enterprise { with_path(&web, "/api/v3") } else { on_api_host(&web) };
        let api = match api_url {
            Some(given) => parse("api_url", given)?,
            None => derived,
        };
        let graphql = match graphql_url {
            Some(given) => parse("graphql_url", given)?,
            None if api_url.is_none() && enterprise => with_path(&web, "/api/graphql"),
            None => match api.path().trim_end_matches('/').strip_suffix("/v3") {
                Some(above) => with_path(&api, &format!("{above}/graphql")),
                None => with_path(&api, &format!("{}/graphql", api.path().trim_end_matches('/'))),
            },
        };
        if !graphql.path().ends_with("/graphql") {
            return Err(format!("`graphql_url` must end in /graphql, and `{}` does not", graphql.path()));
        }
        Ok(Self { web, api, graphql, enterprise, notes })
    }

    /// The web base without a slash at its end.
    pub(super) fn web_base(&self) -> &str {
        self.web.as_str().trim_end_matches('/')
    }

    /// The host as people know it.
    pub(super) fn host(&self) -> String {
        self.web.host_str().unwrap_or_default().to_owned()
    }

    /// The address of a path of REST; a whole address (of the next page) only where it is at the same origin.
    pub(super) fn rest(&self, path_and_query: &str) -> Option<Url> {
        if path_and_query.starts_with('/') {
            return Url::parse(&format!("{}{path_and_query}", self.api.as_str().trim_end_matches('/'))).ok();
        }
        Url::parse(path_and_query).ok().filter(|url| url.origin() == self.api.origin())
    }
}

fn parse(key: &str, given: &str) -> Result<Url, String> {
    let with_scheme = if given.contains("://") { given.to_owned() } else { format!("https://{given}") };
    let url = Url::parse(&with_scheme).map_err(|error| format!("`{key}` is no web address ({error})"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(format!("`{key}` must begin with https:// and name a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("`{key}` must hold no user name or password; use `token`"));
    }
    Ok(url)
}

fn with_path(url: &Url, path: &str) -> Url {
    let mut url = url.clone();
    url.set_path(path);
    url
}

fn on_api_host(web: &Url) -> Url {
    let mut url = web.clone();
    let host = format!("api.{}", web.host_str().unwrap_or_default());
    // A host with a label more is a host.
    let _ = url.set_host(Some(&host));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> (String, String, String) {
        let address = Address::of(url, None, None).unwrap();
        (address.web_base().to_owned(), address.api.as_str().trim_end_matches('/').to_owned(), address.graphql.to_string())
    }

    #[test]
    fn the_addresses_follow_from_the_web_base() {
        let dot_com = ("https://github.com".to_owned(), "https://api.github.com".to_owned(), "https://api.github.com/graphql".to_owned());
        for given in ["https://github.com", "github.com/", "https://www.github.com/acme/app/issues?q=1", "https://api.github.com"] {
            assert_eq!(of(given), dot_com, "{given}");
        }
        let own = ("https://ghe.corp:8443".to_owned(), "https://ghe.corp:8443/api/v3".to_owned(), "https://ghe.corp:8443/api/graphql".to_owned());
        for given in ["https://ghe.corp:8443", "https://ghe.corp:8443/api/v3/", "ghe.corp:8443/acme/app"] {
            assert_eq!(of(given), own, "{given}");
        }
        let residency = ("https://acme.ghe.com".to_owned(), "https://api.acme.ghe.com".to_owned(), "https://api.acme.ghe.com/graphql".to_owned());
        assert_eq!(of("https://acme.ghe.com/"), residency);
        assert_eq!(of("https://api.acme.ghe.com/"), residency);
    }

    #[test]
    fn they_can_be_given_and_next_pages_stay_at_the_origin() {
        let address = Address::of("https://ghe.corp", Some("http://127.0.0.1:9/api/v3"), None).unwrap();
        assert_eq!(address.graphql.as_str(), "http://127.0.0.1:9/api/graphql");
        assert_eq!(address.rest("/repos/a/b").unwrap().as_str(), "http://127.0.0.1:9/api/v3/repos/a/b");
        assert!(address.rest("http://127.0.0.1:9/api/v3/repositories/1?after=x").is_some());
        assert!(address.rest("https://evil.example/repositories/1").is_none());
        let other = Address::of("https://ghe.corp", Some("http://127.0.0.1:9"), Some("http://127.0.0.1:9/graphql")).unwrap();
        assert_eq!(other.graphql.as_str(), "http://127.0.0.1:9/graphql");
    }

    #[test]
    fn what_was_changed_is_said_and_nonsense_refused() {
        let notes = Address::of("https://github.com/acme/app", None, None).unwrap().notes;
        assert!(notes[1].contains("repos = [\"acme/app\"]"), "{notes:?}");
        assert!(Address::of("https://github.com", None, None).unwrap().notes.is_empty());
        for given in ["", "ftp://github.com", "https://ann:ghp_x@github.com"] {
            let error = Address::of(given, None, None).unwrap_err();
            assert!(!error.contains("ghp_x"), "{error}");
        }
    }
}
