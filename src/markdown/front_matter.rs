//! Writes a document's facts as YAML front matter, in one fixed order.
//!
//! Guarantees: whatever a title or name holds, it stays one scalar that YAML 1.1 and 1.2 both read back as that text; absent facts are not written. Does not know where facts
//! come from.

use std::fmt::Write as _;

use super::hidden;
use crate::model::Fact;

/// The facts of one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrontMatter<'a> {
    /// Title in the service's spelling; also the text's `# Title`.
    pub title: &'a str,
    /// The connector's type (`confluence`).
    pub source: &'a str,
    /// The service's id.
    pub id: &'a str,
    /// Web address.
    pub url: &'a str,
    /// The service's word for what it is (`page`); written as `type`.
    pub kind: &'a str,
    /// Space, project, repository or channel.
    pub container: &'a str,
    /// Title of the document that it lies below.
    pub parent: Option<&'a str>,
    /// Titles of all that it lies below, outermost first.
    pub path: &'a [String],
    /// Labels, in the order to write them.
    pub labels: &'a [String],
    /// RFC 3339, UTC.
    pub created_at: Option<&'a str>,
    /// Display name.
    pub created_by: Option<&'a str>,
    /// RFC 3339, UTC.
    pub updated_at: Option<&'a str>,
    /// Display name.
    pub updated_by: Option<&'a str>,
    /// The service's own version.
    pub version: Option<&'a str>,
    /// Something that people see at the source is not in the text.
    pub lossy: bool,
    /// Name of the map of what only this type of connector has.
    pub extra_name: &'a str,
    /// That map, in the order to write it.
    pub extra: &'a [(String, Fact)],
}

impl FrontMatter<'_> {
    /// Appends the block between its `---` lines; `removed` grows by the hidden characters left out.
    pub fn write(&self, out: &mut String, removed: &mut u32) {
        out.push_str("---\n");
        let first = [
            ("title", Some(self.title)),
            ("source", Some(self.source)),
            ("id", Some(self.id)),
            ("url", Some(self.url)),
            ("type", Some(self.kind)),
            ("container", Some(self.container)),
            ("parent", self.parent),
        ];
        let last = [
            ("created_at", self.created_at),
            ("created_by", self.created_by),
            ("updated_at", self.updated_at),
            ("updated_by", self.updated_by),
            ("version", self.version),
        ];
        facts(out, &first, removed);
        list(out, "path", self.path, removed);
        list(out, "labels", self.labels, removed);
        facts(out, &last, removed);
        if self.lossy {
            out.push_str("lossy: true\n");
        }
        if !self.extra.is_empty() {
            scalar(out, self.extra_name, removed);
            out.push_str(":\n");
            map(out, self.extra, 2, removed);
        }
        out.push_str("---\n");
    }
}

/// What a file's front matter says of whose it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The connector's type.
    pub source: String,
    /// The service's id.
    pub id: String,
    /// The service's word for what it is.
    pub kind: String,
    /// Space, project, repository or channel.
    pub container: String,
    /// Its web address; empty where none was written.
    pub url: String,
}

/// Reads it from a file that this program wrote, of which the beginning is enough; none where another did.
#[must_use]
pub fn identity(text: &str) -> Option<Identity> {
    let mut identity = Identity::default();
    for line in text.strip_prefix("---\n")?.lines().take_while(|line| *line != "---") {
        let Some((name, value)) = line.split_once(": ") else { continue };
        let to = match name {
            "source" => &mut identity.source,
            "id" => &mut identity.id,
            "type" => &mut identity.kind,
            "container" => &mut identity.container,
            "url" => &mut identity.url,
            _ => continue,
        };
        // What we quote, we quote as JSON does.
        *to = if value.starts_with('"') { serde_json::from_str(value).ok()? } else { value.to_owned() };
    }
    (!identity.source.is_empty() && !identity.id.is_empty()).then_some(identity)
}

fn facts(out: &mut String, facts: &[(&str, Option<&str>)], removed: &mut u32) {
    for (name, value) in facts {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            out.push_str(name);
            out.push_str(": ");
            scalar(out, value, removed);
            out.push('\n');
        }
    }
}

fn list(out: &mut String, name: &str, items: &[String], removed: &mut u32) {
    if items.is_empty() {
        return;
    }
    out.push_str(name);
    out.push_str(":\n");
    for item in items {
        out.push_str("  - ");
        scalar(out, item, removed);
        out.push('\n');
    }
}

/// Appends named facts, each on a line of its own, behind so many blanks.
fn map(out: &mut String, facts: &[(String, Fact)], indent: usize, removed: &mut u32) {
    for (name, fact) in facts {
        out.extend(std::iter::repeat_n(' ', indent));
        scalar(out, name, removed);
        out.push(':');
        value(out, fact, indent, removed);
    }
}

