//! The one integration test binary: a module for each thing that is shown.

mod markdown_examples;
mod markdown_round_trip;
