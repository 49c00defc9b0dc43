//! Integration tests: the engine against a fake service, the program against simulated ones, what networks and clocks do to it, a worker's life, the user manager, and the house's own rules.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test stops where it cannot go on, and says so"
)]

mod attacks;
mod budgets;
mod catalogue;
mod clock;
mod confluence;
mod contract;
mod control;
mod crash;
mod ctl;
mod disk;
mod end_to_end;
mod engine;
mod fuzz;
mod github;
mod home;
mod house;
mod load;
mod markdown_examples;
mod markdown_round_trip;
mod network;
mod simulator;
mod soak;
mod support;
mod systemd;
mod tunnel;
mod worker;
