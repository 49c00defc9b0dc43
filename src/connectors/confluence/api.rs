//! REST as both flavours share it: addresses, the envelope of lists, and following `next` on our own base.

use std::hash::BuildHasher as _;
use std::marker::PhantomData;

use rustc_hash::{FxBuildHasher, FxHashSet};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::connectors::connector::SourceError;
use crate::connectors::http::{Client, Failed, Request};

/// Pages of a list without any new id before we no longer believe it.
const DULL_PAGES: u32 = 3;

/// A query, decoded, in order.
pub(super) type Query = Vec<(String, String)>;

/// Makes a query of pairs.
pub(super) fn query(pairs: &[(&str, &str)]) -> Query {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// REST below one base.
#[derive(Clone)]
pub(super) struct Rest {
    /// Asks.
    pub(super) client: Client,
    /// Ends in `/wiki` or the context path, without a slash.
    pub(super) base: Url,
}

impl Rest {
    /// The address of `path`, which begins with a slash and is percent-encoded where it must be.
    pub(super) fn url(&self, path: &str, query: &Query) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url.set_query(None);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// One object.
    ///
    /// # Errors
    /// As the client says.
    pub(super) async fn one<T: DeserializeOwned + Send + 'static>(&self, path: &str, query: &Query, what: &str) -> Result<T, Failed> {
        self.client.json(Request::get(self.url(path, query), what)).await
    }

    /// A list, page by page.
    pub(super) fn list<T>(&self, path: impl Into<String>, query: Query, what: impl Into<String>) -> Paged<'_, T> {
        Paged {
            rest: self,
            path: path.into(),
            query: Some(query),
            what: what.into(),
            max_bytes: 32 << 20,
            cursors: FxHashSet::default(),
            ids: FxHashSet::default(),
            dull: 0,
            item: PhantomData,
        }
    }
}

/// The parameter that says where a page begins.
const CURSOR: &str = "cursor";

/// Something that lists name by id.
pub(super) trait Identified {
    /// Its id.
    fn identity(&self) -> &str;
}

/// A list being read.
pub(super) struct Paged<'r, T> {
    rest: &'r Rest,
    path: String,
    query: Option<Query>,
    what: String,
    max_bytes: u64,
    cursors: FxHashSet<String>,
    /// Hashes of the ids that came: enough to see whether a page brings any new one, and small for a list of 100,000.
    ids: FxHashSet<u64>,
    dull: u32,
    item: PhantomData<fn() -> T>,
}

/// Why a list ended before its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// A request failed.
    Failed(Failed),
    /// It goes round in circles; how, for people.
    Endless(&'static str),
}

impl From<Failed> for Stop {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl Stop {
    /// The error to report where a list is needed whole.
    pub(super) fn into_error(self, service: &str, what: &str) -> SourceError {
        match self {
            Self::Failed(failed) => failed.error,
            Self::Endless(how) => SourceError::BadAnswer { service: service.to_owned(), what: what.to_owned(), detail: how.to_owned() },
        }
    }
}

impl<T: Identified + DeserializeOwned + Send + 'static> Paged<'_, T> {
    /// The limit of one page's answer in bytes.
    pub(super) fn at_most(self, max_bytes: u64) -> Self {
        Self { max_bytes, ..self }
    }

    /// Goes on from where an earlier walk through the same list stood.
    pub(super) fn on_from(mut self, cursor: Option<&str>) -> Self {
        if let (Some(query), Some(cursor)) = (&mut self.query, cursor) {
            query.push((CURSOR.to_owned(), cursor.to_owned()));
        }
        self
    }

    /// Where the page that comes next begins: none at the end, and where the service counts instead.
    pub(super) fn cursor(&self) -> Option<&str> {
        self.query.as_ref()?.iter().find(|(name, _)| name == CURSOR).map(|(_, value)| value.as_str())
    }

