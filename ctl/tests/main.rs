//! The real program against a daemon that plays a part: every verb, every way that the other side can fail.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod escapes;
mod failures;
mod fake;
mod programs;
mod verbs;
