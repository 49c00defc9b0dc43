//! The Confluence connector alone against the simulated site: both flavours, every way in, what it lists and fetches, and what that costs in requests.

mod budgets;
mod comments;
mod counts;
mod driver;
mod fetching;
mod listing;
mod rolling;
mod selection;
mod states;
mod troubles;
mod ways_in;
