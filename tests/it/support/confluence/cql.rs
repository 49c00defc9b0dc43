//! A small CQL: clauses joined by `and` and `or`, parentheses, and an order. What it does not know is answered as an error, never ignored.

use std::collections::HashSet;

use super::model::{Attachment, Comment, Content, Id, Model};
use crate::support::wire::days_since_1970;

/// Something that search can find.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hit<'m> {
    Content(&'m Content),
    Attachment(&'m Attachment, &'m Content),
    Comment(&'m Comment, &'m Content),
}

impl<'m> Hit<'m> {
    /// The page or post that it is, or hangs on.
    pub(super) fn content(self) -> &'m Content {
        match self {
            Self::Content(content) | Self::Attachment(_, content) | Self::Comment(_, content) => content,
        }
    }

    pub(super) fn id(self) -> Id {
        match self {
            Self::Content(content) => content.id,
            Self::Attachment(attachment, _) => attachment.id,
            Self::Comment(comment, _) => comment.id,
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Content(content) => content.kind.name(),
            Self::Attachment(..) => "attachment",
            Self::Comment(..) => "comment",
        }
    }

    pub(super) fn title(self) -> &'m str {
        match self {
            Self::Content(content) => &content.title,
            Self::Attachment(attachment, _) => &attachment.name,
            Self::Comment(_, content) => &content.title,
        }
    }

    fn created(self) -> u64 {
        match self {
            Self::Content(content) => content.created,
            Self::Attachment(attachment, _) => attachment.created,
            Self::Comment(comment, _) => comment.created,
        }
    }

    /// What the index believes.
    fn modified(self) -> u64 {
        match self {
            Self::Content(content) => content.indexed.unwrap_or_default(),
            Self::Attachment(attachment, _) => attachment.modified,
            Self::Comment(comment, _) => comment.modified,
        }
    }
}

/// A query that was understood.
#[derive(Debug)]
pub(super) struct Query {
    wanted: Expression,
    order: Vec<(String, bool)>,
}

#[derive(Debug)]
enum Expression {
    Clause(Clause),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

impl Expression {
    fn matches(&self, hit: Hit<'_>, model: &Model) -> bool {
        match self {
            Self::Clause(clause) => clause.matches(hit, model),
            Self::All(parts) => parts.iter().all(|part| part.matches(hit, model)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(hit, model)),
        }
    }

    fn begins_negative(&self) -> bool {
        match self {
            Self::Clause(clause) => matches!(clause.operator.as_str(), "!=" | "not in"),
            Self::All(parts) | Self::Any(parts) => parts.first().is_some_and(Self::begins_negative),
        }
    }
}

#[derive(Debug)]
struct Clause {
    field: String,
    operator: String,
    values: Vec<Value>,
    /// The values as ids, where the field is one: a large site is asked for hundreds at once.
    ids: HashSet<Id>,
}

#[derive(Debug)]
enum Value {
    Text(String),
    /// `now("-5m")`, already worked out.
    Time(u64),
}

impl Query {
    /// Reads a query; dates are read in the instance's zone, `now` is the site's.
    pub(super) fn read(text: &str, model: &Model) -> Result<Self, String> {
        Reader { tokens: tokens(text)?, at: 0, model }.query()
    }

    /// Whether the query finds it.
    pub(super) fn matches(&self, hit: Hit<'_>, model: &Model) -> bool {
        self.wanted.matches(hit, model)
    }

    /// Puts hits in the order asked for; ids break ties.
    pub(super) fn sort(&self, hits: &mut [Hit<'_>]) {
        hits.sort_by_key(|hit| hit.id());
        for (field, descending) in self.order.iter().rev() {
            let key = |hit: &Hit<'_>| match field.as_str() {
                "lastmodified" => hit.modified(),
                "created" => hit.created(),
                _ => hit.id(),
            };
            hits.sort_by(|a, b| if *descending { key(b).cmp(&key(a)) } else { key(a).cmp(&key(b)) });
        }
    }
}

impl Clause {
    fn matches(&self, hit: Hit<'_>, model: &Model) -> bool {
        let any = match self.field.as_str() {
            "id" | "content" => self.ids.contains(&hit.id()),
            "container" => !matches!(hit, Hit::Content(_)) && self.ids.contains(&hit.content().id),
            _ => self.values.iter().any(|value| self.matches_one(hit, value, model)),
        };
        match self.operator.as_str() {
            "!=" | "not in" => !any,
            _ => any,
        }
    }

