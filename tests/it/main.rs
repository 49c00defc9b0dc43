//! Integration tests: the program against simulated services.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "everything in this binary is a test or its helper")]

mod simulator;
mod support;
mod systemd;
mod worker;
