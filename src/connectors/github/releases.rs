//! Releases of a repository: with a token by GraphQL, anonymously by REST once a day.
//!
//! The service has no list by change: all are listed where their number or the newest one is another than the last time, and once a day.

mod fetch;
mod list;
mod read;
mod rest;
mod shown;
#[cfg(test)]
mod tests;

pub(super) use read::read;
pub(super) use rest::Brought;
