//! Makes names of files and folders from titles and from the names that a service has for things.
//!
//! Guarantees: a safe single component in the sense of [`crate::model::component_is_safe`], in NFC, without characters that hide or turn text around, and below 200 bytes.
//! Does not know what exists on disk: uniqueness comes from the ids in the names.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::hidden::is_hidden;

/// Longest slug, in bytes.
const SLUG_BYTES: usize = 80;
/// Longest component, in bytes.
const STEM_BYTES: usize = 199;
/// Longest name of an attachment, in bytes.
const FILE_BYTES: usize = 150;
/// Longest ending that is kept when a name is cut, in bytes, dot included.
const ENDING_BYTES: usize = 20;

/// `title` in lower case: letters and digits of any script with single `-` between, at most 80 bytes; `untitled` where nothing is left.
#[must_use]
pub fn slug(title: &str) -> String {
    let mut out = String::with_capacity(title.len().min(4 * SLUG_BYTES));
    let mut gap = false;
    for c in title.nfc().flat_map(char::to_lowercase).nfc() {
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

/// `<slug>--<id>`, below 200 bytes.
#[must_use]
pub fn stem(title: &str, id: &str) -> String {
    let id: String = id.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '~') { c } else { '-' }).collect();
    let mut stem = format!("{}--{id}", slug(title));
    stem.truncate(STEM_BYTES);
    stem
}

/// `name` as a safe file name: at most 150 bytes, its ending kept; `unnamed` where nothing is left.
#[must_use]
pub fn file_name(name: &str) -> String {
    let mut clean = String::with_capacity(name.len().min(1024));
    let mut blank = false;
    for c in name.nfc() {
        if c.is_whitespace() {
            blank = true;
        } else if !is_invisible(c) {
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

/// Characters that make two names look alike, or one name look like another.
fn is_invisible(c: char) -> bool {
    is_hidden(c) || c.is_control() || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
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
    let lower = name.to_lowercase();
    let is_known = INSTRUCTIONS.contains(&lower.as_str()) || INSTRUCTION_ENDINGS.iter().any(|ending| lower.ends_with(ending));
    if !is_known {
        return name.to_owned();
    }
    match name.rfind('.').filter(|dot| *dot > 0) {
        // `x.mdc` would end as it must not.
        Some(_) if lower.ends_with(".mdc") => format!("{name}.synced"),
        Some(dot) => format!("{}.synced{}", &name[..dot], &name[dot..]),
        None => format!("{name}.synced"),
    }
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
        ] {
            assert_eq!(slug(title), expected, "{title:?}");
        }
    }

    #[test]
    fn names_stay_within_their_lengths() {
        let long = slug(&"né ".repeat(200));
        assert!(long.len() <= 80 && !long.ends_with('-'), "{long}");
        let stem = stem(&"日".repeat(300), &"9/../".repeat(100));
        assert!(stem.len() < 200 && component_is_safe(&stem).is_ok(), "{stem}");
        let name = file_name(&format!("{}.drawio.png", "ü".repeat(200)));
        assert!(name.len() <= 150 && name.ends_with(".png"), "{name}");
        assert!(file_name(&format!("a.{}", "b".repeat(300))).len() <= 150);
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
