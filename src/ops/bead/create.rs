//! `gt bead create`, short `gt new`.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::bead::{Bead, Kind as BeadKind};
use crate::clock::Timestamp;
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{BeadId, Prefix, RoleName};
use crate::ledger::{Snapshot, Transaction};
use crate::ops::{OpenTown, Report};

/// A bead to be made.
#[derive(Debug, Clone)]
pub struct NewBead {
    /// One line.
    pub title: String,
    /// The rig; the only one of the town when not given, `hq` for the town's own.
    pub rig: Option<String>,
    /// What is to be done and why.
    pub description: String,
    /// How one sees that it is done.
    pub acceptance: String,
    /// What sort of work it is.
    pub kind: BeadKind,
    /// 0 to 4.
    pub priority: u8,
    /// Which template and pool.
    pub role: RoleName,
    /// Words to filter by.
    pub labels: BTreeSet<String>,
    /// The epic, as the person typed it.
    pub parent: Option<String>,
    /// What it needs, as the person typed them.
    pub needs: Vec<String>,
    /// During whose work it was found, as the person typed it.
    pub discovered_from: Option<String>,
    /// Path globs that it will change.
    pub touches: Vec<String>,
    /// Not ready before.
    pub defer_until: Option<Timestamp>,
}

impl NewBead {
    /// A task for a developer in `rig`.
    pub fn titled(title: impl Into<String>, rig: Option<String>) -> Self {
        Self {
            title: title.into(),
            rig,
            description: String::new(),
            acceptance: String::new(),
            kind: BeadKind::Task,
            priority: 2,
            role: RoleName::developer(),
            labels: BTreeSet::new(),
            parent: None,
            needs: Vec::new(),
            discovered_from: None,
            touches: Vec::new(),
            defer_until: None,
        }
    }
}

/// A bead that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Created {
    /// Its id.
    pub id: BeadId,
    /// Its title.
    pub title: String,
    /// Open beads that are likely the same work.
    pub similar: Vec<Alike>,
}

/// A bead that is likely the same work as another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alike {
    /// Its id.
    pub id: BeadId,
    /// Its title.
    pub title: String,
}

impl Report for Created {
    const SCHEMA: &'static str = "gt.bead.created/1";
}

/// Makes a bead.
///
/// # Errors
/// When the title is empty, the rig or a named bead does not exist, or the rig has to be named and was not.
pub fn create(open: &OpenTown, wanted: &NewBead) -> Outcome<Created> {
    let title = one_line(&wanted.title)?;
    let prefix = prefix_of(open, wanted.rig.as_deref())?;
    crate::ops::roles::check(open, &wanted.role)?;
    let committed = open.ledger.transact(&open.actor, |tx| {
        let mut bead = Bead::new(tx.new_bead_id(&prefix)?, title.clone(), tx.now());
        fill(open, tx, &mut bead, wanted)?;
        tx.put(&bead);
        tx.describe("create", format!("create {}: {title}", bead.id));
        Ok(bead)
    })?;
    commit_point("create.done");
    let bead = committed.value;
    let after = committed.after.map_or_else(|| open.snapshot(), Ok)?;
    let similar = alike(&after, &bead.title, &bead.description, Some(&bead.id))?;
    open.event("bead.created", &open.actor, Some(&bead.id), None, &bead.title);
    Ok(Created { id: bead.id, title: bead.title, similar })
}

/// A title as one line without doubled white space.
pub(super) fn one_line(title: &str) -> Outcome<String> {
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.is_empty() {
        return Err(Failure::new(Kind::Usage, "a bead needs a title").hint("`gt new \"Add login\"`"));
    }
    Ok(title)
}

fn fill(open: &OpenTown, tx: &Transaction, bead: &mut Bead, wanted: &NewBead) -> Outcome<()> {
    let found = |text: &String| open.bead_id(tx.at_tip(), text);
    bead.description.clone_from(&wanted.description);
    bead.acceptance.clone_from(&wanted.acceptance);
    bead.kind = wanted.kind;
    bead.priority = wanted.priority;
    bead.role = wanted.role.clone();
    bead.labels.clone_from(&wanted.labels);
    bead.parent = wanted.parent.as_ref().map(found).transpose()?;
    bead.needs = wanted.needs.iter().map(found).collect::<Outcome<_>>()?;
    bead.discovered_from = wanted.discovered_from.as_ref().map(found).transpose()?;
    bead.touches.clone_from(&wanted.touches);
    bead.defer_until = wanted.defer_until;
    if bead.parent.is_some() && !bead.needs.is_empty() {
        super::cycle::refuse(tx.at_tip(), bead)?;
    }
    Ok(())
}

/// The prefix of a rig that a person named; of the only one when nobody named one.
///
/// # Errors
/// When there is no such rig, none, or several and none was named.
pub fn prefix_of(open: &OpenTown, rig: Option<&str>) -> Outcome<Prefix> {
    match rig {
        Some(name) if name == Prefix::town().as_str() => Ok(Prefix::town()),
        _ => Ok(open.rig_meant(rig)?.prefix),
    }
}

/// Beads that are not closed and likely the same work.
///
/// # Errors
/// When the ledger cannot be read.
pub fn alike(snapshot: &Snapshot, title: &str, description: &str, except: Option<&BeadId>) -> Outcome<Vec<Alike>> {
    let found = snapshot.alike(title, description, except)?;
    Ok(found.into_iter().take(3).map(|similar| Alike { id: similar.id, title: similar.title }).collect())
}
