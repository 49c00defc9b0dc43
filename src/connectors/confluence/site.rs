//! What a site is: its flavour, the base that answers, the account that we are. Probed once, then remembered in the cursor of the whole site.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use super::Confluence;
use super::api::{List, Query, Rest, query};
use super::cards::Card;
use super::v1::Person;
use crate::connectors::connector::SourceError;
use crate::connectors::http::{Failed, Request};

/// A site as we know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Site {
    /// Cloud, or Data Center and Server.
    pub(super) cloud: bool,
    /// Where requests go: the site, or Cloud's gateway.
    #[serde(with = "as_text")]
    pub(super) base: Url,
    /// What people open: never the gateway.
    pub(super) web: String,
    /// Our account's id; none for anonymous access, or where we may not ask.
    pub(super) account: Option<String>,
    /// What our account is called.
    #[serde(skip)]
    pub(super) display_name: Option<String>,
    /// `content/scan` was asked for and is not there (Data Center before 7.18).
    #[serde(default)]
    pub(super) no_scan: bool,
}

/// What is kept from run to run about the whole site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// Address, user and way in that it holds for: another configuration must not trust it.
    pub(super) of: String,
    /// The site.
    pub(super) site: Site,
    /// The newest attachment's moment, in milliseconds since 1970, as the service told it.
    #[serde(default)]
    pub(super) attachments_ms: Option<i64>,
    /// The newest document's moment, likewise.
    #[serde(default)]
    pub(super) documents_ms: Option<i64>,
    /// How many runs there were that listed documents.
    #[serde(default)]
    pub(super) turn: u64,
    /// How many documents may be listed besides those of a run's own part: runs that listed less have saved them.
    #[serde(default)]
    pub(super) saved: u64,
    /// Spaces that broke off when their turn came, by id, and that turn: they must not take the turns of others.
    #[serde(default)]
    pub(super) tried: BTreeMap<String, u64>,
    /// Spaces in which search counted more documents than their lists named, by id, and how many.
    #[serde(default)]
    pub(super) short: BTreeMap<String, u64>,
    /// Folders and their kin whose titles were asked for.
    #[serde(default)]
    pub(super) nodes: Vec<String>,
    /// Whiteboards, databases and smart links.
    #[serde(default)]
    pub(super) cards: Vec<Card>,
    /// What of the spaces was mirrored; none: everything.
    #[serde(default)]
    pub(super) filter: Option<String>,
    /// Whether archived pages were mirrored.
    #[serde(default)]
    pub(super) archived: bool,
}

impl Confluence {
    /// The site: as remembered, or probed now.
    pub(super) async fn site(&self) -> Result<Site, SourceError> {
        let mut known = self.known.lock().await;
        if let Some(site) = &*known {
            return Ok(site.clone());
        }
        let site = self.probe().await?;
        *known = Some(site.clone());
        Ok(site)
    }

    /// REST at the site's base.
    pub(super) fn rest(&self, site: &Site) -> Rest {
        Rest { client: self.client.clone(), base: site.base.clone() }
    }

