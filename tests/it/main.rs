//! Integration tests: the program against simulated services.

mod simulator;
mod support;
