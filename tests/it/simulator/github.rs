//! Tests of the simulated GitHub itself, over plain sockets and with the real `git`: that what it answers is what GitHub answers, and that the traps it promises
//! are really set.

mod app;
mod client;
mod every_field;
mod git;
mod graphql;
mod habits;
mod program;
mod queries;
mod rest;
