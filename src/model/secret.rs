//! A secret in memory: it cannot be printed, and its bytes are overwritten when it goes.
//!
//! The overwriting is what safe Rust can do: copies that the allocator, the TLS library or the kernel made are out of reach.

use std::fmt;

/// A token or password.
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes it.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into_bytes())
    }

    /// The secret itself: for the one header that carries it, never for a message.
    #[must_use]
    pub fn expose(&self) -> &str {
        // It came from a `String`, so it is UTF-8.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        // Keeps the compiler from dropping writes that nobody reads.
        std::hint::black_box(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_cannot_be_printed() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert_eq!(secret.expose(), "hunter2");
    }
}
