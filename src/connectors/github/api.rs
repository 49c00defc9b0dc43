//! The calls: GraphQL with its errors read first, and REST. Both through the one HTTP client, each of its own allowance.
//!
//! Guarantees that a limit is taken for a limit in whatever form it comes, and that nothing but queries goes to GraphQL.

use std::sync::Mutex;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::address::Address;
use super::trouble::{QueryError, Trouble};
use super::{ends, locked, refused};
use crate::connectors::connector::{SourceError, Traffic};
use crate::connectors::http::{Client, Failed, Reply, Request};
use crate::model::one_line;

/// The media type of JSON.
pub(super) const JSON: &str = "application/vnd.github+json";
/// That of bytes as they are.
pub(super) const RAW: &str = "application/vnd.github.raw+json";
/// That of a commit's name.
pub(super) const SHA: &str = "application/vnd.github.sha";
/// A query that meets a limit is tried so often.
const TRIES: u32 = 4;
/// The largest answer of a query.
const MOST_BYTES: u64 = 64 << 20;

/// The ways to ask a GitHub.
pub(super) struct Api {
    client: Client,
    address: Address,
    /// When the token ends, as the last query's answer says.
    ends: Mutex<Option<String>>,
}

/// What a query brought.
#[derive(Debug)]
pub(super) struct Answer<T> {
    /// Its data; what errors took away is null in it.
    pub(super) data: T,
    /// Why something is missing: then nothing may be inferred from that.
    pub(super) errors: Vec<QueryError>,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    data: Option<Box<RawValue>>,
    #[serde(default)]
    errors: Vec<WireError>,
}

#[derive(Deserialize)]
struct WireError {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    path: Option<Vec<serde_json::Value>>,
    #[serde(default)]
    extensions: Option<Extensions>,
}

#[derive(Deserialize)]
struct Extensions {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    saml_failure: Option<bool>,
}

#[derive(Deserialize)]
struct Costs {
    #[serde(default, rename = "rateLimit")]
    rate_limit: Option<Cost>,
}

#[derive(Deserialize)]
struct Cost {
    #[serde(default)]
    cost: u64,
}

impl Api {
    pub(super) fn new(client: Client, address: Address) -> Self {
        Self { client, address, ends: Mutex::default() }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    pub(super) fn host(&self) -> String {
        self.address.host()
    }

    /// When the token ends, where that was told.
    pub(super) fn token_ends(&self) -> Option<String> {
        locked(&self.ends).clone()
    }

    pub(super) fn traffic(&self) -> Traffic {
        self.client.traffic()
    }

    /// One GraphQL query; `what` names it in messages (`the list of discussions of acme/app`). It should ask for `rateLimit { cost }`.
    ///
    /// # Errors
    /// [`Trouble`] becomes a [`SourceError`] by itself, where nothing more is to be known of it.
    pub(super) async fn graphql<T: DeserializeOwned>(&self, what: &str, query: &str, variables: serde_json::Value) -> Result<Answer<T>, Trouble> {
        let body = serde_json::json!({ "query": query, "variables": variables }).to_string();
        let request = Request::post(self.address.graphql.clone(), what, body).of("graphql").at_most(MOST_BYTES).tries(2);
        let mut tries = 0;
        loop {
            tries += 1;
            let reply: Reply<Envelope> =
                self.client.reply(request.clone()).await.map_err(|failed| Trouble::of(self.explained_query(what, failed)))?;
            *locked(&self.ends) = reply.headers.get(ends::HEADER).map(shortened);
            let Some(envelope) = reply.body else { return Err(self.nothing(what, "it has no body")) };
            let errors: Vec<QueryError> = envelope.errors.into_iter().map(QueryError::from).collect();
            if errors.iter().any(QueryError::is_limit) {
                let asked = self.client.hold(&request, &reply.headers, tries).await;
                if tries >= TRIES {
                    return Err(Trouble::Other(SourceError::RateLimited { service: self.host(), retry_after: asked }));
                }
                continue;
            }
            if let Some(lacking) = errors.iter().find_map(QueryError::lacks) {
                return Err(Trouble::Lacking(lacking));
            }
            if let Some(error) = errors.iter().find(|error| error.is_too_much()) {
                return Err(Trouble::TooMuch(self.bad_answer(what, &error.message)));
            }
            let Some(data) = envelope.data.filter(|data| data.get() != "null") else {
                let why = errors.first().map_or("it has no data", |error| &error.message);
                return Err(self.nothing(what, why));
            };
            if let Some(cost) = serde_json::from_str::<Costs>(data.get()).ok().and_then(|costs| costs.rate_limit) {
                self.client.took(&request, cost.cost);
            }
            let data = serde_json::from_str(data.get()).map_err(|error| self.nothing(what, &format!("it has another shape: {error}")))?;
            return Ok(Answer { data, errors });
        }
    }

    /// JSON by REST; a path with its query, or the whole address of a next page.
    pub(super) async fn get<T: DeserializeOwned + Send + 'static>(&self, what: &str, path_and_query: &str) -> Result<T, Failed> {
        self.client.json(self.request(what, path_and_query)?.accept(JSON)).await.map_err(|failed| self.explained(what, failed))
    }

