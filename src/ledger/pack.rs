//! Packing: ten thousand changes a day must cost little disk, and no writer waits for it.

use std::fs;

use serde::Serialize;

use super::{Ledger, durable, lift};
use crate::error::Outcome;
use crate::git::Git;
use crate::store::FileLock;

/// Loose objects in one of git's 256 folders that make packing worth while: about two thousand transactions.
const LOOSE_IN_ONE_FOLDER: usize = 40;
/// Packs that make one of them all worth while.
const PACKS: usize = 24;

/// What packing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Packed {
    /// Another process is at it.
    Busy,
    /// The loose objects went into a new pack.
    Loose,
    /// Everything went into one pack.
    All,
}

impl Ledger {
    /// Whether enough loose objects have come together; looks at one folder only.
    pub fn wants_packing(&self) -> bool {
        let folder = self.git_dir.join("objects").join("17");
        fs::read_dir(folder).is_ok_and(|entries| entries.count() >= LOOSE_IN_ONE_FOLDER)
    }

    /// Packs loose objects and writes the commit graph with changed paths, beside running transactions.
    ///
    /// Unreachable objects are kept: one may belong to a transaction that has not moved the branch yet.
    ///
    /// # Errors
    /// When git fails.
    pub fn pack(&self) -> Outcome<Packed> {
        let Some(_lease) = FileLock::try_acquire(&self.runtime_dir().join("locks").join("pack.lock"))? else {
            return Ok(Packed::Busy);
        };
        let mark = durable::mark(self)?;
        let git = Git::at(&self.root);
        let packs = fs::read_dir(self.git_dir.join("objects").join("pack")).map_or(0, |entries| {
            entries
                .filter_map(Result::ok)
                .filter(|entry| entry.path().extension().is_some_and(|end| end == "pack"))
                .count()
        });
        let (packed, arguments): (_, &[&str]) = if packs >= PACKS {
            (Packed::All, &["repack", "-a", "-d", "-k", "-l", "-q"])
        } else {
            (Packed::Loose, &["repack", "-d", "-l", "-q"])
        };
        git.run(arguments)?;
        git.run(&["commit-graph", "write", "--reachable", "--changed-paths", "--no-progress"])?;
        durable::forget(self, mark)?;
        self.objects()?.spread().map_err(lift)?;
        Ok(packed)
    }
}
