//! Where the work of a rig lands.
//!
//! The target of a rig with a remote is the remote's branch, as last fetched. A rig of a local repository has a
//! target of its own, which landings move and which is then delivered.

use std::path::PathBuf;

use super::OpenTown;
use crate::error::{Failure, Kind, Outcome};
use crate::git::{Oid, bare};
use crate::town::{Remote, Rig};

/// The target branch of one rig.
#[derive(Debug, Clone)]
pub struct Target {
    /// The rig's bare repository.
    pub repo: PathBuf,
    /// The name of the branch, `main`.
    pub branch: String,
    /// The full name of the ref in the bare repository.
    pub name: String,
    remote: Remote,
}

impl Target {
    /// The target of `rig`.
    pub fn of(open: &OpenTown, rig: &Rig) -> Self {
        let name = match rig.remote {
            Remote::Remote => tracking(&rig.branch),
            Remote::Local => format!("refs/heads/{}", rig.branch),
        };
        Self { repo: open.town.rig_repo(&rig.name), branch: rig.branch.clone(), name, remote: rig.remote }
    }

    /// The ref that follows the origin's branch.
    pub fn tracking(&self) -> String {
        tracking(&self.branch)
    }

    /// Whether something landed that the person's own repository was not seen to have.
    ///
    /// # Errors
    /// When git fails.
    pub fn is_undelivered(&self) -> Outcome<bool> {
        if self.remote == Remote::Remote {
            return Ok(false);
        }
        let tracking = self.tracking();
        let tips = bare::tips(&self.repo, &[&self.name, &tracking], None)?;
        let tip = |name: &str| tips.iter().find(|tip| tip.name == name).map(|tip| &tip.commit);
        Ok(tip(&self.name).is_some_and(|own| Some(own) != tip(&tracking)))
    }

    /// Its tip. The own target of a local rig begins where the origin's branch was first seen; one that somebody deleted
    /// begins again where it was, because what landed may be nowhere else.
    ///
    /// # Errors
    /// When it does not exist or git fails.
    pub fn tip(&self) -> Outcome<Oid> {
        if let Some(tip) = bare::ref_tip(&self.repo, &self.name)? {
            return Ok(tip);
        }
        let last = || Ok::<_, Failure>(bare::ref_tip(&self.repo, &self.memory())?);
        let seen = || Ok::<_, Failure>(bare::ref_tip(&self.repo, &self.tracking())?);
        if self.remote == Remote::Local
            && let Some(tip) = last()?.map_or_else(seen, |tip| Ok(Some(tip)))?
        {
            bare::swap_ref(&self.repo, &self.name, None, &tip, "gt: the rig's own target begins")?;
            return Ok(bare::ref_tip(&self.repo, &self.name)?.unwrap_or(tip));
        }
        Err(Failure::new(Kind::NotFound, format!("the target branch {} does not exist", self.branch))
            .hint("Make the branch where it should be, or name another with `gt config set rigs.NAME.branch BRANCH`."))
    }

    /// Moves the own target of a local rig from `old` to `new`; whether it was at `old`.
    ///
    /// # Errors
    /// When git fails.
    pub fn advance(&self, old: &Oid, new: &Oid, why: &str) -> Outcome<bool> {
        if !bare::swap_ref(&self.repo, &self.name, Some(old), new, why)? {
            return Ok(false);
        }
        let memory = self.memory();
        let before = bare::ref_tip(&self.repo, &memory)?;
        bare::swap_ref(&self.repo, &memory, before.as_ref(), new, why)?;
        Ok(true)
    }

    /// Where the own target was last seen, where no command of a person comes by.
    fn memory(&self) -> String {
        format!("refs/gt/target/{}", self.branch)
    }
}

fn tracking(branch: &str) -> String {
    format!("refs/remotes/origin/{branch}")
}