    /// The next page; none at the end.
    ///
    /// # Errors
    /// When a request failed, or the list has no end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<T>>, Stop> {
        let Some(query) = self.query.take() else { return Ok(None) };
        let request = Request::get(self.rest.url(&self.path, &query), self.what.as_str()).at_most(self.max_bytes);
        let page: List<T> = self.rest.client.json(request).await?;
        let before = self.ids.len();
        self.ids.extend(page.results.iter().map(|item| FxBuildHasher.hash_one(item.identity())));
        self.query = page.links.next.as_deref().map(next_query);
        if let Some(next) = &self.query {
            self.dull = if self.ids.len() == before { self.dull + 1 } else { 0 };
            let at: Query = next.iter().filter(|(name, _)| name == CURSOR || name == "start").cloned().collect();
            if at.is_empty() || !self.cursors.insert(format!("{at:?}")) {
                return Err(Stop::Endless("the list names the same place as its next page twice"));
            }
            if self.dull >= DULL_PAGES {
                return Err(Stop::Endless("page after page of the list brings nothing new"));
            }
        }
        Ok(Some(page.results))
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`Paged::next`].
    pub(super) async fn all(mut self) -> Result<Vec<T>, Stop> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page);
        }
        Ok(all)
    }
}

/// The query of a `next` link, to be asked again on our own base: the link's own path may lack the gateway's prefix or double `/wiki`. Search repeats
/// `expand` once more each time, until the address is too long; each name stays once.
fn next_query(next: &str) -> Query {
    let text = next.split_once('?').map_or("", |(_, query)| query).split('#').next().unwrap_or_default();
    let mut query: Query = Vec::new();
    let mut expand: Vec<String> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        if name == "expand" {
            for part in value.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                if !expand.iter().any(|known| known == part) {
                    expand.push(part.to_owned());
                }
            }
        } else if !query.iter().any(|(n, v)| *n == name && *v == value) {
            query.push((name.into_owned(), value.into_owned()));
        }
    }
    if !expand.is_empty() {
        query.push(("expand".to_owned(), expand.join(",")));
    }
    query
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    /// What is on it.
    #[serde(default = "Vec::new")]
    pub(super) results: Vec<T>,
    /// Where to go on.
    #[serde(default, rename = "_links")]
    pub(super) links: Links,
}

/// Links of a list or an object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Links {
    /// The next page.
    pub(super) next: Option<String>,
    /// The web address below which `webui` lies; for people only, never asked.
    pub(super) base: Option<String>,
    /// For browsers.
    pub(super) webui: Option<String>,
    /// Attachments: for browsers, and on Data Center for us.
    pub(super) download: Option<String>,
}

/// A moment in UTC with milliseconds, whatever zone and precision it came in; what is no moment stays as it is.
pub(super) fn utc(moment: &str) -> String {
    match parsed(moment) {
        Some(at) => at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        None => moment.to_owned(),
    }
}

/// Milliseconds since 1970.
pub(super) fn millis(moment: &str) -> Option<i64> {
    parsed(moment).map(|at| at.timestamp_millis())
}

fn parsed(moment: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    // Old servers write the offset without its colon.
    let at = chrono::DateTime::parse_from_rfc3339(moment).or_else(|_| chrono::DateTime::parse_from_str(moment, "%Y-%m-%dT%H:%M:%S%.f%z"));
    at.ok().map(|at| at.with_timezone(&chrono::Utc))
}

/// A CQL string literal.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_keeps_the_query_and_each_expansion_once() {
        let next = "/rest/api/content/search?next=true&cursor=_sa_%3D%3D&expand=version%2Ccontainer&expand=version&limit=200&cql=type%3Dattachment";
        let wanted = query(&[("next", "true"), ("cursor", "_sa_=="), ("limit", "200"), ("cql", "type=attachment"), ("expand", "version,container")]);
        assert_eq!(next_query(next), wanted);
        assert_eq!(next_query("https://other/wiki/api/v2/spaces/1/pages?cursor=a%2Bb%3D&limit=250"), query(&[("cursor", "a+b="), ("limit", "250")]));
        assert_eq!(next_query("nonsense"), query(&[]));
    }

    #[test]
    fn moments_are_one_whatever_their_zone() {
        for moment in ["2026-01-05T11:00:00.000+02:00", "2026-01-05T09:00:00Z", "2026-01-05T11:00:00.000+0200"] {
            assert_eq!(utc(moment), "2026-01-05T09:00:00.000Z", "{moment}");
        }
        assert_eq!(utc("yesterday"), "yesterday");
        assert_eq!(millis("1970-01-01T00:00:01.5Z"), Some(1500));
    }
}