    fn matches_one(&self, hit: Hit<'_>, value: &Value, model: &Model) -> bool {
        let content = hit.content();
        match (self.field.as_str(), value) {
            ("type", Value::Text(kind)) => hit.kind() == kind,
            ("space" | "space.key", Value::Text(key)) => model.space_of(content).key.eq_ignore_ascii_case(key),
            // Labels and places are those of pages, not of what hangs on them.
            ("parent" | "ancestor" | "label", _) if !matches!(hit, Hit::Content(_)) => false,
            ("parent", Value::Text(id)) => content.parent.is_some_and(|parent| parent.to_string() == *id),
            ("ancestor", Value::Text(id)) => model.ancestors(content).iter().any(|above| above.id.to_string() == *id),
            ("label", Value::Text(label)) => content.labels.contains(label),
            ("title", Value::Text(title)) if self.operator == "~" => hit.title().to_lowercase().contains(&title.to_lowercase()),
            ("title", Value::Text(title)) => hit.title() == title,
            ("lastmodified", Value::Time(time)) => self.compares(hit.modified(), *time),
            ("created", Value::Time(time)) => self.compares(hit.created(), *time),
            _ => false,
        }
    }

    fn compares(&self, left: u64, right: u64) -> bool {
        match self.operator.as_str() {
            ">" => left > right,
            ">=" => left >= right,
            "<" => left < right,
            "<=" => left <= right,
            // The granularity of CQL is the minute.
            _ => left / 60_000 == right / 60_000,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Sign(String),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(first) = rest.next() {
        match first {
            _ if first.is_whitespace() => {}
            '"' => {
                let mut quoted = String::new();
                loop {
                    match rest.next() {
                        Some('"') => break,
                        Some('\\') => quoted.extend(rest.next()),
                        Some(other) => quoted.push(other),
                        None => return Err("unfinished string".to_owned()),
                    }
                }
                found.push(Token::Quoted(quoted));
            }
            '(' | ')' | ',' | '~' => found.push(Token::Sign(first.to_string())),
            '=' | '<' | '>' | '!' => {
                let mut sign = first.to_string();
                sign.extend(rest.next_if(|&next| next == '=' || (first == '!' && next == '~')));
                found.push(Token::Sign(sign));
            }
            _ => {
                let mut word = first.to_string();
                while let Some(next) = rest.next_if(|next| !next.is_whitespace() && !"\"(),~=<>!".contains(*next)) {
                    word.push(next);
                }
                found.push(Token::Word(word));
            }
        }
    }
    Ok(found)
}

struct Reader<'m> {
    tokens: Vec<Token>,
    at: usize,
    model: &'m Model,
}

impl Reader<'_> {
    fn query(mut self) -> Result<Query, String> {
        let wanted = self.any()?;
        if wanted.begins_negative() {
            return Err("a negative clause may not come first".to_owned());
        }
        let mut order = Vec::new();
        if self.takes_word("order") {
            if !self.takes_word("by") {
                return Err("`order` without `by`".to_owned());
            }
            loop {
                let field = self.word()?.to_lowercase();
                let descending = self.takes_word("desc");
                if !descending {
                    self.takes_word("asc");
                }
                order.push((field, descending));
                if !self.takes_sign(",") {
                    break;
                }
            }
        }
        if self.at < self.tokens.len() {
            return Err(format!("unexpected {:?}", self.tokens[self.at]));
        }
        Ok(Query { wanted, order })
    }

    fn any(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.all()?];
        while self.takes_word("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Any(parts) })
    }

    fn all(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.part()?];
        while self.takes_word("and") {
            parts.push(self.part()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::All(parts) })
    }

    fn part(&mut self) -> Result<Expression, String> {
        if !self.takes_sign("(") {
            return self.clause().map(Expression::Clause);
        }
        let inner = self.any()?;
        if self.takes_sign(")") { Ok(inner) } else { Err("a parenthesis without its end".to_owned()) }
    }

