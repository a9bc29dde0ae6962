//! A convoy: beads that are tracked as one, and fed to workers as one.
//!
//! Only decisions are stored: the members, how many workers may be at it, whether it is fed. How far it is
//! follows from its beads, see [`Progress`]. Which bead starts when is the scheduler's to say.

mod file;
mod id;
mod progress;

pub use id::ConvoyId;
pub use progress::{Progress, Verdict};

use std::collections::BTreeSet;

use serde::Serialize;

use crate::bead::file::unknown_keys;
use crate::clock::Timestamp;
use crate::id::{BeadId, RigName};

/// One convoy. Its file is `convoys/<first two of the suffix>/<id>.toml`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Convoy {
    /// Its name for ever.
    pub id: ConvoyId,
    /// One line.
    pub title: String,
    /// What the person asked for, in their words; prose.
    pub goal: String,
    /// The rig that most of it is about.
    pub rig: Option<RigName>,
    /// The epic that its beads belong to.
    pub epic: Option<BeadId>,
    /// Its beads.
    pub members: BTreeSet<BeadId>,
    /// The most workers at its beads at once; none means what the rig allows.
    pub workers: Option<u32>,
    /// Whether the tick starts its ready beads.
    pub feed: bool,
    /// When it was created.
    pub created: Timestamp,
    /// When it ended.
    pub closed: Option<Timestamp>,
    /// Keys that this version does not know; they survive a rewrite.
    #[serde(flatten, serialize_with = "unknown_keys")]
    pub extra: toml::Table,
}

impl Convoy {
    /// A convoy without members, which is not fed yet.
    pub fn new(id: ConvoyId, title: impl Into<String>, created: Timestamp) -> Self {
        Self {
            id,
            title: title.into(),
            goal: String::new(),
            rig: None,
            epic: None,
            members: BTreeSet::new(),
            workers: None,
            feed: false,
            created,
            closed: None,
            extra: toml::Table::new(),
        }
    }
}
