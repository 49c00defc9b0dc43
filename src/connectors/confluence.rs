//! Confluence, Cloud and Data Center: what is known of its pages' form, and of nothing else.

pub mod keys;
pub mod storage;
