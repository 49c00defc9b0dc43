//! What context-syncd and context-syncctl say to each other, and what a worker tells its daemon.
//!
//! Serde types, the protocol's version, the line codec and the socket's place. No IO beyond `std`, no knowledge of either program. `docs/protocol.md`
//! says the same for people who type into a socket.

pub mod codec;
pub mod error;
pub mod event;
pub mod reply;
pub mod request;
pub mod socket;

/// The protocol's own version, `v` in every line.
pub const VERSION: u32 = 1;
