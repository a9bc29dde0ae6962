//! The town: its root and paths, its layered settings, and its rigs.
//!
//! Everything here is read from files that a person may edit: `town.toml` and `rigs.d/*.toml`, which are
//! documents of the ledger, and `local.toml`, which holds the facts of this machine and is never committed.
//! Functions that change a document return its new text; writing it is a transaction of the ledger and
//! none of this room's business. Nothing here starts a program.

mod check;
pub mod config;
mod discover;
mod error;
mod gate;
pub mod guess;
mod keys;
mod local;
mod merge;
mod paths;
mod rig;
mod rig_text;
pub mod schema;
mod seconds;
mod settings;
mod socket;
#[cfg(test)]
mod tests;
mod url;

pub use crate::runtime::RuntimeKind;
pub use check::nearest;
pub use discover::{GITIGNORE, may_become_town, new_town_file};
pub use error::TownError;
pub use gate::{Gate, Phase};
pub use local::Local;
pub use merge::{Landing, Merge, MergeStyle, Pairs};
pub use paths::Town;
pub use rig::{Remote, Reserved, Rig};
pub use seconds::Seconds;
pub use settings::{
    Author, Health, Identity, MayorSettings, Permissions, Price, RoleSettings, Sandbox, Settings, layer,
};
pub use socket::short_hash;
pub use url::{name_from_url, prefix_from_name};
