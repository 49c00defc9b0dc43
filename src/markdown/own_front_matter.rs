//! Takes a file's own front matter out of its text, so that it can stand within ours.
//!
//! Guarantees: order is kept; what is not understood for sure stays in the text, so that nothing is lost but comments and the form of scalars; bounded in
//! size, depth and what aliases multiply. Pure.

use rustc_hash::FxHashMap;
use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::TScalarStyle;

use crate::model::Fact;

/// Longer front matter stays in the text.
const MAX_BYTES: usize = 64 << 10;
/// Deeper too.
const MAX_DEPTH: usize = 16;
/// So many values, those of aliases counted each time.
const MAX_VALUES: usize = 4096;
/// So many comments are looked for.
const MOST_COMMENTS: usize = 1000;
/// Longest name that YAML lets stand before a colon is 1024 characters, escapes included.
const MAX_NAME: usize = 200;

/// The front matter that `text` begins with, and the text behind it: YAML between lines of `---`, each value by its name; TOML between lines of `+++` as one
/// text. None, and all of the text, where there is none or it cannot be read.
#[must_use]
pub fn own_front_matter(text: &str) -> (Option<Vec<(String, Fact)>>, &str) {
    let read = |mark| between(text, mark);
    let found = match read("---") {
        Some((inner, rest)) => yaml(inner).map(|facts| (facts, rest)),
        None => read("+++").map(|(inner, rest)| (vec![("toml".to_owned(), Fact::Text(inner.replace("\r\n", "\n").trim_end().to_owned()))], rest)),
    };
    match found {
        Some((facts, rest)) => (Some(facts), without_blank_line(rest)),
        None => (None, text),
    }
}

/// How many comments stand in the YAML that became `facts`: nothing of them is in these.
#[must_use]
pub fn own_front_matter_comments(text: &str, facts: &[(String, Fact)]) -> u32 {
    let Some((inner, _)) = between(text, "---").filter(|(inner, _)| inner.contains('#')) else { return 0 };
    let mut said = String::new();
    facts.iter().for_each(|(name, fact)| gather(name, fact, &mut said));
    let lines = inner.lines().filter_map(comment).take(MOST_COMMENTS).filter(|words| !said.contains(words));
    u32::try_from(lines.count()).unwrap_or(u32::MAX)
}

/// What may be a comment in a line: it is none within quotes, nor in a text of several lines.
fn comment(line: &str) -> Option<&str> {
    let (begin, _) = line.match_indices('#').find(|(at, _)| line[..*at].chars().next_back().is_none_or(char::is_whitespace))?;
    Some(line[begin..].trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ']' | '}' | ',')))
}

/// All names and values, one behind another.
fn gather(name: &str, fact: &Fact, out: &mut String) {
    out.push_str(name);
    out.push('\n');
    match fact {
        Fact::Text(text) => {
            out.push_str(text);
            out.push('\n');
        }
        Fact::List(items) => items.iter().for_each(|item| gather("", item, out)),
        Fact::Map(facts) => facts.iter().for_each(|(name, fact)| gather(name, fact, out)),
    }
}

