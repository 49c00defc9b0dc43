//! Patterns of names: `*` is any text, `?` one character, `[a-z]` and `[!a-z]` one of these or none of these.
//!
//! Pure. A name is a whole: slashes in it are characters like others. What time it takes grows with pattern times name, never faster.

/// Whether a name fits.
#[must_use]
pub fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut in_name, mut star) = (0, 0, None);
    while let Some(&c) = name.get(in_name) {
        if pattern.get(at) == Some(&'*') {
            star = Some((at + 1, in_name));
            at += 1;
        } else if let Some(after) = one(&pattern, at, c) {
            at = after;
            in_name += 1;
        } else if let Some((behind, taken)) = star {
            star = Some((behind, taken + 1));
            (at, in_name) = (behind, taken + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

/// Whether a name fits, whatever the case of either.
#[must_use]
pub fn fits_any_case(pattern: &str, name: &str) -> bool {
    fits(&pattern.to_lowercase(), &name.to_lowercase())
}

/// Where the pattern goes on after one character of it fitted `c`.
fn one(pattern: &[char], at: usize, c: char) -> Option<usize> {
    let class = || {
        let rest = pattern.get(at + 1..)?;
        // A bracket right at the beginning is one of the characters.
        let end = rest.iter().skip(1).position(|c| *c == ']')? + 1;
        let (negated, inner) = match rest.first()? {
            '!' | '^' => (true, &rest[1..end]),
            _ => (false, &rest[..end]),
        };
        let mut found = false;
        let mut look = 0;
        while let Some(&from) = inner.get(look) {
            match (inner.get(look + 1), inner.get(look + 2)) {
                (Some('-'), Some(&to)) => {
                    found |= (from..=to).contains(&c);
                    look += 3;
                }
                _ => {
                    found |= from == c;
                    look += 1;
                }
            }
        }
        Some((found != negated, at + end + 2))
    };
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '[' => match class() {
            Some((fits, after)) => fits.then_some(after),
            None => (c == '[').then_some(at + 1),
        },
        other => (*other == c).then_some(at + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, does) in [
            ("*", "ENG", true),
            ("*", "", true),
            ("E?G", "ENG", true),
            ("EN*", "ENG", true),
            ("*G", "ENG", true),
            ("E*N*G", "ExxNyyG", true),
            ("EN", "ENG", false),
            ("EN", "en", false),
            ("?", "", false),
            ("~*", "~ann", true),
            ("*b*", "aaa", false),
            ("[A-C]*", "Bob", true),
            ("[!A-C]*", "Bob", false),
            ("[]]", "]", true),
            ("a[b", "a[b", true),
            ("É*", "Équipe", true),
        ] {
            assert_eq!(fits(pattern, name), does, "{pattern} {name}");
        }
        assert!(fits_any_case("E?g", "eNG") && fits_any_case("É*", "équipe"));
    }

    #[test]
    fn a_flood_of_stars_ends() {
        assert!(!fits(&("*a".repeat(500) + "b"), &"a".repeat(5000)));
    }
}
