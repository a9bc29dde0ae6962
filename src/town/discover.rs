//! Finding the town, and what must hold before one is made.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Town, TownError};
use crate::env;

/// The `.gitignore` of a town: what lies in its folder and is no part of the ledger.
pub const GITIGNORE: &str = "/rigs/\n/local.toml\n";

impl Town {
    /// The town to work in: the one that `GT_TOWN` names, else the nearest at or above `start`.
    ///
    /// # Errors
    /// When there is none.
    pub fn discover(start: &Path) -> Result<Self, TownError> {
        match std::env::var_os(env::TOWN).filter(|value| !value.is_empty()) {
            Some(path) => Self::named(Path::new(&path)),
            None => Self::above(start),
        }
    }

    /// The town at exactly `path`.
    ///
    /// # Errors
    /// When it is none.
    pub fn named(path: &Path) -> Result<Self, TownError> {
        match missing(path) {
            None => Ok(Self::at(path)),
            Some(reason) => Err(TownError::VariableIsNoTown { path: path.to_path_buf(), reason }),
        }
    }

    /// The nearest town at or above `start`; the environment is not asked.
    ///
    /// # Errors
    /// When there is none.
    pub fn above(start: &Path) -> Result<Self, TownError> {
        around(start).map(Self::at).ok_or_else(|| TownError::NotInTown { start: start.to_path_buf() })
    }

    /// Refuses to go on when the ledger's `HEAD` is not on its branch.
    ///
    /// # Errors
    /// [`TownError::HeadElsewhere`], which names both.
    pub fn check_head(&self, branch: &str) -> Result<(), TownError> {
        let file = self.git_dir().join("HEAD");
        let head = fs::read_to_string(&file).map_err(|error| TownError::io("read", file, error))?;
        let head = head.trim();
        let found = match head.strip_prefix("ref: refs/heads/") {
            Some(name) if name == branch => return Ok(()),
            Some(name) => format!("branch {name}"),
            None => format!("no branch (detached at {})", head.get(..12).unwrap_or(head)),
        };
        Err(TownError::HeadElsewhere { root: self.root.clone(), found, expected: branch.to_owned() })
    }
}

/// Whether a town may be made at `path`.
///
/// # Errors
/// When it is one already, or lies in one.
pub fn may_become_town(path: &Path) -> Result<(), TownError> {
    if missing(path).is_none() {
        return Err(TownError::AlreadyTown { path: path.to_path_buf() });
    }
    match around(path) {
        Some(outer) => Err(TownError::NestedTown { path: path.to_path_buf(), outer }),
        None => Ok(()),
    }
}

/// The text of a new `town.toml`; `agent` when one was chosen.
pub fn new_town_file(name: &str, branch: &str, agent: Option<&str>) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut text = String::from("# Settings of the town; `gt config list` names them all.\n");
    text.push_str(&format!("name = {}\nbranch = {}\n", quoted(name), quoted(branch)));
    if let Some(agent) = agent {
        text.push_str(&format!("agent = {}\n", quoted(agent)));
    }
    text
}

/// What keeps `path` from being a town. A `.git` that is a file is a worktree of another repository.
fn missing(path: &Path) -> Option<&'static str> {
    if !path.join(Town::FILE).is_file() {
        return Some("it has no town.toml");
    }
    if !path.join(".git").is_dir() {
        return Some("it has no .git folder");
    }
    None
}

fn around(start: &Path) -> Option<PathBuf> {
    let start = std::path::absolute(start).ok()?;
    let existing = start.ancestors().find(|folder| folder.exists())?.canonicalize().ok()?;
    existing.ancestors().find(|folder| missing(folder).is_none()).map(Path::to_path_buf)
}
