//! Tests of the simulated site itself, over plain sockets: that the traps it promises are really set.

mod client;
mod cloud;
mod corpus;
mod data_center;
mod faults;
mod github;
