//! Understands as much of CQL as a mirror can answer: labels, spaces, kinds and places, joined by `and`.
//!
//! Anything else gives none, so that the macro which asked keeps its marker rather than a wrong list. Pure.

use crate::connectors::confluence::keys;
use crate::markdown::insert::{Root, Selection};

/// Reads a query that a page in `space` asks.
pub(super) fn selection(query: &str, space: &str) -> Option<Selection> {
    let mut tokens = tokens(query)?.into_iter().peekable();
    let mut selection = Selection::default();
    loop {
        let field = tokens.next()?.word()?.to_ascii_lowercase();
        let values = match tokens.next()? {
            Token::Sign('=') => vec![value(&mut tokens)?],
            Token::Word(word) if word.eq_ignore_ascii_case("in") => list(&mut tokens)?,
            _ => return None,
        };
        match field.as_str() {
            "label" => selection.labels.push(values),
            "space" | "space.key" if selection.containers.is_empty() => {
                selection.containers = values.into_iter().map(|key| if is_call(&key, "currentspace") { space.to_owned() } else { key }).collect();
            }
            "type" if selection.kinds.is_empty() => selection.kinds = values,
            "ancestor" if selection.below.is_none() => {
                let [id] = <[String; 1]>::try_from(values).ok()?;
                selection.below = Some(if is_call(&id, "currentcontent") { Root::This } else { Root::Key(keys::doc(&id)) });
            }
            _ => return None,
        }
        match tokens.next() {
            None => break,
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("and") => {}
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("order") => break,
            Some(_) => return None,
        }
    }
    // What no label bounds may be all of a site.
    (!selection.labels.is_empty()).then_some(selection)
}

fn is_call(value: &str, name: &str) -> bool {
    value.strip_suffix("()").is_some_and(|call| call.eq_ignore_ascii_case(name))
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Sign(char),
}

impl Token {
    fn word(self) -> Option<String> {
        match self {
            Self::Word(word) => Some(word),
            Self::Quoted(_) | Self::Sign(_) => None,
        }
    }
}

type Tokens = std::iter::Peekable<std::vec::IntoIter<Token>>;

fn value(tokens: &mut Tokens) -> Option<String> {
    match tokens.next()? {
        Token::Quoted(text) => Some(text),
        Token::Word(word) if tokens.next_if(|next| *next == Token::Sign('(')).is_some() => {
            (tokens.next()? == Token::Sign(')')).then(|| format!("{word}()"))
        }
        Token::Word(word) => Some(word),
        Token::Sign(_) => None,
    }
}

fn list(tokens: &mut Tokens) -> Option<Vec<String>> {
    if tokens.next()? != Token::Sign('(') {
        return None;
    }
    let mut values = Vec::new();
    loop {
        values.push(value(tokens)?);
        match tokens.next()? {
            Token::Sign(',') => {}
            Token::Sign(')') => return Some(values),
            _ => return None,
        }
    }
}

fn tokens(query: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = query.chars().peekable();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            c if c.is_whitespace() => continue,
            '=' | ',' | '(' | ')' => Token::Sign(c),
            '"' | '\'' => {
                let mut text = String::new();
                loop {
                    match chars.next()? {
                        '\\' => text.push(chars.next()?),
                        end if end == c => break,
                        other => text.push(other),
                    }
                }
                Token::Quoted(text)
            }
            c => {
                let mut word = String::from(c);
                while let Some(more) = chars.next_if(|c| !c.is_whitespace() && !matches!(c, '=' | ',' | '(' | ')' | '"' | '\'')) {
                    word.push(more);
                }
                Token::Word(word)
            }
        });
    }
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_spaces_kinds_and_places_are_understood() {
        let read =
            selection("label in (\"a\", 'b') and LABEL = c and space = currentSpace() AND type = \"page\" and ancestor = currentContent()", "ENG");
        let expected = Selection {
            labels: vec![vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned()]],
            containers: vec!["ENG".to_owned()],
            kinds: vec!["page".to_owned()],
            below: Some(Root::This),
            most: None,
        };
        assert_eq!(read, Some(expected));
        let read = selection("label=\"a \\\"b\\\"\" and ancestor=12 order by title desc", "ENG").unwrap();
        assert_eq!(read.labels, [["a \"b\""]]);
        assert_eq!(read.below, Some(Root::Key(keys::doc("12"))));
    }

    #[test]
    fn what_a_mirror_cannot_answer_is_not_guessed() {
        for query in [
            "",
            "space = ENG",
            "label = a or label = b",
            "label != a",
            "label = a and title ~ x",
            "label = a and lastmodified > now(\"-1d\")",
            "label = \"a",
            "label in a",
            "label in (a",
            "label = a and",
        ] {
            assert_eq!(selection(query, "ENG"), None, "{query}");
        }
    }
}
