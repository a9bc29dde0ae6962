//! Hand edits: files that a person changed with an editor and that no commit has yet.

use std::fs;
use std::io;
use std::time::Duration;

use serde::Serialize;

use super::{Ledger, project};
use crate::error::{Failure, Kind, Outcome};
use crate::git::{Git, Oid};

/// How often files are compared anew because a transaction came in between.
const COMPARISONS: usize = 3;

/// What a person did to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandEditKind {
    /// Its content differs from the ledger's.
    Changed,
    /// The ledger does not know it.
    Added,
    /// The ledger has it and the folder does not.
    Removed,
}

/// One file that differs from the tip of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandEdit {
    /// The path relative to the town's root.
    pub path: String,
    /// What happened to it.
    pub kind: HandEditKind,
    /// Its content now; nothing when it was removed or cannot be read.
    #[serde(skip)]
    pub text: Option<String>,
    /// Why it cannot be read as text.
    #[serde(skip)]
    pub unreadable: Option<String>,
}

impl Ledger {
    /// The files that a person changed since they were projected.
    ///
    /// # Errors
    /// When git cannot compare.
    pub fn hand_edits(&self) -> Outcome<Vec<HandEdit>> {
        self.hand_edits_within(None)
    }

    /// The same, where git has at most `limit` to compare.
    ///
    /// # Errors
    /// When git cannot compare, or not in time.
    pub fn hand_edits_within(&self, limit: Option<Duration>) -> Outcome<Vec<HandEdit>> {
        let mut tip = self.tip()?;
        for _ in 0..COMPARISONS {
            let edits = self.compared_with(&tip, limit)?;
            let now = self.tip()?;
            if edits.is_empty() || now == tip {
                return Ok(edits);
            }
            // A transaction came in between, and what it wrote looks like edits.
            tip = now;
        }
        self.compared_with(&tip, limit)
    }

    fn compared_with(&self, tip: &Oid, limit: Option<Duration>) -> Outcome<Vec<HandEdit>> {
        let git = Git::at(&self.root).within(limit);
        // An index that is only out of date about times must not make a read command write.
        let output = git.output(&[
            "--no-optional-locks",
            "status",
            "--porcelain=v1",
            "-z",
            "--untracked-files=all",
            "--no-renames",
            // A rig that somebody added to the ledger is a repository without a worktree, at which git gives up.
            "--ignore-submodules=all",
        ])?;
        if !output.ok() {
            let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Failure::new(Kind::External, format!("git cannot compare the town with its ledger: {reason}")));
        }
        // No trimming: the first entry may begin with a blank.
        let status = String::from_utf8_lossy(&output.stdout);
        let mut edits = Vec::new();
        for entry in status.split('\0').filter(|entry| entry.len() > 3) {
            let edit = self.hand_edit(entry);
            // With a blank first, git's index is in step with the branch for this file.
            let staged = entry.starts_with(' ');
            if edit.unreadable.is_some() || !self.is_projection(tip, &edit, staged)? {
                edits.push(edit);
            }
        }
        Ok(edits)
    }

    /// Whether a file is as the tip has it, or as it was when files were last brought in step: an index that is behind
    /// makes git show files that nobody touched, and so does a transaction that has not come to the files yet.
    /// Where the index is in step, files were as well: what is as it was before is an edit then.
    fn is_projection(&self, tip: &Oid, edit: &HandEdit, staged: bool) -> Outcome<bool> {
        let is_at = |commit: &Oid| -> Outcome<bool> {
            let known = self.objects()?.read(commit, &edit.path).map_err(super::lift)?;
            Ok(edit.text.as_ref().map(String::as_bytes) == known.as_deref())
        };
        match project::recorded(self) {
            Some(before) if before != *tip && !staged => Ok(is_at(tip)? || is_at(&before).unwrap_or(false)),
            _ => is_at(tip),
        }
    }

    fn hand_edit(&self, entry: &str) -> HandEdit {
        let (code, path) = entry.split_at(3);
        let file = self.root.join(path);
        let (text, unreadable) = match fs::read(&file).map(String::from_utf8) {
            Ok(Ok(text)) => (Some(text), None),
            Ok(Err(_)) => (None, Some("it is not UTF-8 text, and the ledger keeps text only".to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (None, None),
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                (None, Some("it is a folder with a repository of its own".to_owned()))
            }
            Err(error) => (None, Some(format!("it cannot be read: {error}"))),
        };
        let gone = text.is_none() && unreadable.is_none();
        let kind = match (gone, code.starts_with("??") || code.starts_with('A')) {
            (true, _) => HandEditKind::Removed,
            (false, true) => HandEditKind::Added,
            (false, false) => HandEditKind::Changed,
        };
        HandEdit { path: path.to_owned(), kind, text, unreadable }
    }

    /// Puts a file back as the ledger has it: how a person discards a hand edit.
    ///
    /// # Errors
    /// When the ledger does not have it, or it cannot be written.
    pub fn restore(&self, path: &str) -> Outcome<()> {
        let _lock = self.lock()?;
        let tip = self.tip()?;
        let content = self.objects()?.read(&tip, path).map_err(super::lift)?;
        let Some(content) = content else {
            return Err(Failure::new(Kind::NotFound, format!("the ledger has no file {path}")));
        };
        let file = self.root.join(path);
        crate::store::write_atomic(&file, &content, 0o644)
            .map_err(|error| Failure::caused(Kind::External, format!("cannot write {}", file.display()), error))
    }
}
