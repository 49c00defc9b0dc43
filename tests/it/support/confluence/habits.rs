//! The habits that only Confluence has.

use std::collections::BTreeMap;

/// Which rate limit headers come with a good answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RateHeaders {
    /// Plenty left.
    #[default]
    Usual,
    /// Less than a fifth left.
    NearLimit,
    /// None at all.
    Missing,
}

/// What it does otherwise, until it is changed back.
#[derive(Default)]
pub struct Traits {
    /// So many listing pages hold nothing but a `next`.
    pub empty_pages: usize,
    /// Requests for these spaces (by key) get this status; lists of spaces still name them.
    pub space_status: BTreeMap<String, u16>,
    /// Folders have `createdAt` as a number of milliseconds.
    pub folder_dates_are_numbers: bool,
    /// A wrong credential gets 200 and what an anonymous caller sees, which is nothing unless spaces are open.
    pub bad_token_is_anonymous: bool,
    /// Rate limit headers on good answers.
    pub rate_headers: RateHeaders,
    /// `content/scan` does not exist, as before Data Center 7.18.
    pub no_scan: bool,
    /// Listings name drafts as well.
    pub lists_drafts: bool,
    /// `start` beyond the end still brings one item (CONFSERVER-95312).
    pub ghost_item: bool,
}
