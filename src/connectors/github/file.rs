//! A file's body: kept as it came, and read into a document: Markdown as its author wrote it below our front matter, everything else byte for byte.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::choice;
use super::conversation::Met;
use super::links::Links;
use super::raw::{self, Kept};
use crate::connectors::connector::{ReadError, SourceError};
use crate::markdown::{Authored, own_front_matter, own_front_matter_comments};
use crate::model::{Body, Diagnostic, Document, Fact, Facts, Place, Raw, Treatment};

/// A file with a zero within so many bytes is no text.
const LOOKED_AT: usize = 8000;
/// What stands in the place of a large file.
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";

/// What came with a file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Head {
    /// The repository's number.
    repository: u64,
    /// The path in it.
    path: String,
}

/// Why a file is no document.
pub(super) fn nothing_in(bytes: &[u8]) -> Option<&'static str> {
    if is_pointer(bytes) {
        return Some("it is a pointer to a large file (Git LFS), which is not brought");
    }
    if wide(bytes).is_some() {
        return None;
    }
    if bytes.iter().take(LOOKED_AT).any(|byte| *byte == 0) {
        return Some("it is no text");
    }
    std::str::from_utf8(bytes).err().map(|_| "its text is not in UTF-8")
}

/// Whether a file only says where a large one is.
pub(super) fn is_pointer(bytes: &[u8]) -> bool {
    bytes.len() < 1024 && bytes.starts_with(POINTER)
}

/// The order of bytes of a text in UTF-16: true where the larger half comes first.
fn wide(bytes: &[u8]) -> Option<bool> {
    match bytes {
        [0xFF, 0xFE, ..] if bytes.len().is_multiple_of(2) => Some(false),
        [0xFE, 0xFF, ..] if bytes.len().is_multiple_of(2) => Some(true),
        _ => None,
    }
}

/// A file's text without the mark of its coding.
pub(super) fn text_of(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let Some(large_first) = wide(bytes) else {
        let text = std::str::from_utf8(bytes).ok()?;
        return Some(Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)));
    };
    let units = bytes[2..]
        .chunks_exact(2)
        .map(|pair| if large_first { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) });
    char::decode_utf16(units).collect::<Result<String, _>>().ok().map(Cow::Owned)
}

/// The raw body of a file, if there is anything in it for readers.
pub(super) fn encode(repository: u64, path: &str, bytes: &[u8]) -> Result<Raw, SourceError> {
    if let Some(why) = nothing_in(bytes) {
        return Err(SourceError::Nothing { what: path.to_owned(), why: why.to_owned() });
    }
    Ok(raw::encode("file", &Head { repository, path: path.to_owned() }, bytes))
}

/// Reads a kept file.
pub(super) fn read(kept: &Kept<'_>, place: &Place) -> Result<Document, ReadError> {
    let head: Head = kept.head()?;
    let nothing = |why: &str| ReadError::Nothing { what: head.path.clone(), why: why.to_owned() };
    if let Some(why) = nothing_in(kept.bytes) {
        return Err(nothing(why));
    }
    if !choice::is_markdown(&head.path) {
        return Ok(document(Facts::default(), Body::Verbatim(Bytes::copy_from_slice(kept.bytes)), Vec::new()));
    }
    let Some(text) = text_of(kept.bytes) else { return Err(nothing("its text is damaged")) };
    let (own, rest) = own_front_matter(&text);
    let mut met = Met::default();
    met.note("front matter comment", Treatment::Lost, "left out", own.as_ref().map_or(0, |own| own_front_matter_comments(&text, own)));
    let mut extra = vec![("path".to_owned(), Fact::Text(head.path.clone()))];
    extra.extend(own.map(|own| ("front_matter".to_owned(), Fact::Map(own))));
    let mut links = Links::new(head.repository, &head.path, &place.url);
    let body = Authored::links(rest.trim_start_matches(['\r', '\n']).to_owned(), &mut |of, destination| links.target(of, destination));
    met.note("encoding", Treatment::Rendered, "it was in UTF-16", wide(kept.bytes).is_some().into());
    Ok(document(Facts { extra, ..Facts::default() }, Body::Markdown(body), met.into_diagnostics()))
}

fn document(facts: Facts, body: Body, diagnostics: Vec<Diagnostic>) -> Document {
    Document { facts, body, parts: Vec::new(), diagnostics }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::github::place;
    use crate::model::{Key, Scope};

    fn place_of(path: &str) -> Place {
        Place {
            scope: Scope::new("7:files"),
            container: place::folders(&["acme".to_owned(), "app".to_owned()], place::parent(path)).into(),
            kind: "file".into(),
            title: path.to_owned(),
            parent: None,
            stem: "a".to_owned(),
            ending: ".md".into(),
            transparent: false,
            url: format!("https://github.com/acme/app/blob/main/{path}"),
            aliases: Vec::new(),
        }
    }

    fn read_file(path: &str, bytes: &[u8]) -> Result<Document, ReadError> {
        let raw = raw::encode("file", &Head { repository: 7, path: path.to_owned() }, bytes);
        read(&raw::open(&raw).unwrap(), &place_of(path))
    }

    #[test]
    fn markdown_keeps_its_text_and_its_front_matter_becomes_facts() {
        let document = read_file("docs/a.md", b"\xEF\xBB\xBF---\ntitle: Guide\n---\n\n# A\n\n[b](b.md#x) ![i](/img/i.png)\n").unwrap();
        let Body::Markdown(text) = &document.body else { panic!("{:?}", document.body) };
        assert_eq!(text.text(), "# A\n\n[b](b.md#x) ![i](/img/i.png)\n");
        assert_eq!(text.keys(), [Key::new("file:7:img/i.png"), Key::new("path:7:docs/b.md")]);
        let own = document.facts.extra.iter().find(|(name, _)| name == "front_matter").unwrap();
        assert_eq!(own.1, Fact::Map(vec![("title".to_owned(), Fact::Text("Guide".to_owned()))]));
    }

    #[test]
    fn other_formats_stay_as_they_are() {
        let bytes = b"\xEF\xBB\xBFTitle\r\n=====\r\n";
        assert_eq!(read_file("docs/a.rst", bytes).unwrap().body, Body::Verbatim(Bytes::from_static(bytes)));
    }

    #[test]
    fn wide_texts_are_read_and_what_is_no_text_is_nothing() {
        let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain("# \u{e4}\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let Body::Markdown(text) = read_file("a.md", &wide).unwrap().body else { panic!() };
        assert_eq!(text.text(), "# \u{e4}\n");
        for bytes in [&b"a\0b"[..], b"\xff\xfe\xff", b"caf\xe9", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"] {
            assert!(matches!(read_file("a.md", bytes), Err(ReadError::Nothing { .. })), "{bytes:?}");
            assert!(matches!(encode(7, "a.md", bytes), Err(SourceError::Nothing { .. })));
        }
    }
}
