//! What the links of a repository's file lead to: another file, a folder's README, an image, something else at the same GitHub, or the world.
//!
//! Pure. All that is known of the repository's address is the file's own.

use url::Url;

use super::choice;
use super::pages::{Page, Shown, components, path_at};
use super::place::{joined, parent};
use super::repository::encoded;
use crate::markdown::{Target, Use};
use crate::model::Key;

/// The links of one file.
pub(super) struct Links {
    repository: u64,
    folder: String,
    /// `https://github.com`.
    host: String,
    /// `https://github.com/acme/app`.
    home: String,
    /// As it stands in addresses.
    branch: String,
}

impl Links {
    /// Those of a file; `address` is its own.
    pub(super) fn new(repository: u64, path: &str, address: &str) -> Self {
        let base = address.strip_suffix(&encoded(path)).unwrap_or(address).trim_end_matches('/');
        let (home, branch) = base.split_once("/blob/").unwrap_or((base, "HEAD"));
        let host = home.rsplitn(3, '/').nth(2).unwrap_or(home);
        Self { repository, folder: parent(path).to_owned(), host: host.to_owned(), home: home.to_owned(), branch: branch.to_owned() }
    }

    /// What a destination means; none where it stays as it is.
    pub(super) fn target(&mut self, of: Use, destination: &str) -> Option<Target> {
        let written = destination.trim();
        if written.is_empty() || is_template(written) {
            return None;
        }
        if let Some((scheme, _)) = written.split_once(':')
            && !scheme.is_empty()
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        {
            return self.absolute(of, &encoded(written));
        }
        if written.starts_with("//") {
            return None;
        }
        let Some(path) = joined(&self.folder, written) else {
            // It leads out of the repository: at GitHub to what lies beside it, `../../issues` for one.
            let address = self.beside(written);
            return Some(self.absolute(of, &address).unwrap_or(Target::Url(address)));
        };
        let is_image = of == Use::Image || choice::is_picture(&path);
        let kind = match () {
            () if is_image && of == Use::Image => "raw",
            () if path.is_empty() || written.ends_with('/') => "tree",
            () => "blob",
        };
        let fallback = match path.as_str() {
            "" => format!("{}/tree/{}", self.home, self.branch),
            path => format!("{}/{kind}/{}/{}", self.home, self.branch, encoded(path)),
        };
        let word = if is_image { "file" } else { "path" };
        Some(remote(format!("{word}:{}:{path}", self.repository), fallback, &path))
    }

    /// What is at the same GitHub may be mirrored; all else stays. `address` is percent-encoded.
    fn absolute(&self, of: Use, address: &str) -> Option<Target> {
        let url = Url::parse(address).ok()?;
        let host = Url::parse(&self.host).ok()?;
        let page = if url.origin() == host.origin() { Page::at(&components(&url)) } else { Page::raw(&host, &url) }?;
        let key = match &page.shown {
            Shown::File(at) if of == Use::Image || choice::is_picture(at) => {
                // Only this branch's images are known.
                let here = self.home.strip_prefix(&self.host).map(|home| home.trim_matches('/'));
                let branch = percent_encoding::percent_decode_str(&self.branch).decode_utf8_lossy();
                let path = path_at(&branch, at).filter(|_| here.is_some_and(|here| here.eq_ignore_ascii_case(&page.repository)))?;
                Key::new(format!("file:{}:{path}", self.repository))
            }
            _ => page.key(),
        };
        Some(Target::Remote { key, anchor: None, fallback: Some(address.to_owned()), name: page.name })
    }

    /// The address of what is written relative to the file's own.
    fn beside(&self, written: &str) -> String {
        let folder = if self.folder.is_empty() { String::new() } else { format!("{}/", encoded(&self.folder)) };
        // A branch counts as one step, however it is called.
        let base = format!("{}/blob/branch/{folder}", self.home);
        Url::parse(&base).and_then(|base| base.join(&encoded(written))).map_or_else(|_| self.home.clone(), String::from)
    }
}

/// Whether a program fills the address in, of which nobody but that knows what it will be: `{{ site.url }}/a`, `{props.href}`.
fn is_template(written: &str) -> bool {
    written.starts_with('{') || ["{{", "{%", "${", "<%"].iter().any(|open| written.contains(open))
}

