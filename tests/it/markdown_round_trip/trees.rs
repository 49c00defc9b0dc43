//! Strategies for trees with nasty text.

use context_syncd::markdown::{AlertKind, Block, Cell, Inline, Item, List, Table, Target, Tree};
use context_syncd::model::Key;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Pieces that texts are put together from: everything that Markdown could misread, in every neighbourhood.
const PIECES: &[&str] = &[
    "a",
    "word",
    " ",
    " ",
    " ",
    "  ",
    "\n",
    "\t",
    "snake_case",
    "__init__",
    "*",
    "**",
    "***",
    "_",
    "__",
    "~",
    "~~",
    "~~~",
    "`",
    "``",
    "```",
    "[",
    "]",
    "(",
    ")",
    "[x](y)",
    "![i](y)",
    "<",
    "<b>",
    "</b>",
    "<br>",
    "<!--",
    "-->",
    "<?",
    ">",
    "> ",
    "&",
    "&amp;",
    "&#35;",
    "&copy",
    "\\",
    "\\\\",
    "\\*",
    "|",
    "||",
    "!",
    "![",
    "](",
    "#",
    "# ",
    "## ",
    " #",
    "-",
    "- ",
    "--",
    "---",
    "- - -",
    "+",
    "+ ",
    "1.",
    "1. ",
    "2) ",
    "1234567890. ",
    "===",
    "=",
    "* ",
    "* * *",
    "_ _ _",
    ":",
    ": ",
    "]:",
    "[foo]: bar",
    "[^1]: x",
    "[ ] ",
    "[x] ",
    "[ ]",
    "[!NOTE]",
    "|-|",
    ":-:",
    "-|-",
    "a|b",
    "é",
    "次",
    "：",
    "。",
    "「",
    "🚀",
    "€",
    "Ⓐ",
    "\u{301}",
    "\u{A0}",
    "\u{3000}",
    "\u{2028}",
    "\u{202E}",
    "\u{2066}",
    "\u{E0041}",
    "\u{7}",
    "\r\n",
    "\u{200D}",
    "\u{200B}",
    "\u{AD}",
    "https://x.y/a_b",
    "www.x.y",
    "a@b.c",
    "$x$",
    "$",
    "\"q\"",
    "'",
    ".",
    ",",
    ";",
    "2*3",
    "C:\\Users\\me",
    "{}",
    "^",
    "x^2",
    "@me",
    "%20",
    "&nbsp;",
    "   ",
    "0",
    "9",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(vec!["a", "b", "foo", "foo bar", "x.", "(y)", " z", "q "]).prop_map(str::to_owned),
        4 => vec(select(PIECES), 0..6).prop_map(|pieces| pieces.concat()),
    ]
}

fn url() -> impl Strategy<Value = String> {
    select(vec![
        "https://x.y/z",
        "https://x.y/a b",
        "https://x.y/(a)",
        "https://x.y/a)b(",
        "https://x.y/?a=1&copy;=2&b",
        "https://x.y/_a_*b*",
        "mailto:a@b.c",
        "mailto:a+b@b.c?subject=x",
        "/wiki/page",
        "../up.md",
        "#here",
        "https://x.y/a|b",
        "https://x.y/`a`",
        "https://x.y/<a>",
        "ftp://x/y",
        "HTTPS://X.Y",
        "javascript:alert(1)",
        "data:text/html,x",
        "",
        "https://x.y/\\a",
        "https://x.y/ü\u{A0}é",
        "https://x.y/a\u{202E}b",
        "page name",
        "file:///x",
        "https://x.y/[a]",
        "https://x.y/\"a\"",
    ])
    .prop_map(str::to_owned)
}

/// Keys `k:0` to `k:4`, which the test's mirror knows, knows without a link, and does not know.
fn key() -> impl Strategy<Value = Key> {
    (0..5_u8).prop_map(|number| Key::new(format!("k:{number}")))
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        4 => url().prop_map(Target::Url),
        1 => select(vec!["No such heading!", "nowhere", "!?"]).prop_map(|words| Target::Anchor(words.to_owned())),
        2 => (key(), proptest::option::of(Just("Some Part".to_owned())), proptest::option::of(url()), text())
            .prop_map(|(key, anchor, fallback, name)| Target::Remote { key, anchor, fallback, name }),
    ]
}

fn inline() -> impl Strategy<Value = Inline> {
    let leaf = prop_oneof![
        8 => text().prop_map(Inline::Text),
        2 => text().prop_map(Inline::Code),
        1 => Just(Inline::Break),
        1 => key().prop_map(Inline::Person),
        1 => text().prop_map(Inline::Marker),
        1 => text().prop_map(Inline::Math),
        1 => (target(), text()).prop_map(|(target, alt)| Inline::Image { target, alt }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let content = vec(inner, 0..4);
        prop_oneof![
            3 => content.clone().prop_map(Inline::Strong),
            3 => content.clone().prop_map(Inline::Emphasis),
            2 => content.clone().prop_map(Inline::Strike),
            1 => content.clone().prop_map(Inline::Subscript),
            1 => content.clone().prop_map(Inline::Superscript),
            2 => (target(), content).prop_map(|(target, content)| Inline::Link { target, content }),
        ]
    })
}

