use serde::Serialize;

use crate::bead::ready::Standing;
use crate::error::{Failure, Kind};
use crate::id::{BeadId, Prefix, RigName, RoleName, WorkerRef};

/// Why a bead does not start now. Each says what would have to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    /// Epics have no work of their own.
    #[error("it is an epic; its children start")]
    Epic,
    /// It is not ready.
    #[error("it is not ready: {why}")]
    NotReady {
        /// What keeps it.
        why: Standing,
    },
    /// No rig has beads with this prefix.
    #[error("no rig has the prefix {prefix}; name the rig in which it is to start")]
    NoRig {
        /// The prefix.
        prefix: Prefix,
    },
    /// The rig that was named does not exist.
    #[error("there is no rig {rig}")]
    UnknownRig {
        /// The rig.
        rig: RigName,
    },
    /// The rig is parked.
    #[error("the rig {rig} is parked")]
    Parked {
        /// The rig.
        rig: RigName,
    },
    /// The pool of the role is full.
    #[error("all {limit} {role} workers of {rig} are at work")]
    PoolFull {
        /// The rig.
        rig: RigName,
        /// The role.
        role: RoleName,
        /// The limit.
        limit: u32,
    },
    /// The rig is full.
    #[error("{rig} has {limit} workers at work, as many as it may")]
    RigFull {
        /// The rig.
        rig: RigName,
        /// The limit.
        limit: u32,
    },
    /// The town is full.
    #[error("the town has {limit} workers at work, as many as it may")]
    TownFull {
        /// The limit.
        limit: u32,
    },
    /// The convoy has as many workers as it may.
    #[error("its convoy has {limit} workers at work, as many as it may")]
    ConvoyFull {
        /// The limit.
        limit: u32,
    },
    /// The worker that was named has another bead.
    #[error("{worker} has {bead} on its hook")]
    WorkerBusy {
        /// The worker.
        worker: WorkerRef,
        /// Its bead.
        bead: BeadId,
    },
    /// The worker that was named cannot take a bead.
    #[error("{worker} cannot take work: {reason}")]
    WorkerUnfit {
        /// The worker.
        worker: WorkerRef,
        /// Why.
        reason: String,
    },
    /// There is no name left for a new worker.
    #[error("{rig} has no name left for a new worker; add names to its pool")]
    NoName {
        /// The rig.
        rig: RigName,
    },
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal {
            Refusal::NoRig { .. } | Refusal::UnknownRig { .. } => Kind::NotFound,
            Refusal::WorkerBusy { .. }
            | Refusal::NotReady { why: Standing::Hooked { .. } | Standing::Submitted { .. } } => Kind::Conflict,
            _ => Kind::Refused,
        };
        Self::new(kind, refusal.to_string())
    }
}