/// Appends what stands behind a `:` or `-` at `indent`, and the end of the line.
fn value(out: &mut String, fact: &Fact, indent: usize, removed: &mut u32) {
    match fact {
        Fact::Text(text) => {
            out.push(' ');
            scalar(out, text, removed);
            out.push('\n');
        }
        Fact::List(items) if items.is_empty() => out.push_str(" []\n"),
        Fact::Map(facts) if facts.is_empty() => out.push_str(" {}\n"),
        Fact::List(items) => {
            out.push('\n');
            for item in items {
                out.extend(std::iter::repeat_n(' ', indent + 2));
                out.push('-');
                value(out, item, indent + 2, removed);
            }
        }
        Fact::Map(facts) => {
            out.push('\n');
            map(out, facts, indent + 2, removed);
        }
    }
}

/// Appends `value` plainly where every reader of YAML takes it as this text, else in double quotes.
fn scalar(out: &mut String, value: &str, removed: &mut u32) {
    let value = hidden::strip(value, removed);
    if is_plain(&value) {
        out.push_str(&value);
        return;
    }
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}' => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

fn is_plain(value: &str) -> bool {
    let starts_well = value.starts_with(|c: char| c.is_alphanumeric() || c == '/');
    let ends_well = !value.ends_with(|c: char| c == ':' || c.is_whitespace());
    let holds_only = value.chars().all(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}'));
    starts_well && ends_well && holds_only && !value.contains(": ") && !value.contains(" #") && !is_word(value) && !is_number_like(value)
}

/// The words that some version of YAML takes for a truth value or nothing.
fn is_word(value: &str) -> bool {
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether `value` may be read as a number, date or time: it begins with a digit and has only what those are made of.
fn is_number_like(value: &str) -> bool {
    value.starts_with(|c: char| c.is_ascii_digit()) && value.bytes().all(|byte| byte.is_ascii_hexdigit() || b" .,:_+-oOxXTtZz".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> String {
        let mut out = String::new();
        scalar(&mut out, value, &mut 0);
        out
    }

    #[test]
    fn plain_where_nothing_is_misread() {
        for plain in [
            "Release checklist",
            "Ann Lee",
            "https://x.atlassian.net/wiki/x?y=1#z",
            "Q&A, part 2 (draft)",
            "C#",
            "日本語",
            "3rd party",
            "it's",
            "a:b",
            "/x",
        ] {
            assert_eq!(of(plain), plain);
        }
    }

    #[test]
    fn quoted_where_some_reader_would_misread() {
        for quoted in [
            "",
            "yes",
            "No",
            "NULL",
            "true",
            "~",
            "12",
            "1.5",
            "0x1F",
            "1e5",
            "2025-08-22",
            "2025-08-22T08:13:34Z",
            "12:30:45",
            "1_000",
            "-",
            "- a",
            "-1",
            "#x",
            "a: b",
            "a #b",
            "a:",
            " a",
            "a ",
            "[x]",
            "{x}",
            "*x",
            "&x",
            "!x",
            "|",
            ">",
            "@x",
            "`x`",
            "'x'",
            "%x",
            "? x",
            "=",
            "<<",
            ".5",
            ".inf",
            "---",
            "...",
            ", x",
            "0o17",
            "190:20:30",
        ] {
            assert_eq!(of(quoted), format!("\"{quoted}\""), "{quoted:?}");
        }
        assert_eq!(of("\"a\\\nb\tc\u{2028}"), "\"\\\"a\\\\\\nb\\tc\\u2028\"");
        assert_eq!(of("a\n---\nid: 1"), "\"a\\n---\\nid: 1\"");
    }

    #[test]
    fn order_is_fixed_and_absent_facts_are_absent() {
        let (path, labels, extra) = (["Home".to_owned(), "12".to_owned()], ["a".to_owned()], [("space_name".to_owned(), "Eng: core".into())]);
        let front = FrontMatter {
            title: "A\u{202E}b",
            source: "confluence",
            id: "98411",
            url: "https://x/y",
            kind: "page",
            container: "ENG",
            path: &path,
            labels: &labels,
            updated_at: Some("2025-08-22T08:13:34Z"),
            extra_name: "confluence",
            extra: &extra,
            ..FrontMatter::default()
        };
        let (mut out, mut removed) = (String::new(), 0);
        front.write(&mut out, &mut removed);
        assert_eq!(removed, 1);
        assert_eq!(
            out,
            "---\ntitle: Ab\nsource: confluence\nid: \"98411\"\nurl: https://x/y\ntype: page\ncontainer: ENG\npath:\n  - Home\n  - \"12\"\nlabels:\n  - a\n\
             updated_at: \"2025-08-22T08:13:34Z\"\nconfluence:\n  space_name: \"Eng: core\"\n---\n"
        );
        let whose =
            Identity { source: "confluence".into(), id: "98411".into(), kind: "page".into(), container: "ENG".into(), url: "https://x/y".into() };
        assert_eq!(identity(&out), Some(whose));
        assert_eq!(identity(out.trim_start_matches('-')), None);
    }
}
