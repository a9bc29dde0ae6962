//! Who did something, written as one word: `mayor`, `web/polecats/toast`, `web/refinery`, `human`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{InvalidId, RigName, WorkerName};

/// A pooled worker or a person's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkerKind {
    /// A pooled worker of a rig.
    Polecat,
    /// A person's own long-lived worktree and session.
    Crew,
}

impl WorkerKind {
    /// The folder under the rig: `polecats` or `crew`.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Polecat => "polecats",
            Self::Crew => "crew",
        }
    }
}

/// A worker of a rig, written `web/polecats/toast` or `web/crew/ada`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkerRef {
    /// The rig it belongs to.
    pub rig: RigName,
    /// Polecat or crew.
    pub kind: WorkerKind,
    /// Its name, unique in the town.
    pub name: WorkerName,
}

impl WorkerRef {
    /// The polecat `name` of `rig`.
    pub fn polecat(rig: RigName, name: WorkerName) -> Self {
        Self { rig, kind: WorkerKind::Polecat, name }
    }

    /// The form that people type and tmux shows: `web/toast`.
    pub fn short(&self) -> String {
        format!("{}/{}", self.rig, self.name)
    }
}

impl fmt::Display for WorkerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.rig, self.kind.folder(), self.name)
    }
}

impl FromStr for WorkerRef {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let mut parts = text.split('/');
        let (Some(rig), Some(folder), Some(name), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidId::new(text, "a worker", "it has the form rig/polecats/name or rig/crew/name"));
        };
        let kind = match folder {
            "polecats" => WorkerKind::Polecat,
            "crew" => WorkerKind::Crew,
            _ => return Err(InvalidId::new(text, "a worker", "its middle part is polecats or crew")),
        };
        Ok(Self { rig: rig.parse()?, kind, name: name.parse()? })
    }
}

impl TryFrom<String> for WorkerRef {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<WorkerRef> for String {
    fn from(worker: WorkerRef) -> Self {
        worker.to_string()
    }
}

/// Whoever causes a change of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Actor {
    /// The person.
    Human,
    /// The mayor.
    Mayor,
    /// The refinery of a rig.
    Refinery(RigName),
    /// The tick: repairs, releases and restarts.
    Witness(RigName),
    /// A polecat or a crew member.
    Worker(WorkerRef),
}

impl Actor {
    /// Whether a person acts: as such, or as crew of a rig.
    pub fn is_person(&self) -> bool {
        match self {
            Self::Human => true,
            Self::Worker(worker) => worker.kind == WorkerKind::Crew,
            _ => false,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Human => f.write_str("human"),
            Self::Mayor => f.write_str("mayor"),
            Self::Refinery(rig) => write!(f, "{rig}/refinery"),
            Self::Witness(rig) => write!(f, "{rig}/witness"),
            Self::Worker(worker) => worker.fmt(f),
        }
    }
}

impl FromStr for Actor {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text {
            "human" => return Ok(Self::Human),
            "mayor" => return Ok(Self::Mayor),
            _ => {}
        }
        match text.split_once('/') {
            Some((rig, "refinery")) => Ok(Self::Refinery(rig.parse()?)),
            Some((rig, "witness")) => Ok(Self::Witness(rig.parse()?)),
            Some(_) => Ok(Self::Worker(text.parse()?)),
            None => Err(InvalidId::new(text, "an actor", "actors are human, mayor, rig/refinery, rig/polecats/name")),
        }
    }
}

impl TryFrom<String> for Actor {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> Self {
        actor.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actors_survive_a_round_trip() {
        for text in ["human", "mayor", "web/refinery", "web/witness", "web/polecats/toast", "web/crew/ada"] {
            assert_eq!(text.parse::<Actor>().map(|actor| actor.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn strangers_are_refused() {
        for text in ["", "root", "web/toast", "web/polecats/../x", "web/polecats/toast/x"] {
            assert!(text.parse::<Actor>().is_err(), "{text}");
        }
    }
}
