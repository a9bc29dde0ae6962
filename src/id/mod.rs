//! Typed names: what a string means once it has been parsed.
//!
//! Every id is parsed at the border (arguments, files, environment) and trusted from there on.
//! Nothing here knows where a thing is stored; see [`crate::town`] for paths.

mod actor;
mod bead;
mod name;
mod token;

pub use actor::{Actor, WorkerKind, WorkerRef};
pub use bead::{ALPHABET, BeadId, Prefix, suffix_length};
pub use name::{RigName, RoleName, WorkerName, numbered};
pub use token::{HomeId, Lease, SessionId};

/// Why a string is not the id it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}: {reason}")]
pub struct InvalidId {
    /// The text as it was given.
    pub text: String,
    /// What it was expected to be, with an article: "a bead id".
    pub what: &'static str,
    /// The rule that it breaks.
    pub reason: &'static str,
}

impl InvalidId {
    pub(crate) fn new(text: &str, what: &'static str, reason: &'static str) -> Self {
        Self { text: text.to_owned(), what, reason }
    }
}

/// Implements the string faces (serde, `Display`, `AsRef<str>`) of a newtype that has `FromStr`.
macro_rules! string_faces {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl TryFrom<String> for $name {
            type Error = $crate::id::InvalidId;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}
pub(crate) use string_faces;
