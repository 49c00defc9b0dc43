//! A simulated Confluence site, Cloud or Data Center. It is no model of Confluence's editor: a body is whatever text the test gives.
//!
//! | File | What it knows |
//! |---|---|
//! | `site` | the handle that tests hold, and what the service says of itself |
//! | `model`, `edits` | spaces, pages, posts, folders, attachments, labels, users; what people do to them |
//! | `cloud`, `cloud_listing`, `cloud_shapes` | REST v2 and what is left of v1 on Cloud |
//! | `data_center` | REST v1 on Data Center |
//! | `v1`, `cql` | content objects with `expand`, and the search language, of both |
//! | `access`, `errors` | who is asking; the forms of refusals |
//! | `media` | attachment bytes: Cloud's other host, Data Center's download path |
//! | `habits`, `class` | what only it does otherwise; what a request is for |
//! | `corpus`, `prose` | deterministic sites of any size, and their pages |

pub mod access;
mod class;
mod cloud;
mod cloud_listing;
mod cloud_shapes;
pub mod corpus;
mod cql;
mod data_center;
mod edits;
mod errors;
pub mod habits;
mod media;
pub mod model;
pub mod prose;
pub mod site;
mod v1;

/// Its habits.
pub type Habits = crate::support::habits::Habits<site::Confluence>;
/// A request that it saw.
pub type Seen = crate::support::log::Seen<site::Confluence>;

#[allow(unused_imports, reason = "each user takes a part")]
pub use {
    access::{EMAIL, PASSWORD, PERSONAL_TOKEN, SCOPED_TOKEN, TOKEN, USER_NAME},
    class::Class,
    model::{Flavour, Id, Kind, Model, Status},
    site::{Setup, Site},
};
