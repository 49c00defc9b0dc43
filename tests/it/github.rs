//! The GitHub connector against the simulated GitHub, with the real program.

mod desk;
mod discussions;
mod issues;
mod releases;
