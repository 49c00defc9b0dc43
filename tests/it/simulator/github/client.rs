//! The plainest HTTPS client: one request, one connection, no cleverness that could hide a fault.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

use crate::support::github::{GitHub, TOKEN};

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    head: String,
    pub(super) body: Vec<u8>,
    /// Whether the connection ended well.
    pub(super) whole: bool,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The address of `rel="next"`.
    pub(super) fn next(&self) -> Option<String> {
        let link = self.header("link")?.split(", ").find(|link| link.ends_with("rel=\"next\""))?;
        Some(link.split_once('<')?.1.split_once('>')?.0.to_owned())
    }
}

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
    let mut stream = StreamOwned::new(tls, tcp);
    let extra: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n{extra}\r\n{body}").unwrap();
    let mut bytes = Vec::new();
    let whole = stream.read_to_end(&mut bytes).is_ok();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let head = end.map(|end| String::from_utf8(bytes[..end].to_vec()).unwrap()).unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    Reply { status, head, body: end.map(|end| bytes.split_off(end + 4)).unwrap_or_default(), whole }
}
