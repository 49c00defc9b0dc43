//! Looks for bodies that the storage-format reader or the Markdown writer cannot take: `cargo run --example fuzz_convert -- [SECONDS] [SEED]`.
//!
//! Takes the bodies of the test fixtures apart and puts them together again at random: pieces moved, repeated, nested, cut, with damage of every kind in between. Each must be
//! converted without a panic, in time and space that its length explains, twice to the same bytes, and free of hidden characters; and what is whole must keep its words.
//! Needs nothing but a stable compiler. A finding is written to a file, whose name is printed, and the exit status is 1.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a tool for those who work on the program")]

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use context_syncd::connectors::confluence::storage::{self, Context};
use context_syncd::markdown::{Resolved, Resolver, Unresolved, write};
use context_syncd::model::Key;
use fuzz::{Random, now};

#[path = "fuzz/mod.rs"]
mod fuzz;

/// Largest body that is made.
const MAX_BYTES: usize = 64 << 10;

/// Pieces that hurt readers of markup.
const TOKENS: &[&str] = &[
    "<",
    ">",
    "</",
    "/>",
    "\"",
    "'",
    "&",
    "&amp;",
    "&#0;",
    "&#x110000;",
    "&nosuch;",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "<?",
    "?>",
    "<!DOCTYPE x>",
    "<b>",
    "</b>",
    "<p>",
    "</p>",
    "<td>",
    "</td>",
    "<tr>",
    "</table>",
    "<table>",
    "<li>",
    "</ul>",
    "<ul>",
    "<br/>",
    "<hr/>",
    "<pre>",
    "<code>",
    "</code>",
    "<a href=\"x\">",
    "</a>",
    "<h1>",
    "</h1>",
    "<x y>",
    "<ac:structured-macro ac:name=\"code\">",
    "<ac:structured-macro ac:name=\"\">",
    "</ac:structured-macro>",
    "<ac:plain-text-body>",
    "</ac:plain-text-body>",
    "<ac:rich-text-body>",
    "</ac:rich-text-body>",
    "<ac:parameter ac:name=\"title\">",
    "</ac:parameter>",
    "<ac:link>",
    "</ac:link>",
    "<ac:link-body>",
    "<ri:page ri:content-title=\"x\"/>",
    "<ri:user/>",
    "<ac:image>",
    "</ac:image>",
    "<ac:task-list>",
    "<ac:task>",
    "<ac:task-body>",
    "</ac:task-list>",
    "<ac:adf-extension>",
    "<ac:adf-node type=\"panel\">",
    "<ac:adf-fallback>",
    "</ac:adf-node>",
    "<ac:emoticon ac:emoji-id=\"ffffffff\"/>",
    "<time datetime=\"x\"/>",
    "colspan=\"1000\"",
    " rowspan=\"65536\"",
    "\u{202e}",
    "\u{e0041}",
    "\u{0}",
    "\u{feff}",
    "\u{200b}",
    "\u{a0}",
    "\u{1f600}",
    "\u{301}",
    "\r\n",
    "\t",
    "  ",
    "```",
    "~~~",
    "|",
    "$",
    "*",
    "_",
    "`",
    "[",
    "](",
    "![",
    "\\",
    "# ",
    "- ",
    "1. ",
    "> ",
    "---",
    "===",
    "[^1]:",
];

/// What encloses a piece.
const FRAMES: &[(&str, &str)] = &[
    ("<p>", "</p>"),
    ("<ul><li>", "</li></ul>"),
    ("<ol start=\"7\"><li>", "</li></ol>"),
    ("<table><tr><td>", "</td></tr></table>"),
    ("<blockquote>", "</blockquote>"),
    ("<table><tr><th rowspan=\"3\" colspan=\"2\">", "</th><td>z</td></tr></table>"),
    ("<strong>", "</strong>"),
    ("<code>", "</code>"),
    ("<a href=\"https://example.com\">", "</a>"),
    ("<h2>", "</h2>"),
    ("<pre>", "</pre>"),
    ("<ac:layout><ac:layout-section><ac:layout-cell>", "</ac:layout-cell></ac:layout-section></ac:layout>"),
    ("<ac:task-list><ac:task><ac:task-body>", "</ac:task-body></ac:task></ac:task-list>"),
    ("<ac:structured-macro ac:name=\"info\"><ac:rich-text-body>", "</ac:rich-text-body></ac:structured-macro>"),
    ("<ac:structured-macro ac:name=\"novel\"><ac:rich-text-body>", "</ac:rich-text-body></ac:structured-macro>"),
    ("<ac:structured-macro ac:name=\"footnote\"><ac:rich-text-body>", "</ac:rich-text-body></ac:structured-macro>"),
    ("<ac:structured-macro ac:name=\"ui-steps\"><ac:rich-text-body>", "</ac:rich-text-body></ac:structured-macro>"),
    ("<ac:structured-macro ac:name=\"html\"><ac:plain-text-body><![CDATA[", "]]></ac:plain-text-body></ac:structured-macro>"),
    ("<ac:structured-macro ac:name=\"markdown\"><ac:plain-text-body><![CDATA[", "]]></ac:plain-text-body></ac:structured-macro>"),
    ("<ac:link ac:anchor=\"x\"><ac:link-body>", "</ac:link-body></ac:link>"),
    ("<ac:image><ac:caption>", "</ac:caption></ac:image>"),
    ("<ac:adf-extension><ac:adf-node type=\"panel\"><ac:adf-content>", "</ac:adf-content></ac:adf-node></ac:adf-extension>"),
    ("<ac:adf-extension><ac:adf-node type=\"multi-bodied-extension\"><ac:adf-content>", "</ac:adf-content></ac:adf-node></ac:adf-extension>"),
];

