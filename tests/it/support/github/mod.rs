//! A simulated GitHub: REST, GraphQL and git over TLS on 127.0.0.1, with real git repositories in a temporary folder: what a mirror of GitHub is tested against.
//!
//! ```text
//! let site = GitHub::new();
//! site.edit(|m| { m.add_repository("acme/app").commit("main", &[("docs/a.md", "# A\n")]); });
//! site.habits(|h| h.next(1, "/graphql", faults::secondary(403, RetryAfter::Seconds(1))));
//! ... sync with site.config("repos = [\"acme/app\"]") ...
//! assert_eq!(site.count(Class::Graphql), 1, "{}", site.transcript());
//! ```
//!
//! | File | What it knows |
//! |---|---|
//! | `site` | the handle that tests hold, and what the service says of itself |
//! | `model`, `edits`, `talk`, `tokens` | what there is; what people do to it; who may see it |
//! | `git`, `smart` | a bare repository; git's protocol over HTTP |
//! | `rest` | REST: routes, pages, ETags, shapes |
//! | `graphql` | GraphQL: validation by the schema, costs, execution |
//! | `openapi` | whether a REST request is one of the documented ones |
//! | `app`, `access`, `budget` | Apps, tokens, what is left of the hour |
//! | `habits`, `faults` | what only it does otherwise; the answers of limits and refusals |
//! | `log` | what a request is for |

#![allow(clippy::disallowed_methods, reason = "a simulator writes files of its own")]

mod access;
pub mod app;
pub mod budget;
mod edits;
pub mod faults;
pub mod git;
mod graphql;
pub mod habits;
pub mod log;
pub mod model;
mod openapi;
mod rest;
pub mod site;
mod smart;
mod talk;
pub mod tokens;

#[allow(unused_imports, reason = "each user takes a part")]
pub use {
    edits::Repo,
    git::Put,
    habits::FieldFault,
    log::Class,
    model::{APP_ID, CLIENT_ID, Comment, Id, Model, OwnerKind},
    site::{Deployment, GitHub, TOKEN},
    tokens::{Token, TokenKind},
};

/// Its habits.
pub type Habits = crate::support::habits::Habits<site::Forge>;
/// A request that it saw.
pub type Seen = crate::support::log::Seen<site::Forge>;

/// The global node id of a repository.
pub fn node_id(repository: Id) -> String {
    graphql::ids::repository(repository)
}