    /// The query of a search; it finds archived pages where these are mirrored. Only Cloud has any, and no search looks into archived spaces.
    pub(super) fn searching(&self, site: &Site, cql: &str, expand: &str, limit: &str) -> Query {
        let mut all = query(&[("cql", cql), ("expand", expand), ("limit", limit)]);
        if self.config.archived && site.cloud {
            all.extend(query(&[("cqlcontext", r#"{"contentStatuses":["current","archived"]}"#)]));
        }
        all
    }

    /// Asks the site what it is and who we are.
    pub(super) async fn probe(&self) -> Result<Site, SourceError> {
        let base = self.address.base.clone();
        let cloud = match self.config.cloud {
            Some(cloud) => cloud,
            None if self.address.cloud_host => true,
            None => self.speaks_v2(&base).await?,
        };
        let web = base.as_str().trim_end_matches('/').to_owned();
        let mut site = Site { cloud, base, web, account: None, display_name: None, no_scan: false };
        if self.address.gateway {
            let spaces: List<serde::de::IgnoredAny> = self.rest(&site).one("/api/v2/spaces", &query(&[("limit", "1")]), "the list of spaces").await?;
            site.web = spaces.links.base.map_or(site.web, |base| base.trim_end_matches('/').to_owned());
        }
        if self.credentials_way == "anonymous" {
            return Ok(site);
        }
        match self.who(&site).await {
            Ok(person) => Ok(known(site, person)),
            Err(SourceError::Unauthorized { service, detail, hint }) if site.cloud && !self.address.gateway => {
                match self.through_gateway(&site).await {
                    Ok(Some(site)) => Ok(site),
                    // What the site itself said is the better message: most people have a classic token.
                    Ok(None) | Err(SourceError::Unauthorized { .. } | SourceError::NotVisible { .. } | SourceError::BadAnswer { .. }) => {
                        Err(SourceError::Unauthorized { service, detail, hint })
                    }
                    Err(other) => Err(other),
                }
            }
            Err(error) => Err(self.no_confluence(error)),
        }
    }

    /// What 404 means at the first contact: later it may be a proxy's bad hour.
    fn no_confluence(&self, error: SourceError) -> SourceError {
        match error {
            SourceError::NotVisible { status: 404 | 410, .. } => SourceError::Misconfigured {
                detail: format!("{} does not answer as Confluence does", self.address.base),
                hint: "Check `url`: https://SITE.atlassian.net for Cloud; for Data Center the address with its context path, if it has one."
                    .to_owned(),
            },
            error => error,
        }
    }

    /// Who we are there.
    pub(super) async fn who(&self, site: &Site) -> Result<Person, SourceError> {
        let person: Person = self.rest(site).one("/rest/api/user/current", &query(&[]), "the account").await?;
        match person.kind.as_deref() {
            Some("anonymous") => {
                Err(SourceError::Unauthorized { service: self.host(), detail: "it takes us for anonymous".to_owned(), hint: self.hint.clone() })
            }
            _ => Ok(person),
        }
    }

    /// Tokens with scopes work on the gateway only.
    async fn through_gateway(&self, site: &Site) -> Result<Option<Site>, SourceError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Tenant {
            cloud_id: String,
        }
        let Some(gateway) = self.config.gateway(&self.address) else { return Ok(None) };
        let mut info = site.base.clone();
        info.set_path("/_edge/tenant_info");
        let tenant: Tenant = self.client.json(Request::get(info, "the site's id").anonymous()).await.map_err(SourceError::from)?;
        let id: String = tenant.cloud_id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let Ok(base) = Url::parse(&format!("{gateway}/ex/confluence/{id}/wiki")) else { return Ok(None) };
        let site = Site { base, ..site.clone() };
        match self.who(&site).await {
            Ok(person) => Ok(Some(known(site, person))),
            // A token whose scopes do not cover people may still read pages.
            Err(SourceError::Unauthorized { detail, .. }) if detail.contains("scope") => {
                let rest = self.rest(&site);
                rest.one::<List<serde::de::IgnoredAny>>("/api/v2/spaces", &query(&[("limit", "1")]), "the list of spaces").await?;
                Ok(Some(site))
            }
            Err(error) => Err(error),
        }
    }

    /// Cloud answers REST v2 with JSON, even when it refuses.
    async fn speaks_v2(&self, base: &Url) -> Result<bool, SourceError> {
        let rest = Rest { client: self.client.clone(), base: base.clone() };
        match rest.one::<List<serde::de::IgnoredAny>>("/api/v2/spaces", &query(&[("limit", "1")]), "the site's flavour").await {
            Ok(_) => Ok(true),
            Err(Failed { status: Some(401 | 403), json, .. }) => Ok(json),
            Err(Failed {
                status: Some(_),
                error: SourceError::NotVisible { .. } | SourceError::BadAnswer { .. } | SourceError::Unauthorized { .. },
                ..
            }) => Ok(false),
            Err(failed) => Err(failed.error),
        }
    }

    /// What a memory must be of to be trusted.
    pub(super) fn memory_of(&self) -> String {
        let user = self.config.username.as_deref().unwrap_or("-");
        format!("{} {user} {} {:?} {:?}", self.address.base, self.credentials_way, self.config.cloud, self.config.gateway_url)
    }
}

fn known(site: Site, person: Person) -> Site {
    Site { account: person.account_id.or(person.user_key).or(person.username), display_name: person.display_name, ..site }
}

/// An address as its text.
mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de};
    use url::Url;

    pub(super) fn serialize<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(url.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
        Url::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
