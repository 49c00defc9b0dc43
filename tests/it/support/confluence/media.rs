//! Attachment bytes: Cloud sends to another host with a short-lived ticket, Data Center serves them itself.
//!
//! The media host must never see a credential: it answers 400 then, and the log keeps the violation.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::access::Caller;
use super::cloud_shapes::file_id;
use super::model::{Attachment, Id, Status};
use super::site::World;
use crate::support::wire::{Answer, Request, encode, fingerprint, machine_now};

/// How long a ticket holds.
const TICKET_MS: u64 = 60_000;

/// The tickets given out so far.
#[derive(Default)]
pub(super) struct Tickets {
    given: BTreeMap<String, (Id, u64)>,
}

/// Cloud: 302 to the media host.
pub(super) fn redirect(world: &mut World, caller: Caller, page: &str, id: &str) -> Answer {
    let found = id.strip_prefix("att").and_then(|id| id.parse().ok()).and_then(|id: Id| world.model.attachments.get(&id));
    let found = found.filter(|attachment| attachment.page.to_string() == page && world.model.visible(attachment.page, caller).is_some());
    let Some(attachment) = found else { return Answer::v1_error(404, "No attachment with this id, or it is not for you") };
    let ticket = format!("{:016x}.{}", fingerprint(&format!("{} {}", attachment.id, world.own.tickets.given.len())), world.own.tickets.given.len());
    let (media, name) = (&world.own.origins.media, encode(&attachment.name));
    let location = format!("{media}/file/{}/binary?token={ticket}&client=simulated&name={name}", file_id(attachment));
    world.own.tickets.given.insert(ticket, (attachment.id, machine_now() + TICKET_MS));
    Answer { status: 302, headers: vec![("location", location)], body: Bytes::new() }
}

/// Cloud's media host.
pub(super) fn host(world: &mut World, request: &Request) -> Answer {
    for (what, value) in [("an Authorization header", &request.authorization), ("a cookie", &request.cookie)] {
        if value.is_some() {
            world.log.violations.push(format!("the media host was shown {what}"));
            return Answer::v1_error(400, "Only one auth mechanism is allowed");
        }
    }
    let ticket = request.one("token").and_then(|token| world.own.tickets.given.get(token)).filter(|(_, until)| *until > machine_now());
    match ticket.and_then(|(id, _)| world.model.attachments.get(id)) {
        Some(attachment) if request.path == format!("/file/{}/binary", file_id(attachment)) => bytes(attachment, request),
        Some(_) => Answer::v1_error(404, "No such file"),
        None => Answer::v1_error(403, "The token is wrong or too old"),
    }
}

/// Data Center's download path, the context path taken off. Without permission it sends to a login page, as the real one does.
pub(super) fn download(world: &World, request: &Request, caller: Caller, page: &str, name: &str) -> Answer {
    let page = page.parse::<Id>().ok().and_then(|page| world.model.visible(page, caller)).filter(|page| page.status != Status::Trashed);
    match page {
        None if caller == Caller::Anonymous => {
            let login = format!("{}{}/login.action", world.origins.site, world.setup.context);
            Answer { status: 302, headers: vec![("location", login)], body: Bytes::new() }
        }
        None => Answer::html(404, "<html><body>Page Not Found</body></html>"),
        Some(page) => match world.model.attachments_of(page.id).find(|attachment| attachment.name == name) {
            Some(attachment) => bytes(attachment, request),
            None => Answer::html(404, "<html><body>Not Found</body></html>"),
        },
    }
}

fn bytes(attachment: &Attachment, request: &Request) -> Answer {
    let all = &attachment.bytes;
    let whole =
        Answer { status: 200, headers: vec![("content-type", attachment.media_type.clone())], body: all.clone() }.with("accept-ranges", "bytes");
    let from = request.range.as_deref().and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    match from {
        Some(from) if from < all.len() => {
            let range = format!("bytes {from}-{}/{}", all.len() - 1, all.len());
            Answer { status: 206, body: all.slice(from..), ..whole }.with("content-range", range)
        }
        Some(_) => Answer { status: 416, headers: vec![("content-range", format!("bytes */{}", all.len()))], body: Bytes::new() },
        None => whole,
    }
}
