//! Which redirects are followed: at most five, to http or https only, never from https to http, and to plain http only where plain http is allowed.

use url::{Host, Url};

/// Redirects in a row.
const MOST: u32 = 5;

/// Where a redirect leads, or why it is not followed.
pub(super) fn follow(from: &Url, location: Option<&str>, hops: u32, allow_plain_http: bool) -> Result<Url, &'static str> {
    if hops > MOST {
        return Err("it redirects without end");
    }
    let mut to = location.and_then(|location| from.join(location).ok()).ok_or("it redirects to nowhere")?;
    match (from.scheme(), to.scheme()) {
        (_, "https") => {}
        ("http", "http") if may_be_plain(&to, allow_plain_http) => {}
        (_, "http") => return Err("it redirects to plain http"),
        _ => return Err("it redirects to something that is no web address"),
    }
    if !to.has_host() {
        return Err("it redirects to nowhere");
    }
    // Credentials in an address would be sent as ours.
    if to.set_username("").is_err() || to.set_password(None).is_err() {
        return Err("it redirects to nowhere");
    }
    Ok(to)
}

/// Whether `url` may be asked: https always, http on this machine, or where it is allowed.
#[must_use]
pub fn may_be_plain(url: &Url, allow_plain_http: bool) -> bool {
    url.scheme() == "https" || is_here(url) || allow_plain_http
}

/// Whether `url` is answered by this very machine.
pub(super) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether whoever answers may be somebody else than the service: plain http, not on this machine.
pub(super) fn may_be_anybody(url: &Url) -> bool {
    url.scheme() != "https" && !is_here(url)
}

/// Host and port, by which manners are kept.
pub(super) fn host(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(from: &str, location: &str) -> Result<String, &'static str> {
        follow(&Url::parse(from).unwrap(), Some(location), 1, false).map(String::from)
    }

    #[test]
    fn relative_and_other_hosts_are_followed_but_never_downwards() {
        assert_eq!(to("https://a/b/c", "../d?e=1").unwrap(), "https://a/d?e=1");
        assert_eq!(to("https://a/b", "https://media/x").unwrap(), "https://media/x");
        assert_eq!(to("https://a/b", "https://u:p@media/x").unwrap(), "https://media/x");
        assert_eq!(to("http://127.0.0.1/b", "http://127.0.0.1:9/x").unwrap(), "http://127.0.0.1:9/x");
        assert!(to("https://a/b", "http://a/b").is_err());
        assert!(to("https://a/b", "http://127.0.0.1/b").is_err());
        assert!(to("http://127.0.0.1/b", "http://other/x").is_err());
        for odd in ["file:///etc/passwd", "data:text/plain,x", "javascript:1", "ftp://a/"] {
            assert!(to("https://a/b", odd).is_err(), "{odd}");
        }
        assert!(follow(&Url::parse("https://a/").unwrap(), None, 1, false).is_err());
        assert!(follow(&Url::parse("https://a/").unwrap(), Some("/x"), 6, false).is_err());
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for (url, fine) in [
            ("https://wiki.example", true),
            ("http://localhost:8090", true),
            ("http://127.0.0.9", true),
            ("http://[::1]:1", true),
            ("http://wiki.example", false),
            ("http://127.0.0.1.example", false),
        ] {
            assert_eq!(may_be_plain(&Url::parse(url).unwrap(), false), fine, "{url}");
        }
        assert!(may_be_plain(&Url::parse("http://wiki.example").unwrap(), true));
        // A page to log in is the service's own where nobody else can have sent it.
        for (url, anybody) in [("https://wiki.example", false), ("http://127.0.0.1:8090", false), ("http://wiki.example", true)] {
            assert_eq!(may_be_anybody(&Url::parse(url).unwrap()), anybody, "{url}");
        }
    }
}
