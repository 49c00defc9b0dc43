//! The plainest HTTPS client: one request, one connection, no cleverness that could hide a fault.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

pub(super) use crate::simulator::client::Reply;
use crate::simulator::client::exchange;
use crate::support::github::{GitHub, TOKEN};

/// `GET` of REST with the token that sees everything; the path begins behind the base.
pub(super) fn get(site: &GitHub, path: &str) -> Reply {
    get_with(site, path, &[("authorization", &format!("Bearer {TOKEN}"))])
}

/// `GET` of REST without a token.
pub(super) fn anonymous(site: &GitHub, path: &str) -> Reply {
    get_with(site, path, &[])
}

/// `GET` of REST with these headers; a whole address as well.
pub(super) fn get_with(site: &GitHub, path: &str, headers: &[(&str, &str)]) -> Reply {
    let url = if path.starts_with("https://") { path.to_owned() } else { format!("{}{path}", site.api_url()) };
    let usual = [("user-agent", "test"), ("accept", "application/vnd.github+json")];
    let usual = usual.into_iter().filter(|(name, _)| headers.iter().all(|(given, _)| given != name));
    request(site, "GET", &url, &usual.chain(headers.iter().copied()).collect::<Vec<_>>(), "")
}

/// A GraphQL query with the token that sees everything.
pub(super) fn query(site: &GitHub, query: &str, variables: &Value) -> Value {
    let reply = post(site, &format!("Bearer {TOKEN}"), query, variables);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// A GraphQL query whose answer must have no errors: its data.
pub(super) fn data(site: &GitHub, text: &str, variables: &Value) -> Value {
    let answer = query(site, text, variables);
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"].clone()
}

/// The same, as it comes.
pub(super) fn post(site: &GitHub, authorization: &str, query: &str, variables: &Value) -> Reply {
    let body = json!({"query": query, "variables": variables}).to_string();
    request(site, "POST", &site.graphql_url(), &[("user-agent", "test"), ("authorization", authorization)], &body)
}

/// Any request.
pub(super) fn request(site: &GitHub, method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let rest = url.strip_prefix("https://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(site.ca_pem().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let tcp = TcpStream::connect(host).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let tls = ClientConnection::new(Arc::new(config), ServerName::try_from("127.0.0.1").unwrap()).unwrap();
    exchange(StreamOwned::new(tls, tcp), method, host, path, headers, body)
}
