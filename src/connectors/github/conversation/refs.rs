//! What GitHub links in running text: `#12`, `GH-12`, `owner/name#12`, commits, `@user` and `@org/team`. Pure, linear.
//!
//! A reference stands apart: neither a letter, digit nor `_` touches it, and it is no part of an address or path.

use std::ops::Range;

/// What a reference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference<'a> {
    /// `#12`: an issue, a pull request or a discussion, of this repository or another.
    Number {
        /// `owner/name`, where it is said.
        repository: Option<&'a str>,
        number: u64,
    },
    /// A commit.
    Commit {
        /// `owner/name`, where it is said.
        repository: Option<&'a str>,
        sha: &'a str,
    },
    /// A person or an organisation.
    User(&'a str),
    /// A team.
    Team(&'a str, &'a str),
}

/// Longest name of an account, of a team and of a repository.
const NAME: usize = 100;

/// All references in a piece of running text, in order.
pub(super) fn find(text: &str) -> Vec<(Range<usize>, Reference<'_>)> {
    let bytes = text.as_bytes();
    let mut found: Vec<(Range<usize>, Reference<'_>)> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let free = found.last().map_or(0, |(range, _)| range.end);
        let next = match bytes[at] {
            b'#' => numbered(text, free, at),
            b'@' if !touches(text, at) => mention(text, at),
            b'@' => foreign_commit(text, free, at),
            b'G' | b'g' if !touches(text, at) => gh(text, at),
            byte if byte.is_ascii_hexdigit() && !touches(text, at) => {
                let end = end_of(bytes, at, u8::is_ascii_alphanumeric);
                match commit(text, at, end) {
                    Some(sha) => Some((at..end, Reference::Commit { repository: None, sha })),
                    None => {
                        at = end;
                        continue;
                    }
                }
            }
            _ => None,
        };
        match next {
            Some(next) => {
                at = next.0.end;
                found.push(next);
            }
            None => at += 1,
        }
    }
    found
}

/// Whether what stands before `at` makes it a part of something else.
fn touches(text: &str, at: usize) -> bool {
    text[..at].chars().next_back().is_some_and(|c| is_word(c) || matches!(c, '/' | '@' | '.' | '-' | '&' | '#' | '=' | '\\' | '`'))
}

/// Whether what stands behind `end` continues it.
fn goes_on(text: &str, end: usize) -> bool {
    let mut rest = text[end..].chars();
    match rest.next() {
        Some(c) if is_word(c) || matches!(c, '/' | '@') => true,
        // A dot or a dash ends a sentence, or goes on with a name.
        Some('.' | '-') => rest.next().is_some_and(is_word),
        _ => false,
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn end_of(bytes: &[u8], from: usize, is: impl Fn(&u8) -> bool) -> usize {
    from + bytes[from..].iter().take_while(|byte| is(byte)).count()
}

/// `12` at `from`: at most ten digits and no leading zero.
fn number(text: &str, from: usize) -> Option<(u64, usize)> {
    let end = end_of(text.as_bytes(), from, u8::is_ascii_digit);
    let digits = &text[from..end];
    let fits = (1..=10).contains(&digits.len()) && !digits.starts_with('0') && !text[end..].chars().next().is_some_and(is_word);
    fits.then(|| digits.parse().ok().map(|number| (number, end)))?
}

/// `#12`, or `owner/name#12`.
fn numbered(text: &str, free: usize, at: usize) -> Option<(Range<usize>, Reference<'_>)> {
    let (number, end) = number(text, at + 1)?;
    if let Some((start, repository)) = repository_before(text, free, at) {
        return Some((start..end, Reference::Number { repository: Some(repository), number }));
    }
    (!touches(text, at)).then_some((at..end, Reference::Number { repository: None, number }))
}

/// `GH-12`.
fn gh(text: &str, at: usize) -> Option<(Range<usize>, Reference<'_>)> {
    let dash = text.get(at..at + 3).filter(|start| start.eq_ignore_ascii_case("gh-"))?.len();
    let (number, end) = number(text, at + dash)?;
    Some((at..end, Reference::Number { repository: None, number }))
}

/// `name/name` that ends at `end`, and where it begins.
fn repository_before(text: &str, free: usize, end: usize) -> Option<(usize, &str)> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let back = |end: usize| end - text.as_bytes()[free..end].iter().rev().take(NAME + 1).take_while(|byte| is_name(byte)).count();
    let name = back(end);
    let slash = name.checked_sub(1).filter(|slash| *slash >= free && text.as_bytes()[*slash] == b'/')?;
    let owner = back(slash);
    let fits = (1..=NAME).contains(&(end - name)) && is_login(&text[owner..slash]) && !touches(text, owner);
    fits.then(|| (owner, &text[owner..end]))
}

/// `owner/name@sha`.
fn foreign_commit(text: &str, free: usize, at: usize) -> Option<(Range<usize>, Reference<'_>)> {
    let (start, repository) = repository_before(text, free, at)?;
    let end = end_of(text.as_bytes(), at + 1, u8::is_ascii_alphanumeric);
    let sha = commit(text, at + 1, end)?;
    Some((start..end, Reference::Commit { repository: Some(repository), sha }))
}

/// The word between these, if it can be a commit: 7 to 40 hexadecimal digits in lower case, with a letter and a digit among them.
fn commit(text: &str, start: usize, end: usize) -> Option<&str> {
    let word = &text[start..end];
    let fits = (7..=40).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic());
    (fits && !goes_on(text, end)).then_some(word)
}

