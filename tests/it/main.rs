//! Integration tests: the program against simulated services.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "everything in this binary is a test or its helper")]

mod simulator;
mod support;
