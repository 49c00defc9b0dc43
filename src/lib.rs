//! context-sync: a quiet daemon that keeps a faithful local Markdown mirror of a team's knowledge.
//!
//! The map of the house is `docs/ARCHITECTURE.md`.

pub mod config;
pub mod connectors;
pub mod control;
pub mod convert;
pub mod daemon;
pub mod git;
pub mod logging;
pub mod markdown;
pub mod mirror;
pub mod model;
pub mod priority;
pub mod sandbox;
pub mod schedule;
pub mod state;
pub mod supervisor;
pub mod sync;
pub mod worker;