/// `@user` or `@org/team`.
fn mention(text: &str, at: usize) -> Option<(Range<usize>, Reference<'_>)> {
    let bytes = text.as_bytes();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let end = end_of(bytes, at + 1, is_name);
    let login = &text[at + 1..end];
    if !is_login(login) {
        return None;
    }
    if bytes.get(end) == Some(&b'/') {
        let is_slug = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let close = end_of(bytes, end + 1, is_slug);
        let team = &text[end + 1..close];
        return (!team.is_empty() && team.len() <= NAME && !goes_on(text, close)).then_some((at..close, Reference::Team(login, team)));
    }
    (!goes_on(text, end)).then_some((at..end, Reference::User(login)))
}

/// Whether an account can bear this name: letters, digits and single dashes between, at most 39.
pub(super) fn is_login(name: &str) -> bool {
    (1..=39).contains(&name.len())
        && !name.starts_with('-')
        && !name.ends_with('-')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        find(text)
            .into_iter()
            .map(|(range, reference)| {
                let meaning = match reference {
                    Reference::Number { repository, number } => format!("{}#{number}", repository.unwrap_or_default()),
                    Reference::Commit { repository, sha } => format!("{}@{sha}", repository.unwrap_or_default()),
                    Reference::User(login) => format!("user {login}"),
                    Reference::Team(org, team) => format!("team {org}/{team}"),
                };
                format!("{} = {meaning}", &text[range])
            })
            .collect()
    }

    #[test]
    fn numbers_are_found_where_they_stand_apart() {
        assert_eq!(shown("see #12, (#13) and #14."), ["#12 = #12", "#13 = #13", "#14 = #14"]);
        assert_eq!(shown("GH-7 gh-8"), ["GH-7 = #7", "gh-8 = #8"]);
        assert_eq!(shown("acme/app#3 and a.b-c/d_e.f#4"), ["acme/app#3 = acme/app#3"]);
        assert_eq!(shown("acme/d_e.f#4"), ["acme/d_e.f#4 = acme/d_e.f#4"]);
        for text in ["a#12", "&#39;", "##12", "#12a", "#0", "#012", "#", "XGH-7", "#12345678901", "path/to/acme/app#3"] {
            assert_eq!(shown(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn commits_need_a_digit_a_letter_and_a_boundary() {
        assert_eq!(shown("fixed in 1a2b3c4."), ["1a2b3c4 = @1a2b3c4"]);
        assert_eq!(
            shown("acme/app@0123456789abcdef0123456789abcdef01234567"),
            ["acme/app@0123456789abcdef0123456789abcdef01234567 = acme/app@0123456789abcdef0123456789abcdef01234567"]
        );
        for text in [
            "defaced",
            "1234567",
            "1a2b3c",
            "1a2b3c4g",
            "x1a2b3c4",
            "1a2b3c4-dead",
            "/1a2b3c4",
            "1A2B3C4",
            "1a2b3c4.txt",
            "0123456789abcdef0123456789abcdef012345678",
        ] {
            assert_eq!(shown(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn people_and_teams_are_found_and_addresses_of_mail_are_not() {
        assert_eq!(shown("@ann, @b-c! cc @acme/core-team."), ["@ann = user ann", "@b-c = user b-c", "@acme/core-team = team acme/core-team"]);
        assert_eq!(shown("thanks @ann."), ["@ann = user ann"]);
        for text in ["ann@example.org", "@-a", "@a_b", "x@y", "@@ann", "@", "@app.route", "1@ann", "@a/b/c", "/@ann"] {
            assert_eq!(shown(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn any_text_gives_ranges_in_order_on_the_borders_of_characters() {
        for text in ["é#1é", "ü@ann", "日本#5 日 @ann日", "acme/app#1acme/app#2 a/b#3/c/d#4", "#1#2", "@a@b", "a/b@1a2b3c4@1a2b3c4"] {
            let mut last = 0;
            for (range, _) in find(text) {
                assert!(range.start >= last && range.end > range.start && text.get(range.clone()).is_some(), "{text}");
                last = range.end;
            }
        }
        let flood = "a/".repeat(200_000) + &"#1".repeat(200_000) + &"@a/".repeat(100_000) + &"deadbee1".repeat(100_000);
        find(&flood);
    }
}
