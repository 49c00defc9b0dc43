//! Code: exact text, and what Confluence's names of languages mean elsewhere.

use crate::markdown::{Block, Inline};

use super::blocks::Walk;
use super::dom::{Id, View};
use super::flow::Flow;
use super::macro_args::Macro;

impl Walk<'_> {
    /// A macro whose body is code. `fallback` is the language where the macro names none.
    pub(super) fn code(&mut self, call: &Macro<'_>, fallback: Option<&str>, flow: &mut Flow) {
        if let Some(title) = call.text("title") {
            flow.block(Block::Paragraph(vec![Inline::Strong(vec![Inline::Text(title)])]));
        }
        let language = call.text("language").or_else(|| call.text("")).or_else(|| call.text("lang"));
        let language = match &language {
            // These are for text that is no code.
            _ if matches!(call.name.as_str(), "noformat" | "preformatted") => None,
            Some(name) => language_of(name),
            None => fallback.map(str::to_owned),
        };
        if let Some(body) = call.plain {
            let text = exact(&self.dom.text(body, true));
            flow.block(Block::Code { language, text });
        } else if let Some(body) = call.rich {
            self.boundary(body, flow);
        }
    }

    /// `<pre>`: text with its white space. What in it is no text comes after it.
    pub(super) fn pre(&mut self, id: Id, flow: &mut Flow) {
        let text = exact(&self.dom.text(id, false).replace('\u{a0}', " "));
        flow.end_run();
        if !text.trim().is_empty() {
            flow.block(Block::Code { language: None, text });
        }
        self.objects(id, flow);
    }

    /// Images, people and macros within `id`: what its text leaves out.
    fn objects(&mut self, id: Id, flow: &mut Flow) {
        let dom = self.dom;
        for child in dom.children(id) {
            match dom.view(child) {
                View::Element(tag) if matches!(tag.name(), "ac:image" | "img" | "ac:emoticon") => self.node(child, flow),
                // What shows no text by itself is shown as it would be elsewhere.
                View::Element(tag) if tag.name() == "ac:link" && !dom.has_text(child) => self.node(child, flow),
                View::Element(tag)
                    if matches!(tag.name(), "ac:structured-macro" | "ac:macro")
                        && ["ac:rich-text-body", "ac:plain-text-body"].iter().all(|body| dom.child(child, body).is_none()) =>
                {
                    self.node(child, flow);
                }
                View::Element(tag) if matches!(tag.name(), "ac:structured-macro" | "ac:macro") => {
                    let call = Macro::read(self, child, tag);
                    self.kept(&call, "its text, within preformatted text");
                    if !self.readable(&call).is_empty() {
                        flow.block(Block::Marker(call.marker(self)));
                    }
                    self.objects(child, flow);
                }
                View::Element(_) => self.objects(child, flow),
                _ => {}
            }
        }
    }
}

/// Code without the line ends that macro editors put around it; line ends are line feeds, as XML has it.
pub(super) fn exact(text: &str) -> String {
    let text = if text.contains('\r') { text.replace("\r\n", "\n") } else { text.to_owned() };
    let text = text.strip_prefix('\n').unwrap_or(&text);
    text.strip_suffix('\n').unwrap_or(text).to_owned()
}

/// What others call the language that Confluence calls `name`; none for plain text.
fn language_of(name: &str) -> Option<String> {
    let name = name.trim().to_lowercase();
    let known = match name.as_str() {
        "" | "none" | "text" | "plain" | "plain text" | "plaintext" | "txt" => return None,
        "js" | "jscript" | "javascript" => "javascript",
        "c#" | "c-sharp" => "csharp",
        "c++" => "cpp",
        "erl" => "erlang",
        "py" => "python",
        "yml" => "yaml",
        "rb" => "ruby",
        "pl" => "perl",
        "ts" => "typescript",
        "kt" => "kotlin",
        "golang" => "go",
        "ps" | "ps1" => "powershell",
        "vb.net" => "vb",
        "jfx" | "javafx" | "java fx" => "java",
        "xhtml" | "html/xml" | "html and xml" | "xml/html" => "xml",
        "objective-c" | "objc" | "obj-c" => "objectivec",
        "actionscript3" => "actionscript",
        "visualbasic" => "vb",
        "restructuredtext" => "rst",
        "md" => "markdown",
        "docker" => "dockerfile",
        other => return other.split_whitespace().next().map(str::to_owned),
    };
    Some(known.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_ends_of_the_editor_go() {
        assert_eq!(exact("\n\n a \n\n"), "\n a \n");
        assert_eq!(exact("a\r\nb\rc"), "a\nb\rc");
        assert_eq!(exact(""), "");
    }

    #[test]
    fn languages_get_the_names_that_others_give_them() {
        for (name, language) in
            [("js", Some("javascript")), ("C#", Some("csharp")), ("None", None), ("Rust", Some("rust")), ("java script 5", Some("java"))]
        {
            assert_eq!(language_of(name).as_deref(), language);
        }
    }
}
