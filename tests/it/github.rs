//! The GitHub connector in the real program, against a simulated GitHub.

mod anonymous;
mod budgets;
mod files;
mod git_room;
mod repositories;
mod stage;
mod wiki;
