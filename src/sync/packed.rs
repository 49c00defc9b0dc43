//! A place as a large site can afford it: what neighbours have in common is held once, and its words stand in one piece of memory.
//!
//! Pure. It is what most of a run's memory goes to: five pieces for each place would take twice as much.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::model::{Key, Place, RemoteId, Scope};

/// What many places have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Common {
    scope: Scope,
    container: Arc<[String]>,
    kind: Arc<str>,
    ending: Arc<str>,
    transparent: bool,
    /// What their addresses begin with.
    base: Box<str>,
}

/// A place; see [`Place`] for what its parts mean.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Packed {
    common: Arc<Common>,
    parent: Option<RemoteId>,
    /// Title, stem, the end of the address, aliases: each behind its length in bytes and a colon.
    words: Box<str>,
}

/// What places have in common, each held once.
#[derive(Default)]
pub(super) struct Commons(FxHashSet<Arc<Common>>);

impl Commons {
    /// Packs a place.
    pub(super) fn pack(&mut self, place: Place) -> Packed {
        let Place { scope, container, kind, title, parent, stem, ending, transparent, url, aliases } = place;
        let (base, end) = url.split_at(common_part(&url));
        let common = Common { scope, container, kind, ending, transparent, base: base.into() };
        let common = match self.0.get(&common) {
            Some(held) => Arc::clone(held),
            None => {
                let common = Arc::new(common);
                self.0.insert(Arc::clone(&common));
                common
            }
        };
        let mut words = String::new();
        for word in [title.as_str(), &stem, end].into_iter().chain(aliases.iter().map(Key::as_str)) {
            words.push_str(&word.len().to_string());
            words.push(':');
            words.push_str(word);
        }
        Packed { common, parent, words: words.into() }
    }
}

/// How much of an address many share: all but its last two parts.
fn common_part(url: &str) -> usize {
    let before = |end: usize| url.get(..end).and_then(|part| part.rfind('/'));
    before(url.len()).and_then(before).map_or(0, |at| at + 1)
}

impl Packed {
    /// The whole place.
    pub(super) fn unpack(&self) -> Place {
        Place {
            scope: self.scope().clone(),
            container: Arc::clone(self.container()),
            kind: Arc::clone(self.kind()),
            title: self.title().to_owned(),
            parent: self.parent().cloned(),
            stem: self.stem().to_owned(),
            ending: Arc::clone(&self.common.ending),
            transparent: self.is_transparent(),
            url: self.url(),
            aliases: self.aliases().map(Key::new).collect(),
        }
    }

    pub(super) fn scope(&self) -> &Scope {
        &self.common.scope
    }

    pub(super) fn container(&self) -> &Arc<[String]> {
        &self.common.container
    }

    pub(super) fn kind(&self) -> &Arc<str> {
        &self.common.kind
    }

    /// Of its file, with the dot.
    pub(super) fn ending(&self) -> &str {
        &self.common.ending
    }

    pub(super) fn is_transparent(&self) -> bool {
        self.common.transparent
    }

    pub(super) fn parent(&self) -> Option<&RemoteId> {
        self.parent.as_ref()
    }

    pub(super) fn title(&self) -> &str {
        self.word(0)
    }

    pub(super) fn stem(&self) -> &str {
        self.word(1)
    }

    pub(super) fn url(&self) -> String {
        format!("{}{}", self.common.base, self.word(2))
    }

    pub(super) fn aliases(&self) -> impl Iterator<Item = &str> {
        Words(&self.words).skip(3)
    }

    fn word(&self, at: usize) -> &str {
        Words(&self.words).nth(at).unwrap_or_default()
    }
}

struct Words<'p>(&'p str);

impl<'p> Iterator for Words<'p> {
    type Item = &'p str;

    fn next(&mut self) -> Option<&'p str> {
        let (length, rest) = self.0.split_once(':')?;
        let (word, rest) = rest.split_at_checked(length.parse().ok()?)?;
        self.0 = rest;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(title: &str, url: &str, aliases: &[&str]) -> Place {
        Place {
            scope: Scope::new("1"),
            container: ["ENG".to_owned()].into(),
            kind: "page".into(),
            title: title.to_owned(),
            parent: Some(RemoteId::new("7")),
            stem: format!("{title}--8"),
            ending: ".md".into(),
            transparent: false,
            url: url.to_owned(),
            aliases: aliases.iter().map(Key::new).collect(),
        }
    }

    #[test]
    fn what_is_packed_comes_out_again() {
        let mut commons = Commons::default();
        for title in ["", "Plan", "3:Plan", "\u{e4}:\u{1f600}", "a\0b\nc", ":"] {
            for url in ["", "/", "https://wiki/x", "https://wiki/pages/1/\u{e4}", "no address", "https://wiki/pages/viewpage.action?pageId=1"] {
                for aliases in [&[][..], &["title:ENG:plan"], &["", "12:x", ":"]] {
                    let place = place(title, url, aliases);
                    let packed = commons.pack(place.clone());
                    assert_eq!(packed.unpack(), place);
                    assert_eq!((packed.title(), packed.url()), (title, url.to_owned()));
                    assert_eq!(packed, commons.pack(place));
                }
            }
        }
    }

    #[test]
    fn pages_of_one_space_share_what_they_have_in_common() {
        let mut commons = Commons::default();
        for id in 0..10 {
            commons.pack(place(&format!("Page {id}"), &format!("https://wiki/spaces/ENG/pages/{id}/Page+{id}"), &[]));
        }
        assert_eq!(commons.0.len(), 1);
    }

    #[test]
    fn any_difference_makes_another_place() {
        let mut commons = Commons::default();
        let one = place("Plan", "https://wiki/a/b/c", &["x"]);
        let others = [
            Place { title: "plan".to_owned(), ..one.clone() },
            Place { stem: String::new(), ..one.clone() },
            Place { url: "https://wiki/b/b/c".to_owned(), ..one.clone() },
            Place { aliases: Vec::new(), ..one.clone() },
            Place { parent: None, ..one.clone() },
            Place { kind: "blogpost".into(), ..one.clone() },
            Place { ending: ".mdx".into(), ..one.clone() },
            Place { transparent: true, ..one.clone() },
            Place { scope: Scope::new("2"), ..one.clone() },
            Place { container: [].into(), ..one.clone() },
        ];
        let one = commons.pack(one);
        assert!(others.into_iter().all(|other| commons.pack(other) != one));
    }
}