/// Some with an anchor beside text, which is all that it ever stands beside.
fn inlines() -> impl Strategy<Value = Vec<Inline>> {
    (vec(inline(), 0..6), proptest::bool::weighted(0.1), select(vec!["here", "Far Down", "!", "a\"b<c"])).prop_map(|(mut content, anchored, name)| {
        if anchored {
            content.splice(0..0, [Inline::Anchor(name.to_owned()), Inline::Text("- a ".to_owned())]);
        }
        content
    })
}

fn code() -> impl Strategy<Value = Block> {
    let lines = select(vec!["", "x", "```", "````", "~~~", "    y", "\tz", "- a", "<!--", " ", "a\r", "\u{202E}", "|"]);
    let language = proptest::option::of(select(vec!["rust", "c++", "c#", "`x`", "", "two words", "\n", "a\u{202E}b"]).prop_map(str::to_owned));
    (language, vec(lines, 0..5)).prop_map(|(language, lines)| Block::Code { language, text: lines.join("\n") })
}

fn list(inner: impl Strategy<Value = Block> + Clone + 'static) -> impl Strategy<Value = List> {
    let task = prop_oneof![3 => Just(None), 1 => Just(Some(false)), 1 => Just(Some(true))];
    let item = (task, vec(inner, 0..3)).prop_map(|(done, body)| Item { done, body });
    let start =
        prop_oneof![3 => Just(None), 1 => Just(Some(1)), 1 => Just(Some(0)), 1 => Just(Some(7)), 1 => Just(Some(98)), 1 => Just(Some(u32::MAX))];
    (start, vec(item, 0..4)).prop_map(|(start, items)| List { start, items })
}

fn paragraphs_and_lists() -> impl Strategy<Value = Block> + Clone {
    let leaf = prop_oneof![8 => inlines().prop_map(Block::Paragraph), 1 => text().prop_map(Block::Marker)].boxed();
    leaf.prop_recursive(3, 8, 3, |inner| list(inner).prop_map(Block::List).boxed())
}

fn table(inner: impl Strategy<Value = Block> + Clone + 'static) -> impl Strategy<Value = Block> {
    let span = || prop_oneof![6 => Just(1_u16), 1 => Just(2), 1 => Just(3), 1 => Just(0)];
    let cell = move |body: BoxedStrategy<Vec<Block>>| {
        (proptest::bool::weighted(0.3), span(), span(), body).prop_map(|(header, colspan, rowspan, body)| Cell { header, colspan, rowspan, body })
    };
    let rows = |cell: BoxedStrategy<Cell>| (proptest::bool::ANY, vec(vec(cell, 0..4), 0..4));
    let simple = rows(cell(vec(paragraphs_and_lists(), 0..3).boxed()).boxed());
    let rich = rows(cell(vec(inner, 0..3).boxed()).boxed());
    prop_oneof![3 => simple, 1 => rich].prop_map(|(head, mut rows)| {
        if head {
            rows.iter_mut().take(1).flatten().for_each(|cell| cell.header = true);
        }
        Block::Table(Table { rows })
    })
}

fn alert_kind() -> impl Strategy<Value = AlertKind> {
    select(vec![AlertKind::Note, AlertKind::Tip, AlertKind::Important, AlertKind::Warning, AlertKind::Caution])
}

fn block() -> impl Strategy<Value = Block> {
    let leaf = prop_oneof![
        8 => inlines().prop_map(Block::Paragraph),
        2 => (0..8_u8, inlines()).prop_map(|(level, content)| Block::Heading { level, content }),
        2 => code(),
        1 => Just(Block::Rule),
        1 => text().prop_map(Block::Marker),
    ]
    .boxed();
    leaf.prop_recursive(4, 24, 4, |inner| {
        let inner = inner.boxed();
        let body = vec(inner.clone(), 0..4);
        prop_oneof![
            2 => body.clone().prop_map(Block::Quote),
            2 => (alert_kind(), inlines(), body).prop_map(|(kind, title, body)| Block::Alert { kind, title, body }),
            5 => list(inner.clone()).prop_map(Block::List),
            2 => table(inner),
        ]
        .boxed()
    })
}

/// A tree.
pub(super) fn tree() -> impl Strategy<Value = Tree> {
    let raw = select(super::expected::RAW.iter().map(|(raw, _)| *raw).collect::<Vec<_>>()).prop_map(|raw| Block::Markdown(raw.to_owned()));
    vec(prop_oneof![12 => block(), 1 => raw], 0..5).prop_map(|blocks| Tree { blocks })
}
