//! The GitHub connector in the real program, against a simulated GitHub.

mod anonymous;
mod desk;
mod discussions;
mod git_room;
mod issues;
mod releases;
mod stage;
mod wiki;
