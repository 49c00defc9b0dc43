//! Markdown that a source's author wrote, with the places in it that are links: it is written as it is, but for where these lead.
//!
//! Guarantees: what nobody resolves stays byte for byte, but for hidden characters; no link's text changes; spots lie on characters' borders and never overlap;
//! linear time. Does not know what a destination means: whoever makes one says it.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use super::{Resolver, Target, hidden, keys, link};
use crate::model::Key;
use find::{Dest, Found};

mod bare;
mod destination;
mod find;
mod html;
mod math;
mod nested;
mod outline;
#[cfg(test)]
mod tests;

pub(crate) use nested::closing;
pub(crate) use outline::looks_like_ours;

/// Markdown of an author with the places in it that are links: the text is written as it is but for these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authored {
    text: String,
    /// In order.
    spots: Vec<Spot>,
    /// What else must change where the text stands within a document of others, in order.
    inner: Vec<Inner>,
    /// Hidden characters that were taken out.
    hidden: u32,
}

/// A place in the text that is a link's destination.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spot {
    /// What gives way to an address: query and fragment excluded.
    at: Range<usize>,
    /// So many bytes of query behind it, which a file of the mirror has no use for.
    query: usize,
    form: Form,
    target: Target,
}

/// How an address is written in a spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Between parentheses or angle brackets, or in a definition.
    Address,
    /// In an attribute of HTML.
    Attribute,
    /// `<https://...>`: the whole of it becomes a link with that text.
    Autolink,
    /// Words that become a link, only where it leads into the mirror.
    Bare,
    /// Words that become a link.
    Words,
}

/// What has a meaning for a whole document, and so must not meet that of another author.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Inner {
    /// `[label]` behind a link's text, or nothing there: what it refers to comes in its place.
    Use { tail: Range<usize>, dest: Range<usize>, title: Option<String> },
    /// A definition, which nobody needs then.
    Definition(Range<usize>),
    /// A footnote's label.
    Note(Range<usize>),
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
    /// `target` says what a destination (percent-decoding done; query and fragment split off, and kept in the text behind it) means; None leaves it
    /// untouched. Finds inline and reference links, images, `<https://...>` and bare `https://...` outside code, and addresses in HTML.
    pub fn links(text: String, target: &mut Aim<'_>) -> Self {
        Self::links_and_references(text, target, &mut |_| Vec::new())
    }

    /// Also turns words of running text into links: `references` is called with each run of text outside code, links and HTML, and gives byte ranges in it with
    /// their targets; written `[words](target)`.
    pub fn links_and_references(text: String, target: &mut Aim<'_>, references: &mut References<'_>) -> Self {
        let mut hidden = 0;
        let text = match hidden::strip_keeping_line_ends(&text, &mut hidden) {
            Cow::Borrowed(_) => text,
            Cow::Owned(clean) => clean,
        };
        let Found { dests, runs, mut inner } = find::find(&text);
        let formulas = if text.contains('$') { math::formulas(&text) } else { Vec::new() };
        let in_formula = |at: &Range<usize>| {
            let before = formulas.partition_point(|formula| formula.end <= at.start);
            formulas.get(before).is_some_and(|formula| formula.start <= at.start && at.end <= formula.end)
        };
        // `$f[i](x)$`; what has a dot is an address even there.
        let is_link = |dest: &Dest| !in_formula(&dest.at) || text[dest.at.clone()].contains('.');
        let mut spots: Vec<Spot> = dests.into_iter().filter(is_link).filter_map(|dest| spot(&text, dest, target)).collect();
        for run in runs {
            let mut taken: Vec<Range<usize>> = Vec::new();
            for url in bare::urls(&text, run.clone()) {
                let dest = Dest { at: url.clone(), of: Use::Link, form: Form::Bare };
                spots.extend(spot(&text, dest, target));
                taken.push(url);
            }
            let words = text.get(run.clone()).unwrap_or_default();
            let mut found = references(words);
            found.sort_by_key(|(at, _)| at.start);
            for (at, target) in found {
                let at = run.start + at.start..run.start + at.end;
                let fits = at.start < at.end && at.end <= run.end && !in_formula(&at) && text.get(at.clone()).is_some_and(bare::can_be_words);
                if fits && bare::may_open(&text, at.start) && !taken.iter().any(|other| other.start < at.end && at.start < other.end) {
                    taken.push(at.clone());
                    spots.push(Spot { at, query: 0, form: Form::Words, target });
                }
            }
        }
        spots.sort_by_key(|spot| (spot.at.start, spot.at.end));
        let mut end = 0;
        spots.retain(|spot| {
            let fits = spot.at.start >= end;
            end = if fits { spot.at.end + spot.query } else { end };
            fits
        });
        inner.sort_by_key(|inner| inner.at().start);
        let mut text = text;
        text.shrink_to_fit();
        Self { text, spots, inner, hidden }
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

    /// How many hidden characters it came with.
    #[must_use]
    pub fn hidden_removed(&self) -> u32 {
        self.hidden
    }

    pub(crate) fn targets(&self) -> impl Iterator<Item = &Target> {
        self.spots.iter().map(|spot| &spot.target)
    }

    /// The text with its links as `resolver` has them, as a document of its own.
    pub(crate) fn resolved(&self, resolver: &dyn Resolver) -> Cow<'_, str> {
        self.written(0..self.text.len(), resolver)
    }

    /// That part of it.
    fn written(&self, part: Range<usize>, resolver: &dyn Resolver) -> Cow<'_, str> {
        let mut out = String::new();
        let mut at = part.start;
        let first = self.spots.partition_point(|spot| spot.at.start < part.start);
        for spot in self.spots[first..].iter().take_while(|spot| spot.at.end <= part.end) {
            let Some((end, written)) = spot.written(&self.text, resolver) else { continue };
            out.push_str(&self.text[at..spot.at.start]);
            out.push_str(&written);
            at = end.min(part.end);
        }
        let rest = &self.text[at..part.end];
        if out.is_empty() {
            return Cow::Borrowed(rest);
        }
        out.push_str(rest);
        Cow::Owned(out)
    }

    /// The same within a document of several authors: what it defines is put where it is used, and its footnotes are told from those of others by
    /// `number`.
    pub(crate) fn resolved_within(&self, resolver: &dyn Resolver, number: u32) -> Cow<'_, str> {
        if self.inner.is_empty() {
            return self.resolved(resolver);
        }
        let mut out = String::with_capacity(self.text.len());
        let mut at = 0;
        for inner in &self.inner {
            let range = inner.at();
            if range.start < at {
                continue;
            }
            out.push_str(&self.written(at..range.start, resolver));
            match inner {
                Inner::Use { dest, title, .. } => self.inline(&mut out, dest.clone(), title.as_deref(), resolver),
                Inner::Definition(_) => {}
                Inner::Note(label) => {
                    let _ = write!(out, "{number}-{}", &self.text[label.clone()]);
                }
            }
            at = range.end;
        }
        out.push_str(&self.written(at..self.text.len(), resolver));
        Cow::Owned(out)
    }

    /// `(destination "title")`
    fn inline(&self, out: &mut String, dest: Range<usize>, title: Option<&str>, resolver: &dyn Resolver) {
        // In a table's cell, or beside another backtick, these would mean something else.
        let address = self.written(dest, resolver).replace('|', "%7C").replace('`', "%60");
        // What could end early there stands between angle brackets.
        let apart = address.is_empty() || address.contains(['(', ')', ' ']);
        let _ = write!(out, "({}{address}{}", if apart { "<" } else { "" }, if apart { ">" } else { "" });
        if let Some(title) = title {
            out.push_str(" \"");
            for c in title.chars() {
                out.push_str(if matches!(c, '"' | '\\' | '|' | '&' | '`' | '<') { "\\" } else { "" });
                out.push(if matches!(c, '\n' | '\r') { ' ' } else { c });
            }
            out.push('"');
        }
        out.push(')');
    }
}

