//! What a tree should be read back as, worked out without the writer: targets resolved, tables as a reader of the table sees them.

use context_syncd::markdown::{AlertKind, Block, Cell, Inline, Item, List, Resolved, Resolver, Table, Target, Tree, normal_form};
use context_syncd::model::Key;

/// A mirror that knows two documents, and one person or missing file by name only.
pub(super) struct Mirror;

impl Resolver for Mirror {
    fn resolve(&self, key: &Key) -> Option<Resolved> {
        let (link, title) = match key.as_str() {
            "k:0" => (Some("dir/a (1) 50%#.md"), "Title *one*"),
            "k:1" => (Some("b.md"), "Two"),
            "k:2" => (None, "Ann_Lee_"),
            _ => return None,
        };
        Some(Resolved { link: link.map(str::to_owned), title: title.to_owned() })
    }
}

/// A mirror that knows everything.
pub(super) struct Everything;

impl Resolver for Everything {
    fn resolve(&self, key: &Key) -> Option<Resolved> {
        Some(Resolved { link: Some("x.md".to_owned()), title: key.to_string() })
    }

    fn place(&self, words: &str) -> Option<String> {
        words.contains(char::is_alphanumeric).then(|| "x".to_owned())
    }
}

/// Markdown by an author, and the blocks that it is read as.
type Raw = (&'static str, fn() -> Vec<Block>);

/// What authors wrote.
pub(super) const RAW: &[Raw] = &[
    ("\n\nRaw *x*\n", || vec![Block::Paragraph(vec![Inline::Text("Raw ".to_owned()), Inline::Emphasis(vec![Inline::Text("x".to_owned())])])]),
    ("- raw item", || {
        let body = vec![Block::Paragraph(vec![Inline::Text("raw item".to_owned())])];
        vec![Block::List(List { start: None, items: vec![Item { done: None, body }] })]
    }),
    ("```\nopen", || vec![Block::Code { language: None, text: "open".to_owned() }]),
];

/// What `tree` should be read back as, up to the normal form.
pub(super) fn tree(tree: &Tree) -> Tree {
    Tree { blocks: blocks(&tree.blocks) }
}

fn blocks(body: &[Block]) -> Vec<Block> {
    body.iter().flat_map(block).collect()
}

fn block(block: &Block) -> Vec<Block> {
    vec![match block {
        Block::Heading { level, content } => Block::Heading { level: *level, content: inlines(content, false) },
        Block::Paragraph(content) => Block::Paragraph(inlines(content, false)),
        Block::Quote(body) => Block::Quote(blocks(body)),
        Block::Alert { kind, title, body } => Block::Alert { kind: *kind, title: inlines(title, false), body: blocks(body) },
        Block::List(list) => {
            Block::List(List { start: list.start, items: list.items.iter().map(|item| Item { done: item.done, body: blocks(&item.body) }).collect() })
        }
        Block::Table(table) => return self::table(table),
        Block::Authored(_) => unreachable!("no tree of these tests holds one"),
        Block::Markdown(text) => return RAW.iter().find(|(raw, _)| raw == text).unwrap().1(),
        Block::Code { .. } | Block::Rule | Block::Marker(_) => block.clone(),
    }]
}

fn inlines(content: &[Inline], in_link: bool) -> Vec<Inline> {
    content.iter().flat_map(|inline| self::inline(inline, in_link)).collect()
}

fn text(text: &str) -> Inline {
    Inline::Text(text.to_owned())
}

fn inline(inline: &Inline, in_link: bool) -> Vec<Inline> {
    let within = |content: &[Inline]| inlines(content, in_link);
    vec![match inline {
        Inline::Strong(content) => Inline::Strong(within(content)),
        Inline::Emphasis(content) => Inline::Emphasis(within(content)),
        Inline::Strike(content) => Inline::Strike(within(content)),
        Inline::Subscript(content) => Inline::Subscript(within(content)),
        Inline::Superscript(content) => Inline::Superscript(within(content)),
        Inline::Person(key) => text(&format!("@{}", Mirror.resolve(key).map_or("unknown-user".to_owned(), |person| person.title))),
        Inline::Marker(words) => Inline::Code(format!("[{words}]")),
        Inline::Image { target, alt } => match address(target, false) {
            Ok(url) => Inline::Image { target: Target::Url(canonical(&url)), alt: alt.clone() },
            Err(name) => {
                let name = match (shows(alt), shows(&name)) {
                    (true, true) if alt.trim() != name.trim() => format!("{alt} ({name})"),
                    (_, true) => name,
                    _ => alt.clone(),
                };
                Inline::Emphasis(vec![text("[image: "), text(&name), text("]")])
            }
        },
        Inline::Link { target, content } => return link(target, content, in_link),
        Inline::Insert(insert) => return inlines(&insert.otherwise, in_link),
        // Code between dollars, for those who know no formulas.
        Inline::Math(formula) => {
            let code = Inline::Code(formula.clone());
            let shows = !normal(std::slice::from_ref(&code)).is_empty();
            return if shows { vec![text("$"), code, text("$")] } else { Vec::new() };
        }
        // The reader of this test passes over anchors.
        Inline::Anchor(_) => return Vec::new(),
        Inline::Text(_) | Inline::Code(_) | Inline::Break => inline.clone(),
    }]
}

fn link(target: &Target, content: &[Inline], in_link: bool) -> Vec<Inline> {
    // A link to no place is text, and holds no link either.
    let holds_none = address(target, true).is_ok() || matches!(target, Target::Anchor(words) if words.contains(char::is_alphanumeric));
    let mut content = inlines(content, in_link || holds_none);
    if in_link {
        return content;
    }
    if normal_form(Tree { blocks: vec![Block::Paragraph(content.clone())] }).blocks.is_empty() {
        let title = match target {
            Target::Url(url) => url.trim().trim_start_matches("mailto:").to_owned(),
            Target::Anchor(words) => words.clone(),
            Target::Remote { key, name, .. } => Mirror.resolve(key).map_or_else(|| name_or(name, key), |known| known.title),
        };
        content.push(text(&title));
    }
    match address(target, true) {
        Ok(url) => vec![Inline::Link { target: Target::Url(canonical(&url)), content }],
        Err(name) => {
            if let Target::Remote { key, .. } = target {
                content.extend([text(" (unresolved link: "), text(&name_or(&name, key)), text(")")]);
            }
            content
        }
    }
}

fn shows(name: &str) -> bool {
    name.chars().any(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '\u{202E}' | '\u{2066}' | '\u{E0041}'))
}

