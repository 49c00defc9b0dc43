//! Writes HTML anew so that html2md can take it, or refuses.
//!
//! Guarantees of what is admitted: known elements only, each closed where HTML says that it ends, so that the parser's tree is no deeper and not much larger than what
//! is seen here; and html2md's cost for it is bounded. One pass; text is kept, whatever stands around it.

use super::markup::{attribute, find_ignoring_case, is_block, is_heading, is_tag, known, tag_end};

/// Bytes of HTML.
const MAX_BYTES: usize = 1 << 20;
/// Tags, and other places that begin with `<`.
const MAX_TAGS: usize = 20_000;
/// Elements within elements.
const MAX_DEPTH: usize = 50;
/// Bytes that html2md may move while it indents lists and quotes.
const MAX_MOVED: usize = 1 << 28;
/// Bytes of a table after its cells are padded.
const MAX_TABLE: usize = 1 << 22;
/// Bytes that may be searched for the ends of tags that have none.
const MAX_SEARCHED: usize = 1 << 23;

/// `html` as html2md may have it; none where it is too much.
pub(super) fn admit(html: &str) -> Option<String> {
    if html.len() > MAX_BYTES {
        return None;
    }
    let mut guard = Guard { out: String::with_capacity(html.len() + html.len() / 4), ..Guard::default() };
    guard.read(html)?;
    while !guard.open.is_empty() {
        guard.pop()?;
    }
    Some(guard.out)
}

#[derive(Default)]
struct Guard {
    out: String,
    open: Vec<Open>,
    /// Line ends that html2md will write, at most.
    lines: usize,
    moved: usize,
    tables: Sizes,
}

struct Open {
    name: &'static str,
    /// False for the parts of a table within a table, which are not written.
    written: bool,
    start: usize,
    lines: usize,
}

/// Of the table being read.
#[derive(Default)]
struct Sizes {
    rows: usize,
    cells: usize,
    most_cells: usize,
    widest: usize,
}

impl Guard {
    fn read(&mut self, html: &str) -> Option<()> {
        let mut rest = html;
        let (mut tags, mut searched) = (0, 0);
        while let Some(at) = rest.find('<') {
            self.text(&rest[..at]);
            rest = &rest[at..];
            tags += 1;
            if tags > MAX_TAGS {
                return None;
            }
            if let Some(comment) = rest.strip_prefix("<!--")
                && let Some(end) = comment.find("-->")
            {
                rest = &comment[end + 3..];
                continue;
            }
            let (tag, after) = match tag_end(rest) {
                Some(end) if is_tag(rest) => (&rest[1..end], &rest[end + 1..]),
                end => {
                    searched += end.unwrap_or(rest.len());
                    if searched > MAX_SEARCHED {
                        return None;
                    }
                    self.out.push_str("&lt;");
                    rest = &rest[1..];
                    continue;
                }
            };
            rest = after;
            let (name, attributes) =
                tag.split_at(tag.find(|c: char| c.is_ascii_whitespace() || (c == '/' && !tag.starts_with('/'))).unwrap_or(tag.len()));
            let name = name.to_ascii_lowercase();
            // Browsers show nothing of these.
            if matches!(name.as_str(), "script" | "style" | "template" | "title") {
                let end = format!("</{name}");
                let from = find_ignoring_case(rest, &end).unwrap_or(rest.len());
                rest = &rest[from..];
            } else if let Some(name) = name.strip_prefix('/') {
                self.end(name)?;
            } else {
                self.start(&name, attributes)?;
            }
        }
        self.text(rest);
        Some(())
    }

    fn text(&mut self, text: &str) {
        if self.within("pre") {
            self.lines += text.matches('\n').count();
            return self.out.push_str(text);
        }
        let in_table = self.within("table");
        for c in text.chars() {
            match c {
                // html2md would glue the words.
                c if c.is_ascii_whitespace() => {
                    if !self.out.ends_with(' ') {
                        self.out.push(' ');
                    }
                }
                // These it does not escape: twice escaped here, they reach the Markdown as references.
                '|' if in_table => self.out.push_str("&amp;#124;"),
                '`' if !self.within("code") => self.out.push_str("&amp;#96;"),
                c => self.out.push(c),
            }
        }
    }

    fn within(&self, name: &str) -> bool {
        self.open.iter().any(|open| open.name == name)
    }

