//! The GitHub connector in the real program, against a simulated GitHub.

mod anonymous;
mod budgets;
mod desk;
mod discussions;
mod files;
mod git_room;
mod issues;
mod moved;
mod real;
mod refused;
mod releases;
mod repositories;
mod scale;
mod stage;
mod ways_in;
mod wiki;
