//! Formulas as GitHub sees them: `$a$` within a line, `$$a$$` within a paragraph. What looks like a link in one is none.
//!
//! The parser's own idea of them is not used: to it `US$5 [a](b) US$6` is one. Linear.

use std::ops::Range;

/// Where formulas stand, in order.
pub(super) fn formulas(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut single, mut double): (Option<usize>, Option<usize>) = (None, None);
    let bytes = text.as_bytes();
    let mut line_is_blank = true;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        match byte {
            b'\n' => {
                single = None;
                if line_is_blank {
                    double = None;
                }
                line_is_blank = true;
            }
            b' ' | b'\t' | b'\r' | b'>' => {}
            _ => line_is_blank = false,
        }
        at += match byte {
            b'\\' if matches!(bytes.get(at + 1), Some(b'$' | b'\\')) => 2,
            b'$' if bytes.get(at + 1) == Some(&b'$') => {
                single = None;
                match double.take() {
                    Some(open) => found.push(open..at + 2),
                    None => double = Some(at),
                }
                2
            }
            b'$' if double.is_none() => {
                match single {
                    Some(open) if closes(text, at) => {
                        found.push(open..at + 1);
                        single = None;
                    }
                    None if opens(text, at) => single = Some(at),
                    _ => {}
                }
                1
            }
            _ => 1,
        };
    }
    found
}

fn opens(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    before.is_none_or(|c| !c.is_alphanumeric() && c != '`') && text[at + 1..].chars().next().is_some_and(|c| !c.is_whitespace())
}

fn closes(text: &str, at: usize) -> bool {
    let after = text[at + 1..].chars().next();
    text[..at].chars().next_back().is_some_and(|c| !c.is_whitespace()) && after.is_none_or(|c| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_found_and_prices_are_none() {
        let found = |text: &str| formulas(text).into_iter().map(|at| text[at].to_owned()).collect::<Vec<_>>();
        assert_eq!(found("a $f[i](x)$ b $y$, ($z$)"), ["$f[i](x)$", "$y$", "$z$"]);
        assert_eq!(found("$$\na\nb\n$$ and $$c$$"), ["$$\na\nb\n$$", "$$c$$"]);
        for none in ["$5 or $6", "US$5 [a](b) US$6", "\\$a$b", "$a\n$", "$ a$", "a$b$", "$$a\n\nb$$", "`$a` [b](c) `$d`", "$"] {
            assert_eq!(found(none), [""; 0], "{none}");
        }
    }
}
