//! What context-syncd and context-syncctl say to each other, and what a worker tells its daemon.
//!
//! Serde types, the protocol's version, the line codec and the socket's place. No IO beyond `std`, no knowledge of either program.

pub mod event;

/// The protocol's own version, `v` in every line.
pub const VERSION: u32 = 1;
