//! What is said when an edge is not there.

use super::Verb;
use crate::bead::Status;
use crate::error::Failure;
use crate::id::{Actor, BeadId, HomeId, WorkerRef};

/// Why a bead was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{bead} cannot be {}: {reason}", .verb.participle())]
pub struct Refused {
    /// The bead, which is as it was.
    pub bead: BeadId,
    /// What was tried.
    pub verb: Verb,
    /// Where the bead stands.
    pub status: Status,
    /// Who has it.
    pub held_by: Option<WorkerRef>,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a change of state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The bead stands somewhere else; the text says where, and who has it.
    #[error("it is {0}")]
    Stands(String),
    /// The actor is not in the row.
    #[error("{actor} may not do that, only {}", .may.join(", "))]
    NotAllowed {
        /// Who tried.
        actor: Actor,
        /// Who may.
        may: Vec<&'static str>,
    },
    /// The lease is that of an earlier hooking.
    #[error("the lease shown is not that of its present hooking, which {0} has")]
    StaleLease(WorkerRef),
    /// The claim was made in another clone of the town.
    #[error("it is held by {worker} in the clone {home}, and only that clone may take it back")]
    HeldElsewhere {
        /// Who has it.
        worker: WorkerRef,
        /// Where.
        home: HomeId,
    },
    /// An epic has no work of its own.
    #[error("it is an epic; hook its children")]
    Epic,
    /// The refinery is in the middle of landing it.
    #[error("its landing as {0} has begun and is not yet known to be over")]
    Landing(String),
    /// There is no intent that the landing could fulfil.
    #[error("no landing of it was begun")]
    NoLanding,
    /// The bead is not a member of the landing.
    #[error("it is not among the members of the landing")]
    NotAMember,
    /// A resolution that this verb does not give.
    #[error("a bead that is {status} is not closed as {resolution} this way")]
    Resolution {
        /// Where it stands.
        status: String,
        /// As what it was to be closed.
        resolution: String,
    },
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        use crate::error::Kind;
        let kind = match refused.reason {
            Reason::Stands(_) | Reason::StaleLease(_) | Reason::HeldElsewhere { .. } => Kind::Conflict,
            Reason::Landing(_) => Kind::Retryable,
            _ => Kind::Refused,
        };
        Self::new(kind, refused.to_string()).hint(format!("`gt why {}` says where it stands", refused.bead))
    }
}
