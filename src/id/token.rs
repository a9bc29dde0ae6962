//! Random tokens: sessions, leases and the identity of a clone.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ALPHABET, InvalidId, string_faces};

fn check_token(text: &str, what: &'static str) -> Result<(), InvalidId> {
    if !(8..=32).contains(&text.len()) || !text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) {
        return Err(InvalidId::new(text, what, "it has 8 to 32 characters a-z and 0-9"));
    }
    Ok(())
}

macro_rules! token {
    ($(#[$doc:meta])* $name:ident, $what:literal, $length:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);
        string_faces!($name);
        impl $name {
            /// A fresh random token.
            pub fn random() -> Self {
                Self(nanoid::nanoid!($length, &ALPHABET))
            }
        }
        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                check_token(text, $what)?;
                Ok(Self(text.to_owned()))
            }
        }
    };
}

token!(
    /// One run of one agent. The name in tmux is for people; this is its identity.
    SessionId, "a session id", 12
);
token!(
    /// One hooking of one bead; every verb of a worker is checked against it.
    Lease, "a lease", 16
);
token!(
    /// One clone of a town: only the home that hooked a bead judges, restarts or releases it.
    HomeId, "a home id", 12
);
