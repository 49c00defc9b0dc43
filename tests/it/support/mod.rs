//! A simulated Confluence site, Cloud or Data Center, over real HTTP/1.1 on 127.0.0.1: what integration tests, the demo and the benchmarks sync from.
//!
//! It plays what the real ones do, bad habits included, and needs nothing of the library under test. It is no model of Confluence's editor: a body is
//! whatever text the test gives.
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
//! | `site` | the handle that tests hold, and the world behind it |
//! | `model`, `edits` | spaces, pages, posts, folders, attachments, labels, users; what people do to them |
//! | `cloud`, `cloud_listing`, `cloud_shapes` | REST v2 and what is left of v1 on Cloud |
//! | `data_center` | REST v1 on Data Center |
//! | `v1`, `cql` | content objects with `expand`, and the search language, of both |
//! | `access` | who is asking |
//! | `media` | attachment bytes: Cloud's other host, Data Center's download path |
//! | `habits`, `played` | faults, and how a broken answer goes over the wire |
//! | `server` | listeners and hyper, on a thread of their own |
//! | `log` | the requests seen |
//! | `reading` | what a client that only reads may send |
//! | `wire` | requests and answers as plain data |
//! | `corpus`, `prose` | deterministic sites of any size, and their pages |
//! | `github` | the other service: a simulated GitHub, on the same wire |

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part; nothing outside the including binary sees it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a simulator that cannot go on must stop its test")]

pub mod access;
pub mod cloud;
mod cloud_listing;
mod cloud_shapes;
pub mod corpus;
mod cql;
mod data_center;
mod edits;
pub mod github;
pub mod habits;
pub mod log;
mod media;
pub mod model;
mod played;
pub mod prose;
pub mod reading;
mod server;
pub mod site;
mod v1;
pub mod wire;

#[allow(unused_imports, reason = "each user takes a part")]
pub use {
    access::{EMAIL, PASSWORD, PERSONAL_TOKEN, SCOPED_TOKEN, TOKEN, USER_NAME},
    habits::{Fault, Habits, RetryAfter},
    log::{Class, Seen},
    model::{Flavour, Id, Kind, Model, Status},
    site::{Setup, Site},
};
