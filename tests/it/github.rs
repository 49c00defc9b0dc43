//! The GitHub connector in the real program, against a simulated GitHub.

mod allowances;
mod anonymous;
mod bad_hour;
mod budgets;
mod closed;
mod desk;
mod discussions;
mod files;
mod git_room;
mod issues;
mod lost;
mod lost_state;
mod messages;
mod moved;
mod narrowed;
mod nasty;
mod parts;
mod real;
mod refused;
mod releases;
mod repositories;
mod scale;
mod stage;
mod traps;
mod ways_in;
mod wiki;
