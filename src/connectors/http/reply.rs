//! A good answer: its body, and what its head says.

use reqwest::header::{HeaderMap, LINK};

use super::wait;

/// A good answer.
#[derive(Debug)]
pub struct Reply<T> {
    /// Its status.
    pub status: u16,
    /// Its head.
    pub headers: Headers,
    /// Its body; none where nothing changed (304).
    pub body: Option<T>,
}

/// The head of an answer.
#[derive(Clone, Debug, Default)]
pub struct Headers(pub(super) HeaderMap);

impl Headers {
    /// A header's value, if it is plain text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        wait::text(&self.0, name)
    }

    /// Where `Link` says that the next page is.
    #[must_use]
    pub fn next_page(&self) -> Option<&str> {
        self.0.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).find_map(next)
    }
}

/// The address with `rel="next"`.
fn next(link: &str) -> Option<&str> {
    let mut rest = link;
    loop {
        let (_, after) = rest.split_once('<')?;
        let (address, after) = after.split_once('>')?;
        let about = after.split('<').next().unwrap_or_default();
        let is_next = about.split(';').map(str::trim).any(|word| {
            let word = word.trim_end_matches([',', ' ']);
            word.strip_prefix("rel=").is_some_and(|rel| rel.trim_matches('"').split(' ').any(|rel| rel.eq_ignore_ascii_case("next")))
        });
        if is_next {
            return Some(address);
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_one_that_is_called_so() {
        let link = "<https://api.example/repositories/1?per_page=100&page=1>; rel=\"prev\", <https://api.example/x?after=Y,3;4>; rel=\"next\", <https://api.example/l>; rel=\"last\"";
        assert_eq!(next(link), Some("https://api.example/x?after=Y,3;4"));
        assert_eq!(next("<https://a/b>; rel=last"), None);
        assert_eq!(next("<https://a/b>; title=x; rel=next"), Some("https://a/b"));
        assert_eq!(next("nonsense"), None);
    }
}
