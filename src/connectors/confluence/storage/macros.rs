//! Macros: their general form, and which file knows which. An unknown macro keeps its content and says its name.

use super::Walk;
use super::flow::{Flow, Mark};
use super::links::Resource;
use super::xml::Element;
use crate::markdown::{Block, Inline};

mod code;
mod diagrams;
mod embedded;
mod panels;
mod references;

use code::{code_block, math, written};
pub(super) use panels::boxed;

/// A macro's parts.
struct Macro<'t> {
    name: &'t str,
    parameters: Vec<(&'t str, &'t Element)>,
    rich: Option<&'t Element>,
    plain: Option<&'t Element>,
    element: &'t Element,
}

impl<'t> Macro<'t> {
    fn of(element: &'t Element) -> Self {
        let parameters = element
            .elements()
            .filter(|part| matches!(part.name.as_str(), "ac:parameter" | "ac:default-parameter"))
            .map(|part| (part.get("ac:name").unwrap_or_default(), part))
            .collect();
        Self {
            name: element.get("ac:name").unwrap_or("unnamed"),
            parameters,
            rich: element.child("ac:rich-text-body"),
            plain: element.child("ac:plain-text-body"),
            element,
        }
    }

    /// A parameter's element; the name of the anonymous one is empty.
    fn element(&self, name: &str) -> Option<&'t Element> {
        self.parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, element)| *element)
    }

    /// A parameter's text, unless it is blank.
    fn get(&self, name: &str) -> Option<String> {
        self.element(name).map(|element| element.text().trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// The first that is there.
    fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.get(name))
    }

    /// The resource in a parameter, within a link or without.
    fn holds(&self, name: &str) -> Option<&'t Element> {
        self.element(name).and_then(resource_in)
    }

    /// The body's exact text: what its author would see in the editor.
    fn text(&self) -> String {
        self.plain.or(self.rich).map(Element::text).unwrap_or_default()
    }

    /// Any resource among the parameters.
    fn any_resource(&self) -> Option<&'t Element> {
        self.parameters.iter().find_map(|(_, element)| resource_in(element))
    }
}

fn resource_in(element: &Element) -> Option<&Element> {
    element
        .elements()
        .find_map(|child| if child.name.starts_with("ri:") { Some(child) } else { child.elements().find(|e| e.name.starts_with("ri:")) })
}