    fn clause(&mut self) -> Result<Clause, String> {
        let field = self.word()?.to_lowercase();
        let known = ["type", "space", "space.key", "id", "content", "container", "parent", "ancestor", "label", "title", "lastmodified", "created"];
        if !known.contains(&field.as_str()) {
            return Err(format!("the field {field} is not known"));
        }
        let is_date = matches!(field.as_str(), "lastmodified" | "created");
        let negative = self.takes_word("not");
        let mut values = Vec::new();
        let operator = if self.takes_word("in") {
            if !self.takes_sign("(") {
                return Err("`in` without a list".to_owned());
            }
            loop {
                values.push(self.value(is_date)?);
                if !self.takes_sign(",") {
                    break;
                }
            }
            if !self.takes_sign(")") {
                return Err("a list without its end".to_owned());
            }
            if negative { "not in".to_owned() } else { "in".to_owned() }
        } else {
            let Some(Token::Sign(sign)) = self.next() else { return Err(format!("no operator after {field}")) };
            values.push(self.value(is_date)?);
            sign
        };
        let id = |value: &Value| if let Value::Text(text) = value { text.parse().ok() } else { None };
        let ids = values.iter().filter_map(id).collect();
        Ok(Clause { field, operator, values, ids })
    }

    fn value(&mut self, is_date: bool) -> Result<Value, String> {
        match self.next() {
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("now") && is_date => self.now(),
            Some(Token::Quoted(text)) if is_date => date(&text, self.model.zone_minutes).map(Value::Time),
            Some(Token::Word(text) | Token::Quoted(text)) => Ok(Value::Text(text)),
            other => Err(format!("a value was expected, not {other:?}")),
        }
    }

    fn now(&mut self) -> Result<Value, String> {
        let mut moment = self.model.now;
        if self.takes_sign("(") && !self.takes_sign(")") {
            let Some(Token::Quoted(offset)) = self.next() else { return Err("now() takes a quoted offset".to_owned()) };
            moment = shifted(moment, &offset).ok_or_else(|| format!("the offset {offset} is wrong"))?;
            if !self.takes_sign(")") {
                return Err("now( without its end".to_owned());
            }
        }
        Ok(Value::Time(moment))
    }

    fn next(&mut self) -> Option<Token> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    fn word(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word),
            other => Err(format!("a name was expected, not {other:?}")),
        }
    }

    fn takes_word(&mut self, wanted: &str) -> bool {
        let taken = matches!(self.tokens.get(self.at), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(taken);
        taken
    }

    fn takes_sign(&mut self, wanted: &str) -> bool {
        let taken = matches!(self.tokens.get(self.at), Some(Token::Sign(sign)) if sign == wanted);
        self.at += usize::from(taken);
        taken
    }
}

/// Units are case-sensitive: `M` is a month, `m` a minute.
fn shifted(now: u64, offset: &str) -> Option<u64> {
    let (back, rest) = match offset.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, offset.strip_prefix('+').unwrap_or(offset)),
    };
    let unit = rest.chars().last()?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        'w' => 7 * 24 * 60,
        'M' => 30 * 24 * 60,
        'y' => 365 * 24 * 60,
        _ => return None,
    };
    let length = rest[..rest.len() - 1].parse::<u64>().ok()?.checked_mul(minutes * 60_000)?;
    Some(if back { now.saturating_sub(length) } else { now + length })
}

/// `yyyy-MM-dd HH:mm` and its shorter and slashed forms, in the instance's zone.
fn date(text: &str, zone_minutes: i64) -> Result<u64, String> {
    let wrong = || format!("the date {text} is wrong");
    let numbers: Vec<u64> = text.split(['-', '/', ' ', ':']).map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
    let (day, minutes) = match *numbers.as_slice() {
        [year, month, day] => ((year, month, day), 0),
        [year, month, day, hour, minute] => ((year, month, day), hour * 60 + minute),
        _ => return Err(wrong()),
    };
    let local = days_since_1970(day.0, day.1, day.2) * 86_400_000 + minutes * 60_000;
    local.checked_add_signed(-zone_minutes * 60_000).ok_or_else(wrong)
}
