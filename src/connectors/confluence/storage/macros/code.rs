//! Macros whose body is a text of its own: code, Markdown, HTML, mathematics.

use super::super::Walk;
use super::super::address;
use super::super::flow::Flow;
use super::Macro;
use crate::markdown::{Block, Inline, html};

/// `code` and its kin.
pub(super) fn code_block(m: &Macro<'_>, flow: &mut Flow) {
    let text = trimmed(&m.text());
    titled(m, flow);
    let named = m.first(&["language", "lang", ""]).filter(|_| !matches!(m.name, "noformat" | "preformatted"));
    flow.block(Block::Code { language: named.as_deref().and_then(language), text });
}

/// A title as a bold line before.
pub(super) fn titled(m: &Macro<'_>, flow: &mut Flow) {
    if let Some(title) = m.get("title") {
        flow.block(Block::Paragraph(vec![Inline::Strong(vec![Inline::Text(title)])]));
    }
}

/// Exact, but for the line feed that editors put at either end.
pub(super) fn trimmed(text: &str) -> String {
    let text = text.strip_prefix("\r\n").or(text.strip_prefix('\n')).unwrap_or(text);
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text).to_owned()
}

/// Confluence's word for a language in the one that readers of Markdown know.
fn language(name: &str) -> Option<String> {
    let name = name.trim().to_lowercase();
    let known = match name.as_str() {
        "" | "none" | "text" | "plain" | "plaintext" | "plain text" => return None,
        "js" | "jscript" => "javascript",
        "ts" => "typescript",
        "c#" | "c-sharp" => "csharp",
        "c++" => "cpp",
        "f#" => "fsharp",
        "py" => "python",
        "yml" => "yaml",
        "erl" => "erlang",
        "rb" => "ruby",
        "coldfusion" => "cfm",
        "actionscript3" => "actionscript",
        "html/xml" | "html and xml" => "xml",
        "objective-c" | "objective c" => "objectivec",
        "visual basic" => "vb",
        "shell" | "bash/shell" => "bash",
        other => {
            let word: String = other.chars().take_while(|c| !c.is_whitespace() && !c.is_control() && *c != '`').take(40).collect();
            return (!word.is_empty()).then_some(word);
        }
    };
    Some(known.to_owned())
}

/// Markdown that the author wrote; old wiki markup as it stands.
pub(super) fn written(m: &Macro<'_>, flow: &mut Flow) {
    let text = trimmed(&m.text());
    if text.trim().is_empty() {
        return;
    }
    if m.name.to_ascii_lowercase().contains("markdown") {
        flow.block(Block::Markdown(text));
    } else {
        flow.block(Block::Code { language: Some("wiki".to_owned()), text });
    }
}

/// Mathematics: a code span or a fence, which no viewer takes for prose.
pub(super) fn math(m: &Macro<'_>, flow: &mut Flow) {
    let text = match m.first(&["body", "equation", ""]) {
        Some(body) if m.plain.is_none() => body.strip_prefix("--uriencoded--").map_or_else(|| body.clone(), address::decoded),
        _ => m.text(),
    };
    if text.trim().is_empty() {
        return;
    }
    if m.name.to_ascii_lowercase().contains("inline") {
        flow.push(Inline::Code(text.split_whitespace().collect::<Vec<_>>().join(" ")));
    } else {
        flow.block(Block::Code { language: Some("math".to_owned()), text: trimmed(&text) });
    }
}

impl Walk<'_> {
    /// Foreign HTML.
    pub(super) fn foreign(&mut self, m: &Macro<'_>, flow: &mut Flow) {
        let text = m.text();
        if !text.trim().is_empty() {
            self.kept(format!("macro:{}", m.name));
            flow.extend(html::to_blocks(&text));
        }
    }
}
