//! How a transaction survives that the machine goes down.
//!
//! Its objects go into the journal ([`Journal`]) and then, like the ref, to their places without being synced. When all
//! is done and the lock given away the journal is synced, once for everybody who is at it. Where it cannot be told
//! whether the machine went down since, or where the journal is full, objects and ref are synced by themselves.

use super::{Ledger, lift};
use crate::env::commit_point;
use crate::error::Outcome;
use crate::git::Git;
use crate::git::objects::{Draft, Durability, Journal, Objects, is_left_over};
use crate::git::staging::is_whole;
use crate::store::boot_id;

/// A transaction on its way to the disk.
pub(super) struct Writing {
    /// The journal, where there is one.
    journal: Option<Journal>,
    /// When its objects and its ref are synced: the journal may have no room for it.
    durability: Durability,
}

impl Writing {
    /// Writes a commit. The caller holds the ledger's lock.
    pub(super) fn begin(ledger: &Ledger, objects: &Objects, draft: &Draft) -> Outcome<Self> {
        let open = |boot: String| Journal::open(&ledger.git_dir, &boot).map_err(lift);
        let mut journal = boot_id().map(open).transpose()?;
        let logged = journal.as_mut().map(|journal| journal.append(draft)).transpose().map_err(lift)?;
        commit_point("ledger.logged");
        let durability = if logged == Some(true) { Durability::Later } else { Durability::Now };
        objects.write(draft, durability).map_err(lift)?;
        Ok(Self { journal, durability })
    }

    /// When its objects and its ref are synced.
    pub(super) fn durability(&self) -> Durability {
        self.durability
    }

    /// Makes the transaction durable, and all that it builds on: the journal may have that and not this one. The caller has
    /// given the lock away.
    pub(super) fn end(self, ledger: &Ledger, objects: &Objects) -> Outcome<()> {
        let synced = self.journal.map_or(Ok(()), |journal| journal.sync());
        synced.and_then(|()| objects.sync_ref(&ledger.branch)).map_err(lift)
    }
}

/// Whether the machine went down since the last transaction.
pub(super) fn is_of_another_life(ledger: &Ledger) -> bool {
    boot_id().is_some_and(|boot| is_left_over(&ledger.git_dir, &boot))
}

/// Brings back what was lost when the machine went down. The caller holds the ledger's lock.
pub(super) fn recover(ledger: &Ledger) -> Outcome<()> {
    let Some(boot) = boot_id().filter(|boot| is_left_over(&ledger.git_dir, boot)) else { return Ok(()) };
    let moved = ledger.objects()?.recover(&ledger.branch, &boot).map_err(lift)?;
    if moved || !is_whole(&ledger.git_dir) {
        // Git's index is never synced, and may name objects of a commit that nobody was told of, and that is gone.
        Git::at(&ledger.root).run(&["read-tree", &ledger.branch])?;
    }
    Ok(())
}

/// Where the journal ends now: what is before it will have been packed by whoever packs from now on.
pub(super) fn mark(ledger: &Ledger) -> Outcome<Option<u64>> {
    let Some(boot) = boot_id() else { return Ok(None) };
    let _lock = ledger.lock()?;
    Ok(Some(Journal::open(&ledger.git_dir, &boot).map_err(lift)?.end()))
}

/// Takes out of the journal what was packed.
pub(super) fn forget(ledger: &Ledger, mark: Option<u64>) -> Outcome<()> {
    let (Some(boot), Some(mark)) = (boot_id(), mark) else { return Ok(()) };
    let _lock = ledger.lock()?;
    let objects = ledger.objects()?;
    objects.sync_packs().and_then(|()| objects.sync_ref(&ledger.branch)).map_err(lift)?;
    Journal::open(&ledger.git_dir, &boot).and_then(|journal| journal.forget(&boot, mark)).map_err(lift)
}
