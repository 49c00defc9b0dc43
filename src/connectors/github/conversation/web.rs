//! What links and references of a text mean, seen from the page at GitHub that it stands on. Pure.
//!
//! What may be mirrored gets a key, and its address for the case that it is not. Addresses elsewhere, and images, stay as they are; relative ones become absolute.

use std::ops::Range;

use url::Url;

use super::super::pages::{Page, Shown, components};
use super::super::repository::encoded;
use super::refs::{self, Reference};
use crate::markdown::{Target, Use};

use crate::model::{Key, Place};

/// The page that a text stands on.
pub(in crate::connectors::github) struct Web {
    page: Option<Url>,
    /// `https://HOST`.
    origin: String,
    /// `owner/name` as the service spells it.
    repository: String,
    /// The repository's number.
    rid: String,
}

impl Web {
    /// The page of a document, by its address and scope.
    pub(in crate::connectors::github) fn of(place: &Place) -> Self {
        let page = Url::parse(&place.url).ok();
        let repository = page.as_ref().map(|page| components(page).into_iter().take(2).collect::<Vec<_>>().join("/")).unwrap_or_default();
        let rid = place.scope.as_str().split(':').next().unwrap_or_default().to_owned();
        let origin = page.as_ref().map(|page| page.origin().ascii_serialization()).unwrap_or_default();
        Self { page, origin, repository, rid }
    }

    /// What a destination means, decoded and without query and fragment; none where it stays as it is.
    pub(in crate::connectors::github) fn target(&self, kind: Use, destination: &str) -> Option<Target> {
        // Without query and fragment, it is a path whose every sign is its own.
        let written = encoded(destination);
        let (address, relative) = match Url::parse(&written) {
            Ok(address) => (address, false),
            Err(_) => (self.page.as_ref()?.join(&written).ok()?, true),
        };
        if !matches!(address.scheme(), "http" | "https") {
            return None;
        }
        let fallback = || if relative { String::from(address.clone()) } else { written.clone() };
        match self.shown(&address).filter(|_| kind == Use::Link) {
            Some(page) => {
                let key = match page.shown {
                    Shown::Number(number) => self.number(&page.repository, number),
                    _ => page.key(),
                };
                Some(Target::Remote { key, anchor: None, fallback: Some(fallback()), name: page.name })
            }
            None => relative.then(|| Target::Url(fallback())),
        }
    }

    /// The references in a piece of running text.
    pub(in crate::connectors::github) fn references(&self, text: &str) -> Vec<(Range<usize>, Target)> {
        if self.repository.is_empty() {
            return Vec::new();
        }
        refs::find(text).into_iter().filter(|(_, reference)| self.is_meant(reference)).map(|(range, found)| (range, self.meaning(&found))).collect()
    }

    /// The address today of what belongs to this repository, and was called by the name that the repository had then.
    pub(in crate::connectors::github) fn today(&self, address: &str) -> String {
        let rest = address.strip_prefix(&self.origin).and_then(|rest| rest.strip_prefix('/')).and_then(|path| path.splitn(3, '/').nth(2));
        match rest {
            Some(rest) if !self.repository.is_empty() => format!("{}/{}/{rest}", self.origin, self.repository),
            _ => address.to_owned(),
        }
    }

    /// The page of an account.
    pub(in crate::connectors::github) fn account(&self, login: &str) -> String {
        format!("{}/{login}", self.origin)
    }

    /// Only teams of a repository's own organisation can be spoken to in it; `@types/node` is a package.
    fn is_meant(&self, reference: &Reference<'_>) -> bool {
        match reference {
            Reference::Team(organisation, _) => self.repository.split('/').next().is_some_and(|owner| owner.eq_ignore_ascii_case(organisation)),
            _ => true,
        }
    }

    fn meaning(&self, reference: &Reference<'_>) -> Target {
        let of = |repository: &Option<&str>| repository.map_or_else(|| self.repository.clone(), str::to_owned);
        match reference {
            Reference::Number { repository, number } => {
                let repository = of(repository);
                let fallback = format!("{}/{repository}/issues/{number}", self.origin);
                let name = format!("{repository}#{number}");
                Target::Remote { key: self.number(&repository, *number), anchor: None, fallback: Some(fallback), name }
            }
            Reference::Commit { repository, sha } => Target::Url(format!("{}/{}/commit/{sha}", self.origin, of(repository))),
            Reference::User(login) => Target::Url(self.account(login)),
            Reference::Team(organisation, team) => Target::Url(format!("{}/orgs/{organisation}/teams/{team}", self.origin)),
        }
    }

    fn is_here(&self, address: &Url) -> bool {
        let host = |url: &Url| url.host_str().map(|host| host.strip_prefix("www.").unwrap_or(host).to_owned());
        self.page.as_ref().is_some_and(|page| host(page) == host(address) && page.port_or_known_default() == address.port_or_known_default())
    }