fn name_or(name: &str, key: &Key) -> String {
    if shows(name) { name.to_owned() } else { key.to_string() }
}

/// Where a target leads, not encoded; else its name.
fn address(target: &Target, with_anchor: bool) -> Result<String, String> {
    let may_be_linked = |url: &str| {
        let scheme = url.trim().split_once(':').map(|(scheme, _)| scheme.to_lowercase());
        !url.trim().is_empty() && scheme.is_none_or(|scheme| ["http", "https", "ftp", "mailto"].contains(&scheme.as_str()))
    };
    match target {
        Target::Url(url) if may_be_linked(url) => Ok(url.trim().to_owned()),
        Target::Url(_) => Err(String::new()),
        // No heading bears such a name.
        Target::Anchor(words) => Err(words.clone()),
        Target::Remote { key, anchor, fallback, name } => {
            if let Some(path) = Mirror.resolve(key).and_then(|known| known.link) {
                // Encoded once here, because a `#` of the path is not the anchor's.
                let path = path.replace('%', "%25").replace('#', "%23");
                return Ok(match anchor {
                    Some(_) if with_anchor => format!("{path}#some-part"),
                    _ => path,
                });
            }
            match fallback {
                Some(url) if may_be_linked(url) => Ok(url.trim().to_owned()),
                _ => Err(name.clone()),
            }
        }
    }
}

/// An address with nothing encoded that need not be: how it is spelled is the writer's choice.
pub(super) fn canonical(url: &str) -> String {
    let mut url: String = url.chars().filter(|c| !matches!(c, '\u{202E}')).collect();
    for (plain, encoded) in [
        (" ", "%20"),
        ("(", "%28"),
        (")", "%29"),
        ("&", "%26"),
        ("|", "%7C"),
        ("`", "%60"),
        ("<", "%3C"),
        (">", "%3E"),
        ("\\", "%5C"),
        ("\u{A0}", "%C2%A0"),
    ] {
        url = url.replace(encoded, plain);
    }
    url
}

/// The text of inlines without marks.
pub(super) fn plain(content: &[Inline]) -> String {
    content
        .iter()
        .map(|inline| match inline {
            Inline::Text(text) | Inline::Code(text) => text.clone(),
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) | Inline::Subscript(inner) | Inline::Superscript(inner) => {
                plain(inner)
            }
            Inline::Link { content, .. } => plain(content),
            _ => String::new(),
        })
        .collect()
}

fn shown(body: &[Block]) -> Vec<Block> {
    normal_form(Tree { blocks: body.to_vec() }).blocks
}

fn is_simple(body: &[Block]) -> bool {
    shown(body).iter().all(|block| match block {
        Block::Heading { .. } | Block::Paragraph(_) => true,
        Block::List(list) => list.items.iter().all(|item| is_simple(&item.body)),
        _ => false,
    })
}

