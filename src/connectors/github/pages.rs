//! What the pages of a GitHub show that may be mirrored, by their addresses: whoever links to one, wherever he writes, means the same document. Pure.

use url::Url;

use super::wiki;
use crate::model::Key;

/// Where files lie by themselves, of github.com.
const RAW_HOST: &str = "raw.githubusercontent.com";

/// What a page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// An issue, a pull request or a discussion.
    Number(u64),
    /// A file: the branch, `HEAD` or a commit, and its path behind that. Where a branch ends, its name does not say.
    File(String),
    /// Something else that has one key.
    Other(Key),
}

/// A page of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// `owner/name`, as spelled.
    pub(super) repository: String,
    pub(super) shown: Shown,
    /// What people call it.
    pub(super) name: String,
}

impl Page {
    /// The page whose address has these decoded components, if it may be mirrored.
    pub(super) fn at(path: &[String]) -> Option<Self> {
        let [owner, name, rest @ ..] = path else { return None };
        let repository = format!("{owner}/{name}");
        let here = repository.to_lowercase();
        let words: Vec<&str> = rest.iter().map(String::as_str).collect();
        let other = |key: String, name: String| Some((Shown::Other(Key::new(key)), name));
        let (shown, name) = match &words[..] {
            [] => other(format!("web:{here}"), repository.clone()),
            ["issues" | "pull" | "discussions", number] => {
                let number = number.parse().ok().filter(|_| number.len() < 12 && number.bytes().all(|byte| byte.is_ascii_digit()))?;
                Some((Shown::Number(number), format!("{repository}#{number}")))
            }
            ["blob" | "raw", at @ ..] => {
                // Addresses of raw files may say what kind of name a branch is.
                let at = at.strip_prefix(&["refs", "heads"]).unwrap_or(at);
                (at.len() > 1).then(|| (Shown::File(at.join("/")), at[1..].join("/")))
            }
            ["tree", branch] if is_commit(branch) => other(format!("web:{here}"), repository.clone()),
            ["tree", branch, path @ ..] if is_commit(branch) => other(format!("web:{here}/tree/HEAD/{}", path.join("/")), path.join("/")),
            ["tree", _, ..] => other(format!("web:{here}/{}", words.join("/")), words[1..].join("/")),
            ["releases", "tag", tag @ ..] if !tag.is_empty() => other(format!("release:{here}:{}", tag.join("/")), tag.join("/")),
            ["wiki"] => Some((Shown::Other(wiki::page_key(&here, "Home")), "Home".to_owned())),
            ["wiki", page] => Some((Shown::Other(wiki::page_key(&here, page)), (*page).to_owned())),
            _ => None,
        }?;
        Some(Self { repository, shown, name })
    }

    /// The page that a raw file's own host shows, if `host` is that of github.com.
    pub(super) fn raw(host: &Url, address: &Url) -> Option<Self> {
        if address.host_str() != Some(RAW_HOST) || host.host_str() != Some("github.com") {
            return None;
        }
        let [owner, name, rest @ ..] = &components(address)[..] else { return None };
        let path: Vec<String> = [owner, name].into_iter().cloned().chain([String::from("raw")]).chain(rest.iter().cloned()).collect();
        Self::at(&path)
    }

    /// The key under which it may be mirrored. A commit of a file means the file, as it is mirrored.
    pub(super) fn key(&self) -> Key {
        let here = self.repository.to_lowercase();
        match &self.shown {
            Shown::Number(number) => Key::new(format!("num:{here}:{number}")),
            Shown::File(at) => match at.split_once('/').filter(|(branch, _)| is_commit(branch)) {
                Some((_, path)) => Key::new(format!("web:{here}/blob/HEAD/{path}")),
                None => Key::new(format!("web:{here}/blob/{at}")),
            },
            Shown::Other(key) => key.clone(),
        }
    }
}

/// The path of a file at `branch`, or at whatever stands for it.
pub(super) fn path_at<'a>(branch: &str, at: &'a str) -> Option<&'a str> {
    let named = at.strip_prefix(branch).and_then(|rest| rest.strip_prefix('/'));
    named.or_else(|| at.split_once('/').filter(|(first, _)| *first == "HEAD" || is_commit(first)).map(|(_, path)| path))
}

/// Whether a name in an address is that of a commit, whole.
fn is_commit(name: &str) -> bool {
    name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// The decoded components of an address's path.
pub(super) fn components(url: &Url) -> Vec<String> {
    let parts = url.path_segments().into_iter().flatten().filter(|part| !part.is_empty());
    parts.map(|part| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str) -> Option<String> {
        Page::at(&components(&Url::parse(address).unwrap())).map(|page| page.key().as_str().to_owned())
    }

    #[test]
    fn pages_have_the_keys_of_what_they_show() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (path, expected) in [
            ("Acme/App", "web:acme/app"),
            ("Acme/App/", "web:acme/app"),
            ("acme/app/tree/main", "web:acme/app/tree/main"),
            ("acme/app/tree/main/docs/", "web:acme/app/tree/main/docs"),
            ("acme/app/issues/12", "num:acme/app:12"),
            ("acme/app/pull/12", "num:acme/app:12"),
            ("acme/app/discussions/3", "num:acme/app:3"),
            ("acme/app/blob/Main/Docs/a%20b.md", "web:acme/app/blob/Main/Docs/a b.md"),
            ("acme/app/raw/main/a.md", "web:acme/app/blob/main/a.md"),
            ("acme/app/raw/refs/heads/main/a.md", "web:acme/app/blob/main/a.md"),
            ("acme/app/releases/tag/v1/x", "release:acme/app:v1/x"),
            ("acme/app/wiki", "wiki:acme/app:home"),
            ("acme/app/wiki/The%20Rota.md", "wiki:acme/app:the-rota"),
        ] {
            assert_eq!(key(&format!("https://github.com/{path}")).as_deref(), Some(expected), "{path}");
        }
        assert_eq!(key(&format!("https://github.com/acme/app/blob/{commit}/a.md")).as_deref(), Some("web:acme/app/blob/HEAD/a.md"));
        assert_eq!(key(&format!("https://github.com/acme/app/tree/{commit}/docs")).as_deref(), Some("web:acme/app/tree/HEAD/docs"));
        for none in [
            "",
            "acme",
            "acme/app/issues",
            "acme/app/issues/x",
            "acme/app/issues/+1",
            "acme/app/pull/7/files",
            "acme/app/blob/main",
            "acme/app/actions",
        ] {
            assert_eq!(key(&format!("https://github.com/{none}")), None, "{none}");
        }
    }

    #[test]
    fn raw_files_of_github_com_have_a_host_of_their_own() {
        let [host, other] = ["https://github.com", "https://ghe.acme.example"].map(|host| Url::parse(host).unwrap());
        let address = Url::parse("https://raw.githubusercontent.com/acme/app/refs/heads/main/a.png").unwrap();
        let page = Page::raw(&host, &address).unwrap();
        assert_eq!(page.shown, Shown::File("main/a.png".to_owned()));
        assert_eq!(Page::raw(&other, &address), None);
    }
}
