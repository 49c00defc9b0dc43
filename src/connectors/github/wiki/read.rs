//! A kept page as a document. Pure.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::brackets;
use super::links::Links;
use super::names;
use crate::connectors::connector::ReadError;
use crate::connectors::github::conversation::Met;
use crate::connectors::github::file;
use crate::connectors::github::raw::{self, Kept};
use crate::markdown::{own_front_matter, own_front_matter_comments};
use crate::model::{Body, Document, Fact, Facts, Place, Raw, Treatment};

/// The kind of raw bodies.
pub(super) const KIND: &str = "wiki";

/// The first line of a raw body.
#[derive(Serialize, Deserialize)]
struct Head {
    /// The repository's number.
    repository: u64,
    /// The page's path.
    path: String,
}

/// A page's raw body.
pub(super) fn raw(repository: u64, path: &str, bytes: &[u8]) -> Raw {
    raw::encode(KIND, &Head { repository, path: path.to_owned() }, bytes)
}

/// Reads it.
pub(in crate::connectors::github) fn read(kept: &Kept<'_>, place: &Place) -> Result<Document, ReadError> {
    let head: Head = kept.head()?;
    let nothing = |why: &str| ReadError::Nothing { what: format!("the wiki page {}", head.path), why: why.to_owned() };
    if let Some(why) = file::nothing_in(kept.bytes) {
        return Err(nothing(why));
    }
    let page = names::page(&head.path).ok_or_else(|| raw::broken("it is no page"))?;
    let mut facts = Facts::default();
    let mut met = Met::default();
    let body = if names::is_markdown(page.ending) {
        let text = file::text_of(kept.bytes).ok_or_else(|| nothing("its text is damaged"))?;
        let (own, rest) = own_front_matter(&text);
        met.note("front matter comment", Treatment::Lost, "left out", own.as_ref().map_or(0, |own| own_front_matter_comments(&text, own)));
        facts.extra.push(("path".to_owned(), Fact::Text(head.path.clone())));
        facts.extra.extend(own.map(|own| ("front_matter".to_owned(), Fact::Map(own))));
        let links = Links::of(head.repository, &place.url).ok_or_else(|| raw::broken("its address is none of a wiki"))?;
        let linked = brackets::read(rest, &|how, destination| links.target(how, destination));
        met.note("image options", Treatment::Rendered, "without its size and place on the page", linked.sized);
        Body::Markdown(linked.text)
    } else {
        Body::Verbatim(Bytes::copy_from_slice(kept.bytes))
    };
    Ok(Document { facts, body, parts: Vec::new(), diagnostics: met.into_diagnostics() })
}

#[cfg(test)]
mod tests {
    use super::super::place;
    use super::super::tests::repository;
    use super::*;

    fn read_page(path: &str, bytes: &[u8]) -> Result<Body, ReadError> {
        let kept = raw(7, path, bytes);
        let place = place::of(&repository(), &names::page(path).unwrap(), true, true);
        read(&raw::open(&kept).unwrap(), &place).map(|document| document.body)
    }

    #[test]
    fn markdown_is_its_authors_and_other_forms_stay_as_they_are() {
        assert!(matches!(read_page("Home.md", b"# Hello\r\n"), Ok(Body::Markdown(text)) if text.text() == "# Hello\r\n"));
        assert!(matches!(read_page("Home.md", b"\xef\xbb\xbfx"), Ok(Body::Markdown(text)) if text.text() == "x"));
        assert!(matches!(read_page("Home.md", b"\xff\xfex\0\xe4\0"), Ok(Body::Markdown(text)) if text.text() == "x\u{e4}"));
        assert!(matches!(read_page("Old.mediawiki", b"== [[x]] =="), Ok(Body::Verbatim(bytes)) if &bytes[..] == b"== [[x]] =="));
    }

    #[test]
    fn what_is_no_text_is_left_out() {
        for (path, bytes) in [
            ("Home.md", &b"\xff\xfe\xff"[..]),
            ("Home.md", b"a\xffb"),
            ("Home.md", b"a\0b"),
            ("Old.rst", b"a\0b"),
            ("Home.md", b"version https://git-lfs.github.com/spec/v1\noid"),
        ] {
            assert!(matches!(read_page(path, bytes), Err(ReadError::Nothing { .. })), "{bytes:?}");
        }
    }
}
