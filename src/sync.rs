//! The engine.

pub mod clock;
pub mod report;
