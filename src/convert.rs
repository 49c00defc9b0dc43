//! `context-syncd convert`: shows what a body becomes, for people who report a badly converted page, and for benchmarks.
//!
//! Links stay as a site with an invented address would have them. Knows no file and no argument: its caller reads and prints.

use crate::connectors::confluence::storage;
use crate::markdown::{Unresolved, write};

/// The formats that can be converted.
pub const FORMATS: [&str; 1] = ["confluence-storage"];

/// Why nothing was converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The format has no reader.
    #[error("cannot convert from `{0}`, which is no known format: use `confluence-storage`")]
    UnknownFormat(String),
}

/// Converts a body in the format `from` to Markdown, without title and front matter.
///
/// # Errors
/// When `from` is none of [`FORMATS`].
pub fn run(from: &str, input: &str) -> Result<String, ConvertError> {
    match from {
        "confluence-storage" => {
            let context = storage::Context { base: "https://confluence.invalid/wiki", space: "SPACE", page: "0", cloud: true };
            Ok(write::body(&storage::read(input, &context).tree, &Unresolved).text)
        }
        other => Err(ConvertError::UnknownFormat(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_converted_and_an_unknown_format_is_said() {
        assert_eq!(run("confluence-storage", "<h1>A</h1><p>b&nbsp;<strong>c</strong></p>").unwrap(), "# A\n\nb **c**\n");
        assert!(run("docx", "").unwrap_err().to_string().contains("docx"));
    }
}
