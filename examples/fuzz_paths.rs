//! Looks for titles, ids and names that leave the mirror or share a place: `cargo run --example fuzz_paths -- [SECONDS] [SEED]`.
//!
//! Properties: whatever a title, id or attachment's name holds, what is made of it is one safe component below 200 bytes, in NFC, free of hidden characters, and no
//! name that an assistant takes for instructions; no two ids share a name; what is a path stays below its root and its relative links lead where they should; and
//! what can be a path can be written by a real mirror, below its folder. Needs nothing but a stable compiler.
#![allow(clippy::expect_used, clippy::disallowed_methods, reason = "a tool for those who work on the program")]

use std::collections::HashMap;
use std::path::{Component, Path};
use std::process::ExitCode;

use context_syncd::markdown::slug;
use context_syncd::mirror::Mirror;
use context_syncd::model::{DocPath, component_is_safe};
use fuzz::Random;
use unicode_normalization::UnicodeNormalization as _;

#[path = "fuzz/mod.rs"]
mod fuzz;

/// Longer than any folder that is made here may be.
const BELOW: usize = 200;
/// So many names are remembered with the ids that they are of.
const REMEMBERED: usize = 1 << 18;
/// One input in so many is written to a disk.
const WRITTEN: usize = 64;

const TOKENS: &[&str] = &[
    "..",
    ".",
    "/",
    "\\",
    "\0",
    "\n",
    "\r",
    "\t",
    " ",
    "~",
    "-",
    "--",
    "+",
    "_",
    ":",
    "%2e%2e%2f",
    "%00",
    "#",
    "?",
    "*",
    "|",
    "\"",
    "'",
    "$(x)",
    "`",
    "é",
    "e\u{301}",
    "\u{301}",
    "İ",
    "ß",
    "ſ",
    "K",
    "\u{212a}",
    "\u{202e}",
    "\u{2066}",
    "\u{e0041}",
    "\u{e0141}",
    "\u{200b}",
    "\u{200d}",
    "\u{feff}",
    "\u{ad}",
    "\u{2028}",
    "\u{85}",
    "\u{1b}[2J",
    "日本",
    "हिन्दी",
    "ا",
    "🚀",
    "A",
    "a",
    "7",
    ".md",
    ".mdc",
    ".png",
    ".comments",
    "CLAUDE",
    "AGENTS.md",
    "claude.md",
    ".cursorrules",
    ".trash",
    ".sync_state",
    "_assets",
    "INDEX.md",
    "con",
    "nul",
    "lpt1",
    "..md",
    "...",
    "att99001",
    "98411",
    "712020:bbbb-cccc",
    "ENG/a--1/b--2.md",
    "a.instructions.md",
];

/// Two of everything, alike more often than not.
#[derive(Debug)]
struct Input {
    titles: [String; 2],
    ids: [String; 2],
    names: [String; 2],
    path: String,
}

fn main() -> ExitCode {
    search(fuzz::arguments())
}

/// Searches for so many seconds, from this seed on.
pub(crate) fn search(arguments: (u64, u64)) -> ExitCode {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("wiki");
    let mirror = Mirror::open(&root).expect("a mirror");
    let mut known = HashMap::new();
    let mut count = 0_usize;
    fuzz::run(
        "paths",
        arguments,
        make,
        |input| format!("{input:#?}").into_bytes(),
        |input| {
            count += 1;
            names(input)?;
            ids(input, &mut known)?;
            of_repositories(input)?;
            paths(input)?;
            if count.is_multiple_of(WRITTEN) { written(input, &mirror, &root) } else { Ok(()) }
        },
    )
}

fn make(random: &mut Random) -> Input {
    Input { titles: pair(random), ids: pair(random), names: pair(random), path: text(random) }
}

fn pair(random: &mut Random) -> [String; 2] {
    let one = text(random);
    let mut other = one.clone();
    fuzz::damage(&mut other, TOKENS, random);
    [one, other]
}

fn text(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..random.below(5) {
        text.push_str(random.of(TOKENS));
    }
    if random.one_in(4) {
        fuzz::damage(&mut text, TOKENS, random);
    }
    text
}

fn component(what: &str, name: &str, most: usize) -> Result<(), String> {
    component_is_safe(name).map_err(|why| format!("{what} {name:?}: {why}"))?;
    let hidden =
        |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e01ef}' | '\u{200b}'..='\u{200f}' | '\u{feff}');
    let complaint = match () {
        () if name.len() > most => "is too long",
        () if name.starts_with('.') => "is hidden",
        () if name.chars().any(hidden) => "has characters that hide or turn text",
        () if !name.nfc().eq(name.chars()) => "is not in NFC",
        () if Path::new(name).components().collect::<Vec<_>>() != [Component::Normal(name.as_ref())] => "is no single component",
        () => return Ok(()),
    };
    Err(format!("{what} {name:?} {complaint}"))
}

