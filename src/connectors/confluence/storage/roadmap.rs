//! The roadmap macro, which keeps its plan as JSON in a parameter: lanes, bars and markers become lists.

use serde_json::Value;

use crate::markdown::{Block, Inline, Item};

use super::blocks::{Walk, bullets, item};
use super::flow::Flow;
use super::macro_args::Macro;
use super::macros::bold_line;

impl<'d> Walk<'d> {
    /// `roadmap`.
    pub(super) fn roadmap(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let plan = call.text("source").and_then(|source| {
            let text = percent_encoding::percent_decode_str(&source).decode_utf8().ok()?.into_owned();
            serde_json::from_str::<Value>(&text).ok()
        });
        let Some(plan) = plan else { return self.unknown_macro(call, flow) };
        let mut items: Vec<Item> = list(&plan, "lanes").map(|lane| lane_item(lane, "bars")).collect();
        items.extend(list(&plan, "markers").map(|marker| line(&[&words(marker, "title"), &dated("", day(marker, "markerDate"))])));
        items.retain(|item| !item.body.is_empty());
        if items.is_empty() {
            return self.unknown_macro(call, flow);
        }
        self.kept(call, "titles and dates as a list");
        let title = call.text("title").or_else(|| Some(words(&plan, "title")).filter(|title| !title.is_empty()));
        flow.block(bold_line(title.unwrap_or_else(|| "Roadmap".to_owned())));
        flow.block(bullets(items));
    }
}

fn lane_item(lane: &Value, bars: &str) -> Item {
    let bars: Vec<Item> = list(lane, bars).map(bar_item).filter(|item| !item.body.is_empty()).collect();
    let mut lane = line(&[&words(lane, "title")]);
    if !bars.is_empty() {
        lane.body.push(bullets(bars));
    }
    lane
}

fn bar_item(bar: &Value) -> Item {
    let months = bar
        .get("duration")
        .and_then(Value::as_f64)
        .filter(|months| *months > 0.0)
        .map(|months| format!(", {} months", (months * 10.0).round() / 10.0));
    let when = dated("from ", day(bar, "startDate")) + &months.unwrap_or_default();
    let description = words(bar, "description");
    line(&[&words(bar, "title"), when.trim_start_matches(", "), &description])
}

/// An item with the parts that say something: the first, in brackets the second, and after a colon the third.
fn line(parts: &[&str]) -> Item {
    let mut text = parts.first().copied().unwrap_or_default().to_owned();
    if let Some(when) = parts.get(1).filter(|when| !when.is_empty()) {
        text.push_str(&format!(" ({when})"));
    }
    if let Some(more) = parts.get(2).filter(|more| !more.is_empty()) {
        text.push_str(&format!(": {more}"));
    }
    let text = text.trim().to_owned();
    item(if text.is_empty() { Vec::new() } else { vec![Block::Paragraph(vec![Inline::Text(text)])] })
}

fn dated(before: &str, day: Option<String>) -> String {
    day.map(|day| format!("{before}{day}")).unwrap_or_default()
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn words(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A moment's day.
fn day(value: &Value, name: &str) -> Option<String> {
    let moment = words(value, name);
    moment.split([' ', 'T']).next().filter(|day| !day.is_empty()).map(str::to_owned)
}