    fn start(&mut self, name: &str, attributes: &str) -> Option<()> {
        let Some(name) = known(name) else {
            // A frame or film cannot be shown, but led to.
            if matches!(name, "iframe" | "embed" | "video" | "audio" | "object")
                && let Some(address) = attribute(attributes, "src").or_else(|| attribute(attributes, "data")).filter(|address| !address.is_empty())
                && !self.within("a")
            {
                self.open_tag("a", &format!(" href=\"{}\"", address.replace('"', "&quot;")));
                self.text(&address.replace('<', "&lt;"));
                self.out.push_str("</a> ");
            }
            // What is left out may have stood between words.
            if !self.out.ends_with(' ') && !matches!(name, "span" | "font" | "u" | "ins" | "small" | "big" | "mark" | "abbr" | "wbr") {
                self.out.push(' ');
            }
            return Some(());
        };
        // For an item without a list html2md would indent all that it has written so far, each time anew.
        let name = if name == "li" && !self.within("ul") && !self.within("ol") { "p" } else { name };
        if is_block(name) && self.within("p") {
            self.close_to("p")?;
        }
        match name {
            "a" if self.within("a") => self.close_to("a")?,
            "li" if self.innermost(&["li", "ul", "ol", "td", "th", "blockquote"]) == Some("li") => self.close_to("li")?,
            "td" | "th" if matches!(self.innermost(&["td", "th", "tr", "table"]), Some("td" | "th")) => self.close_cell()?,
            "tr" if matches!(self.innermost(&["td", "th", "tr", "table"]), Some("td" | "th" | "tr")) => self.close_to("tr")?,
            name if name.starts_with('h') && name != "hr" && self.open.last().is_some_and(|open| is_heading(open.name)) => self.pop()?,
            _ => {}
        }
        let inside_table = self.innermost(&["td", "th", "tr", "table"]);
        let written = match name {
            "table" => inside_table.is_none(),
            "tr" => inside_table == Some("table") && self.writes("table"),
            "td" | "th" => {
                if inside_table == Some("table") {
                    self.start("tr", "")?;
                }
                self.writes("table") && self.writes("tr")
            }
            // Without an address it is no link.
            "a" => attribute(attributes, "href").is_some_and(|address| !address.is_empty()) && !matches!(inside_table, Some("table" | "tr")),
            // Elsewhere than in a cell HTML would move it out of the table.
            _ => !matches!(inside_table, Some("table" | "tr")),
        };
        if is_block(name) || name == "br" {
            self.lines += 2;
        }
        if !written && name != "a" {
            self.out.push(' ');
        }
        if matches!(name, "br" | "hr" | "img") {
            if written && !(name == "img" && self.within("pre")) {
                self.open_tag(name, attributes);
            } else if let Some(alt) = attribute(attributes, "alt") {
                self.text(&alt.replace('<', "&lt;"));
            }
            return Some(());
        }
        if self.open.len() >= MAX_DEPTH {
            return None;
        }
        if written {
            self.open_tag(name, attributes);
            match name {
                "table" => self.tables = Sizes::default(),
                "tr" => {
                    self.tables.rows += 1;
                    self.tables.cells = 0;
                }
                "td" | "th" => self.tables.cells += 1,
                _ => {}
            }
            self.tables.most_cells = self.tables.most_cells.max(self.tables.cells);
        }
        self.open.push(Open { name, written, start: self.out.len(), lines: self.lines });
        Some(())
    }

    fn open_tag(&mut self, name: &str, attributes: &str) {
        self.out.extend(["<", name]);
        let wanted: &[&str] = match name {
            "a" => &["href"],
            "img" => &["src", "alt"],
            _ => &[],
        };
        for wanted in wanted {
            if let Some(value) = attribute(attributes, wanted) {
                // html2md decodes escapes in links, but not in images.
                let value = if *wanted == "href" { value.replace('%', "%25") } else { value };
                let value = value.replace('"', "&quot;").replace('<', "&lt;").replace(['\n', '\r', '\t'], " ");
                self.out.extend([" ", wanted, "=\"", value.as_str(), "\""]);
            }
        }
        self.out.push('>');
    }

    fn end(&mut self, name: &str) -> Option<()> {
        if name == "p" && !self.within("p") {
            self.out.push(' ');
            return Some(());
        }
        match known(name) {
            // An end tag does not reach out of a cell.
            Some(name) => {
                let position = self.open.iter().rposition(|open| open.name == name);
                let cell = self.open.iter().rposition(|open| matches!(open.name, "td" | "th"));
                let reaches = matches!(name, "td" | "th" | "tr" | "table") || position > cell;
                if position.is_some() && reaches { self.close_to(name) } else { Some(()) }
            }
            None => Some(()),
        }
    }

    /// Closes what is open down to the innermost `name`.
    fn close_to(&mut self, name: &str) -> Option<()> {
        while let Some(open) = self.open.last() {
            let last = open.name == name;
            self.pop()?;
            if last {
                break;
            }
        }
        Some(())
    }

    fn close_cell(&mut self) -> Option<()> {
        let cell = self.innermost(&["td", "th"])?;
        self.close_to(cell)
    }

    fn pop(&mut self) -> Option<()> {
        let Some(open) = self.open.pop() else { return Some(()) };
        let length = self.out.len() - open.start;
        if is_block(open.name) {
            self.lines += 2;
        }
        if !open.written {
            if open.name != "a" {
                self.out.push(' ');
            }
            return Some(());
        }
        self.out.extend(["</", open.name, ">"]);
        match open.name {
            // Each line end within makes it move all that follows in the element; each level around has added to that.
            "li" | "blockquote" => {
                let lines = self.lines - open.lines;
                self.moved = self.moved.saturating_add(lines.saturating_mul(2 * length + 8 * lines * (self.open.len() + 1)));
            }
            "td" | "th" => self.tables.widest = self.tables.widest.max(2 * length),
            "table" => {
                let Sizes { rows, most_cells, widest, .. } = self.tables;
                if rows.saturating_mul(most_cells).saturating_mul(widest + 3) > MAX_TABLE {
                    return None;
                }
            }
            _ => {}
        }
        (self.moved <= MAX_MOVED).then_some(())
    }

    /// Which of `names` is the innermost that is open.
    fn innermost(&self, names: &[&str]) -> Option<&'static str> {
        self.open.iter().rev().map(|open| open.name).find(|name| names.contains(name))
    }

    /// Whether the innermost open `name` is written.
    fn writes(&self, name: &str) -> bool {
        self.open.iter().rev().find(|open| open.name == name).is_some_and(|open| open.written)
    }
}
