//! A kept page as a document. Pure.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::brackets;
use super::links::Links;
use super::names;
use crate::connectors::connector::ReadError;
use crate::connectors::github::raw::{self, Kept};
use crate::markdown::Authored;
use crate::model::{Body, Document, Facts, Place, Raw};

/// The kind of raw bodies.
pub(super) const KIND: &str = "wiki";
/// How a pointer to a large file begins.
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";
/// Text has no zero among its first bytes.
const LOOKED_AT: usize = 8000;

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
    if kept.bytes.starts_with(POINTER) {
        return Err(nothing("it is a pointer to a large file"));
    }
    let page = names::page(&head.path).ok_or_else(|| raw::broken("it is no page"))?;
    let body = if names::is_markdown(page.ending) {
        let text = text(kept.bytes).ok_or_else(|| nothing("it is no text in UTF-8"))?;
        let links = Links::of(head.repository, &place.url).ok_or_else(|| raw::broken("its address is none of a wiki"))?;
        Body::Markdown(Authored::links(brackets::linked(&text).into_owned(), &mut |how, destination| links.target(how, destination)))
    } else {
        if kept.bytes[..kept.bytes.len().min(LOOKED_AT)].contains(&0) {
            return Err(nothing("it is no text"));
        }
        Body::Verbatim(Bytes::copy_from_slice(kept.bytes))
    };
    Ok(Document { facts: Facts::default(), body, parts: Vec::new(), diagnostics: Vec::new() })
}

/// Bytes as text, without the mark at its beginning; some editors write UTF-16.
fn text(bytes: &[u8]) -> Option<String> {
    let wide = |bytes: &[u8], pair: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|two| pair([two[0], two[1]])).collect();
        String::from_utf16(&units).ok().filter(|_| bytes.len().is_multiple_of(2))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => std::str::from_utf8(rest).ok().map(str::to_owned),
        _ => std::str::from_utf8(bytes).ok().map(str::to_owned),
    }
    .filter(|text| !text.contains('\0'))
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
        for (path, bytes) in
            [("Home.md", &b"\xff\xfe\xff"[..]), ("Home.md", b"a\xffb"), ("Home.md", b"a\0b"), ("Old.rst", b"a\0b"), ("Home.md", POINTER)]
        {
            assert!(matches!(read_page(path, bytes), Err(ReadError::Nothing { .. })), "{bytes:?}");
        }
    }
}
