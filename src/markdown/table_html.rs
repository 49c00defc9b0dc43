//! Writes a table as HTML, with everything in its cells as HTML too, so that CommonMark takes it as one block.
//!
//! Such a block ends at the first blank line (CommonMark 4.6), so none is written: a line break before an empty line of code is an entity. Only Markdown that an author
//! wrote is set between blank lines, because it must be read as Markdown.

use super::block::{self, Blocks, info};
use super::inline::{self, html_text};
use super::runs::STRONG;
use super::{AlertKind, Authored, Block, Inline, List, Table, hidden, raw, visible};

impl<'a> Blocks<'a, '_> {
    /// Writes the table as a block of its own.
    pub(crate) fn html_table(&mut self, table: &'a Table) {
        self.begin_line();
        self.table_element(table);
        self.out.push('\n');
    }

    fn table_element(&mut self, table: &'a Table) {
        self.out.push_str("<table>");
        for row in table.rows.iter().filter(|row| !row.is_empty()) {
            self.next_line();
            self.out.push_str("<tr>");
            for cell in row {
                let name = if cell.header { "th" } else { "td" };
                self.next_line();
                self.out.push('<');
                self.out.push_str(name);
                for (attribute, span) in [("colspan", cell.colspan), ("rowspan", cell.rowspan)] {
                    if span > 1 {
                        self.out.push_str(&format!(" {attribute}=\"{}\"", span.min(1000)));
                    }
                }
                self.out.push('>');
                self.elements(&cell.body);
                self.out.push_str("</");
                self.out.push_str(name);
                self.out.push('>');
            }
            self.next_line();
            self.out.push_str("</tr>");
        }
        self.next_line();
        self.out.push_str("</table>");
    }

    fn next_line(&mut self) {
        self.out.push('\n');
        self.out.push_str(&self.prefix);
    }

    /// A single paragraph stands as it is; blocks stand in elements, each on a line.
    fn elements(&mut self, body: &'a [Block]) {
        let shown = || body.iter().filter(|block| visible::block(block));
        match (shown().next(), shown().nth(1)) {
            (Some(Block::Paragraph(content)), None) => return self.html_inlines(content, 0, false),
            (Some(Block::Marker(text)), None) => return self.marker_element(text),
            _ => {}
        }
        for (index, block) in shown().enumerate() {
            if index > 0 {
                self.next_line();
            }
            self.element(block);
        }
    }

    fn element(&mut self, block: &'a Block) {
        match block {
            Block::Heading { level, content } => {
                let level = level.clamp(&1, &6);
                self.out.push_str(&format!("<h{level}>"));
                self.html_inlines(content, 0, true);
                self.out.push_str(&format!("</h{level}>"));
            }
            Block::Paragraph(content) => {
                self.out.push_str("<p>");
                self.html_inlines(content, 0, false);
                self.out.push_str("</p>");
            }
            Block::Code { language, text } => self.preformatted(language.as_deref(), text),
            Block::Quote(body) => {
                self.out.push_str("<blockquote>");
                self.elements(body);
                self.out.push_str("</blockquote>");
            }
            Block::Alert { kind, title, body } => self.alert_element(*kind, title, body),
            Block::List(list) => self.list_element(list),
            Block::Table(table) => self.table_element(table),
            Block::Rule => self.out.push_str("<hr>"),
            Block::Markdown(text) => self.markdown_between(text),
            Block::Authored(text) => self.authored_between(text),
            Block::Marker(text) => {
                self.out.push_str("<p>");
                self.marker_element(text);
                self.out.push_str("</p>");
            }
        }
    }

    fn marker_element(&mut self, text: &str) {
        let text = hidden::strip_to_line(text, &mut self.hidden);
        self.out.push_str("<code>[");
        html_text(&mut self.out, &text);
        self.out.push_str("]</code>");
    }

    fn alert_element(&mut self, kind: AlertKind, title: &'a [Inline], body: &'a [Block]) {
        self.out.push_str("<blockquote><p><strong>");
        self.out.push_str(match kind {
            AlertKind::Note => "Note",
            AlertKind::Tip => "Tip",
            AlertKind::Important => "Important",
            AlertKind::Warning => "Warning",
            AlertKind::Caution => "Caution",
        });
        self.out.push_str("</strong></p>");
        if visible::inlines(title) {
            self.next_line();
            self.out.push_str("<p>");
            self.html_inlines(title, STRONG, false);
            self.out.push_str("</p>");
        }
        for block in body.iter().filter(|block| visible::block(block)) {
            self.next_line();
            self.element(block);
        }
        self.out.push_str("</blockquote>");
    }

    fn list_element(&mut self, list: &'a List) {
        let name = if list.start.is_some() { "ol" } else { "ul" };
        self.out.push('<');
        self.out.push_str(name);
        if let Some(start) = list.start.filter(|start| *start != 1) {
            self.out.push_str(&format!(" start=\"{}\"", block::number(start, 0)));
        }
        self.out.push('>');
        for item in &list.items {
            self.next_line();
            self.out.push_str("<li>");
            self.out.push_str(match item.done {
                None => "",
                Some(false) => "[ ] ",
                Some(true) => "[x] ",
            });
            self.elements(&item.body);
            self.out.push_str("</li>");
        }
        self.next_line();
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn preformatted(&mut self, language: Option<&str>, text: &str) {
        self.out.push_str("<pre><code");
        if let Some(language) = language.and_then(info) {
            self.out.push_str(" class=\"language-");
            self.out.push_str(&language);
            self.out.push('"');
        }
        self.out.push('>');
        let clean = hidden::strip(text, &mut self.hidden);
        for (index, line) in clean.split('\n').enumerate() {
            if index > 0 && line.trim().is_empty() {
                self.out.push_str("&#10;");
            } else if index > 0 {
                self.next_line();
            }
            html_text(&mut self.out, line);
        }
        self.out.push_str("</code></pre>");
    }

    fn authored_between(&mut self, text: &Authored) {
        self.out.push('\n');
        self.blank_line();
        self.authored(text);
        self.blank_line();
        self.out.push_str(&self.prefix);
    }

    fn markdown_between(&mut self, text: &str) {
        let clean = hidden::strip(text, &mut self.hidden);
        let trimmed = raw::trim(&clean);
        self.out.push('\n');
        self.blank_line();
        trimmed.split('\n').for_each(|line| self.line(line));
        if let Some(end) = raw::closing_line(trimmed) {
            self.line(&end);
        }
        self.blank_line();
        self.out.push_str(&self.prefix);
    }

    fn html_inlines(&mut self, content: &'a [Inline], marks: u8, one_line: bool) {
        let resolver = self.resolver;
        self.with_runs(|runs| runs.read(content, marks, Some(resolver), one_line), |writer, runs| inline::html(&mut writer.out, runs));
    }
}
