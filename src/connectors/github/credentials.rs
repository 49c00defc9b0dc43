//! How the given credentials choose the way in.
//!
//! Guarantees that no message repeats one of them.

use std::collections::BTreeMap;

use super::Config;
use crate::connectors::settings;
use crate::model::Secret;

/// How we come in.
#[derive(Debug)]
pub(super) enum Credentials {
    /// A token of whatever kind.
    Token(Secret),
    /// As an App.
    App {
        /// Its number or client id.
        id: String,
        /// Its private key, PEM.
        key: Secret,
    },
    /// As nobody.
    Anonymous,
}

impl Credentials {
    /// # Errors
    /// When what is given is no way in.
    pub(super) fn choose(config: &Config, secrets: &BTreeMap<String, Secret>) -> Result<Self, String> {
        let secret = |name: &str| settings::secret(secrets, name).map(|text| Secret::new(text.to_owned()));
        let app = config.app_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
        match (app, secret("private_key"), secret("token")) {
            (None, None, Some(token)) => Ok(Self::Token(token)),
            (None, None, None) => Ok(Self::Anonymous),
            (Some(id), Some(key), None) => Ok(Self::App { id: id.to_owned(), key }),
            (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
                Err("`token` and those of an App (`app_id`, `private_key`) are both set; keep one".to_owned())
            }
            (Some(_), None, None) => Err("`app_id` needs the App's `private_key`".to_owned()),
            (None, Some(_), None) => Err("`private_key` needs the App's `app_id`".to_owned()),
        }
    }

    /// For people.
    pub(super) fn way(&self) -> &'static str {
        match self {
            Self::Token(token) => match token.expose() {
                token if token.starts_with("github_pat_") => "fine-grained token",
                token if token.starts_with("ghp_") => "classic token",
                token if token.starts_with("gho_") || token.starts_with("ghu_") => "token of a program",
                token if token.starts_with("ghs_") => "installation token",
                _ => "token",
            },
            Self::App { .. } => "App",
            Self::Anonymous => "anonymous",
        }
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
        let app = Config { app_id: Some("123".to_owned()), ..Config::default() };
        let none = Config::default();
        let way = |config: &Config, pairs: &[(&str, &str)]| Credentials::choose(config, &secrets(pairs)).map(|chosen| chosen.way());
        assert_eq!(way(&none, &[("token", "github_pat_x")]), Ok("fine-grained token"));
        assert_eq!(way(&none, &[("token", " ")]), Ok("anonymous"));
        assert_eq!(way(&app, &[("private_key", "-----BEGIN")]), Ok("App"));
        for (config, pairs) in [(&app, &[][..]), (&none, &[("private_key", "hunter2")]), (&app, &[("private_key", "hunter2"), ("token", "hunter2")])]
        {
            assert!(!way(config, pairs).unwrap_err().contains("hunter2"));
        }
    }
}
