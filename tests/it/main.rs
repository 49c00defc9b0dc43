//! The one integration binary: each module shows one promise of the whole program.

mod worker;
