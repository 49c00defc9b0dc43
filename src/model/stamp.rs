//! What a file's inode says about its content: cheap to look at, and changed by every ordinary edit.
//!
//! A hint, not a proof: equal stamps mean "not looked at again", different ones mean "look at the bytes". Knows no file system.

/// Size and modification time of a regular file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Length in bytes.
    pub size: u64,
    /// Modification time in nanoseconds since 1970, negative before; the nearest that fits (years 1677 to 2262).
    pub mtime_ns: i64,
}

impl Stamp {
    /// Builds a stamp from a `stat`'s seconds and nanoseconds.
    #[must_use]
    pub fn new(size: u64, mtime_secs: i64, mtime_nanos: i64) -> Self {
        Self { size, mtime_ns: mtime_secs.saturating_mul(1_000_000_000).saturating_add(mtime_nanos) }
    }

    /// Modification time in whole seconds since 1970, rounded down.
    #[must_use]
    pub fn mtime_secs(&self) -> i64 {
        self.mtime_ns.div_euclid(1_000_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970_and_far_away_survive() {
        assert_eq!(Stamp::new(1, -1, 999_999_999).mtime_secs(), -1);
        assert_eq!(Stamp::new(1, 1_700_000_000, 5).mtime_secs(), 1_700_000_000);
        assert_eq!(Stamp::new(1, i64::MAX, 0).mtime_ns, i64::MAX);
    }
}