fn names(input: &Input) -> Result<(), String> {
    for title in &input.titles {
        let made = slug::slug(title);
        component("slug", &made, 80)?;
        if slug::slug(&made) != made {
            return Err(format!("the slug {made:?} has another one: {:?}", slug::slug(&made)));
        }
    }
    for name in &input.names {
        let made = slug::file_name(name);
        component("file name", &made, 150)?;
        let guarded = slug::guard_instruction_file(&made);
        if slug::is_instruction_file(&guarded) || slug::guard_instruction_file(&guarded) != guarded {
            return Err(format!("{guarded:?} is a name of instructions"));
        }
    }
    Ok(())
}

/// What a repository's path is made of: two names never lie in one place, and none lies where something of ours does.
fn of_repositories(input: &Input) -> Result<(), String> {
    let made = [slug::path_component(input.names[0].as_bytes()), slug::path_component(input.names[1].as_bytes())];
    if input.names[0] != input.names[1] && made[0] == made[1] {
        return Err(format!("two names, one component: {made:?}"));
    }
    for made in &made {
        // It may begin with a dot, as `.github` does.
        component("component", &format!("x{made}"), BELOW)?;
        component_is_safe(made).map_err(|why| format!("component {made:?}: {why}"))?;
        let lower = made.to_lowercase();
        if slug::is_instruction_file(made) || lower == ".trash" || lower == ".git" || lower.starts_with(".sync_state") {
            return Err(format!("{made:?} means something"));
        }
    }
    Ok(())
}

fn ids(input: &Input, known: &mut HashMap<String, String>) -> Result<(), String> {
    let alike = input.ids[0] == input.ids[1];
    for (one, other) in [(0, 0), (0, 1), (1, 0)] {
        let stems = (slug::stem(&input.titles[one], &input.ids[0]), slug::stem(&input.titles[other], &input.ids[1]));
        let files = (slug::attachment(&input.ids[0], &input.names[one]), slug::attachment(&input.ids[1], &input.names[other]));
        if !alike && (stems.0 == stems.1 || files.0 == files.1 || stems.0 == format!("{}.comments", stems.1)) {
            return Err(format!("two ids, one name: {stems:?}, {files:?}"));
        }
        for (stem, id) in [(&stems.0, &input.ids[0]), (&stems.1, &input.ids[1])] {
            component("stem", stem, BELOW - 1 - ".comments.md".len())?;
            if slug::is_instruction_file(&format!("{stem}.md")) {
                return Err(format!("{stem:?} is a name of instructions"));
            }
            if let Some(owner) = known.get(stem)
                && owner != id
            {
                return Err(format!("{stem:?} is of {owner:?} and of {id:?}"));
            }
            if known.len() < REMEMBERED {
                known.insert(stem.clone(), id.clone());
            }
        }
        for file in [&files.0, &files.1] {
            component("attachment", file, BELOW - 1)?;
            if slug::is_instruction_file(file) {
                return Err(format!("{file:?} is a name of instructions"));
            }
        }
    }
    Ok(())
}

fn paths(input: &Input) -> Result<(), String> {
    let Ok(path) = DocPath::new(&input.path) else { return Ok(()) };
    let normal = Path::new(path.as_str()).components().all(|component| matches!(component, Component::Normal(_)));
    if !normal || path.as_str().contains('\0') || Path::new(path.as_str()).components().count() != path.components().count() {
        return Err(format!("{path:?} is no path that stays"));
    }
    let other = DocPath::new(&format!("ENG/{}.md", slug::stem(&input.titles[0], &input.ids[0]))).map_err(|error| error.to_string())?;
    for (from, to) in [(&path, &other), (&other, &path), (&path, &path)] {
        let mut at: Vec<&str> = from.folder().split('/').filter(|part| !part.is_empty()).collect();
        let link = from.link_to(to);
        for part in link.split('/') {
            match part {
                ".." => drop(at.pop().ok_or_else(|| format!("{link} leaves the mirror"))?),
                part => at.push(part),
            }
        }
        if at.join("/") != to.as_str() {
            return Err(format!("{link:?} from {from:?} leads to {at:?}"));
        }
    }
    Ok(())
}

/// What a mirror takes lies below its folder afterwards, and nothing lies beside it.
fn written(input: &Input, mirror: &Mirror, root: &Path) -> Result<(), String> {
    let fail = |error: &dyn std::fmt::Display| error.to_string();
    let stem = slug::stem(&input.titles[0], &input.ids[0]);
    let path = DocPath::new(&format!("ENG/{stem}/{}", slug::attachment(&input.ids[1], &input.names[0]))).map_err(|error| fail(&error))?;
    let mut batch = mirror.batch("2025-08-22");
    batch.write(&path, b"text", None).map_err(|error| fail(&error))?;
    batch.place().map_err(|error| fail(&error))?;
    let there = path.below(root).canonicalize().map_err(|error| format!("{path}: {error}"))?;
    if !there.starts_with(root.canonicalize().map_err(|error| fail(&error))?) {
        return Err(format!("{} lies outside", there.display()));
    }
    if std::fs::read_dir(root.parent().unwrap_or(root)).map_err(|error| fail(&error))?.count() != 1 {
        return Err("something lies beside the mirror".to_owned());
    }
    mirror.discard(&path).map_err(|error| fail(&error))?;
    match std::fs::read_dir(root).map_err(|error| fail(&error))?.count() {
        0 => Ok(()),
        left => Err(format!("{left} folders stayed")),
    }
}
