//! What is printed, where and how: data on standard output, all else on standard error; text for people, one JSON document for programs.

use std::io::{self, IsTerminal, Write};

use context_sync_protocol::error::ErrorBody;
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::{Format, Global};
use crate::stop::Stop;
use crate::text::{clean, is_unwelcome};

/// The version of the shape of all JSON documents: raised when a field is renamed, removed or changes its meaning, not when one is added.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// How this process prints.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    json: bool,
    /// `-o json` was said, not found out: then standard error, too, stays free of prose.
    only_json: bool,
    pretty: bool,
    color: bool,
    color_stderr: bool,
    /// Standard error is a terminal.
    pub(crate) live: bool,
    /// `-q`; or `-o json`, where no person watches standard error.
    pub(crate) quiet: bool,
    /// `-v`.
    pub(crate) verbose: bool,
}

impl Output {
    pub(crate) fn new(global: &Global) -> Self {
        let stdout_is_terminal = io::stdout().is_terminal();
        let live = io::stderr().is_terminal();
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let may_color = !global.no_color && variable("NO_COLOR").is_none() && variable("TERM").is_none_or(|term| term != "dumb");
        Self {
            json: match global.output {
                Format::Auto => !stdout_is_terminal,
                Format::Text => false,
                Format::Json => true,
            },
            only_json: global.output == Format::Json,
            pretty: stdout_is_terminal,
            color: may_color && stdout_is_terminal,
            color_stderr: may_color && live,
            live: live && variable("TERM").is_none_or(|term| term != "dumb"),
            quiet: global.quiet || (global.output == Format::Json && !live),
            verbose: global.verbose,
        }
    }

    /// For a command line that cannot be read but asks for JSON.
    pub(crate) fn explicit_json() -> Self {
        Self { json: true, only_json: true, pretty: false, color: false, color_stderr: false, live: false, quiet: true, verbose: false }
    }

    /// Whether a program reads.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// How text for standard output is painted.
    pub(crate) fn paint(&self) -> Paint {
        Paint(self.color)
    }

    /// Prints a command's result: `value` as a document, or what `text` makes of it.
    pub(crate) fn data<T: Serialize>(&self, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), Stop> {
        let printed = if self.json { self.document(value).map_err(io::Error::from) } else { Ok(text(value)) };
        self.print(&printed.map_err(|error| Stop::of_stdout(&error))?)
    }

    /// Prints one line of a stream: `value` as one JSON object a line, or `text`.
    pub(crate) fn line<T: Serialize>(&self, value: &T, text: &str) -> Result<(), Stop> {
        let json = || serde_json::to_string(value).map(harmless).map_err(|error| Stop::of_stdout(&error.into()));
        let line = if self.json { json()? } else { text.to_owned() };
        self.print(&(line + "\n"))
    }

    fn print(&self, text: &str) -> Result<(), Stop> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| Stop::of_stdout(&error))
    }

    fn document<T: Serialize>(&self, value: &T) -> serde_json::Result<String> {
        let mut document = serde_json::to_value(value)?;
        if let Value::Object(fields) = &mut document {
            fields.insert("schema_version".to_owned(), SCHEMA_VERSION.into());
        }
        let mut text = harmless(if self.pretty { serde_json::to_string_pretty(&document)? } else { document.to_string() });
        text.push('\n');
        Ok(text)
    }

    /// Says something beside the data, unless `-q`.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.say(&format!("{}\n", clean(text)));
        }
    }

    /// Tells a failure: to programs on standard output, to people on standard error, and to both where we only guess who reads.
    pub(crate) fn error(&self, error: &ErrorBody) {
        if self.json
            && let Ok(text) = self.document(&json!({ "error": error }))
        {
            // Nothing is left to do about a reader that went away.
            let _ = self.print(&text);
        }
        if !self.only_json {
            let paint = Paint(self.color_stderr);
            let mut text = format!("{} {}\n", paint.bad("error:"), indented(&error.message));
            if !error.hint.is_empty() {
                text.push_str(&format!("{} {}\n", paint.dim("hint:"), indented(&error.hint)));
            }
            self.say(&text);
        }
    }

    /// Writes to standard error in one piece, so that an interrupt never leaves half a control sequence behind.
    pub(crate) fn say(&self, text: &str) {
        // Where standard error is closed, there is nobody to tell.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// The same JSON with escapes for what a terminal obeys or what turns text around: serde leaves all but the first 32 characters as they are. Such
/// characters stand in strings only.
fn harmless(json: String) -> String {
    // The line ends are the document's own.
    let must_go = |c: char| c != '\n' && is_unwelcome(c);
    if !json.contains(must_go) {
        return json;
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if must_go(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

/// Clean lines, all but the first indented, so that none of them passes for a line of ours.
fn indented(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n  ")
}

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(pub(crate) bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A name or a heading.
    pub(crate) fn strong(self, text: &str) -> String {
        self.with("1", text)
    }

    /// All is well.
    pub(crate) fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// Not as it should be.
    pub(crate) fn odd(self, text: &str) -> String {
        self.with("33", text)
    }

    /// Failed.
    pub(crate) fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    /// Beside the point.
    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_bears_the_version_of_its_shape() {
        let text = Output::explicit_json().document(&json!({ "runs": [] })).unwrap();
        assert_eq!(text, "{\"runs\":[],\"schema_version\":1}\n");
    }

    #[test]
    fn json_holds_nothing_that_a_terminal_obeys_and_means_the_same() {
        let value = json!({ "a": "\u{1b}[31m\u{9b}2J\u{7f}\u{202e}\u{e0041}\n é" });
        for pretty in [false, true] {
            let text = Output { pretty, ..Output::explicit_json() }.document(&value).unwrap();
            assert!(!text.trim_end().chars().any(|c| c != '\n' && is_unwelcome(c)), "{text:?}");
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["a"], value["a"]);
        }
    }

    #[test]
    fn several_findings_keep_their_lines() {
        assert_eq!(indented("one\u{1b}[31m\nhint: two\n"), "one\n  hint: two");
    }

    #[test]
    fn colours_can_be_off() {
        assert_eq!(Paint(false).bad("x"), "x");
        assert_eq!(Paint(true).bad("x"), "\u{1b}[31mx\u{1b}[0m");
    }
}
