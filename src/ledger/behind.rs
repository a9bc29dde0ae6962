//! What git's index would put back, were it committed as it is.
//!
//! Every transaction brings the index in step with the branch. A person can bring it out of step: by an old copy of
//! it, by `git reset`, by a git program that kept its lock for long.

use std::ffi::OsStr;
use std::fs;

use super::{Ledger, lift, project};
use crate::error::Outcome;
use crate::git::objects::{self, Change, Objects};
use crate::git::{Git, Oid};

impl Ledger {
    /// The files that a commit of git's index would put back to an older state now.
    ///
    /// A file is such a one when the index has something else than the ledger's branch, and nobody has put that
    /// there: the file itself is as the branch has it, or as it was when the index was last brought in step.
    /// `index` is another index file than git's usual one, as git hands it to its hooks.
    ///
    /// # Errors
    /// When git or the objects cannot be read.
    pub fn behind_in_index(&self, index: Option<&OsStr>) -> Outcome<Vec<String>> {
        if objects::head_ref(&self.git_dir).as_ref() != Some(&self.branch) {
            return Ok(Vec::new());
        }
        Ok(self.behind(index, &self.tip()?)?.into_iter().map(|change| change.path).collect())
    }

    /// Brings those files of git's index, and only those, in step with the branch.
    ///
    /// # Errors
    /// When the lock stays taken or the index cannot be written.
    pub fn mend_index(&self) -> Outcome<()> {
        let _lock = self.lock()?;
        self.check_head()?;
        let tip = self.tip()?;
        project::catch_up(self, &tip)?;
        let behind = self.behind(None, &tip)?;
        if behind.is_empty() {
            return Ok(());
        }
        project::carry_out(self, self.objects()?, &tip, &behind, project::lock_index(self)?)
    }

    /// Whether files and git's index are in step with the branch, as far as `gt` brought them there.
    ///
    /// # Errors
    /// When the branch cannot be read.
    pub fn is_settled(&self) -> Outcome<bool> {
        Ok(project::recorded(self).as_ref() == Some(&self.tip()?))
    }

    /// From what the index has, to what the branch has.
    fn behind(&self, index: Option<&OsStr>, tip: &Oid) -> Outcome<Vec<Change>> {
        let unprojected = match project::recorded(self) {
            Some(projected) if projected != *tip => {
                self.objects()?.changes(Some(&projected), Some(tip)).map_err(lift)?
            }
            _ => Vec::new(),
        };
        let mut git = Git::at(&self.root);
        if let Some(index) = index {
            git = git.variable("GIT_INDEX_FILE", index);
        }
        let listed =
            git.raw(&["diff-index", "--cached", "--raw", "--no-abbrev", "--no-renames", "-z", tip.as_str()])?;
        let listed = String::from_utf8_lossy(&listed);
        let mut words = listed.split('\0');
        let mut behind = Vec::new();
        while let (Some(facts), Some(path)) = (words.next(), words.next()) {
            let ids: Vec<Option<Oid>> = facts.split(' ').skip(2).take(2).map(known).collect();
            let [in_branch, in_index] = ids.as_slice() else { continue };
            let on_disk = fs::read(self.root.join(path)).ok().map(|content| Objects::blob_id(&content));
            let untouched = on_disk == *in_branch;
            let of_old = unprojected.iter().any(|change| change.path == path && change.old == *in_index);
            if untouched || of_old {
                behind.push(Change { path: path.to_owned(), old: in_index.clone(), new: in_branch.clone() });
            }
        }
        Ok(behind)
    }
}

/// An object id, unless it is the one of all zeros that git writes for "no such file".
fn known(text: &str) -> Option<Oid> {
    if text.bytes().all(|digit| digit == b'0') { None } else { text.parse().ok() }
}
