//! Which repositories the configuration asks for: `owner/name`, `owner/name@branch`, `owner/*`, or addresses as the browser shows them.
//!
//! Pure. Names compare without case, as at the service.

use url::Url;

use crate::connectors::wildcard;

/// One entry of `repos`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// One repository, at its default branch or another.
    One {
        /// Who it belongs to.
        owner: String,
        /// Its name.
        name: String,
        /// The branch that is asked for.
        branch: Option<String>,
    },
    /// All of an owner, as `include`, `exclude`, `archived` and `forks` say.
    All {
        /// The owner.
        owner: String,
    },
}

impl Wish {
    /// Reads an entry; `web_host` is the host whose addresses are understood.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(given: &str, web_host: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("`repos` holds `{given}`, {why}; write owner/name, owner/name@branch, or owner/* for all of an owner");
        let text = given.trim();
        let ssh = text.strip_prefix("git@").and_then(|rest| rest.split_once(':'));
        let (path, branch) = match (ssh, text.contains("://")) {
            (Some((host, path)), _) if host.eq_ignore_ascii_case(web_host) => (path.to_owned(), None),
            (Some(_), _) => return Err(wrong("which is at another host than `url`")),
            (None, true) => from_address(text, web_host).ok_or_else(|| wrong("which is no address of a repository at the host of `url`"))?,
            (None, false) => match text.split_once('@') {
                Some((path, branch)) => (path.to_owned(), Some(branch.to_owned())),
                None => (text.to_owned(), None),
            },
        };
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let Some((owner, name)) = path.split_once('/') else { return Err(wrong("which names no repository")) };
        if !is_owner(owner) {
            return Err(wrong("whose owner is no name"));
        }
        match (name, branch) {
            ("*", None) => Ok(Self::All { owner: owner.to_owned() }),
            ("*", Some(_)) => Err(wrong("which names a branch for all of an owner: set `branch` for that")),
            (name, _) if !is_name(name) => Err(wrong("which is no name of a repository")),
            (_, Some(branch)) if !is_branch(&branch) => Err(wrong("whose branch is no name of one")),
            (name, branch) => Ok(Self::One { owner: owner.to_owned(), name: name.to_owned(), branch }),
        }
    }

    /// As it is remembered: `owner/name` or `owner/*`, in lower case.
    pub(super) fn key(&self) -> String {
        match self {
            Self::One { owner, name, .. } => format!("{owner}/{name}").to_lowercase(),
            Self::All { owner } => format!("{owner}/*").to_lowercase(),
        }
    }
}

/// Owner and name, and the branch that a tree's or file's address shows.
fn from_address(address: &str, web_host: &str) -> Option<(String, Option<String>)> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    let host = if host == "www.github.com" { "github.com" } else { host };
    if !host.eq_ignore_ascii_case(web_host) {
        return None;
    }
    let segments: Vec<&str> = url.path_segments()?.filter(|segment| !segment.is_empty()).collect();
    match &segments[..] {
        [owner] => Some((format!("{owner}/*"), None)),
        ["orgs" | "users", owner, ..] => Some((format!("{owner}/*"), None)),
        [owner, name, "tree", branch @ ..] if !branch.is_empty() => {
            let branch = percent_encoding::percent_decode_str(&branch.join("/")).decode_utf8_lossy().into_owned();
            Some((format!("{owner}/{name}"), Some(branch)))
        }
        [owner, name, ..] => Some((format!("{owner}/{name}"), None)),
        [] => None,
    }
}

fn is_owner(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && !text.starts_with('.')
}

fn is_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && text.len() <= 100 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// What git allows as a branch, roughly: it travels in addresses and queries, percent-encoded.
pub(super) fn is_branch(text: &str) -> bool {
    let odd = |c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    !text.is_empty()
        && text.len() <= 250
        && !text.contains(odd)
        && !text.contains("..")
        && !text.contains("@{")
        && !text.starts_with('/')
        && !text.ends_with('/')
}

/// `*` is any text, `?` one character; case does not matter. A pattern with a slash is held against `owner/name`, one without against the name.
pub(super) fn matches(pattern: &str, full_name: &str) -> bool {
    let name = full_name.rsplit('/').next().unwrap_or_default();
    wildcard::fits_any_case(pattern, if pattern.contains('/') { full_name } else { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(owner: &str, name: &str, branch: Option<&str>) -> Wish {
        Wish::One { owner: owner.to_owned(), name: name.to_owned(), branch: branch.map(str::to_owned) }
    }

    #[test]
    fn repositories_are_named_in_many_ways() {
        for (given, wish) in [
            ("acme/app", one("acme", "app", None)),
            (" acme/app.git ", one("acme", "app", None)),
            ("acme/app@release/2.x", one("acme", "app", Some("release/2.x"))),
            ("https://github.com/acme/app", one("acme", "app", None)),
            ("https://www.github.com/acme/app/issues/7", one("acme", "app", None)),
            ("https://github.com/acme/app/tree/release/2.x", one("acme", "app", Some("release/2.x"))),
            ("https://github.com/acme/app.git", one("acme", "app", None)),
            ("git@github.com:acme/app.git", one("acme", "app", None)),
            ("acme/*", Wish::All { owner: "acme".to_owned() }),
            ("https://github.com/acme", Wish::All { owner: "acme".to_owned() }),
            ("https://github.com/orgs/acme/repositories", Wish::All { owner: "acme".to_owned() }),
            ("acme/.github", one("acme", ".github", None)),
        ] {
            assert_eq!(Wish::read(given, "github.com"), Ok(wish), "{given}");
        }
    }

    #[test]
    fn what_names_none_is_refused_with_its_text() {
        for given in [
            "acme",
            "",
            "acme/",
            "/app",
            "acme/a/b",
            "acme/app@",
            "acme/app@a..b",
            "acme/*@main",
            "a b/c",
            "acme/..",
            "https://gitlab.com/acme/app",
            "git@other:acme/app",
            "acme/a\"b",
        ] {
            let error = Wish::read(given, "github.com").unwrap_err();
            assert!(error.contains("owner/name") && error.contains("repos"), "{error}");
        }
    }

    #[test]
    fn patterns_are_held_against_the_name_or_the_whole() {
        for (pattern, name, fits) in [
            ("app-*", "acme/App-web", true),
            ("acme/*", "acme/app", true),
            ("web", "acme/web-app", false),
            ("*/app", "acme/app", true),
            ("?pp", "acme/app", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