impl Walk<'_> {
    /// `ac:structured-macro`, and `ac:macro` of old.
    pub(super) fn macro_(&mut self, element: &Element, flow: &mut Flow) {
        let m = Macro::of(element);
        match m.name.to_ascii_lowercase().as_str() {
            // They help to get about in a browser, or look good.
            "toc"
            | "anchor"
            | "pagetreesearch"
            | "livesearch"
            | "create-from-template"
            | "createpagefromtemplate"
            | "style"
            | "like-button"
            | "scroll-pagebreak"
            | "scroll-title"
            | "scroll-pagetitle"
            | "pagebreak"
            | "rate" => {}
            "excerpt" | "section" | "column" | "details" | "toc-zone" | "quote" | "center" | "align" | "div" | "span" | "alert" | "auimessage"
            | "ui-text-box" | "tooltip" | "bgcolor" | "clickable" | "cell" | "table-filter" | "table-joiner" | "pivot-table" | "tableenhancer"
            | "multiexcerpt-macro" | "multiexcerpt" | "scroll-ignore" | "scroll-only" | "localtabgroup" | "ui-tabs" | "auitabs" | "deck"
            | "ui-steps" | "expand" | "ui-expand" | "localtab" | "ui-tab" | "auitabspage" | "card" | "ui-step" => self.framed(&m, flow),
            "info" | "tip" | "note" | "warning" | "panel" => self.panel(&m, flow),
            "status" => status(&m, flow),
            "code" | "noformat" | "preformatted" | "paste-code-macro" | "code-block" | "newcode" | "codeblock" => code_block(&m, flow),
            "markdown" | "mohamicorp-markdown" | "unmigrated-wiki-markup" => written(&m, flow),
            "html" | "html-bobswift" | "xhtml" => self.foreign(&m, flow),
            "easy-math-block"
            | "mathblock"
            | "mathjax-block-macro"
            | "latex"
            | "eazy-math-block"
            | "easy-math-inline"
            | "mathinline"
            | "mathjax-inline-macro"
            | "eazy-math-inline" => math(&m, flow),
            "jira" | "jiraissues" => self.jira(&m, flow),
            "include" | "includeplus" | "excerpt-include" => self.include(&m, flow),
            "view-file" | "viewfile" | "viewpdf" | "viewdoc" | "viewxls" | "viewppt" => self.view_file(&m, flow),
            "profile" | "profile-picture" => self.profile(&m, flow),
            "multimedia" | "widget" | "iframe" | "html-include" | "external-data" | "figma" | "lucidchart" | "cloudmacro" | "balsamiq"
            | "creately" | "miro" | "miro-macro" | "loom" | "vimeo" | "youtube" => self.embedded(&m, flow),
            "open-api" | "openapi" | "asyncapi" => self.embedded(&m, flow),
            name if ["google-drive-", "google-", "swagger-"].iter().any(|prefix| name.starts_with(prefix)) => self.embedded(&m, flow),
            "drawio" | "inc-drawio" | "drawio-sketch" | "gliffy" => self.drawing(&m, flow),
            "mermaid-cloud" | "mermaid-macro" | "mermaid" | "mermaiddiagram" | "plantuml" | "plantumlrender" | "graphviz" | "flowchart"
            | "digraph" => {
                self.diagram(&m, flow);
            }
            _ => self.unknown(&m, flow),
        }
        // Text beside the parts of a macro has no meaning there, but its author wrote it.
        for child in &m.element.children {
            if let super::xml::Node::Text(text) = child {
                if !text.trim().is_empty() {
                    flow.text(text);
                }
            }
        }
        if element.flattened {
            self.kept("depth");
        }
    }

    /// The body in place.
    fn body(&mut self, m: &Macro<'_>, flow: &mut Flow) {
        if let Some(rich) = m.rich {
            self.content(rich, flow);
        }
        if let Some(plain) = m.plain {
            flow.text(&plain.text());
        }
    }

    fn unknown(&mut self, m: &Macro<'_>, flow: &mut Flow) {
        let words = self.described(m);
        if m.rich.is_some() {
            self.kept(format!("macro:{}", m.name));
            flow.block(Block::Marker(words));
            self.body(m, flow);
            flow.flush();
        } else if m.plain.is_some_and(|plain| !plain.text().trim().is_empty()) {
            self.kept(format!("macro:{}", m.name));
            flow.block(Block::Code { language: Some(m.name.to_owned()), text: code::trimmed(&m.text()) });
        } else {
            self.lost(format!("macro:{}", m.name));
            flow.marker(words);
        }
    }

    /// A macro's name and what of its parameters a reader understands.
    fn described(&self, m: &Macro<'_>) -> String {
        let mut words = format!("Confluence macro: {}", m.name);
        for (key, element) in &m.parameters {
            let value = match resource_in(element).map(|found| self.resource(found, None)) {
                Some(Resource::Target { title: Some(title), .. }) => title,
                Some(Resource::Target { target: crate::markdown::Target::Remote { name, .. }, .. }) => name,
                Some(Resource::Unclear(words)) => words,
                Some(Resource::Person(_)) => "a person".to_owned(),
                Some(Resource::Target { .. }) | None => element.text().split_whitespace().collect::<Vec<_>>().join(" "),
            };
            if value.is_empty() || decorative(key, &value) {
                continue;
            }
            let room = 200usize.saturating_sub(words.chars().count());
            if room < 8 {
                words.push_str(" ...");
                break;
            }
            let label = if key.is_empty() { String::new() } else { format!("{key}=") };
            words.push(' ');
            words.push_str(&label);
            words.extend(value.chars().take(room));
        }
        words
    }
}

/// Parameters for machines and for looks.
fn decorative(key: &str, value: &str) -> bool {
    let key_lower = key.to_ascii_lowercase();
    key_lower == "id"
        || key.ends_with("Id")
        || key.ends_with("ID")
        || key_lower.ends_with("uuid")
        || ["width", "height", "color", "colour", "align", "border", "style", "theme", "size", "version", "revision", "icon", "breakout", "layout"]
            .iter()
            .any(|word| key_lower.contains(word))
        || value.starts_with('{')
        || value.starts_with('<')
}

/// `status`: a coloured word.
fn status(m: &Macro<'_>, flow: &mut Flow) {
    let title = m.first(&["title", "colour", "color"]).unwrap_or_else(|| "grey".to_owned());
    flow.open(Mark::Strong);
    flow.push(Inline::Text(format!("[{}]", title.split_whitespace().collect::<Vec<_>>().join(" "))));
    flow.close();
}
