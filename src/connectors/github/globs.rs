//! Patterns of paths in a repository: `*` and `?` within a name, `[a-z]`, `{md,rst}`, `**` for any number of folders, `!` before what is left out.
//!
//! Pure. A pattern begins at the repository's root: `*.md` are files in the root, `**/*.md` files everywhere. Unlike the libraries for it, these also tell
//! whether anything below a folder can match, so that folders are not listed in vain. Linear in the path for a given pattern.

use crate::connectors::wildcard;

/// More alternatives than this in one pattern are a mistake.
const MOST_ALTERNATIVES: usize = 64;
/// Longer patterns, too.
const MOST_BYTES: usize = 1000;

/// A list of patterns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Globs {
    wanted: Vec<Pattern>,
    unwanted: Vec<Pattern>,
}

/// The parts of a pattern between slashes.
type Pattern = Vec<String>;

impl Globs {
    /// # Errors
    /// What is wrong with one of them.
    pub(super) fn new(given: &[String]) -> Result<Self, String> {
        let mut globs = Self::default();
        for text in given {
            let (list, pattern) = match text.trim().strip_prefix('!') {
                Some(pattern) => (&mut globs.unwanted, pattern),
                None => (&mut globs.wanted, text.trim()),
            };
            for alternative in alternatives(pattern).ok_or_else(|| format!("`{text}` has unbalanced or too many {{…}}"))? {
                list.extend(read(&alternative).ok_or_else(|| format!("`{text}` is no pattern of paths; write such as docs/** or *.md"))?);
            }
        }
        Ok(globs)
    }

    /// Whether a path is wanted.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.wanted.iter().any(|pattern| fits(pattern, path)) && !self.unwanted.iter().any(|pattern| fits(pattern, path))
    }

    /// Whether a pattern with `!` leaves a path out.
    pub(super) fn leaves_out(&self, path: &str) -> bool {
        self.unwanted.iter().any(|pattern| fits(pattern, path))
    }

    /// Whether a pattern can match in any folder.
    pub(super) fn begins_anywhere(&self) -> bool {
        self.wanted.iter().any(|pattern| pattern.first().is_some_and(|first| first == "**"))
    }

    /// Whether a path is wanted by a pattern that names its ending itself: `openapi/*.yaml`, or a whole name.
    pub(super) fn names_ending(&self, path: &str) -> bool {
        let Some((_, ending)) = name_of(path).rsplit_once('.') else { return self.names_whole(path) };
        let names = |pattern: &Pattern| pattern.last().and_then(|last| last.rsplit_once('.')).is_some_and(|(_, named)| named == ending);
        self.wanted.iter().any(|pattern| names(pattern) && fits(pattern, path))
    }

    fn names_whole(&self, path: &str) -> bool {
        let name = name_of(path);
        self.wanted.iter().any(|pattern| pattern.last().is_some_and(|last| last == name) && fits(pattern, path))
    }

    /// Whether something below a folder can be wanted.
    pub(super) fn may_match_below(&self, folder: &str) -> bool {
        self.wanted.iter().any(|pattern| reached(pattern, folder).iter().any(|at| *at < pattern.len()))
    }

    /// Whether something deeper than directly in a folder can be wanted: then the folder is best listed with all that is below it.
    pub(super) fn go_deeper(&self, folder: &str) -> bool {
        self.wanted.iter().any(|pattern| reached(pattern, folder).iter().any(|at| *at + 1 < pattern.len()))
    }
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// A pattern's parts; a folder's name stands for all that is in it, too.
fn read(text: &str) -> Option<Vec<Pattern>> {
    let trimmed = text.trim_start_matches("./").trim_start_matches('/');
    if trimmed.is_empty() || trimmed.len() > MOST_BYTES || trimmed.contains(['\0', '\\']) {
        return None;
    }
    let is_folder = trimmed.ends_with('/');
    let mut parts: Pattern = trimmed.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    parts.dedup_by(|a, b| *a == "**" && *b == "**");
    if parts.iter().any(|part| matches!(part.as_str(), "." | "..")) {
        return None;
    }
    // All below, and not the folder itself.
    let all_below = |mut parts: Pattern| {
        if parts.last().is_none_or(|last| last != "**") {
            parts.push("**".to_owned());
        }
        parts.push("*".to_owned());
        parts
    };
    let last = parts.last()?.clone();
    Some(match () {
        () if is_folder || last == "**" => vec![all_below(parts)],
        () if last.contains(['*', '?', '[']) => vec![parts],
        () => vec![parts.clone(), all_below(parts)],
    })
}

