//! Beads: each in somebody's hands, none waiting for itself.

use std::collections::BTreeMap;

use super::finding::{Finding, Sheet, count};
use super::remedy::Remedy;
use super::{Look, some_words};
use crate::bead::graph::{Graph, Step};
use crate::bead::ready::{self, Need, NeedState, Standing};
use crate::bead::{Bead, Status};
use crate::error::Outcome;
use crate::id::{BeadId, Prefix, WorkerRef};
use crate::ledger::{BeadQuery, Snapshot};
use crate::mail::Letter;
use crate::ops::roster;

pub(super) fn checks(look: &Look<'_>) -> Vec<Finding> {
    let mut sheet = Sheet::new("beads");
    if let Ok(snapshot) = &look.snapshot
        && let Err(failure) = all(look, snapshot, &mut sheet)
    {
        sheet.failed("beads", &failure);
    }
    sheet.findings()
}

fn all(look: &Look<'_>, snapshot: &Snapshot, sheet: &mut Sheet) -> Outcome<()> {
    let open = BeadQuery::not_closed();
    let beads = snapshot.beads(&open)?;
    cycles(&beads, sheet);
    claims(look, &beads, sheet)?;
    hands(look, snapshot, sheet)?;
    sheet.else_ok("hands", format!("{} that are not closed, each in somebody's hands", count(beads.len(), "bead")));
    Ok(())
}

/// Cycles that somebody made by hand; `gt` makes none.
fn cycles(beads: &[Bead], sheet: &mut Sheet) {
    for cycle in Graph::of(beads).cycles() {
        let way_out = cycle.steps.iter().find_map(|step| match step {
            Step::Needs(bead, need) => Some(format!("gt bead dep remove {bead} {need}")),
            Step::BelongsTo(..) | Step::HasChild(..) => None,
        });
        sheet.problem("cycles", format!("beads wait for each other for ever: {cycle}"), |finding| {
            finding.next(way_out.unwrap_or_else(|| "`gt bead edit` one of them: take its parent away".to_owned()))
        });
    }
    sheet.else_ok("cycles", "no bead waits for itself");
}

/// Beads in the hands of somebody who is not there, or has another one already.
fn claims(look: &Look<'_>, beads: &[Bead], sheet: &mut Sheet) -> Outcome<()> {
    let home = look.open.town.local()?.map(|local| local.home);
    let mut holders: BTreeMap<&WorkerRef, &BeadId> = BTreeMap::new();
    let mut elsewhere = Vec::new();
    // A rig whose file cannot be read still has its workers.
    let unreadable = look.open.town.rig_names()?.len() != look.rigs.len();
    for bead in beads {
        let Some(claim) = bead.claim() else { continue };
        if Some(&claim.home) != home.as_ref() {
            elsewhere.push(bead.id.clone());
            continue;
        }
        if bead.status() != Status::Hooked {
            continue;
        }
        if let Some(other) = holders.insert(&claim.assignee, &bead.id) {
            let what = format!("{} holds {other} and {}", claim.assignee, bead.id);
            sheet.problem("claims", what, |finding| finding.next(format!("gt unsling {}", bead.id)));
        }
        let known = look.rigs.iter().any(|rig| rig.worker(&claim.assignee.name).as_ref() == Some(&claim.assignee));
        if !known && !unreadable {
            let what = format!("{} is on the hook of {}, whom no rig has", bead.id, claim.assignee);
            sheet.problem("claims", what, |finding| finding.mended_by(Remedy::Release(bead.id.clone())));
        }
    }
    if !elsewhere.is_empty() {
        sheet.ok("elsewhere", format!("held by another clone of the town: {}", some_words(&elsewhere)));
    }
    Ok(())
}

/// Open beads that nothing by itself will ever start.
fn hands(look: &Look<'_>, snapshot: &Snapshot, sheet: &mut Sheet) -> Outcome<()> {
    let rows = roster::all_rows(snapshot)?;
    let (letters, _) = snapshot.documents::<Letter>()?;
    let known: Vec<Prefix> = look.rigs.iter().map(|rig| rig.prefix.clone()).chain([Prefix::town()]).collect();
    let complete = look.open.town.rig_names()?.len() == look.rigs.len();
    for account in ready::account(&rows, &roster::readiness(look.open, &look.rigs)) {
        let id = &account.id;
        if matches!(account.standing, Standing::Closed { .. }) {
            continue;
        }
        if complete && !known.contains(&id.prefix()) {
            sheet.problem("hands", format!("{id} belongs to no rig: none has the prefix {}", id.prefix()), |finding| {
                finding.next(format!("`gt bead close {id}`, or put the file of its rig back"))
            });
        }
        match &account.standing {
            Standing::Waiting { on } => on.iter().filter(|need| is_stuck(need)).for_each(|need| {
                sheet.warn("hands", format!("{id} waits in vain: it needs {need}"), |finding| {
                    finding.next(format!("gt bead dep remove {id} {}", need.id))
                });
            }),
            Standing::Failed { attempts } if !letters.iter().any(|letter| letter.bead.as_ref() == Some(id)) => {
                let what = format!("{id} failed after {}, and nobody was told", count(*attempts, "attempt"));
                sheet.problem("hands", what, |finding| finding.mended_by(Remedy::Tick));
            }
            Standing::Epic { closes_as: Some(_), .. } => {
                sheet.warn("hands", format!("{id} is an epic that is over and not closed"), |finding| {
                    finding.next("the next tick closes it").mended_by(Remedy::Tick)
                });
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_stuck(need: &Need) -> bool {
    matches!(need.state, NeedState::Missing | NeedState::Dropped(_))
}
