//! Where the links of a wiki page lead: to pages and images of this wiki, to what else of GitHub may be mirrored, or on the web. Pure.

use super::brackets::SCHEME;
use super::{names, place};
use crate::connectors::github::pages::Page;
use crate::connectors::github::repository::encoded;
use crate::markdown::{Target, Use};

/// Where a page stands.
pub(super) struct Links<'p> {
    /// The repository's number.
    repository: u64,
    /// `https://github.com`.
    host: &'p str,
    /// `owner`, `name`, as spelled.
    owner_and_name: [&'p str; 2],
}

impl<'p> Links<'p> {
    /// For a page by its web address (`https://github.com/owner/name/wiki/Page`).
    pub(super) fn of(repository: u64, url: &'p str) -> Option<Self> {
        let (html_url, _) = url.rsplit_once("/wiki/")?;
        let mut parts = html_url.rsplitn(3, '/');
        let (name, owner, host) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { repository, host, owner_and_name: [owner, name] })
    }

    /// What a destination means: decoded, without query and fragment.
    pub(super) fn target(&self, how: Use, destination: &str) -> Option<Target> {
        if let Some(name) = destination.strip_prefix(SCHEME) {
            return Some(self.ours(how, &name.split('/').collect::<Vec<_>>()));
        }
        let lower = destination.to_ascii_lowercase();
        if destination.is_empty() {
            return None;
        }
        if let Some((scheme, rest)) = lower.split_once("://") {
            if !scheme.chars().all(|c| c.is_ascii_alphanumeric()) {
                return None;
            }
            let rest = &destination[destination.len() - rest.len()..];
            let path = self.on_host(scheme, rest)?;
            let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
            return self.on_site(how, &parts, false);
        }
        // `mailto:` and the like; a page may have a colon behind a space.
        if lower.split_once(':').is_some_and(|(scheme, _)| scheme.len() > 1 && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+')) {
            return None;
        }
        if destination.starts_with("//") {
            return None;
        }
        let [owner, name] = self.owner_and_name;
        let mut parts = if destination.starts_with('/') { Vec::new() } else { vec![owner, name, "wiki"] };
        for part in destination.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        self.on_site(how, &parts, true)
    }

    /// The path on this GitHub that an absolute address has; images of wikis have a host of their own there.
    fn on_host<'d>(&self, scheme: &str, rest: &'d str) -> Option<std::borrow::Cow<'d, str>> {
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let ours = self.host.split_once("://").is_some_and(|(own, ours)| own == scheme && ours.eq_ignore_ascii_case(host));
        if ours {
            return Some(path.into());
        }
        let image =
            path.strip_prefix("wiki/").filter(|_| host.eq_ignore_ascii_case("raw.githubusercontent.com") && self.host.ends_with("//github.com"))?;
        let mut parts = image.splitn(3, '/');
        Some(format!("{}/{}/wiki/{}", parts.next()?, parts.next()?, parts.next()?).into())
    }

    /// What a path on this GitHub is. A relative one must become absolute, whatever it is; of the others, what is not known stays.
    fn on_site(&self, how: Use, parts: &[&str], relative: bool) -> Option<Target> {
        let [owner, name] = self.owner_and_name;
        if let [o, n, "wiki", rest @ ..] = parts
            && o.eq_ignore_ascii_case(owner)
            && n.eq_ignore_ascii_case(name)
        {
            return Some(self.ours(how, rest));
        }
        let url = format!("{}/{}", self.host, encoded(&parts.join("/")));
        let key = Page::at(&parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>()).map(|page| page.key());
        match key {
            Some(key) => Some(Target::Remote { key, anchor: None, fallback: Some(url), name: parts.join("/") }),
            None => relative.then_some(Target::Url(url)),
        }
    }

    /// A page or a file of this wiki.
    fn ours(&self, how: Use, parts: &[&str]) -> Target {
        let [owner, name] = self.owner_and_name;
        let path = parts.join("/");
        let fallback = Some(format!("{}/{owner}/{name}/wiki/{}", self.host, encoded(&path.replace(' ', "-"))));
        if how == Use::Image || names::is_image(&path) {
            let shown = parts.last().copied().unwrap_or_default().to_owned();
            let fallback = Some(format!("{}/{owner}/{name}/wiki/{}", self.host, encoded(&path)));
            return Target::Remote { key: place::image_key(self.repository, &path), anchor: None, fallback, name: shown };
        }
        // `/wiki` itself shows the start page.
        let page = if path.is_empty() { "Home" } else { &path };
        let folded = names::folded(page);
        Target::Remote { key: place::key(self.repository, &folded), anchor: None, fallback, name: names::title(page) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(how: Use, destination: &str) -> String {
        let links = Links::of(7, "https://github.com/Acme/App/wiki/On-Call").unwrap();
        match links.target(how, destination) {
            None => "as it is".to_owned(),
            Some(Target::Url(url)) => url,
            Some(Target::Remote { key, fallback, .. }) => format!("{key} or {}", fallback.unwrap_or_default()),
            Some(Target::Anchor(_)) => "an anchor".to_owned(),
        }
    }

    #[test]
    fn links_lead_to_pages_whatever_form_they_have() {
        for destination in [
            "wiki-page:the rota",
            "The-Rota",
            "./the-rota",
            "The-Rota.md",
            "https://github.com/acme/app/wiki/The-Rota",
            "/Acme/App/wiki/The-Rota",
            "wiki/The-Rota",
        ] {
            let said = meant(Use::Link, destination);
            assert!(said.starts_with("wiki:7:the-rota or https://github.com/Acme/App/wiki/"), "{destination}: {said}");
        }
        for (destination, said) in [
            ("wiki-page:The Rota", "wiki:7:the-rota or https://github.com/Acme/App/wiki/The-Rota"),
            ("https://github.com/acme/app/wiki", "wiki:7:home or https://github.com/Acme/App/wiki/"),
            ("https://github.com/acme/web/wiki/X", "wiki:acme/web:x or https://github.com/acme/web/wiki/X"),
            ("../blob/main/docs/a b.md", "web:acme/app/blob/main/docs/a b.md or https://github.com/Acme/App/blob/main/docs/a%20b.md"),
            ("../issues/12", "num:acme/app:12 or https://github.com/Acme/App/issues/12"),
            ("https://github.com/acme/app/releases/tag/v1/x", "release:acme/app:v1/x or https://github.com/acme/app/releases/tag/v1/x"),
            ("../actions", "https://github.com/Acme/App/actions"),
            ("https://github.com/acme/app/actions", "as it is"),
            ("https://acme.example/x", "as it is"),
            ("http://github.com/acme/app/wiki/X", "as it is"),
            ("mailto:ann@acme.example", "as it is"),
            ("//acme.example/x", "as it is"),
            ("", "as it is"),
        ] {
            assert_eq!(meant(Use::Link, destination), said, "{destination}");
        }
    }

    #[test]
    fn images_are_files_of_the_wiki() {
        let said = "file:wiki:7:images/a b.png or https://github.com/Acme/App/wiki/images/a%20b.png";
        for destination in [
            "images/a b.png",
            "wiki-page:images/a b.png",
            "https://raw.githubusercontent.com/wiki/acme/app/images/a b.png",
            "https://github.com/acme/app/wiki/images/a b.png",
        ] {
            assert_eq!(meant(Use::Image, destination), said, "{destination}");
            assert_eq!(meant(Use::Link, destination), said, "{destination}");
        }
    }
}
