//! `gt bead show`, short `gt show`: everything of one bead.

use serde::{Serialize, Serializer};

use super::brief::{Brief, Neighbour};
use crate::bead::Bead;
use crate::bead::ready::Account;
use crate::clock::Timestamp;
use crate::error::Outcome;
use crate::ledger::{BeadQuery, Snapshot};
use crate::ops::{OpenTown, Report, roster};

/// A bead with what stands around it. As JSON it is the bead.
#[derive(Debug)]
pub struct Shown {
    /// The bead.
    pub bead: Bead,
    /// How it stands.
    pub account: Account,
    /// What it needs.
    pub needs: Vec<Neighbour>,
    /// What needs it.
    pub needed_by: Vec<Neighbour>,
    /// Its children.
    pub children: Vec<Neighbour>,
    /// Its parent, and the beads worth reading beside it.
    pub beside: Vec<(&'static str, Neighbour)>,
    /// The present moment, for "3 days ago".
    pub now: Timestamp,
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.bead.serialize(serializer)
    }
}

impl Report for Shown {
    const SCHEMA: &'static str = "gt.bead/1";
}

/// The bead that `text` means, with everything around it.
///
/// # Errors
/// When there is none, several fit, or its file is broken.
pub fn show(open: &OpenTown, snapshot: &Snapshot, text: &str) -> Outcome<Shown> {
    let bead = snapshot.bead(&open.bead_id(snapshot, text)?)?;
    let look = |id| Neighbour::look(snapshot, id);
    let needs = bead.needs.iter().map(look).collect::<Outcome<_>>()?;
    let dependents = snapshot.needed_by(&bead.id)?;
    let needed_by = dependents.iter().map(look).collect::<Outcome<_>>()?;
    let mut beside = Vec::new();
    for (what, id) in bead.parent.iter().map(|id| ("part of", id)).chain(bead.related.iter().map(|id| ("related", id)))
    {
        beside.push((what, look(id)?));
    }
    if let Some(id) = &bead.discovered_from {
        beside.push(("found during", look(id)?));
    }
    let account = roster::account_of(open, snapshot, &bead, &roster::rigs(snapshot)?)?;
    let children = children(snapshot, &bead)?;
    Ok(Shown { bead, account, needs, needed_by, children, beside, now: open.now() })
}

fn children(snapshot: &Snapshot, bead: &Bead) -> Outcome<Vec<Neighbour>> {
    let (rows, _) = snapshot.lines(&BeadQuery::children_of(&bead.id))?;
    let neighbour = |row| {
        let brief = Brief::read(row)?;
        Ok(Neighbour { state: brief.state(), title: Some(brief.title), id: brief.row.id })
    };
    rows.into_iter().map(neighbour).collect()
}
