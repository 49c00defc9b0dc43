//! Names of files and folders that a repository has already: they stay what they are wherever they can.
//!
//! Guarantees: a safe component; no two names give one, whatever a repository calls its files; nothing that is ours, git's or an assistant's.

use unicode_normalization::is_nfc;

use super::{ENDING_BYTES, FINGERPRINT_BYTES, SHOWN, guard_instruction_file, is_instruction_file, is_invisible};
use crate::model::ContentHash;

/// Longest name that stays as it is, in bytes.
const NAME_BYTES: usize = 180;
const SYNCED: &str = ".synced";

/// A component of a repository's path as one of ours: itself, in its own case, where it is safe; an instruction file or folder under the name that
/// [`guard_instruction_file`] gives it; else what can be shown of it and a fingerprint behind a `+`, its ending kept. No two names give one.
#[must_use]
pub fn path_component(name: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(name) else { return escaped(name) };
    if !stays(text) {
        return escaped(name);
    }
    guard_instruction_file(text)
}

/// A file's name as [`crate::model::Place`] has it: what comes before its ending, and the ending with its dot, which may be empty (`README`, `.profile`).
#[must_use]
pub fn split_ending(name: &str) -> (&str, &str) {
    name.rfind('.').filter(|dot| *dot > 0).map_or((name, ""), |dot| name.split_at(dot))
}

fn stays(name: &str) -> bool {
    let is_odd = |c: char| is_invisible(c) || matches!(c, '/' | '\\') || (c.is_whitespace() && c != ' ');
    !name.is_empty()
        && name.len() <= NAME_BYTES
        && !matches!(name, "." | "..")
        && !name.starts_with(' ')
        && !name.ends_with(' ')
        && !name.chars().any(is_odd)
        && is_nfc(name)
        && !is_ours(name)
        && !is_fingerprinted(name)
        && !is_guarded(name)
}

/// Names that mean something to this program or to git, in any case: some file systems have only one.
fn is_ours(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    matches!(lower.as_str(), ".trash" | ".git") || lower.starts_with(".sync_state") || lower.starts_with(".context-sync-")
}

/// Whether a name could be one that [`escaped`] gives.
fn is_fingerprinted(name: &str) -> bool {
    name.match_indices('+').any(|(at, _)| {
        let digits = name[at + 1..].bytes().take_while(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte)).count();
        digits == 2 * FINGERPRINT_BYTES && matches!(name.as_bytes().get(at + 1 + digits), None | Some(b'.'))
    })
}

/// Whether a name is what an instruction file would be called.
fn is_guarded(name: &str) -> bool {
    name.match_indices(SYNCED).any(|(at, _)| {
        let original = format!("{}{}", &name[..at], &name[at + SYNCED.len()..]);
        is_instruction_file(&original) && guard_instruction_file(&original) == name
    })
}

fn escaped(name: &[u8]) -> String {
    use std::fmt::Write as _;
    let text = String::from_utf8_lossy(name);
    let ending = text.rfind('.').filter(|dot| *dot > 0).map_or("", |dot| &text[dot..]);
    let plain = ending.len() <= ENDING_BYTES && ending.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    let ending = if plain && ending.len() > 1 { ending } else { "" };
    let mut out: String = text.chars().take(SHOWN).map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' }).collect();
    out.push('+');
    for byte in &ContentHash::of(name).0[..FINGERPRINT_BYTES] {
        let _ = write!(out, "{byte:02x}");
    }
    out.push_str(ending);
    // `.mdc` is taken for instructions whatever stands before it.
    if is_instruction_file(&out) { guard_instruction_file(&out) } else { out }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::model::component_is_safe;

    #[test]
    fn names_stay_what_they_were() {
        for name in [
            "README.md",
            "readme.md",
            "README",
            "a b (1).md",
            ".github",
            ".profile",
            "a.md.synced",
            "été.rst",
            "C++",
            "x+y.md",
            "日本.md",
            "_wiki",
            ".gitignore",
        ] {
            assert_eq!(path_component(name.as_bytes()), name);
        }
        assert_eq!(path_component(b"AGENTS.md"), "AGENTS.synced.md");
        assert_eq!(path_component(b".cursor"), ".cursor.synced");
        assert_eq!(path_component(b"copilot-instructions.md"), "copilot-instructions.synced.md");
    }

    #[test]
    fn what_cannot_stay_is_escaped_and_no_two_names_meet() {
        let long = "x".repeat(300) + ".md";
        let own = path_component(b"e\xcc\x81.md");
        let names: Vec<&[u8]> = vec![
            b"",
            b".",
            b"..",
            b" a",
            b"a ",
            b"a\nb",
            b"a\\b",
            b"\xff.md",
            "e\u{301}.md".as_bytes(),
            "é.md".as_bytes(),
            b".trash",
            b".Trash",
            b".sync_state",
            b".sync_state.x",
            b".git",
            b".context-sync-0000000000000000.tmp",
            "a\u{202E}b".as_bytes(),
            long.as_bytes(),
            b"AGENTS.md",
            b"AGENTS.synced.md",
            b"agents.md",
            b".cursor",
            b".cursor.synced",
            b"x.mdc",
            b"x.mdc.synced",
            b"a/b.md",
            own.as_bytes(),
            b"\xfe.mdc",
        ];
        let mut seen: HashMap<String, &[u8]> = HashMap::new();
        for name in names {
            let safe = path_component(name);
            assert!(component_is_safe(&safe).is_ok() && !is_instruction_file(&safe) && safe.len() < 200 && !is_ours(&safe), "{safe}");
            assert_eq!(seen.insert(safe.clone(), name), None, "{safe}");
        }
        assert!(path_component(long.as_bytes()).ends_with(".md"));
    }

    #[test]
    fn endings_are_split_off() {
        for (name, stem, ending) in [("a.b.md", "a.b", ".md"), ("README", "README", ""), (".profile", ".profile", ""), ("a.", "a", ".")] {
            assert_eq!(split_ending(name), (stem, ending));
        }
    }

    proptest! {
        #[test]
        fn any_two_names_stay_two(a in prop::collection::vec(prop::sample::select(&[b'a', b'.', b' ', b'+', b'-', 0xcc, 0x81, b'e', b'\n', b'A'][..]), 0..6),
                                  b in prop::collection::vec(prop::sample::select(&[b'a', b'.', b' ', b'+', b'-', 0xcc, 0x81, b'e', b'\n', b'A'][..]), 0..6)) {
            let (safe_a, safe_b) = (path_component(&a), path_component(&b));
            prop_assert!(component_is_safe(&safe_a).is_ok());
            prop_assert_eq!(a == b, safe_a == safe_b);
        }
    }
}
