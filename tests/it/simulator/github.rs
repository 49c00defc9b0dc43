//! Tests of the simulated GitHub itself, over plain sockets and with the real `git`: that what it answers is what GitHub answers, and that the traps it promises
//! are really set.

mod client;
mod git;
mod graphql;
mod rest;