/// `a{b,c}d` as `abd` and `acd`; none where braces do not balance or there are too many.
fn alternatives(text: &str) -> Option<Vec<String>> {
    let mut done = Vec::new();
    let mut open = vec![text.to_owned()];
    while let Some(text) = open.pop() {
        if done.len() + open.len() > MOST_ALTERNATIVES {
            return None;
        }
        let Some(from) = text.find('{') else {
            if text.contains('}') {
                return None;
            }
            done.push(text);
            continue;
        };
        let (mut depth, mut cuts, mut end) = (0, vec![from], None);
        for (at, c) in text.char_indices().skip_while(|(at, _)| *at < from) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => cuts.push(at),
                _ => {}
            }
            if depth == 0 {
                end = Some(at);
                break;
            }
        }
        let end = end?;
        cuts.push(end);
        for pair in cuts.windows(2).rev() {
            open.push(format!("{}{}{}", &text[..from], &text[pair[0] + 1..pair[1]], &text[end + 1..]));
        }
    }
    Some(done)
}

fn fits(pattern: &Pattern, path: &str) -> bool {
    reached(pattern, path).contains(&pattern.len())
}

/// Where in a pattern one can stand after a path; without a path, at its beginning.
fn reached(pattern: &Pattern, path: &str) -> Vec<usize> {
    let mut at = vec![0];
    pass_over(pattern, &mut at);
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let mut next = Vec::new();
        for state in at {
            match pattern.get(state).map(String::as_str) {
                Some("**") => next.push(state),
                Some(part) if wildcard::fits(part, name) => next.push(state + 1),
                _ => {}
            }
        }
        pass_over(pattern, &mut next);
        at = next;
    }
    at
}

/// `**` may stand for no folder at all.
fn pass_over(pattern: &Pattern, at: &mut Vec<usize>) {
    let mut look = 0;
    while let Some(state) = at.get(look).copied() {
        if pattern.get(state).is_some_and(|part| part == "**") && !at.contains(&(state + 1)) {
            at.push(state + 1);
        }
        look += 1;
    }
    at.sort_unstable();
    at.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(given: &[&str]) -> Globs {
        Globs::new(&given.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn patterns_begin_at_the_root() {
        for (pattern, path, fits) in [
            ("*.md", "README.md", true),
            ("*.md", "docs/a.md", false),
            ("**/*.md", "README.md", true),
            ("**/*.md", "a/b/c.md", true),
            ("docs/**", "docs/a.md", true),
            ("docs/**", "docs/a/b/c", true),
            ("docs/**", "docs", false),
            ("docs/**", "documents/a", false),
            ("docs/", "docs/a/b", true),
            ("docs", "docs/a/b", true),
            ("docs", "docs", true),
            ("/docs/*.md", "docs/a.md", true),
            ("docs/*.md", "docs/a/b.md", false),
            ("packages/*/docs/**", "packages/web/docs/a.md", true),
            ("packages/*/docs/**", "packages/web/src/docs/a.md", false),
            ("a/**/b/**/c", "a/x/b/y/z/c", true),
            ("a/**/b/**/c", "a/b/c", true),
            ("a/**/b/**/c", "a/c", false),
            ("*.{md,rst}", "a.rst", true),
            ("{a,b{c,d}}/*.md", "bd/x.md", true),
            ("[A-Z]*.txt", "Notes.txt", true),
            ("[!A-Z]*.txt", "Notes.txt", false),
            ("a?c", "abc", true),
            ("a[b", "a[b", true),
            ("**", "any/thing", true),
        ] {
            assert_eq!(globs(&[pattern]).matches(path), fits, "{pattern} {path}");
        }
    }

    #[test]
    fn what_is_left_out_is_left_out() {
        let globs = globs(&["docs/**", "!docs/internal/**", "!**/draft-*"]);
        assert!(globs.matches("docs/a.md"));
        assert!(!globs.matches("docs/internal/a.md") && !globs.matches("docs/x/draft-1.md"));
    }

    #[test]
    fn folders_that_can_hold_nothing_are_known() {
        let globs = globs(&["docs/**", "*.md", "packages/*/README*"]);
        for (folder, may, deeper) in [
            ("", true, true),
            ("docs", true, true),
            ("docs/a", true, true),
            ("src", false, false),
            ("packages", true, true),
            ("packages/web", true, false),
            ("packages/web/x", false, false),
        ] {
            assert_eq!((globs.may_match_below(folder), globs.go_deeper(folder)), (may, deeper), "{folder}");
        }
    }

    #[test]
    fn an_ending_is_named_by_the_pattern_or_not() {
        let globs = globs(&["docs/**", "openapi/*.yaml", "LICENSE"]);
        assert!(globs.names_ending("openapi/a.yaml") && globs.names_ending("LICENSE"));
        assert!(!globs.names_ending("docs/a.yaml"));
    }

    #[test]
    fn nonsense_is_refused_and_floods_end() {
        for given in ["", "../a", "a/../b", "{a", "a}", "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "a\\b"] {
            assert!(Globs::new(&[given.to_owned()]).is_err(), "{given}");
        }
        let flood = globs(&[&("**/a*a*a*/".repeat(40) + "x")]);
        assert!(!flood.matches(&"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab/".repeat(500)));
    }
}
