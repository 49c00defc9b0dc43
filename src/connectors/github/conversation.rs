//! Discussions, issues and pull requests: listed by what changed last, fetched many in a query, each kept whole and read into one document.
//!
//! Guarantees: a run at which the first query shows nothing new asks nothing; only a listing that came to its end makes silence mean anything; half a
//! conversation is never kept.

mod comments;
mod confirm;
mod count;
pub(super) mod fetch;
#[cfg(test)]
pub(super) mod fixture;
#[cfg(test)]
mod hostile;
mod kept;
mod kind;
mod list;
mod plan;
mod query;
mod read;
mod refs;
mod rest;
mod shown;
#[cfg(test)]
mod tests;
mod text;
mod threads;
mod web;
mod wire;

pub(super) use count::Met;
pub(super) use kept::{Asset, Reaction, Release};
pub(super) use list::Looked;
pub(super) use plan::turn;
pub(super) use query::{reactions as reactions_query, repositories, variables};
pub(super) use text::{Texts, cell, heading, link, person, reactions as reactions_line, table, text};
pub(super) use wire::{Actor, ListOfNode, Page, ReactionGroup, login, or_default, reactions};

use super::raw::Kept;
use crate::connectors::connector::ReadError;
use crate::model::{Document, Place};

/// Reads a kept discussion, issue or pull request.
pub(super) fn read(kept: &Kept<'_>, place: &Place) -> Result<Document, ReadError> {
    Ok(read::read(kept.head()?, place))
}
