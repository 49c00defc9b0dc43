//! Cloud's pagination: opaque cursors bound to the other parameters, links that cannot be appended to the base, pages that come out short; and the
//! habits that real listings have.

use serde::Serialize;

use super::Habits;
use super::model::Id;
use crate::support::wire::{Answer, Request, encode, fingerprint, opaque, reveal};

/// Where an item stands in a listing's order. Descending orders use negative numbers.
pub(super) type Point = (i64, i64);

/// One page of a listing.
pub(super) struct Page<T> {
    items: Vec<T>,
    next: Option<Point>,
    /// Tells apart the cursors of pages that made no progress.
    round: u64,
    limit: usize,
    /// The cursor that came with the request, which an endless listing gives back.
    came_with: Option<String>,
}

struct Cursor {
    after: Point,
    round: u64,
}

/// Cuts the page that a request asks for out of all items. Those that the caller may not see are left out afterwards, so pages come out short.
pub(super) fn page<T>(
    habits: &mut Habits,
    request: &Request,
    default_limit: usize,
    mut items: Vec<(Point, T)>,
    is_visible: impl Fn(&T) -> bool,
    id: impl Fn(&T) -> Id,
) -> Result<Page<T>, Answer> {
    let limit = request.number("limit", default_limit).clamp(1, 250).min(habits.page_cap.unwrap_or(usize::MAX));
    let cursor = request.one("cursor").map(|text| read_cursor(request, limit, text)).transpose()?;
    items.sort_by_key(|(point, _)| *point);
    let mut start = cursor.as_ref().map_or(0, |cursor| items.partition_point(|(point, _)| *point <= cursor.after));
    if habits.repeat_across_pages && cursor.is_some() {
        start = start.saturating_sub(1);
    }
    let round = cursor.as_ref().map_or(0, |cursor| cursor.round);
    let came_with = request.one("cursor").filter(|_| habits.endless_cursor).map(str::to_owned);
    if habits.empty_pages > 0 {
        habits.empty_pages -= 1;
        let after = cursor.map_or((i64::MIN, i64::MIN), |cursor| cursor.after);
        return Ok(Page { items: Vec::new(), next: Some(after), round: round + 1, limit, came_with });
    }
    let end = items.len().min(start + limit);
    let is_last = end == items.len() && !habits.endless_cursor;
    let next = items.get(end.wrapping_sub(1)).map(|(point, _)| *point).filter(|_| !is_last);
    let here = items.drain(start..end).map(|(_, item)| item);
    let items = here.filter(is_visible).filter(|item| !habits.hides(id(item))).collect();
    Ok(Page { items, next, round, limit, came_with })
}

impl<T> Page<T> {
    /// The answer: results, and where to go on, in the body and in the `Link` header.
    pub(super) fn answer<S: Serialize>(self, request: &Request, site: &str, shape: impl Fn(T) -> S) -> Answer {
        let mut body = b"{\"results\":[".to_vec();
        let next = self.next.map(|after| {
            let cursor = self.came_with.clone().unwrap_or_else(|| write_cursor(request, self.limit, after, self.round));
            next_link(request, &cursor, self.limit)
        });
        for (at, item) in self.items.into_iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            serde_json::to_writer(&mut body, &shape(item)).unwrap();
        }
        let base = format!("{site}/wiki");
        let (links, header) = match &next {
            Some(next) => (serde_json::json!({"next": next, "base": base}), format!("<{next}>; rel=\"next\", <{base}>; rel=\"base\"")),
            None => (serde_json::json!({"base": base}), format!("<{base}>; rel=\"base\"")),
        };
        body.extend_from_slice(format!("],\"_links\":{links}}}").as_bytes());
        Answer::bytes(body).with("link", header)
    }
}

/// `/wiki/api/v2/...?others&cursor=...&limit=...`: beside a base that ends in `/wiki`, and with the cursor in the middle.
fn next_link(request: &Request, cursor: &str, limit: usize) -> String {
    let others = request.params.iter().filter(|(name, _)| name != "cursor" && name != "limit");
    let others: String = others.map(|(name, value)| format!("{name}={}&", encode(value))).collect();
    format!("{}?{others}cursor={}&limit={limit}", site_path(request), encode(cursor))
}

/// The path as the site's own host has it: the gateway forgets its prefix.
fn site_path(request: &Request) -> &str {
    request.path.find("/wiki/").map_or(request.path.as_str(), |at| &request.path[at..])
}

/// What a cursor is bound to: everything but itself, with the limit that was applied.
fn binding(request: &Request, limit: usize) -> u64 {
    let mut others: Vec<_> = request.params.iter().filter(|(name, _)| name != "cursor" && name != "limit").collect();
    others.sort();
    fingerprint(&format!("{} {others:?} {limit}", site_path(request)))
}

fn write_cursor(request: &Request, limit: usize, after: Point, round: u64) -> String {
    opaque(&format!("{} {} {round} {:x}", after.0, after.1, binding(request, limit)))
}

fn read_cursor(request: &Request, limit: usize, text: &str) -> Result<Cursor, Answer> {
    let wrong = || Answer::v2_error(400, "INVALID_REQUEST_PARAMETER", "The cursor is invalid for these parameters");
    let plain = reveal(text).ok_or_else(wrong)?;
    let mut parts = plain.split(' ');
    let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok()).ok_or_else(wrong);
    let (first, second, round) = (number()?, number()?, number()?);
    if parts.next() != Some(format!("{:x}", binding(request, limit)).as_str()) {
        return Err(wrong());
    }
    Ok(Cursor { after: (first, second), round: round.unsigned_abs() })
}
