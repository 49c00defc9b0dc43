//! The plainest HTTP client: one request, one connection, no cleverness that could hide a fault.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    head: String,
    pub(super) body: Vec<u8>,
    /// How the connection ended, if not well.
    pub(super) broken: Option<ErrorKind>,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The address that the `Link` header calls the next page.
    pub(super) fn next(&self) -> Option<String> {
        let link = self.header("link")?.split(", ").find(|link| link.ends_with("rel=\"next\""))?;
        Some(link.split_once('<')?.1.split_once('>')?.0.to_owned())
    }

    /// The ids of `results`.
    pub(super) fn ids(&self) -> Vec<String> {
        let json = self.json();
        json["results"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }

    /// The query of `_links.next`.
    pub(super) fn next_query(&self) -> Option<String> {
        self.json()["_links"]["next"].as_str().map(|next| next.split_once('?').unwrap().1.to_owned())
    }
}

pub(super) fn basic(name: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{secret}")))
}

/// `GET` with these extra header lines.
pub(super) fn get(url: &str, headers: &[(&str, &str)]) -> Reply {
    request("GET", url, headers, "")
}

/// `POST` of JSON.
pub(super) fn post(url: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    request("POST", url, headers, body)
}

fn request(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    let stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    exchange(stream, method, host, path, headers, body)
}

/// One request over a connection that is there, and all that comes back until it ends.
pub(super) fn exchange(mut stream: impl Read + Write, method: &str, host: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let extra: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n{extra}\r\n{body}").unwrap();
    let (mut bytes, mut buffer, mut broken) = (Vec::new(), [0; 4096], None);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(error) => {
                broken = Some(error.kind());
                break;
            }
        }
    }
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let head = end.map(|end| String::from_utf8(bytes[..end].to_vec()).unwrap()).unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    Reply { status, head, body: end.map(|end| bytes.split_off(end + 4)).unwrap_or_default(), broken }
}
