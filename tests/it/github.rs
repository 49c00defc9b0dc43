//! The GitHub connector in the real program, against a simulated GitHub.

mod anonymous;
mod budgets;
mod desk;
mod discussions;
mod files;
mod git_room;
mod issues;
mod moved;
mod nasty;
mod real;
mod refused;
mod releases;
mod repositories;
mod stage;
mod ways_in;
mod wiki;
