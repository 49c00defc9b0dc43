//! The GitHub connector in the real program, against a simulated GitHub.

mod anonymous;
mod budgets;
mod closed;
mod desk;
mod discussions;
mod files;
mod git_room;
mod issues;
mod lost_state;
mod lost;
mod moved;
mod parts;
mod real;
mod refused;
mod releases;
mod repositories;
mod stage;
mod ways_in;
mod wiki;
