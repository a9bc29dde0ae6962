//! The bench of a refinery: the worktree of a rig in which set-up and gates run.
//!
//! Whoever uses it holds the rig's refinery lock, see [`Bench::take`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::aftermath::Guard;
use super::{OpenTown, sandbox, session};
use crate::error::{Failure, Outcome};
use crate::git::worktree::{self, Cut};
use crate::git::{GitError, Oid};
use crate::polecat::{PolecatError, furnish, set_up};
use crate::runtime::CommandSpec;
use crate::store::{FileLock, StoreError};
use crate::town::{Gate, Rig, Settings};

/// The name of the refinery's first worktree.
pub const SLOT: &str = "bench";
/// How much of a gate's output is kept.
const LOG_LIMIT: u64 = 4 * 1024 * 1024;
/// How long to wait for somebody else who registers a worktree.
const WORKTREES: Duration = Duration::from_secs(30);
/// How long submodules may take, which can come from the network.
const SUBMODULES: Duration = Duration::from_secs(600);

/// A refinery's worktree, with the lock that keeps others out of it.
pub struct Bench<'a> {
    open: &'a OpenTown,
    rig: &'a Rig,
    settings: Settings,
    /// The worktree.
    pub folder: PathBuf,
    guard: Guard,
}

/// Why the bench could not be had.
#[derive(Debug, thiserror::Error)]
enum LockOrGit {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<'a> Bench<'a> {
    /// Takes the refinery of `rig` for this process, waiting for at most `limit`.
    ///
    /// # Errors
    /// When another process keeps it, or the rig's settings break a rule.
    pub fn take(open: &'a OpenTown, rig: &'a Rig, limit: Duration) -> Outcome<Self> {
        let guard = Guard::acquire(open, &rig.name, &open.town.refinery_lock(&rig.name), limit)?;
        // A gate of a refinery that was killed may still be at work in this very folder.
        session::end_strays(open)?;
        let folder = open.town.refinery_worktree(&rig.name, SLOT);
        Ok(Self { open, rig, settings: open.settings_for(rig)?, folder, guard })
    }

    /// Lets go of the bench after everything on it came to its end.
    pub fn succeeded(self) {
        self.guard.succeeded();
    }

    /// Puts exactly the tree of `commit` on the bench, with the person's files; answers what people should know.
    ///
    /// # Errors
    /// When git fails or a file cannot be copied.
    pub fn lay(&self, commit: &Oid) -> Outcome<Vec<String>> {
        let (town, rig) = (&self.open.town, self.rig);
        let repo = town.rig_repo(&rig.name);
        let trash = town.trash_dir();
        let cut = Cut { repo: &repo, path: &self.folder, branch: None, commit };
        let keep = if rig.keep.is_empty() { None } else { Some(rig.keep.as_slice()) };
        let lock = || FileLock::acquire(&town.worktrees_lock(&rig.name), WORKTREES).map_err(LockOrGit::from);
        worktree::recycle(&cut, keep, &trash, lock).map_err(LockOrGit::lift)?;
        worktree::discard(&trash)?;
        let extras = worktree::extras(&self.folder, Some(SUBMODULES))?;
        let mut notes: Vec<String> = extras.iter().map(ToString::to_string).collect();
        notes.extend(furnish(&repo, &self.folder, &sandbox::furnishing(rig))?);
        Ok(notes)
    }

    /// Runs the rig's set-up commands when they have not run here with the same inputs.
    ///
    /// # Errors
    /// [`PolecatError::SetUp`] when one of them fails.
    pub fn set_up(&self) -> Result<(), PolecatError> {
        let wanted = sandbox::set_up(self.open, self.rig, &self.settings, SLOT);
        set_up(&self.open.town.rig_repo(&self.rig.name), &self.folder, &wanted).map(|_| ())
    }

    /// The command that runs one gate in the tree that lies on the bench. `log` is the name of its log; `given` are
    /// variables that it gets beside the usual ones.
    ///
    /// # Errors
    /// When the folder of the log cannot be made.
    pub fn command(&self, gate: &Gate, log: &str, given: &BTreeMap<String, String>) -> Outcome<CommandSpec> {
        let log = self.open.town.gate_log(&self.rig.name, log);
        if let Some(folder) = log.parent() {
            std::fs::create_dir_all(folder).map_err(GitError::files("make", folder))?;
        }
        Ok(CommandSpec {
            command: gate.run.clone(),
            cwd: self.folder.clone(),
            env: self.environment(given),
            limit: gate.limit.unwrap_or(self.settings.gate_limit).duration(),
            log,
            log_limit: LOG_LIMIT,
            runs: self.open.town.run_dir(),
            memory: gate.memory.map(|megabytes| u64::from(megabytes) << 20),
        })
    }

    fn environment(&self, given: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut variables = sandbox::command_environment(self.open, self.rig);
        variables.extend(given.clone());
        variables
    }
}

impl LockOrGit {
    fn lift(self) -> Failure {
        match self {
            Self::Git(error) => error.into(),
            Self::Store(error) => error.into(),
        }
    }
}
