//! Makes a base address of what people paste: with or without `/wiki`, with a slash at the end, or a space's or page's own address.
//!
//! Pure. What it changed is said in notes, for people.

use url::Url;

/// Where Cloud's tokens with scopes are used.
pub(super) const GATEWAY: &str = "https://api.atlassian.com";

/// Path segments that begin what lies below a base.
const BELOW_THE_BASE: &[&str] = &["display", "spaces", "pages", "x", "rest", "api", "download", "plugins", "label", "people", "users", "s", "browse"];

/// A normalised address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Without a slash at the end; `/wiki` is its end on Cloud.
    pub(super) base: Url,
    /// The host tells that it is Cloud.
    pub(super) cloud_host: bool,
    /// It is Cloud's gateway itself.
    pub(super) gateway: bool,
    /// What was changed.
    pub(super) notes: Vec<String>,
}

/// # Errors
/// What is wrong with `given`, for people.
pub(super) fn normalise(given: &str, cloud: Option<bool>) -> Result<Address, String> {
    let given = given.trim();
    let mut notes = Vec::new();
    let with_scheme = if given.contains("://") { given.to_owned() } else { format!("https://{given}") };
    let mut base = Url::parse(&with_scheme).map_err(|error| format!("`url` is no web address ({error})"))?;
    if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
        return Err("`url` must begin with https:// and name a host".to_owned());
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err("`url` must hold no user name or password; use `username` and `api_token` or `password`".to_owned());
    }
    let host = base.host_str().unwrap_or_default().to_owned();
    let gateway = host == "api.atlassian.com";
    let cloud_host = gateway || host.ends_with(".atlassian.net");
    let segments: Vec<String> = base.path_segments().into_iter().flatten().filter(|s| !s.is_empty()).map(str::to_owned).collect();
    if let Some(key) = segments.iter().skip_while(|s| !matches!(s.as_str(), "display" | "spaces")).nth(1) {
        notes.push(format!("`url` names the space {key}, which limits nothing; to mirror it alone, set `spaces = [\"{key}\"]`"));
    }
    let path = match &segments[..] {
        [ex, confluence, id, ..] if gateway && ex == "ex" && confluence == "confluence" => format!("/ex/confluence/{id}/wiki"),
        _ if gateway => {
            return Err("the gateway's `url` is https://api.atlassian.com/ex/confluence/<cloud id>; the site's own address is simpler".to_owned());
        }
        _ if cloud_host || cloud == Some(true) => "/wiki".to_owned(),
        all => {
            let own = all.iter().take_while(|s| !BELOW_THE_BASE.contains(&s.as_str()) && !s.ends_with(".action"));
            own.map(|segment| format!("/{segment}")).collect()
        }
    };
    base.set_path(&path);
    base.set_query(None);
    base.set_fragment(None);
    let plain = |text: &str| text.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/').to_owned();
    if plain(given) != plain(base.as_str()) {
        notes.insert(0, format!("`{}` is used as {}", plain(given), plain(base.as_str())));
    }
    Ok(Address { base, cloud_host, gateway, notes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(given: &str, cloud: Option<bool>) -> String {
        normalise(given, cloud).unwrap().base.as_str().trim_end_matches('/').to_owned()
    }

    #[test]
    fn cloud_addresses_end_in_wiki() {
        for given in [
            "https://acme.atlassian.net",
            "https://acme.atlassian.net/",
            "acme.atlassian.net/wiki",
            "https://acme.atlassian.net/wiki/",
            "https://acme.atlassian.net/wiki/spaces/ENG/pages/98411/Release+checklist?focusedCommentId=1#x",
            "https://ACME.atlassian.net/wiki/home",
        ] {
            assert_eq!(base(given, None), "https://acme.atlassian.net/wiki", "{given}");
        }
        assert_eq!(base("https://docs.acme.com/wiki/x/abc", Some(true)), "https://docs.acme.com/wiki");
        assert_eq!(base("https://api.atlassian.com/ex/confluence/1-2/rest/api", None), "https://api.atlassian.com/ex/confluence/1-2/wiki");
    }

    #[test]
    fn data_center_keeps_its_context_path() {
        for (given, wanted) in [
            ("https://wiki.corp", "https://wiki.corp"),
            ("https://wiki.corp:8443/confluence/", "https://wiki.corp:8443/confluence"),
            ("https://wiki.corp/confluence/display/OPS/Some+Page", "https://wiki.corp/confluence"),
            ("https://wiki.corp/pages/viewpage.action?pageId=1", "https://wiki.corp"),
            ("https://wiki.corp/confluence/dashboard.action", "https://wiki.corp/confluence"),
            ("http://127.0.0.1:8090/confluence", "http://127.0.0.1:8090/confluence"),
        ] {
            assert_eq!(base(given, None), wanted, "{given}");
        }
    }

    #[test]
    fn what_was_changed_is_said() {
        assert!(normalise("https://acme.atlassian.net/wiki/", None).unwrap().notes.is_empty());
        let notes = normalise("https://acme.atlassian.net/wiki/spaces/ENG/overview?a=secret", None).unwrap().notes;
        assert_eq!(notes.len(), 2);
        assert!(notes[1].contains("spaces = [\"ENG\"]"), "{notes:?}");
        assert!(!notes[0].contains("secret"), "{notes:?}");
    }

    #[test]
    fn nonsense_is_refused() {
        for given in ["", "ftp://wiki", "https://ann:pw@wiki.corp", "https://", "https://api.atlassian.com/"] {
            let error = normalise(given, None).unwrap_err();
            assert!(!error.contains("pw@"), "{error}");
        }
    }
}
