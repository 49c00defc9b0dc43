//! How the given credentials choose the way in.
//!
//! Guarantees that no message repeats one of them.

use std::collections::BTreeMap;

use crate::connectors::{http, settings};
use crate::model::Secret;

/// How we come in.
pub(super) struct Credentials {
    /// The header's value; none for anonymous access.
    pub(super) authorization: Option<Secret>,
    /// For people, and to notice a change: `API token`, `personal access token`, `password`, `anonymous`.
    pub(super) way: &'static str,
}

impl Credentials {
    /// # Errors
    /// When what is given is no way in.
    pub(super) fn choose(username: Option<&str>, secrets: &BTreeMap<String, Secret>) -> Result<Self, String> {
        let username = username.map(str::trim).filter(|name| !name.is_empty());
        let secret = |name: &str| settings::secret(secrets, name);
        let (authorization, way) = match (username, secret("api_token"), secret("password")) {
            (_, Some(_), Some(_)) => return Err("`api_token` and `password` are both set; keep one".to_owned()),
            (Some(name), Some(token), None) => (Some(http::basic(name, token)), "API token"),
            (None, Some(token), None) => (Some(http::bearer(token)), "personal access token"),
            (Some(name), None, Some(password)) => (Some(http::basic(name, password)), "password"),
            (None, None, Some(_)) => return Err("`password` needs a `username`".to_owned()),
            (Some(_), None, None) => return Err("`username` needs an `api_token` or a `password`; without both, access is anonymous".to_owned()),
            (None, None, None) => (None, "anonymous"),
        };
        Ok(Self { authorization, way })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(pairs: &[(&str, &str)]) -> BTreeMap<String, Secret> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned()))).collect()
    }

    #[test]
    fn credentials_choose_the_way_in() {
        let header = |name, pairs: &[(&str, &str)]| {
            let chosen = Credentials::choose(name, &secrets(pairs)).unwrap();
            (chosen.authorization.map(|secret| secret.expose().to_owned()), chosen.way)
        };
        assert_eq!(header(Some("a@b.c"), &[("api_token", "t")]), (Some("Basic YUBiLmM6dA==".to_owned()), "API token"));
        assert_eq!(header(None, &[("api_token", "t")]), (Some("Bearer t".to_owned()), "personal access token"));
        assert_eq!(header(Some("ann"), &[("password", "pw")]), (Some("Basic YW5uOnB3".to_owned()), "password"));
        assert_eq!(header(None, &[("api_token", "")]), (None, "anonymous"));
        for (name, pairs) in
            [(Some("ann"), &[][..]), (None, &[("password", "hunter2")]), (Some("ann"), &[("password", "hunter2"), ("api_token", "hunter2")])]
        {
            let Err(error) = Credentials::choose(name, &secrets(pairs)) else { panic!("{name:?}") };
            assert!(!error.contains("hunter2"));
        }
    }
}
