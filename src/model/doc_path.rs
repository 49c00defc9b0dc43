//! A path below a connector's folder that cannot leave it.
//!
//! Guarantees: relative, UTF-8, no empty, `.` or `..` component, no NUL, no control character, each component at most 255 bytes. Knows no file system.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest component in bytes that common Linux file systems take (`NAME_MAX`, limits.h(0p)).
const NAME_MAX: usize = 255;

/// A safe relative path below a connector's folder, `/` between components.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocPath(Arc<str>);

/// Why a text is no [`DocPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` cannot be a path in the mirror: {why}", path.escape_debug())]
pub struct PathError {
    /// The text.
    pub path: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl DocPath {
    /// # Errors
    /// When a component is unsafe, or there is none.
    pub fn new(path: &str) -> Result<Self, PathError> {
        for component in path.split('/') {
            component_is_safe(component).map_err(|why| PathError { path: path.to_owned(), why })?;
        }
        if path.len() > 3800 {
            return Err(PathError { path: path.to_owned(), why: "it is longer than a file system takes" });
        }
        Ok(Self(path.into()))
    }

    /// The path's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its components, first to last; at least one.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// The last component.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// All but the last component; empty at the top.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The path below `root`.
    #[must_use]
    pub fn below(&self, root: &Path) -> PathBuf {
        root.join(&*self.0)
    }

    /// How a file at `self` names the file `to` in a relative link, not yet percent-encoded: `../ops/x.md`.
    #[must_use]
    pub fn link_to(&self, to: &DocPath) -> String {
        self.link_into(to.folder(), to.file_name())
    }

    /// The same for a file that is known by its folder and name.
    #[must_use]
    pub fn link_into(&self, folder: &str, name: &str) -> String {
        let components = |folder| str::split(folder, '/').filter(|component| !component.is_empty());
        let (mut from, mut to) = (components(self.folder()).peekable(), components(folder).peekable());
        while from.peek().is_some() && from.peek() == to.peek() {
            from.next();
            to.next();
        }
        let mut link = "../".repeat(from.count());
        for component in to {
            link.push_str(component);
            link.push('/');
        }
        link.push_str(name);
        link
    }
}

impl fmt::Debug for DocPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocPath({:?})", self.as_str())
    }
}

impl fmt::Display for DocPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// # Errors
/// Says what makes `component` unsafe as a file's or folder's name.
pub fn component_is_safe(component: &str) -> Result<(), &'static str> {
    match component {
        "" => Err("a component is empty"),
        "." | ".." => Err("a component is `.` or `..`"),
        _ if component.len() > NAME_MAX => Err("a component is longer than 255 bytes"),
        _ if component.contains('/') => Err("a component holds `/`"),
        _ if component.chars().any(char::is_control) => Err("a component holds a control character"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_could_leave_the_folder() {
        for bad in ["", "/etc/passwd", "a//b", "../x", "a/../b", "a/./b", "a/", "a\0b", "a\nb"] {
            assert!(DocPath::new(bad).is_err(), "{bad:?}");
        }
        assert!(DocPath::new(&"é".repeat(128)).is_err());
        assert!(DocPath::new("ENG/home--1.md").is_ok());
    }

    #[test]
    fn relative_links_climb_only_as_far_as_needed() {
        let path = |p| DocPath::new(p).unwrap();
        assert_eq!(path("A/b/c.md").link_to(&path("A/b/d.md")), "d.md");
        assert_eq!(path("A/b/c.md").link_to(&path("A/b/c/e.md")), "c/e.md");
        assert_eq!(path("A/b/c.md").link_to(&path("B/e.md")), "../../B/e.md");
        assert_eq!(path("c.md").link_to(&path("B/e.md")), "B/e.md");
        assert_eq!(path("A/x/c.md").link_to(&path("A/x.md")), "../x.md");
    }
}