fn table(table: &Table) -> Vec<Block> {
    let rows: Vec<&Vec<Cell>> = table.rows.iter().filter(|row| !row.is_empty()).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    if !rows.iter().flat_map(|row| row.iter()).all(|cell| is_simple(&cell.body)) {
        let mut words = String::new();
        rows.iter().flat_map(|row| row.iter()).for_each(|cell| words.push_str(&html_words(&cell.body)));
        return vec![Block::Code { language: Some("html-table".to_owned()), text: words.chars().filter(|c| !c.is_whitespace()).collect() }];
    }
    let has_head = rows[0].iter().all(|cell| cell.header);
    // Places taken by cells that reach down from above: (row, column).
    let mut taken: std::collections::HashMap<(usize, usize), Option<&Cell>> = std::collections::HashMap::new();
    for (y, row) in rows.iter().enumerate() {
        let mut x = 0;
        for cell in *row {
            while taken.contains_key(&(y, x)) {
                x += 1;
            }
            for part in 0..usize::from(cell.colspan.max(1)) {
                for down in 0..usize::from(cell.rowspan.max(1)).min(rows.len() - y) {
                    taken.insert((y + down, x + part), (part == 0).then_some(cell));
                }
            }
            x += usize::from(cell.colspan.max(1));
        }
    }
    let width = taken.iter().filter(|(_, cell)| cell.is_some()).map(|((_, x), _)| x + 1).max().unwrap();
    let line = |y: usize| (0..width).map(|x| self::cell(taken.get(&(y, x)).copied().flatten(), y > 0 || !has_head)).collect::<Vec<Cell>>();
    let mut grid: Vec<Vec<Cell>> = (0..rows.len()).map(line).collect();
    if !has_head {
        grid.insert(0, (0..width).map(|_| self::cell(None, false)).collect());
    }
    vec![Block::Table(Table { rows: grid })]
}

fn cell(cell: Option<&Cell>, bold_headers: bool) -> Cell {
    let bold = bold_headers && cell.is_some_and(|cell| cell.header);
    let content = cell.map(|cell| lines(&cell.body, bold, 0)).unwrap_or_default();
    Cell { header: false, colspan: 1, rowspan: 1, body: vec![Block::Paragraph(content)] }
}

/// A cell's body as one text with breaks.
fn lines(body: &[Block], bold: bool, depth: usize) -> Vec<Inline> {
    let mut out = Vec::new();
    for (index, block) in body.iter().filter(|block| !shown(std::slice::from_ref(block)).is_empty()).enumerate() {
        if index > 0 {
            out.push(Inline::Break);
            out.push(text(&"\u{A0}\u{A0}".repeat(depth)));
        }
        match block {
            Block::Heading { content, .. } => out.push(Inline::Strong(normal_heading(content))),
            Block::Paragraph(content) if bold => out.push(Inline::Strong(normal(content))),
            Block::Paragraph(content) => out.extend(normal(content)),
            Block::Marker(words) if bold => out.push(Inline::Strong(vec![Inline::Code(format!("[{words}]"))])),
            Block::Marker(words) => out.push(Inline::Code(format!("[{words}]"))),
            Block::List(list) => {
                for (index, item) in list.items.iter().enumerate() {
                    if index > 0 {
                        out.push(Inline::Break);
                        out.push(text(&"\u{A0}\u{A0}".repeat(depth)));
                    }
                    out.push(text(&list.start.map_or("- ".to_owned(), |start| format!("{}. ", (u64::from(start) + index as u64).min(999_999_999)))));
                    out.push(text(item.done.map_or("", |done| if done { "[x] " } else { "[ ] " })));
                    out.extend(lines(&item.body, bold, depth + 1));
                }
            }
            _ => unreachable!("only simple cells are lines"),
        }
    }
    out
}

fn normal(content: &[Inline]) -> Vec<Inline> {
    let tree = normal_form(Tree { blocks: vec![Block::Paragraph(inlines(content, false))] });
    match tree.blocks.into_iter().next() {
        Some(Block::Paragraph(content)) => content,
        _ => Vec::new(),
    }
}

fn normal_heading(content: &[Inline]) -> Vec<Inline> {
    let tree = normal_form(Tree { blocks: vec![Block::Heading { level: 1, content: inlines(content, false) }] });
    match tree.blocks.into_iter().next() {
        Some(Block::Heading { content, .. }) => content,
        _ => Vec::new(),
    }
}

/// All text of blocks in an HTML table.
fn html_words(body: &[Block]) -> String {
    let words = |content: &[Inline]| plain(&normal(content));
    body.iter()
        .filter(|block| !shown(std::slice::from_ref(block)).is_empty())
        .map(|block| match block {
            Block::Heading { content, .. } | Block::Paragraph(content) => words(content),
            Block::Code { .. } | Block::Marker(_) => match &shown(std::slice::from_ref(block))[0] {
                Block::Code { text, .. } => text.clone(),
                Block::Paragraph(content) => plain(content),
                _ => String::new(),
            },
            Block::Quote(body) => html_words(body),
            Block::Alert { kind, title, body } => {
                let kind = match kind {
                    AlertKind::Note => "Note",
                    AlertKind::Tip => "Tip",
                    AlertKind::Important => "Important",
                    AlertKind::Warning => "Warning",
                    AlertKind::Caution => "Caution",
                };
                format!("{kind}{}{}", words(title), html_words(body))
            }
            Block::List(list) => list
                .items
                .iter()
                .map(|item| item.done.map_or("", |done| if done { "[x]" } else { "[ ]" }).to_owned() + &html_words(&item.body))
                .collect(),
            Block::Table(table) => table.rows.iter().flatten().map(|cell| html_words(&cell.body)).collect(),
            Block::Rule | Block::Markdown(_) | Block::Authored(_) => String::new(),
        })
        .collect()
}
