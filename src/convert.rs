//! `context-syncd convert`: one body to Markdown, without a site, a mirror or a state. For people who report a badly converted page, and for measuring.

use crate::connectors::confluence::storage;
use crate::markdown::{Unresolved, write};

/// Formats that [`run`] reads.
const FORMATS: &str = "confluence-storage";

/// Reads `input` as `from` says and gives its body's Markdown: no title, no front matter. Links lead nowhere real: a body does not say whose it is.
///
/// # Errors
/// When `from` is no format that is known.
pub fn run(from: &str, input: &str) -> Result<String, String> {
    if from != "confluence-storage" {
        return Err(format!("cannot convert from `{from}`: no such format; use --from {FORMATS}"));
    }
    let context = storage::Context { base: "https://confluence.invalid/wiki", space: "SPACE", page: "0", cloud: true };
    let (tree, _) = storage::read(input, &context);
    Ok(write::body(&tree, &Unresolved).text)
}

#[cfg(test)]
mod tests {
    use super::run;

    #[test]
    fn a_body_is_converted() {
        assert_eq!(run("confluence-storage", "<h2>A</h2><p>b <strong>c</strong> d</p>").unwrap(), "## A\n\nb **c** d\n");
    }

    #[test]
    fn an_unknown_format_is_named_with_a_way_out() {
        assert!(run("word", "").unwrap_err().contains("--from confluence-storage"));
    }
}
