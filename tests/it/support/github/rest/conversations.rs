//! Issues, pull requests, comments, reviews, labels, milestones and releases by REST.

use super::error;
use crate::support::github::model::Id;
use crate::support::github::site::World;
use crate::support::wire::{Answer, Request};

/// Answers what is about conversations and releases.
pub(super) fn answer(_world: &World, _request: &Request, _id: Id, _inner: &[&str]) -> Answer {
    error(404, "Not Found")
}
