//! Makes names of files and folders from titles and from the names that a service has for things.
//!
//! Guarantees: a safe single component in the sense of [`crate::model::component_is_safe`], in NFC, without characters that hide or turn text around, and below 200 bytes,
//! whatever is appended by this program. Does not know what exists on disk: uniqueness comes from the ids in the names, and no two ids give one name.

use std::fmt::Write as _;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

mod repository;

pub use repository::{path_component, split_ending};

use super::hidden::is_hidden;
use crate::model::ContentHash;

/// Longest slug, in bytes.
const SLUG_BYTES: usize = 80;
/// Longest id in a document's name as it is, in bytes: with the longest slug and `.comments.md` the name stays below 200.
const ID_BYTES: usize = 100;
/// Longest id in an attachment's name as it is, in bytes: with the longest name and `.synced` it stays below 200.
const ASSET_ID_BYTES: usize = 40;
/// So many characters are shown of an id that cannot stand in a name as it is.
const SHOWN: usize = 16;
/// So much of its SHA-256 stands behind them.
const FINGERPRINT_BYTES: usize = 12;
/// Longest name of an attachment, in bytes.
const FILE_BYTES: usize = 150;
/// Longest ending that is kept when a name is cut, in bytes, dot included.
const ENDING_BYTES: usize = 20;

/// `title` in lower case: letters and digits of any script with single `-` between, at most 80 bytes; `untitled` where nothing is left.
#[must_use]
pub fn slug(title: &str) -> String {
    let mut out = String::with_capacity(title.len().min(4 * SLUG_BYTES));
    let mut gap = false;
    for c in title.nfc().flat_map(char::to_lowercase).filter(|c| !is_unseen_letter(*c)).nfc() {
        // Marks belong to the letter before them: vowel signs, or the dot that lower case leaves on a Turkish capital.
        if c.is_alphanumeric() || (is_combining_mark(c) && !gap && !out.is_empty()) {
            if gap && !out.is_empty() {
                out.push('-');
            }
            gap = false;
            out.push(c);
        } else {
            gap = true;
        }
        if out.len() > SLUG_BYTES {
            break;
        }
    }
    out.truncate(out.floor_char_boundary(SLUG_BYTES));
    let kept = out.trim_end_matches('-').len();
    out.truncate(kept);
    if out.is_empty() { "untitled".to_owned() } else { out }
}

/// `<slug>--<id>`: another one for each id, whatever the titles are.
#[must_use]
pub fn stem(title: &str, id: &str) -> String {
    format!("{}--{}", slug(title), identity(id))
}

/// `id` as a component of its own, or as the end of one: itself if it is short and plain; else what can be shown of it, and a fingerprint behind a `+`, which
/// no plain id holds. So no two ids give one name.
#[must_use]
pub fn identity(id: &str) -> String {
    // What begins behind a dot is ours to append: `7.comments` would be the name of the comments on 7.
    let extends = id.split('.').skip(1).any(|part| !part.starts_with(|c: char| c.is_ascii_digit()));
    let plain = id.len() <= ID_BYTES && !extends && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~'));
    if plain && !id.is_empty() && !id.starts_with('.') { id.to_owned() } else { fingerprinted(id) }
}

