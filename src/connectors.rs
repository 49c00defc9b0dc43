//! The register of connectors: one line each, and nothing else about any of them.

pub mod connector;
