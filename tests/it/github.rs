//! The GitHub connector in the real program, against a simulated GitHub.

mod anonymous;
mod git_room;
mod stage;
mod wiki;
