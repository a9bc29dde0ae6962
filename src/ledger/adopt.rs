//! Hand edits: files that a person changed with an editor and that no commit has yet.

use std::fs;
use std::io;

use serde::Serialize;

use super::Ledger;
use crate::error::{Failure, Kind, Outcome};
use crate::git::Git;

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
    /// Its content now; nothing when it was removed.
    #[serde(skip)]
    pub text: Option<String>,
}

impl Ledger {
    /// The files that a person changed since they were projected.
    ///
    /// # Errors
    /// When git cannot compare, or a file is not UTF-8 text.
    pub fn hand_edits(&self) -> Outcome<Vec<HandEdit>> {
        let git = Git::at(&self.root);
        // An index that is only out of date about times must not make a read command write.
        let output = git.output(&[
            "--no-optional-locks",
            "status",
            "--porcelain=v1",
            "-z",
            "--untracked-files=all",
            "--no-renames",
        ])?;
        if !output.ok() {
            let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Failure::new(Kind::External, format!("git cannot compare the town with its ledger: {reason}")));
        }
        // No trimming: the first entry may begin with a blank.
        let status = String::from_utf8_lossy(&output.stdout);
        let entries = status.split('\0').filter(|entry| entry.len() > 3);
        entries.map(|entry| self.hand_edit(entry)).collect()
    }

    fn hand_edit(&self, entry: &str) -> Outcome<HandEdit> {
        let (code, path) = entry.split_at(3);
        let file = self.root.join(path);
        let unreadable = |error| Failure::caused(Kind::External, format!("cannot read {}", file.display()), error);
        let text = match fs::read(&file) {
            Ok(bytes) => Some(String::from_utf8(bytes).map_err(|_| {
                Failure::new(Kind::Invalid, format!("{} is not UTF-8 text", file.display()))
                    .hint("the ledger keeps text files only; move it elsewhere")
            })?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(unreadable(error)),
        };
        let kind = match (&text, code.starts_with("??") || code.starts_with('A')) {
            (None, _) => HandEditKind::Removed,
            (Some(_), true) => HandEditKind::Added,
            (Some(_), false) => HandEditKind::Changed,
        };
        Ok(HandEdit { path: path.to_owned(), kind, text })
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
