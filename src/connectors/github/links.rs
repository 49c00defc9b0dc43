//! What the links of a repository's file lead to: another file, a folder's README, an image, something else at the same GitHub, or the world.
//!
//! Pure. All that is known of the repository's address is the file's own.

use url::Url;

use super::choice;
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
        if written.is_empty() {
            return None;
        }
        if let Some((scheme, _)) = written.split_once(':')
            && !scheme.is_empty()
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        {
            return self.absolute(written);
        }
        if written.starts_with("//") {
            return None;
        }
        let Some(path) = joined(&self.folder, written) else {
            // It leads out of the repository: at GitHub to what lies beside it, `../../issues` for one.
            return Some(Target::Url(self.beside(written)));
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

    /// What is at the same GitHub may be mirrored; all else stays.
    fn absolute(&self, written: &str) -> Option<Target> {
        let url = Url::parse(written).ok()?;
        let host = Url::parse(&self.host).ok()?;
        if url.origin() != host.origin() {
            return None;
        }
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let names: Vec<String> = url.path_segments()?.filter(|name| !name.is_empty()).map(decoded).collect();
        let (owner, name, rest) = match &names[..] {
            [owner, name, rest @ ..] => (owner, name, rest),
            _ => return None,
        };
        let whole = format!("{owner}/{name}").to_lowercase();
        let key = match rest {
            [] => format!("web:{whole}"),
            [kind, at @ ..] if (kind == "blob" || kind == "tree") && at.len() > 1 => format!("web:{whole}/{kind}/{}", at.join("/")),
            [kind, number] if matches!(kind.as_str(), "issues" | "pull" | "discussions") && number.bytes().all(|b| b.is_ascii_digit()) => {
                format!("num:{whole}:{number}")
            }
            [releases, tag, name] if releases == "releases" && tag == "tag" => format!("release:{whole}:{name}"),
            _ => return None,
        };
        Some(remote(key, written.to_owned(), written))
    }

    /// The address of what is written relative to the file's own.
    fn beside(&self, written: &str) -> String {
        let folder = if self.folder.is_empty() { String::new() } else { format!("{}/", encoded(&self.folder)) };
        // A branch counts as one step, however it is called.
        let base = format!("{}/blob/branch/{folder}", self.home);
        Url::parse(&base).and_then(|base| base.join(&encoded(written))).map_or_else(|_| self.home.clone(), String::from)
    }
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
        assert_eq!(target("a.md", Use::Link, "../../issues"), Some(("url".to_owned(), "https://github.com/Acme/App/issues".to_owned())));
        assert_eq!(target("a.md", Use::Link, ""), None);
    }

    #[test]
    fn addresses_at_the_same_github_may_be_mirrored_and_others_stay() {
        for (destination, key) in [
            ("https://github.com/Acme/Other", "web:acme/other"),
            ("https://github.com/acme/other/blob/main/docs/a%20b.md", "web:acme/other/blob/main/docs/a b.md"),
            ("https://github.com/acme/other/tree/main/docs", "web:acme/other/tree/main/docs"),
            ("https://github.com/acme/app/issues/12", "num:acme/app:12"),
            ("https://github.com/acme/app/discussions/3", "num:acme/app:3"),
            ("https://github.com/acme/app/releases/tag/v1.0", "release:acme/app:v1.0"),
        ] {
            assert_eq!(target("a.md", Use::Link, destination).unwrap(), (key.to_owned(), destination.to_owned()));
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