    /// What an address shows, if that is at this host.
    fn shown(&self, address: &Url) -> Option<Page> {
        if self.is_here(address) { Page::at(&components(address)) } else { Page::raw(self.page.as_ref()?, address) }
    }

    fn is_own(&self, repository: &str) -> bool {
        repository.eq_ignore_ascii_case(&self.repository)
    }

    fn number(&self, repository: &str, number: u64) -> Key {
        if self.is_own(repository) {
            Key::new(format!("num:{}:{number}", self.rid))
        } else {
            Key::new(format!("num:{}:{number}", repository.to_lowercase()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::github::conversation::fixture::place;

    fn shown(kind: Use, destination: &str) -> String {
        match Web::of(&place("issue", "issues/12")).target(kind, destination) {
            None => "as it is".to_owned(),
            Some(Target::Url(url)) => url,
            Some(Target::Remote { key, fallback, .. }) => format!("{key} or {}", fallback.unwrap_or_default()),
            Some(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn pages_that_may_be_mirrored_get_their_keys() {
        for (destination, expected) in [
            ("https://github.example/Acme/App/issues/7", "num:42:7 or https://github.example/Acme/App/issues/7"),
            ("https://github.example/acme/app/pull/7", "num:42:7 or https://github.example/acme/app/pull/7"),
            ("https://github.example/acme/Other/discussions/7", "num:acme/other:7 or https://github.example/acme/Other/discussions/7"),
            (
                "https://github.example/acme/Other/blob/Main/Docs/a b.md",
                "web:acme/other/blob/Main/Docs/a b.md or https://github.example/acme/Other/blob/Main/Docs/a%20b.md",
            ),
            ("../blob/main/docs/x.md", "web:acme/app/blob/main/docs/x.md or https://github.example/acme/app/blob/main/docs/x.md"),
            ("https://github.example/acme/app", "web:acme/app or https://github.example/acme/app"),
            ("https://github.example/acme/app/tree/main/docs", "web:acme/app/tree/main/docs or https://github.example/acme/app/tree/main/docs"),
            (
                "https://github.example/acme/app/blob/0123456789abcdef0123456789abcdef01234567/a.md",
                "web:acme/app/blob/HEAD/a.md or https://github.example/acme/app/blob/0123456789abcdef0123456789abcdef01234567/a.md",
            ),
            ("https://github.example/acme/web/wiki/X", "wiki:acme/web:x or https://github.example/acme/web/wiki/X"),
            ("/acme/app/releases/tag/v1.0", "release:acme/app:v1.0 or https://github.example/acme/app/releases/tag/v1.0"),
            ("../wiki/Getting Started", "wiki:acme/app:getting-started or https://github.example/acme/app/wiki/Getting%20Started"),
            ("../wiki/What is #1?", "wiki:acme/app:what-is-#1? or https://github.example/acme/app/wiki/What%20is%20%231%3F"),
            ("/acme/app/wiki", "wiki:acme/app:home or https://github.example/acme/app/wiki"),
        ] {
            assert_eq!(shown(Use::Link, destination), expected, "{destination}");
        }
    }

    #[test]
    fn other_addresses_stay_and_relative_ones_become_absolute() {
        for destination in [
            "https://elsewhere.example/acme/app/issues/7",
            "mailto:ann@example.org",
            "javascript:alert(1)",
            "https://github.example/acme/app/pull/7/files",
            "https://github.example/acme",
            "https://github.example/acme/app/issues/x",
            "https://github.example/user-attachments/assets/1",
        ] {
            assert_eq!(shown(Use::Link, destination), "as it is", "{destination}");
        }
        assert_eq!(shown(Use::Link, "../actions"), "https://github.example/acme/app/actions");
        assert_eq!(shown(Use::Image, "../blob/main/a.png"), "https://github.example/acme/app/blob/main/a.png");
        assert_eq!(shown(Use::Image, "https://github.example/acme/app/blob/main/a.png"), "as it is");
        assert_eq!(shown(Use::Link, "//elsewhere.example/x"), "https://elsewhere.example/x");
    }

    #[test]
    fn references_lead_to_what_is_mirrored_or_to_the_service() {
        let web = Web::of(&place("issue", "issues/12"));
        let found = web.references("#7 acme/Other#8 Acme/App#9 1a2b3c4 @ann @acme/core @types/node @other/team");
        let targets: Vec<String> = found
            .into_iter()
            .map(|(_, target)| match target {
                Target::Url(url) => url,
                Target::Remote { key, fallback, .. } => format!("{key} {}", fallback.unwrap_or_default()),
                Target::Anchor(anchor) => anchor,
            })
            .collect();
        assert_eq!(
            targets,
            [
                "num:42:7 https://github.example/acme/app/issues/7",
                "num:acme/other:8 https://github.example/acme/Other/issues/8",
                "num:42:9 https://github.example/Acme/App/issues/9",
                "https://github.example/acme/app/commit/1a2b3c4",
                "https://github.example/ann",
                "https://github.example/orgs/acme/teams/core",
            ]
        );
    }
}
