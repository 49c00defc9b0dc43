//! The one integration binary: each module shows one promise of the whole program.

mod systemd;
mod worker;
