//! The one integration binary: each module shows one promise of the whole program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test that cannot go on should stop, and say so")]

mod systemd;
mod worker;
