//! Notices that a service fails at everything, so that a bad hour of its is not made worse by asking for each thing four times.
//!
//! One broken page among many is none: any answer that is as promised ends the count.

use std::sync::atomic::{AtomicU32, Ordering};

/// So many requests in a row, each after its tries, without one good answer in between.
const MOST: u32 = 25;

/// Failures in a row.
#[derive(Default)]
pub(super) struct Storm(AtomicU32);

impl Storm {
    /// An answer was as promised.
    pub(super) fn calm(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// A request failed as the service's own fault.
    pub(super) fn failed(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many failed in a row, if that is too many.
    pub(super) fn rages(&self) -> Option<u32> {
        Some(self.0.load(Ordering::Relaxed)).filter(|count| *count >= MOST)
    }
}
