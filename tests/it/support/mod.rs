//! Simulated services over real HTTP/1.1 on 127.0.0.1: what integration tests, the demo and the benchmarks sync from. They play what the real ones do, bad
//! habits included, and need nothing of the library under test.
//!
//! ```text
//! let site = Site::cloud();
//! let id = site.edit(|m| { m.add_space("ENG", "Engineering"); m.add_page("ENG", None, "Runbook", "<p>Hi</p>") });
//! site.habits(|h| h.next(2, "/pages", Fault::too_many(1)));
//! ... sync from site.base_url() with EMAIL and TOKEN ...
//! assert_eq!(site.count(Class::Bodies), 1, "{}", site.transcript());
//! ```
//!
//! | File | What it knows |
//! |---|---|
//! | `confluence` | a Confluence site, Cloud or Data Center |
//! | `github` | a GitHub: REST, GraphQL and git |
//! | `service` | what every service is made of: the world behind a lock, the handle that tests hold |
//! | `habits`, `played` | faults and traits that any service may have, and how a broken answer goes over the wire |
//! | `log` | the requests seen |
//! | `server`, `tls` | listeners and hyper, on a thread of their own; an authority and its certificate |
//! | `reading` | what a client that only reads may send, for each service |
//! | `wire` | requests and answers as plain data |
//!
//! **One more service** is a folder with five things, the rest it has from here:
//!
//! 1. a model of what there is, with what people do to it as its methods, and no word of HTTP;
//! 2. a `Class` of requests, by what they are for, and the traits that only this service has (`()` where there are none);
//! 3. functions from world and request to answer;
//! 4. a struct for what else stands behind the lock (origins, budgets) that says of itself what [`service::Service`] asks: its doors (a line each in
//!    `wire::Listener`), its errors, its answers;
//! 5. the handle: a struct around [`service::Running`] that derefs to it, starts it and knows its addresses.
//!
//! What the program may send to it gets a list in `reading`, and the simulator tests of its own (`tests/it/simulator/`).

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part; nothing outside the including binary sees it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a simulator that cannot go on must stop its test")]

pub mod confluence;
pub mod github;
pub mod habits;
pub mod log;
mod played;
pub mod reading;
mod server;
pub mod service;
mod tls;
pub mod wire;

#[allow(unused_imports, reason = "each user takes a part")]
pub use {
    confluence::{
        Class, EMAIL, Flavour, Habits, Id, Kind, Model, PASSWORD, PERSONAL_TOKEN, SCOPED_TOKEN, Seen, Setup, Site, Status, TOKEN, USER_NAME, corpus,
        prose,
    },
    habits::{Fault, RetryAfter},
};
