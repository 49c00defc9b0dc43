//! Whose allowances they are: what tells those of one account from those of another in a file, and tells nobody who it is.
//!
//! Guarantees that no secret can be guessed from it. Whoever has the file has its key too, so a keyed hash of a weak password would still be one that guesses
//! can be held against, at leisure. So only what a machine made goes in, which is too long to be guessed; of a password nothing does, and the account is
//! known by its name. Allowances are an account's, so that a new password changes nothing about them.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::Engine as _;
use zeroize::Zeroizing;

use super::Renewal;
use crate::model::Secret;

/// What is shorter may be guessed, whoever made it.
const LEAST_BYTES: usize = 20;
/// Enough that two accounts never have the same.
const MARK_BYTES: usize = 16;

/// An account, in memory.
pub(super) struct Account(Zeroizing<String>);

impl Account {
    /// That of the credentials that are sent; `chosen`: a person may have made them up.
    pub(super) fn of(authorization: Option<&Secret>, renewal: Option<&dyn Renewal>, chosen: bool) -> Self {
        let secret = |text: &str| if chosen || text.len() < LEAST_BYTES { String::new() } else { text.to_owned() };
        let text = match (renewal, authorization.and_then(|header| header.expose().split_once(' '))) {
            (Some(renewal), _) => format!("renewed {}", renewal.account()),
            (None, None) => "nobody".to_owned(),
            (None, Some((scheme, sent))) if scheme.eq_ignore_ascii_case("basic") => {
                let pair = base64::engine::general_purpose::STANDARD.decode(sent).map(Zeroizing::new).unwrap_or_default();
                let pair = std::str::from_utf8(&pair).ok().and_then(|pair| pair.split_once(':'));
                pair.map_or_else(|| "somebody".to_owned(), |(name, word)| format!("name {name} {}", *Zeroizing::new(secret(word))))
            }
            (None, Some((_, token))) => format!("token {}", *Zeroizing::new(secret(token))),
        };
        Self(Zeroizing::new(text))
    }

    /// What is kept of it in a file that has this salt.
    pub(super) fn mark(&self, salt: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes());
        hex(&hmac::sign(&key, self.0.as_bytes()).as_ref()[..MARK_BYTES])
    }
}

/// A new salt; none where the system has no randomness to give.
pub(super) fn salt() -> Option<String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(header: Option<&str>, chosen: bool) -> String {
        Account::of(header.map(|header| Secret::new(header.to_owned())).as_ref(), None, chosen).mark("salt")
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    }

    #[test]
    fn another_token_is_another_account_and_another_file_has_another_mark() {
        let (one, other) = ("Bearer one-token-that-a-machine-made", "Bearer another-that-a-machine-made");
        assert_eq!(mark(Some(one), false), mark(Some(one), false));
        let all = [mark(Some(one), false), mark(Some(other), false), mark(None, false), mark(Some(&basic("ann:token-that-a-machine-made")), false)];
        for (at, mark) in all.iter().enumerate() {
            assert!(mark.len() == 32 && !all[..at].contains(mark), "{all:?}");
        }
        let account = Account::of(Some(&Secret::new(one.to_owned())), None, false);
        assert_ne!(account.mark(&salt().unwrap()), account.mark(&salt().unwrap()));
    }

    #[test]
    fn nothing_of_a_password_goes_in_however_long_it_is() {
        for (one, other) in [("ann:hunter2", "ann:letmein"), ("ann:correct horse battery staple", "ann:another horse battery staple")] {
            assert_eq!(mark(Some(&basic(one)), true), mark(Some(&basic(other)), true));
        }
        assert_eq!(mark(Some(&basic("ann:hunter2")), false), mark(Some(&basic("ann:letmein")), false), "too short not to be guessed");
        assert_eq!(mark(Some("Bearer hunter2"), false), mark(Some("Bearer letmein"), false));
        assert_ne!(mark(Some(&basic("ann:hunter2")), true), mark(Some(&basic("bob:hunter2")), true));
    }
}
