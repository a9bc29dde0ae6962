//! `gt queue`: what waits to be merged, in which order and why, and what a person can do about it.

pub mod add;
pub mod approve;
pub mod list;
pub mod log;
pub mod pause;
pub mod place;
pub mod reject;
pub mod retry;
pub mod show;
pub mod status;

use crate::bead::{Bead, Status};
use crate::error::{Failure, Kind, Outcome};
use crate::git::merge::{self, Merged};
use crate::git::{Oid, bare};
use crate::id::{Actor, BeadId};
use crate::ledger::{BeadQuery, Snapshot};
use crate::mail::Letter;
use crate::ops::OpenTown;
use crate::ops::refinery::on_record;
use crate::ops::target::Target;
use crate::refinery::{Evidence, Subject};
use crate::town::Rig;

/// The beads of a rig that wait to be merged.
fn submitted(snapshot: &Snapshot, rig: &Rig) -> Outcome<Vec<Bead>> {
    snapshot.beads(&BeadQuery::of(Status::Submitted).with_prefix(&rig.prefix))
}

fn not_queued(bead: &Bead) -> Failure {
    let message = format!("{} is not in the merge queue: it is {}", bead.id, bead.state.describe());
    Failure::new(Kind::Conflict, message).hint("`gt queue list` shows what is")
}

/// What a refinery told people about a bead, and nobody has acknowledged: while there is such a letter, the bead counts
/// as set aside.
fn told_of(snapshot: &Snapshot, bead: &BeadId) -> Outcome<Vec<Letter>> {
    let mut letters = told(snapshot)?;
    letters.retain(|letter| letter.bead.as_ref() == Some(bead));
    Ok(letters)
}

/// What refineries told people, and nobody has acknowledged.
fn told(snapshot: &Snapshot) -> Outcome<Vec<Letter>> {
    let (mut letters, _) = snapshot.documents::<Letter>()?;
    letters.retain(|letter| letter.is_open_escalation() && matches!(letter.from, Actor::Refinery(_)));
    Ok(letters)
}

/// The first line of a letter's reason, without the bead in front.
fn reason_of(letter: &Letter) -> String {
    let subject = letter.subject.as_str();
    letter.bead.as_ref().and_then(|bead| subject.strip_prefix(&format!("{bead}: "))).unwrap_or(subject).to_owned()
}

/// What merging a bead with the target as it is now gives.
fn merged(target: &Target, tip: &Oid, bead: &Bead) -> Outcome<Option<Merged>> {
    let head = bead.merge.as_ref().and_then(|merge| merge.head.parse::<Oid>().ok());
    let Some(head) = head else { return Ok(None) };
    if bare::rev_parse(&target.repo, head.as_str())?.is_none() {
        return Ok(None);
    }
    Ok(Some(merge::stack(&target.repo, tip, &head)?))
}

/// The evidence that there is for a subject with this tree, with the gates as they are defined now.
fn evidence_of(
    open: &OpenTown,
    snapshot: &Snapshot,
    rig: &Rig,
    subject: &Subject,
    tree: &Oid,
) -> Outcome<Vec<Evidence>> {
    let settings = open.settings_for(rig)?;
    let recorded = on_record(snapshot, rig, &settings, subject, tree.as_str())?;
    Ok(recorded.into_iter().filter_map(|(_, evidence)| evidence).collect())
}

/// What gates say of the submitted commit of a bead by itself.
fn own_evidence(
    open: &OpenTown,
    snapshot: &Snapshot,
    rig: &Rig,
    target: &Target,
    bead: &Bead,
) -> Outcome<Vec<Evidence>> {
    let head = bead.merge.as_ref().and_then(|merge| merge.head.parse::<Oid>().ok());
    match head {
        Some(head) if bare::rev_parse(&target.repo, head.as_str())?.is_some() => {
            let tree = bare::tree_of(&target.repo, &head)?;
            evidence_of(open, snapshot, rig, &Subject::commit(&head.to_string()), &tree)
        }
        _ => Ok(Vec::new()),
    }
}
