//! What can be wrong with a town, its settings and its rigs.

use std::path::PathBuf;

use crate::error::{Failure, Kind};
use crate::id::InvalidId;

/// Why a town, a setting or a rig could not be had.
#[derive(Debug, thiserror::Error)]
pub enum TownError {
    /// Neither the folder nor one above it is a town.
    #[error("{} is not in a town: neither it nor a folder above has both town.toml and .git", .start.display())]
    NotInTown {
        /// Where the search began.
        start: PathBuf,
    },
    /// `GT_TOWN` names something else.
    #[error("GT_TOWN is {}, which is not a town: {reason}", .path.display())]
    VariableIsNoTown {
        /// The value of `GT_TOWN`.
        path: PathBuf,
        /// What is missing there.
        reason: &'static str,
    },
    /// The ledger's `HEAD` is not on the branch fixed at init.
    #[error("the ledger in {} is on {found}, but its branch is {expected}", .root.display())]
    HeadElsewhere {
        /// The town.
        root: PathBuf,
        /// What `HEAD` names: a branch, or a detached commit.
        found: String,
        /// The branch of `town.toml`.
        expected: String,
    },
    /// A town cannot be made inside of a town.
    #[error("{} lies in the town {}: a town cannot hold another", .path.display(), .outer.display())]
    NestedTown {
        /// Where a town was to be made.
        path: PathBuf,
        /// The town around it.
        outer: PathBuf,
    },
    /// There is a town already.
    #[error("{} is a town already", .path.display())]
    AlreadyTown {
        /// The town.
        path: PathBuf,
    },
    /// No such rig.
    #[error("there is no rig {name:?}")]
    UnknownRig {
        /// The name as it was given.
        name: String,
        /// The most similar name that exists.
        nearest: Option<String>,
        /// All names that exist.
        known: Vec<String>,
    },
    /// A settings file breaks a rule.
    #[error("{file}:{line}: {reason}")]
    Setting {
        /// The file, relative to the town.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The rule.
        reason: String,
        /// The valid key that is most like an unknown one.
        nearest: Option<String>,
    },
    /// A key that no settings file knows.
    #[error("there is no setting {key:?}")]
    UnknownKey {
        /// The dotted key as it was given.
        key: String,
        /// The most similar valid key.
        nearest: Option<String>,
    },
    /// A value that does not fit its key.
    #[error("{key} cannot be {value}: {reason}")]
    WrongValue {
        /// The dotted key.
        key: String,
        /// The value as it was given.
        value: String,
        /// What it must be.
        reason: String,
    },
    /// A name that breaks its rules.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// A file or folder could not be read or written.
    #[error("cannot {doing} {}", .path.display())]
    Io {
        /// The verb: read, write, create.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

impl TownError {
    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { doing, path: path.into(), source }
    }

    /// The class that picks the exit code.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotInTown { .. } | Self::VariableIsNoTown { .. } | Self::UnknownRig { .. } => Kind::NotFound,
            Self::HeadElsewhere { .. } | Self::NestedTown { .. } => Kind::Refused,
            Self::AlreadyTown { .. } => Kind::Conflict,
            Self::Setting { .. } | Self::UnknownKey { .. } | Self::WrongValue { .. } | Self::Id(_) => Kind::Invalid,
            Self::Io { .. } => Kind::External,
        }
    }

    /// What to do next.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NotInTown { .. } => vec![
                "Go to your town first, or name it: `gt --town PATH ...` or GT_TOWN=PATH.".to_owned(),
                "Make a new one with `gt init PATH`.".to_owned(),
            ],
            Self::VariableIsNoTown { .. } => vec!["Unset GT_TOWN, or set it to a folder made by `gt init`.".to_owned()],
            Self::HeadElsewhere { root, expected, .. } => {
                vec![format!("Go back with `git -C {} checkout {expected}`.", root.display())]
            }
            Self::NestedTown { outer, .. } => {
                vec![format!("Choose a folder outside of {}, or work in that town.", outer.display())]
            }
            Self::AlreadyTown { .. } => vec!["See it with `gt status`; add a repository with `gt rig add`.".to_owned()],
            Self::UnknownRig { nearest: Some(name), .. } => vec![format!("Did you mean {name}?")],
            Self::UnknownRig { known, .. } if known.is_empty() => {
                vec!["Add one with `gt rig add NAME URL`.".to_owned()]
            }
            Self::UnknownRig { known, .. } => vec![format!("Known rigs: {}.", known.join(", "))],
            Self::Setting { nearest: Some(key), .. } | Self::UnknownKey { nearest: Some(key), .. } => {
                vec![format!("Did you mean `{key}`?")]
            }
            Self::Setting { file, .. } => {
                let stem = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".toml");
                vec![format!("Mend that line: `gt config edit {stem}` opens the file and checks what you save.")]
            }
            Self::UnknownKey { .. } => vec!["See them all with `gt config list`.".to_owned()],
            _ => Vec::new(),
        }
    }
}

impl From<TownError> for Failure {
    fn from(error: TownError) -> Self {
        let (kind, hints) = (error.kind(), error.hints());
        let message = error.to_string();
        let source = match error {
            TownError::Io { source, .. } => Some(Box::new(source) as Box<dyn std::error::Error + Send + Sync>),
            _ => None,
        };
        Self { kind, message, hints, source }
    }
}
