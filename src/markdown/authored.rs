//! Markdown that a source's author wrote, with the places in it that are links: it is written as it is, but for where these lead.

use std::borrow::Cow;
use std::ops::Range;

use super::{Resolver, Target, keys};
use crate::model::Key;

/// Markdown of an author with the places in it that are links: the text is written as it is but for these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authored {
    text: String,
    spots: Vec<Spot>,
}

/// A place in the text that is a link's destination.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spot {
    at: Range<usize>,
    target: Target,
}

/// What a destination is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// Somebody follows it.
    Link,
    /// It is shown.
    Image,
}

/// Says what a destination means: percent-decoded, without query and fragment. None leaves it untouched.
pub type Aim<'f> = dyn FnMut(Use, &str) -> Option<Target> + 'f;

/// Says what words of running text mean: ranges of bytes in it and their targets.
pub type References<'f> = dyn FnMut(&str) -> Vec<(Range<usize>, Target)> + 'f;

impl Authored {
    /// `target` says what a destination (percent-decoding done, fragment and query split off and kept in the text behind it) means; None leaves it untouched.
    pub fn links(text: String, target: &mut Aim<'_>) -> Self {
        let _ = target;
        Self { text, spots: Vec::new() }
    }

    /// Also turns words of running text into links: `references` is called with each run of text outside code, links and HTML, and gives byte ranges in it with
    /// their targets; written `[words](target)`.
    pub fn links_and_references(text: String, target: &mut Aim<'_>, references: &mut References<'_>) -> Self {
        let _ = (target, references);
        Self { text, spots: Vec::new() }
    }

    /// The text as it came.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every key of its links and images, sorted, each once.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.targets().filter_map(keys::key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    pub(crate) fn targets(&self) -> impl Iterator<Item = &Target> {
        self.spots.iter().map(|spot| &spot.target)
    }

    /// The text with its links as `resolver` has them.
    pub(crate) fn resolved(&self, resolver: &dyn Resolver) -> Cow<'_, str> {
        let _ = resolver;
        Cow::Borrowed(&self.text)
    }
}