/// What stands between the first line, which is `mark`, and the next such line; and what follows that.
fn between<'t>(text: &'t str, mark: &str) -> Option<(&'t str, &'t str)> {
    let is_mark = |line: &str| line.trim_end() == mark;
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().filter(|line| is_mark(line))?;
    let mut at = first.len();
    for line in lines {
        if at > MAX_BYTES {
            return None;
        }
        if is_mark(line) {
            return Some((&text[first.len()..at], &text[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

/// Ours ends with one already.
fn without_blank_line(text: &str) -> &str {
    text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n')).unwrap_or(text)
}

/// A collection that is open.
enum Open {
    List(Vec<Fact>),
    Map(Vec<(String, Fact)>, Option<String>),
}

#[derive(Default)]
struct Reader {
    open: Vec<(Open, usize)>,
    anchors: FxHashMap<usize, (Fact, usize)>,
    values: usize,
    whole: Option<Fact>,
}

fn yaml(text: &str) -> Option<Vec<(String, Fact)>> {
    let mut parser = Parser::new_from_str(text);
    let mut reader = Reader::default();
    loop {
        match parser.next_token().ok()?.0 {
            Event::StreamEnd => break,
            Event::DocumentStart if reader.whole.is_some() => return None,
            Event::Alias(anchor) => {
                let (fact, values) = reader.anchors.get(&anchor)?.clone();
                reader.put(fact, values, 0)?;
            }
            Event::Scalar(text, style, anchor, _) => {
                // How nothing at all is told.
                let text = if style == TScalarStyle::Plain && text == "~" { String::new() } else { text };
                reader.put(Fact::Text(text), 1, anchor)?;
            }
            Event::SequenceStart(anchor, _) => reader.begin(Open::List(Vec::new()), anchor)?,
            Event::MappingStart(anchor, _) => reader.begin(Open::Map(Vec::new(), None), anchor)?,
            Event::SequenceEnd | Event::MappingEnd => {
                let fact = match reader.open.pop()? {
                    (Open::List(items), anchor) => (Fact::List(items), anchor),
                    (Open::Map(facts, None), anchor) => (Fact::Map(facts), anchor),
                    (Open::Map(..), _) => return None,
                };
                let values = count(&fact.0);
                reader.values = reader.values.saturating_sub(values);
                reader.put(fact.0, values, fact.1)?;
            }
            Event::Nothing | Event::StreamStart | Event::DocumentStart | Event::DocumentEnd => {}
        }
    }
    match reader.whole {
        Some(Fact::Map(facts)) => Some(facts),
        // Nothing but comments.
        None => Some(Vec::new()),
        Some(Fact::Text(text)) if text.is_empty() => Some(Vec::new()),
        Some(_) => None,
    }
}

fn count(fact: &Fact) -> usize {
    match fact {
        Fact::Text(_) => 1,
        Fact::List(items) => 1 + items.iter().map(count).sum::<usize>(),
        Fact::Map(facts) => 1 + facts.iter().map(|(_, fact)| count(fact)).sum::<usize>(),
    }
}

impl Reader {
    fn begin(&mut self, open: Open, anchor: usize) -> Option<()> {
        self.open.push((open, anchor));
        (self.open.len() <= MAX_DEPTH).then_some(())
    }

    /// Puts a value where the next one belongs. None where that is no place for it.
    fn put(&mut self, fact: Fact, values: usize, anchor: usize) -> Option<()> {
        self.values += values;
        if self.values > MAX_VALUES {
            return None;
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (fact.clone(), values));
        }
        match self.open.last_mut() {
            None => self.whole = Some(fact),
            Some((Open::List(items), _)) => items.push(fact),
            Some((Open::Map(facts, name), _)) => match (name.take(), fact) {
                (Some(name), fact) => facts.push((name, fact)),
                (None, Fact::Text(text)) => {
                    let fits = text.len() <= MAX_NAME && !facts.iter().any(|(other, _)| *other == text);
                    *name = Some(text).filter(|_| fits);
                    name.as_ref()?;
                }
                (None, _) => return None,
            },
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::front_matter::FrontMatter;
    use proptest::prelude::*;
    use yaml_rust2::{Yaml, YamlLoader};

    /// Our front matter with it inside, as another reader of YAML reads it.
    fn again(facts: Vec<(String, Fact)>) -> Yaml {
        let extra = [("front_matter".to_owned(), Fact::Map(facts))];
        let front = FrontMatter { title: "T", source: "s", id: "1", extra_name: "x", extra: &extra, ..FrontMatter::default() };
        let mut out = String::new();
        front.write(&mut out, &mut 0);
        let inner = out.strip_prefix("---\n").and_then(|out| out.strip_suffix("---\n")).unwrap().to_owned();
        assert!(!inner.lines().any(|line| line == "---" || line == "..."), "{inner}");
        let read = YamlLoader::load_from_str(&inner).unwrap_or_else(|error| panic!("{error}: {inner}"));
        read[0]["x"]["front_matter"].clone()
    }

    fn same(fact: &Fact, read: &Yaml) -> bool {
        match (fact, read) {
            (Fact::Text(text), Yaml::String(read)) => text == read,
            (Fact::List(items), Yaml::Array(read)) => items.len() == read.len() && items.iter().zip(read).all(|(fact, read)| same(fact, read)),
            (Fact::Map(facts), Yaml::Hash(read)) => {
                facts.len() == read.len() && facts.iter().zip(read).all(|((name, fact), (key, read))| key.as_str() == Some(name) && same(fact, read))
            }
            _ => false,
        }
    }

    #[test]
    fn a_file_s_own_front_matter_comes_out_with_its_order_and_nesting() {
        let text = "---\r\ntitle: \"A: b\"\r\nz: [1, 2.0, true]\r\na:\r\n  - x: |\r\n      line\r\n      ---\r\n    y: ~\r\n  - []\r\nempty:\r\n---\r\n\r\n# Text\r\n";
        let (facts, rest) = own_front_matter(text);
        let facts = facts.unwrap();
        assert_eq!(rest, "# Text\r\n");
        assert_eq!(facts.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["title", "z", "a", "empty"]);
        assert_eq!(facts[1].1, Fact::List(vec!["1".into(), "2.0".into(), "true".into()]));
        assert!(same(&Fact::Map(facts.clone()), &again(facts)), "it reads back");
        assert_eq!(own_front_matter("+++\na = 1\n+++\nb"), (Some(vec![("toml".to_owned(), "a = 1".into())]), "b"));
        assert_eq!(own_front_matter("---\n# nothing\n---\n"), (Some(Vec::new()), ""));
        let shared = own_front_matter("---\na: &x {b: c}\nd: *x\n---\n").0.unwrap();
        assert_eq!(shared[0].1, shared[1].1);
    }

    #[test]
    fn comments_are_counted_and_what_only_looks_like_one_is_none() {
        let count = |inner: &str| {
            let text = format!("---\n{inner}\n---\n");
            own_front_matter_comments(&text, &own_front_matter(&text).0.unwrap())
        };
        assert_eq!(count("# why\na: 1 # because\nb: \"x # y\"\nc: |\n  # text\nd: a#b\ne: ['#x']"), 2);
        assert_eq!((count("a: b"), count("a: |\n  # b\n  c")), (0, 0));
    }

    #[test]
    fn what_is_not_understood_stays_in_the_text() {
        let bomb = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| format!("{text}a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1));
        let wide = "- x\n".repeat(MAX_VALUES + 1);
        let deep = format!("a: {}{}", "[".repeat(200), "]".repeat(200));
        let nested = format!("a: {}x", "- ".repeat(20_000));
        for inner in
            ["a: [", "a: b: c", "- x", "text", "a: 1\na: 2", "? [a]\n: b", "{a: b", "a: *none", &bomb, &format!("a:\n{wide}"), &deep, &nested, "\"x"]
        {
            let text = format!("---\n{inner}\n---\nrest");
            assert_eq!(own_front_matter(&text), (None, text.as_str()), "{}", &inner[..inner.len().min(40)]);
        }
        for text in [
            "",
            "---",
            "---\na: b\n",
            "a\n---\nb: c\n---\n",
            " ---\na: b\n---\n",
            "----\na: b\n----\n",
            &format!("---\n{}\n---\n", "#".repeat(MAX_BYTES + 9)),
        ] {
            assert_eq!(own_front_matter(text), (None, text));
        }
    }

    proptest! {
        #[test]
        fn what_comes_out_reads_back_within_ours(pieces in prop::collection::vec(prop::sample::select(vec![
            "a", "b", ": ", ":", "- ", "\n", "  ", "[", "]", "{", "}", ",", "\"", "'", "|\n", "> ", "#", "&x ", "*x", "!t ", "~", "yes", "1", "é", "\u{202E}", "---\n", "id: 7\n", "source: confluence\n", "\t",
        ]), 0..30)) {
            let text = format!("---\n{}\n---\nrest", pieces.concat());
            let (facts, rest) = own_front_matter(&text);
            match facts {
                None => prop_assert_eq!(rest, text.as_str()),
                Some(facts) => {
                    let clean = |text: &str| crate::markdown::hidden::strip(text, &mut 0).into_owned();
                    fn cleaned(fact: Fact, clean: &dyn Fn(&str) -> String) -> Fact {
                        match fact {
                            Fact::Text(text) => Fact::Text(clean(&text)),
                            Fact::List(items) => Fact::List(items.into_iter().map(|item| cleaned(item, clean)).collect()),
                            Fact::Map(facts) => Fact::Map(facts.into_iter().map(|(name, fact)| (clean(&name), cleaned(fact, clean))).collect()),
                        }
                    }
                    if !pieces.contains(&"\u{202E}") {
                        prop_assert!(same(&cleaned(Fact::Map(facts.clone()), &clean), &again(facts)), "{}", text);
                    }
                }
            }
        }
    }
}
