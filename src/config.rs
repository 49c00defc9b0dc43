//! Configuration: what the daemon resolved, in the form that it hands to its workers.

pub mod job;
pub mod secret;