/// `<id>-<name>` for an attachment: another one for each id, at most 199 bytes, and nothing that an assistant takes for its instructions.
#[must_use]
pub fn attachment(id: &str, name: &str) -> String {
    // A `-` would let `1` with `2-x` be called like `1-2` with `x`.
    let plain = (1..=ASSET_ID_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let id = if plain { id.to_owned() } else { fingerprinted(id) };
    guard_instruction_file(&format!("{id}-{}", file_name(name)))
}

fn fingerprinted(id: &str) -> String {
    let mut shown: String = id.chars().take(SHOWN).map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    shown.push('+');
    for byte in &ContentHash::of(id.as_bytes()).0[..FINGERPRINT_BYTES] {
        let _ = write!(shown, "{byte:02x}");
    }
    shown
}

/// `name` as a safe file name: at most 150 bytes, its ending kept; `unnamed` where nothing is left.
#[must_use]
pub fn file_name(name: &str) -> String {
    let mut clean = String::with_capacity(name.len().min(1024));
    let mut blank = false;
    for c in name.chars().filter(|c| c.is_whitespace() || !is_invisible(*c)).nfc() {
        if c.is_whitespace() {
            blank = true;
        } else {
            if std::mem::take(&mut blank) && !clean.is_empty() {
                clean.push(' ');
            }
            clean.push(if matches!(c, '/' | '\\') { '-' } else { c });
        }
    }
    let clean = clean.trim_start_matches(['.', ' ']);
    if clean.is_empty() {
        return "unnamed".to_owned();
    }
    if clean.len() <= FILE_BYTES {
        return clean.to_owned();
    }
    let ending = clean.rfind('.').map_or("", |dot| &clean[dot..]);
    let ending = if ending.len() <= ENDING_BYTES { ending } else { "" };
    let kept = clean.floor_char_boundary(FILE_BYTES - ending.len());
    format!("{}{ending}", clean[..kept].trim_end())
}

/// Letters and marks that show nothing: fillers and variation selectors.
fn is_unseen_letter(c: char) -> bool {
    let filler = matches!(c, '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{3164}' | '\u{FFA0}');
    filler || matches!(c, '\u{180B}'..='\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Characters that make two names look alike, or one name look like another.
fn is_invisible(c: char) -> bool {
    is_hidden(c)
        || is_unseen_letter(c)
        || c.is_control()
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// Names of files and folders that coding assistants load by themselves, in lower case.
const INSTRUCTIONS: [&str; 34] = [
    ".agent",
    ".agents",
    ".aider.conf.yml",
    ".amazonq",
    ".augment",
    ".claude",
    ".claude.json",
    ".clinerules",
    ".codex",
    ".continue",
    ".continuerules",
    ".cursor",
    ".cursorrules",
    ".gemini",
    ".goosehints",
    ".junie",
    ".kiro",
    ".mcp.json",
    ".roo",
    ".roorules",
    ".rules",
    ".windsurf",
    ".windsurfrules",
    "agent.md",
    "agents.md",
    "agents.override.md",
    "claude.local.md",
    "claude.md",
    "copilot-instructions.md",
    "crush.md",
    "gemini.md",
    "qwen.md",
    "skill.md",
    "warp.md",
];
/// Endings of such names, in lower case.
const INSTRUCTION_ENDINGS: [&str; 5] = [".instructions.md", ".prompt.md", ".chatmode.md", ".agent.md", ".mdc"];

/// `name`, one component, such that no assistant takes it for its instructions: `AGENTS.md` becomes `AGENTS.synced.md`, `.cursorrules` becomes `.cursorrules.synced`.
#[must_use]
pub fn guard_instruction_file(name: &str) -> String {
    if !is_instruction_file(name) {
        return name.to_owned();
    }
    let lower = name.to_lowercase();
    match name.rfind('.').filter(|dot| *dot > 0) {
        // `x.mdc` would end as it must not.
        Some(_) if lower.ends_with(".mdc") => format!("{name}.synced"),
        Some(dot) => format!("{}.synced{}", &name[..dot], &name[dot..]),
        None => format!("{name}.synced"),
    }
}

/// Whether some assistant takes a file or folder of this name for its instructions.
#[must_use]
pub fn is_instruction_file(name: &str) -> bool {
    // Every path of a site is asked here at each run.
    if !name.starts_with('.') && !name.ends_with(['d', 'D', 'c', 'C']) {
        return false;
    }
    let lower = name.to_lowercase();
    INSTRUCTIONS.contains(&lower.as_str()) || INSTRUCTION_ENDINGS.iter().any(|ending| lower.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::component_is_safe;

    #[test]
    fn slugs_keep_letters_of_any_script() {
        for (title, expected) in [
            ("Release checklist", "release-checklist"),
            ("  C++ / Rust: FFI!  ", "c-rust-ffi"),
            ("Übersicht Straße", "übersicht-straße"),
            ("日本語 ページ", "日本語-ページ"),
            ("हिन्दी पृष्ठ", "हिन्दी-पृष्ठ"),
            ("Cafe\u{301}", "café"),
            ("...hidden", "hidden"),
            ("a--b__c", "a-b-c"),
            ("", "untitled"),
            ("🚀!?", "untitled"),
            ("a\u{202E}b/../c\n", "a-b-c"),
            ("1\u{FE0F}\u{20E3} a\u{E0141}b\u{3164}", "1\u{20E3}-ab"),
        ] {
            assert_eq!(slug(title), expected, "{title:?}");
        }
    }

    #[test]
    fn names_stay_within_their_lengths() {
        let long = slug(&"né ".repeat(200));
        assert!(long.len() <= 80 && !long.ends_with('-'), "{long}");
        for id in ["9/../".repeat(100), "9".repeat(100)] {
            let stem = stem(&"日".repeat(300), &id);
            assert!(format!("{stem}.comments.md").len() < 200 && component_is_safe(&stem).is_ok(), "{stem}");
            let name = attachment(&id, &format!("{}.mdc", "ü".repeat(200)));
            assert!(name.len() < 200 && name.ends_with(".mdc.synced"), "{name}");
        }
        let name = file_name(&format!("{}.drawio.png", "ü".repeat(200)));
        assert!(name.len() <= 150 && name.ends_with(".png"), "{name}");
        assert!(file_name(&format!("a.{}", "b".repeat(300))).len() <= 150);
    }

    #[test]
    fn ids_stand_as_they_are_or_with_a_fingerprint_that_no_other_has() {
        for plain in ["98411", "ENG-7", "a_b~c", "1700000000.000100", "A", "a"] {
            assert_eq!(identity(plain), plain);
        }
        let odd = ["", ".", "..", "7/..", "7-..", "7.comments", "7:comments", "7\u{0}", "é", "e\u{301}", "7.", &"7".repeat(101), &"7".repeat(102)];
        let names: std::collections::HashSet<String> = odd.iter().map(|id| stem("t", id)).collect();
        assert_eq!(names.len(), odd.len());
        assert!(names.iter().all(|name| name.contains('+') && component_is_safe(name).is_ok()), "{names:?}");
        // Whoever knows what a fingerprint looks like cannot give it to another id.
        assert_ne!(identity(&identity("7/..")), identity("7/.."));
        assert_ne!(attachment("1", "2-x"), attachment("1-2", "x"));
        assert_eq!(attachment("att99001", "a b.png"), "att99001-a b.png");
    }

    #[test]
    fn file_names_are_safe_and_stay_readable() {
        for (name, expected) in [
            ("diagram (final) v2.png", "diagram (final) v2.png"),
            ("../../etc/passwd", "-..-etc-passwd"),
            ("..", "unnamed"),
            (".bashrc", "bashrc"),
            ("invoice\u{202E}gpj.exe", "invoicegpj.exe"),
            ("a\u{0}b\nc.txt", "ab c.txt"),
            (" \t", "unnamed"),
            ("\u{200B}.x", "x"),
            ("e\u{200B}\u{301}.x", "\u{e9}.x"),
        ] {
            assert_eq!(file_name(name), expected, "{name:?}");
            assert!(component_is_safe(expected).is_ok());
        }
    }

    #[test]
    fn instruction_files_get_another_name() {
        for (name, expected) in [
            ("AGENTS.md", "AGENTS.synced.md"),
            ("Claude.MD", "Claude.synced.MD"),
            (".cursorrules", ".cursorrules.synced"),
            (".cursor", ".cursor.synced"),
            (".mcp.json", ".mcp.synced.json"),
            ("copilot-instructions.md", "copilot-instructions.synced.md"),
            ("rust.instructions.md", "rust.instructions.synced.md"),
            ("rules.mdc", "rules.mdc.synced"),
            ("agents--98411.md", "agents--98411.md"),
            ("README.md", "README.md"),
        ] {
            let guarded = guard_instruction_file(name);
            assert_eq!(guarded, expected);
            assert_eq!(guard_instruction_file(&guarded), guarded, "a guarded name is not guarded again");
        }
    }
}
