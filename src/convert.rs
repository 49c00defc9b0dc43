//! `context-syncd convert`: shows what a body becomes, for people who report a badly converted page, and for benchmarks.
//!
//! Links stay as a site with an invented address would have them. Knows no file and no argument: its caller reads and prints.

use crate::connectors::confluence::storage;
use crate::markdown::{Unresolved, write};
use crate::model::one_line;

/// The formats that can be converted.
pub const FORMATS: [&str; 1] = ["confluence-storage"];

/// Why nothing was converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The format has no reader.
    #[error("cannot convert from `{0}`, which is no known format: use `confluence-storage`")]
    UnknownFormat(String),
}

/// A body's Markdown, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// Markdown, without title and front matter.
    pub markdown: String,
    /// A line for each kind of construct that the reader counted (`macro:jira: lost, 2 times: the issues that the query finds`).
    pub notes: Vec<String>,
}

/// Converts a body in the format `from` to Markdown.
///
/// # Errors
/// When `from` is none of [`FORMATS`].
pub fn run(from: &str, input: &str) -> Result<Converted, ConvertError> {
    match from {
        "confluence-storage" => {
            let context = storage::Context { base: "https://confluence.invalid/wiki", space: "SPACE", page: "0", cloud: true };
            let storage::Reading { tree, diagnostics, .. } = storage::read(input, &context);
            Ok(Converted {
                markdown: write::body(&tree, &Unresolved).text,
                notes: diagnostics.iter().map(|met| one_line(&format!("{}: {met}", met.what)).into_owned()).collect(),
            })
        }
        other => Err(ConvertError::UnknownFormat(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_converted_and_an_unknown_format_is_said() {
        let converted = run("confluence-storage", "<h1>A</h1><p>b&nbsp;<strong>c</strong></p>").unwrap();
        assert_eq!((converted.markdown.as_str(), converted.notes.len()), ("# A\n\nb **c**\n", 0));
        let call = "<ac:structured-macro ac:name=\"gallery\"/>";
        assert_eq!(run("confluence-storage", &call.repeat(2)).unwrap().notes, ["macro:gallery: rendered, 2 times: as the mirror has it"]);
        let named = "<ac:structured-macro ac:name=\"a\u{202e}&#x9b;31m\"/>";
        let notes = run("confluence-storage", named).unwrap().notes;
        assert!(notes.len() == 1 && !notes[0].contains(|c: char| c.is_control() || c == '\u{202e}'), "{notes:?}");
        assert!(run("docx", "").unwrap_err().to_string().contains("docx"));
    }
}