    /// The same, with the answer's head, and only if it is another than the one with the mark.
    pub(super) async fn page<T: DeserializeOwned + Send + 'static>(
        &self,
        what: &str,
        path_and_query: &str,
        mark: Option<&str>,
    ) -> Result<Reply<T>, Failed> {
        let request = self.request(what, path_and_query)?.accept(JSON);
        let request = if let Some(mark) = mark { request.unless(mark) } else { request };
        self.client.reply(request).await.map_err(|failed| self.explained(what, failed))
    }

    /// Bytes by REST.
    pub(super) async fn bytes(
        &self,
        what: &str,
        path_and_query: &str,
        accept: &'static str,
        mark: Option<&str>,
        most: u64,
    ) -> Result<Reply<Bytes>, Failed> {
        let request = self.request(what, path_and_query)?.accept(accept).at_most(most);
        let request = if let Some(mark) = mark { request.unless(mark) } else { request };
        self.client.bytes(request).await.map_err(|failed| self.explained(what, failed))
    }

    fn request(&self, what: &str, path_and_query: &str) -> Result<Request, SourceError> {
        let url = self.address.rest(path_and_query).ok_or_else(|| self.bad_answer(what, "it leads to another host"))?;
        Ok(Request::get(url, what).of("core"))
    }

    /// What is refused is closed to us, and not gone; where it is told what is lacking, so do we: a permission, a scope, a login, an address. 404 tells nobody
    /// whether something is there, and a page of somebody on the way nothing at all.
    fn explained(&self, what: &str, failed: Failed) -> Failed {
        let said = failed.refusal.as_ref().filter(|_| failed.json);
        let (Some(403), SourceError::NotVisible { .. }, Some(said)) = (failed.status, &failed.error, said) else { return failed };
        let why = refused::of_rest(said).map_or_else(|| "403".to_owned(), |why| format!("403: {}", shortened(&why)));
        Failed { error: SourceError::Denied { what: what.to_owned(), why }, ..failed }
    }

    /// The same for a query. There is one address for all of them: what is missing is the interface.
    fn explained_query(&self, what: &str, failed: Failed) -> Failed {
        match (failed.status, &failed.error) {
            (Some(404 | 410), SourceError::NotVisible { status, .. }) => {
                let detail = format!("{status}: there is no GraphQL at {}; check `url`, `api_url` and `graphql_url`", self.address.graphql);
                Failed { error: self.bad_answer(what, &detail), ..failed }
            }
            _ => self.explained(what, failed),
        }
    }

    /// What an answer that is not as promised means.
    pub(super) fn bad_answer(&self, what: &str, detail: &str) -> SourceError {
        SourceError::BadAnswer { service: self.host(), what: what.to_owned(), detail: shortened(detail) }
    }

    fn nothing(&self, what: &str, detail: &str) -> Trouble {
        Trouble::Other(self.bad_answer(what, detail))
    }
}

/// What the service says goes into messages as one line of a bearable length.
fn shortened(text: &str) -> String {
    let line = one_line(text);
    line.chars().take(200).collect()
}

impl From<WireError> for QueryError {
    fn from(wire: WireError) -> Self {
        let code = wire.extensions.as_ref().and_then(|extensions| extensions.code.clone());
        let path = wire.path.unwrap_or_default().into_iter().map(|step| match step {
            serde_json::Value::String(name) => name,
            other => other.to_string(),
        });
        Self {
            kind: wire.kind.or(code).unwrap_or_default(),
            path: path.collect(),
            message: shortened(&wire.message),
            saml: wire.extensions.and_then(|extensions| extensions.saml_failure) == Some(true),
        }
    }
}

/// Whether the body of a POST only reads: GraphQL's must be a query, that of a new token says what the token may do.
pub(super) fn only_reads(path: &str, body: &str) -> bool {
    #[derive(Deserialize)]
    struct Asked {
        query: String,
    }
    if !path.ends_with("/graphql") {
        return true;
    }
    let Ok(asked) = serde_json::from_str::<Asked>(body) else { return false };
    // Fragments may stand before the query; no document of ours has more than one operation, and none has a comment or a text with such a word.
    let words = |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == "mutation" || word == "subscription");
    !words(&asked.query) && asked.query.trim_start().starts_with(['q', '{', 'f'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_queries_are_sent() {
        let body = |query: &str| serde_json::json!({ "query": query, "variables": {"x": "mutation"} }).to_string();
        for query in ["query A($x: String!) { a }", "{ a }", "fragment F on R { id } query A { ...F }"] {
            assert!(only_reads("/graphql", &body(query)), "{query}");
        }
        for query in ["mutation { a }", "fragment F on R { id } mutation A { ...F }", "subscription { a }", "query A { a } mutation B { b }"] {
            assert!(!only_reads("/api/graphql", &body(query)), "{query}");
        }
        assert!(!only_reads("/graphql", "nonsense"));
        assert!(only_reads("/app/installations/1/access_tokens", "{}"));
    }
}