fn main() -> ExitCode {
    search(fuzz::arguments())
}

/// Searches for so many seconds, from this seed on.
pub(crate) fn search(arguments: (u64, u64)) -> ExitCode {
    let bodies = bodies();
    fuzz::run("convert", arguments, |random| make(&bodies, random), |(body, _)| body.as_bytes().to_vec(), |(body, whole)| check(body, *whole))
}

/// What every body must bear.
fn check(body: &str, whole: bool) -> Result<(), String> {
    let context = Context { base: "https://acme.example.net/wiki", space: "ENG", page: "7", cloud: body.len().is_multiple_of(2) };
    let start = now();
    let storage::Reading { tree, diagnostics, .. } = storage::read(body, &context);
    let resolver: &dyn Resolver = if body.len().is_multiple_of(3) { &Unresolved } else { &Everything };
    let written = write::body(&tree, resolver).text;
    // Far above what any of these takes, in a build without optimisation on a busy machine.
    let limit = Duration::from_millis(200 + body.len() as u64 / 20);
    if now() - start > limit {
        return Err(format!("{} ms for {} bytes", (now() - start).as_millis(), body.len()));
    }
    if written.len() > 20 * body.len() + (1 << 20) {
        return Err(format!("{} bytes became {}", body.len(), written.len()));
    }
    if let Some(hidden) =
        written.chars().find(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}' | '\u{0}' | '\r'))
    {
        return Err(format!("{hidden:?} was written"));
    }
    let again = write::body(&storage::read(body, &context).tree, resolver).text;
    if again != written {
        return Err("twice converted, two results".to_owned());
    }
    let _ = (tree.keys(), diagnostics);
    let lost = body
        .split("qword")
        .skip(1)
        .map(|rest| &rest[..rest.find('q').unwrap_or_default()])
        .find(|number| !written.contains(&format!("qword{number}q")));
    match lost.filter(|_| whole) {
        Some(number) => Err(format!("qword{number}q is lost")),
        None => Ok(()),
    }
}

/// A body, and whether it is whole: made of whole pieces, so that its words must come through.
fn make(bodies: &[String], random: &mut Random) -> (String, bool) {
    let whole = random.below(2) == 0;
    let mut body = String::new();
    for word in 0..=random.below(4) {
        let piece = &bodies[random.below(bodies.len())];
        let mut piece = if whole { format!("<p>qword{word}q</p>{piece}") } else { piece.clone() };
        for _ in 0..random.below(4) {
            // Code, titles and captions show what is in them otherwise, or not at all.
            let (open, close) = FRAMES[random.below(if whole { 6 } else { FRAMES.len() })];
            piece = format!("{open}{piece}{close}");
        }
        body.push_str(&piece);
        if body.len() > MAX_BYTES {
            break;
        }
    }
    if !whole {
        for _ in 0..=random.below(8) {
            damage(&mut body, bodies, random);
        }
    }
    (body, whole)
}

fn damage(body: &mut String, bodies: &[String], random: &mut Random) {
    let (from, to) = (place(body, random), place(body, random));
    let (from, to) = (from.min(to), from.max(to));
    match random.below(7) {
        0 => body.replace_range(from..to.min(floor(body, from + 40)), ""),
        1 => body.insert_str(from, TOKENS[random.below(TOKENS.len())]),
        2 if body.len() < MAX_BYTES => {
            let piece = body[from..to].to_owned();
            body.insert_str(from, &piece);
        }
        3 => {
            let (open, close) = FRAMES[random.below(FRAMES.len())];
            body.insert_str(to, close);
            body.insert_str(from, open);
        }
        4 if body.len() < MAX_BYTES => {
            let other = &bodies[random.below(bodies.len())];
            let (a, b) = (place(other, random), place(other, random));
            body.insert_str(from, &other[a.min(b)..a.max(b)]);
        }
        5 => {
            let token = TOKENS[random.below(TOKENS.len())].repeat(random.below(300));
            body.insert_str(from, &token);
        }
        _ => body.truncate(to),
    }
}

/// A place between two characters, most often beside a tag.
fn place(text: &str, random: &mut Random) -> usize {
    let at = floor(text, random.below(text.len() + 1));
    if random.below(3) == 0 { at } else { text[at..].find(['<', '>']).map_or(at, |skip| at + skip) }
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The bodies of the fixtures.
fn bodies() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/connectors/confluence/fixtures");
    let mut bodies = Vec::new();
    for folder in [folder.clone(), folder.join("catalogue")] {
        let mut files: Vec<_> = std::fs::read_dir(&folder).expect("the fixtures are there").flatten().map(|entry| entry.path()).collect();
        files.sort();
        for file in files {
            let text = || std::fs::read_to_string(&file).unwrap();
            match file.extension().and_then(|extension| extension.to_str()) {
                Some("xhtml") => bodies.push(text()),
                Some("txt") => {
                    bodies.extend(text().split("\n=== ").filter_map(|entry| Some(entry.split_once('\n')?.1.split_once("\n---\n")?.0.to_owned())))
                }
                _ => {}
            }
        }
    }
    bodies
}

/// A mirror of everything.
struct Everything;

impl Resolver for Everything {
    fn resolve(&self, key: &Key) -> Option<Resolved> {
        Some(Resolved { link: (!key.is_person()).then(|| "x y.md".to_owned()), title: "A [title] *of* \u{202e}it".to_owned() })
    }
}
