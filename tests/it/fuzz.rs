//! A moment of each fuzz target: whoever breaks one of their properties mostly learns it here. A longer search is `cargo run --example fuzz_paths -- [SECONDS] [SEED]`.

#![allow(clippy::duplicate_mod, reason = "each target brings what they share")]

use std::process::ExitCode;

#[allow(dead_code, reason = "its `main` is the example's")]
#[path = "../../examples/fuzz_config.rs"]
mod fuzz_config;
#[allow(dead_code, reason = "its `main` is the example's")]
#[path = "../../examples/fuzz_convert.rs"]
mod fuzz_convert;
#[allow(dead_code, reason = "its `main` is the example's")]
#[path = "../../examples/fuzz_paths.rs"]
mod fuzz_paths;
#[allow(dead_code, reason = "its `main` is the example's")]
#[path = "../../examples/fuzz_protocol.rs"]
mod fuzz_protocol;

/// One second from a seed that is always the same, so that a failure here is one everywhere.
const MOMENT: (u64, u64) = (1, 7);

#[test]
fn bodies_are_converted_whatever_is_in_them() {
    assert_eq!(fuzz_convert::search(MOMENT), ExitCode::SUCCESS);
}

#[test]
fn names_stay_inside_and_apart_whatever_they_are_made_of() {
    assert_eq!(fuzz_paths::search(MOMENT), ExitCode::SUCCESS);
}

#[test]
fn lines_of_the_protocol_are_answered_whatever_is_in_them() {
    assert_eq!(fuzz_protocol::search(MOMENT), ExitCode::SUCCESS);
}

#[test]
fn configurations_are_taken_or_refused_by_name_whatever_is_in_them() {
    assert_eq!(fuzz_config::search(MOMENT), ExitCode::SUCCESS);
}