impl Inner {
    fn at(&self) -> &Range<usize> {
        match self {
            Self::Use { tail: at, .. } | Self::Definition(at) | Self::Note(at) => at,
        }
    }
}

/// The spot of a destination that means something.
fn spot(text: &str, dest: Dest, target: &mut Aim<'_>) -> Option<Spot> {
    let Dest { at, of, form } = dest;
    let raw = text.get(at.clone())?;
    let raw = if form == Form::Autolink { raw.strip_prefix('<')?.strip_suffix('>')? } else { raw };
    let escapes = !matches!(form, Form::Autolink | Form::Attribute);
    let (path, query) = destination::split(raw, escapes);
    let meant = destination::meaning(path, escapes)?;
    let target = target(of, &meant).filter(|_| !meant.is_empty())?;
    match form {
        Form::Address | Form::Attribute => Some(Spot { at: at.start..at.start + path.len(), query, form, target }),
        Form::Autolink | Form::Bare | Form::Words => Some(Spot { at, query: 0, form, target }),
    }
}

impl Spot {
    /// What is written, and up to where it stands for the text.
    fn written(&self, text: &str, resolver: &dyn Resolver) -> Option<(usize, String)> {
        let (address, mirrored) = address(&self.target, resolver)?;
        let own = &text[self.at.clone()];
        let query = if mirrored { self.query } else { 0 };
        match self.form {
            Form::Address => Some((self.at.end + query, address)),
            Form::Attribute => Some((self.at.end + query, html::attribute(&address))),
            Form::Bare if !mirrored => None,
            Form::Autolink if !mirrored => None,
            Form::Autolink => {
                let url = own.trim_start_matches('<').trim_end_matches('>');
                Some((self.at.end, format!("[{}]({address}{})", bare::escaped(url), fragment(url))))
            }
            Form::Bare => Some((self.at.end, format!("[{own}]({address}{})", fragment(own)))),
            Form::Words => Some((self.at.end, format!("[{own}]({address})"))),
        }
    }
}

/// The fragment of an address that is a link's text, as its destination has it.
fn fragment(url: &str) -> String {
    let fragment = url.find('#').map_or("", |at| &url[at..]);
    link::address(fragment).map(|fragment| fragment.replace('(', "%28").replace(')', "%29")).unwrap_or_default()
}

/// Where a target is, and whether that is in the mirror.
fn address(target: &Target, resolver: &dyn Resolver) -> Option<(String, bool)> {
    match target {
        Target::Url(url) => Some((link::address(url)?, false)),
        Target::Anchor(words) => Some((format!("#{}", resolver.place(words)?), true)),
        Target::Remote { key, anchor, fallback, .. } => match resolver.resolve(key).and_then(|resolved| resolved.link) {
            Some(path) => Some((link::relative(&path, anchor.as_deref()), true)),
            None => Some((link::address(fallback.as_deref()?)?, false)),
        },
    }
}