fn remote(key: String, fallback: String, name: &str) -> Target {
    Target::Remote { key: Key::new(key), anchor: None, fallback: Some(fallback), name: name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(path: &str, of: Use, destination: &str) -> Option<(String, String)> {
        let address = format!("https://github.com/Acme/App/blob/release/2.x/{}", encoded(path));
        match Links::new(7, path, &address).target(of, destination)? {
            Target::Remote { key, fallback, .. } => Some((key.as_str().to_owned(), fallback.unwrap_or_default())),
            Target::Url(url) => Some(("url".to_owned(), url)),
            Target::Anchor(_) => None,
        }
    }

    #[test]
    fn relative_links_lead_to_files_folders_and_images() {
        let home = "https://github.com/Acme/App";
        for (destination, of, key, fallback) in [
            ("b.md", Use::Link, "path:7:docs/b.md", "blob/release/2.x/docs/b.md"),
            ("../README.md", Use::Link, "path:7:README.md", "blob/release/2.x/README.md"),
            ("/guide/a b.md", Use::Link, "path:7:guide/a b.md", "blob/release/2.x/guide/a%20b.md"),
            ("sub/", Use::Link, "path:7:docs/sub", "tree/release/2.x/docs/sub"),
            ("..", Use::Link, "path:7:", "tree/release/2.x"),
            ("img/a.png", Use::Image, "file:7:docs/img/a.png", "raw/release/2.x/docs/img/a.png"),
            ("img/a.png", Use::Link, "file:7:docs/img/a.png", "blob/release/2.x/docs/img/a.png"),
        ] {
            assert_eq!(target("docs/a.md", of, destination), Some((key.to_owned(), format!("{home}/{fallback}"))), "{destination}");
        }
        for (destination, key, path) in [
            ("../../issues/12", "num:acme/app:12", "issues/12"),
            ("../../wiki", "wiki:acme/app:home", "wiki"),
            ("../../wiki/The-Rota", "wiki:acme/app:the-rota", "wiki/The-Rota"),
            ("../../releases/tag/v1", "release:acme/app:v1", "releases/tag/v1"),
        ] {
            assert_eq!(target("a.md", Use::Link, destination), Some((key.to_owned(), format!("{home}/{path}"))), "{destination}");
        }
        for template in ["{{site.url}}/a.md", "a/{{ x }}.md", "{% link a.md %}", "{url}", "${base}/a.md", "{require('./a.png').default}"] {
            assert_eq!(target("a.md", Use::Link, template), None, "{template}");
        }
        assert_eq!(target("a.md", Use::Link, "../../issues"), Some(("url".to_owned(), "https://github.com/Acme/App/issues".to_owned())));
        assert_eq!(target("a.md", Use::Link, ""), None);
    }

    #[test]
    fn addresses_at_the_same_github_may_be_mirrored_and_others_stay() {
        for (destination, key) in [
            ("https://github.com/Acme/Other", "web:acme/other"),
            ("https://github.com/acme/other/blob/main/docs/a b.md", "web:acme/other/blob/main/docs/a b.md"),
            ("https://github.com/acme/other/blob/main/what?#50%.md", "web:acme/other/blob/main/what?#50%.md"),
            ("https://github.com/acme/other/tree/main/docs", "web:acme/other/tree/main/docs"),
            ("https://github.com/acme/app/issues/12", "num:acme/app:12"),
            ("https://github.com/acme/app/discussions/3", "num:acme/app:3"),
            ("https://github.com/acme/app/releases/tag/v1.0", "release:acme/app:v1.0"),
        ] {
            assert_eq!(target("a.md", Use::Link, destination).unwrap(), (key.to_owned(), encoded(destination)));
        }
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (address, key) in [
            ("https://github.com/acme/app/blob/release/2.x/docs/i.png".to_owned(), Some("file:7:docs/i.png")),
            (format!("https://raw.githubusercontent.com/acme/app/{commit}/docs/i.png"), Some("file:7:docs/i.png")),
            ("https://raw.githubusercontent.com/Acme/App/HEAD/docs/i.png".to_owned(), Some("file:7:docs/i.png")),
            ("https://github.com/acme/app/raw/other/docs/i.png".to_owned(), None),
            ("https://github.com/acme/other/raw/HEAD/docs/i.png".to_owned(), None),
        ] {
            assert_eq!(target("a.md", Use::Image, &address).map(|(key, _)| key).as_deref(), key, "{address}");
        }
        for other in [
            "https://example.com/acme/app",
            "mailto:a@b.c",
            "https://github.com/acme",
            "https://github.com/acme/app/actions",
            "//cdn/x",
            "javascript:x",
        ] {
            assert_eq!(target("a.md", Use::Link, other), None, "{other}");
        }
    }
}
